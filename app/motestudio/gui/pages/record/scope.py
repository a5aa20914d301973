"""The live plot with the takes as bands: what the board sends, what of it was recorded, and that it is recorded now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.signal_plot import AXIS_WIDTH, Region
from motestudio.gui.plots.tracks import Block, Track
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, Painted

MARGIN = 8
"""Free pixels left and right of the plots, for the frame while recording."""


@dataclass(frozen=True, slots=True)
class Band:
    """A take in the live tail, in seconds of the tail."""

    name: str
    label: str
    start: float
    end: float


def short_name(name: str, label: str) -> str:
    """A take as a few letters: its class and its number."""
    digits = len(name) - len(name.rstrip("0123456789"))
    return f"{label} {int(name[-digits:])}" if digits and label else name


class Overlay(Painted):
    """Over the plots: a red frame and a red stretch while recording, the countdown's figure before it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.recording = False
        self.countdown = 0.0
        self.since_x = -1.0
        self.until_x = -1.0

    def paint(self, canvas: Canvas) -> None:
        """Draw what applies."""
        rect = QRectF(self.rect())
        if self.recording:
            if 0 <= self.since_x < self.until_x:
                veil = theme().color("bad_mark")
                veil.setAlphaF(0.09)
                canvas.fill(QRectF(self.since_x, 2, self.until_x - self.since_x, rect.height() - 4), veil)
                canvas.fill(QRectF(round(self.since_x), 2, 1, rect.height() - 4), "bad_mark")
            canvas.box(rect.adjusted(1, 1, -1, -1), 6, None, "bad_mark", 2)
        elif self.countdown > 0:
            circle = QRectF(rect.center().x() - 40, rect.center().y() - 40, 80, 80)
            canvas.box(circle, 40, "surface_raised", "accent", 3)
            canvas.text(circle, f"{self.countdown:.1f}", "headline", "text", "center")


class Scope(QWidget):
    """Takes track and plots over one live tail.

    Args:
        reader: of the tail.

    Signals:
        ticked: something new was drawn.
    """

    ticked = Signal()

    def __init__(self, reader: LiveTailReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reader = reader
        self.rate_hz = reader.group.rate_hz
        self._bands: list[Band] = []
        self._inks: dict[str, Ink] = {}
        self._now: tuple[str, int] | None = None
        self.takes = Track("Takes", "take", AXIS_WIDTH)
        self.plot = LiveSignalPlot(reader.group)
        self.plot.set_reader(reader)
        self.plot.ticked.connect(self._ticked)
        box = QVBoxLayout(self)
        box.setContentsMargins(MARGIN, 0, MARGIN, 0)
        box.setSpacing(4)
        box.addWidget(self.takes)
        box.addWidget(self.plot, 1)
        self.overlay = Overlay(self)

    def set_window(self, seconds: float) -> None:
        """How much to show."""
        self.plot.set_window(seconds)
        self._place()

    def set_paused(self, paused: bool) -> None:
        """Hold the picture."""
        self.plot.set_paused(paused)

    def set_bands(self, bands: Sequence[Band], inks: Mapping[str, Ink]) -> None:
        """Show takes; those out of view cost nothing."""
        self._bands, self._inks = list(bands), dict(inks)
        self._place()

    def set_countdown(self, seconds: float) -> None:
        """Show the seconds left, or nothing at 0."""
        self.overlay.countdown = seconds
        self.overlay.update()

    def set_recording(self, label: str, first: int) -> None:
        """Show that a take runs, from sample `first` of the tail on (-1 where it has not begun)."""
        self._now = (label, first)
        self.overlay.recording = True
        self._place()

    def set_idle(self) -> None:
        """No take runs."""
        self._now = None
        self.overlay.recording = False
        self.overlay.countdown = 0.0
        self._place()

    @Slot(object, int)
    def _ticked(self, samples: Any, first: int) -> None:
        self._place()
        self.ticked.emit()

    def _place(self) -> None:
        if not self.plot.plots:
            return
        start, end = self.plot.plots[0].view_range
        shown = [b for b in self._bands if b.end >= start and b.start <= end]
        self.takes.set_view(start, end)
        blocks = [
            Block(b.start, b.end, short_name(b.name, b.label), self._ink(b), f"{b.end - b.start:.1f} s") for b in shown
        ]
        if self._now is not None and self._now[1] >= 0:
            begin = self._now[1] / self.rate_hz
            now = self.reader.total / self.rate_hz
            blocks.append(Block(begin, now, self._now[0], "bad_mark", f"{now - begin:.1f} s"))
            lead = self.plot.plots[0]
            left = float(self.plot.x() - self.overlay.x())
            self.overlay.since_x = left + max(float(AXIS_WIDTH), lead.x_of(begin))
            self.overlay.until_x = left + lead.x_of(min(now, end))
        else:
            self.overlay.since_x = -1.0
        self.takes.set_blocks(blocks)
        self.plot.set_regions([Region(b.start, b.end, self._ink(b)) for b in shown])
        self.overlay.update()

    def _ink(self, band: Band) -> Ink:
        return self._inks.get(band.label, "series:7")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The overlay covers the plots."""
        super().resizeEvent(event)
        top = self.takes.height() + 4
        self.overlay.setGeometry(0, top, self.width(), max(0, self.height() - top))
        self.overlay.raise_()
