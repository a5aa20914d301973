"""The live plot with the takes as bands: what the board sends, what of it was recorded, and that it is recorded now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QRegion, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.devices.live_history import LiveHistory
from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.plots.lane import AXIS_WIDTH, Region
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.tracks import Block, Track
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Canvas, Painted

MARGIN = 8
"""Free pixels left and right of the plots, for the frame while recording."""
_FRAME = 7


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
    """Over the plots: a red frame while recording, the countdown's figure before it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.recording = False
        self.countdown = 0.0

    def show_state(self, *, recording: bool, countdown: float) -> None:
        """Show that a take runs, or the seconds left until it does; painted only where that is another than before."""
        if (recording, countdown) != (self.recording, self.countdown):
            self.recording, self.countdown = recording, countdown
            self.setVisible(recording or countdown > 0)
            self._cut()
            self.update()

    def _cut(self) -> None:
        """Be only where there is something: what lies under a widget that can be seen through is painted with it."""
        inner = self.rect().adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
        if self.recording:
            self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))
        else:
            self.clearMask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The frame follows."""
        super().resizeEvent(event)
        self._cut()

    def paint(self, canvas: Canvas) -> None:
        """Draw what applies."""
        rect = QRectF(self.rect())
        if self.recording:
            canvas.box(rect.adjusted(1, 1, -1, -1), 6, None, "bad_mark", 2)
        elif self.countdown > 0:
            circle = QRectF(rect.center().x() - 40, rect.center().y() - 40, 80, 80)
            canvas.box(circle, 40, "surface_raised", "accent", 3)
            canvas.text(circle, f"{self.countdown:.1f}", "headline", "text", "center")


class Scope(QWidget):
    """Takes track and plots over live tails.

    Args:
        readers: of the tails, the lead first.

    Signals:
        ticked: something new was drawn.
    """

    ticked = Signal()

    def __init__(self, readers: Sequence[LiveTailReader], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reader = readers[0]
        self.rate_hz = self.reader.group.rate_hz
        self.histories = [LiveHistory(reader) for reader in readers]
        self._bands: list[Band] = []
        self._inks: dict[str, Ink] = {}
        self._labels: list[Band] = []
        self._now: tuple[str, int] | None = None
        self._shown: list[Block] = []
        self._turn = False
        self.takes = Track("Takes", "take", AXIS_WIDTH)
        self.plot = LiveSignalPlot(self.histories)
        self.plot.ticked.connect(self._ticked)
        box = QVBoxLayout(self)
        box.setContentsMargins(MARGIN, 0, MARGIN, 0)
        box.setSpacing(4)
        box.addWidget(self.takes)
        box.addWidget(self.plot, 1)
        self.overlay = Overlay(self)
        self.overlay.hide()

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

    def set_labels(self, labels: Sequence[Band]) -> None:
        """Show labels of the take that runs, those that grow still among them."""
        self._labels = list(labels)
        self._place()

    def set_countdown(self, seconds: float) -> None:
        """Show the seconds left, or nothing at 0."""
        self.overlay.show_state(recording=self.overlay.recording, countdown=seconds)

    def set_recording(self, label: str, first: int) -> None:
        """Show that a take runs, from sample `first` of the tail on (-1 where it has not begun)."""
        self._now = (label, first)
        self.overlay.show_state(recording=True, countdown=0.0)
        self.plot.set_growing(first / self.rate_hz if first >= 0 else None)
        self._place()

    def set_take_files(self, files: Sequence[tuple[int, Path, int]]) -> None:
        """Say where a take that runs is written, to go back further than the tail.

        Args:
            files: index of the reader, the file of its samples, and the tail's sample that is the file's first.
        """
        for index, path, first in files:
            if 0 <= index < len(self.histories):
                self.histories[index].take_began(path, first)

    def set_idle(self) -> None:
        """No take runs."""
        self._now = None
        self._labels = []
        self.overlay.show_state(recording=False, countdown=0.0)
        self.plot.set_growing(None)
        self._place()

    @Slot()
    def _ticked(self) -> None:
        self._place()
        self.ticked.emit()

    def _place(self) -> None:
        start, end = self.plot.view_range
        shown = [b for b in self._bands if b.end >= start and b.start <= end]
        blocks = [
            Block(b.start, b.end, short_name(b.name, b.label), self._ink(b), f"{b.end - b.start:.1f} s") for b in shown
        ]
        if self._now is not None and self._now[1] >= 0:
            begin = self._now[1] / self.rate_hz
            now = self.reader.total / self.rate_hz
            blocks.append(Block(begin, now, self._now[0], "bad_mark", f"{now - begin:.1f} s"))
        blocks += [Block(b.start, b.end, b.label, self._ink(b)) for b in self._labels]
        self._turn = not self._turn
        if self._turn or not self.plot.view.live:  # words over a moving picture are read at half its pace
            self.takes.set_view(start, end)
        if blocks != self._shown:
            self._shown = blocks
            self.takes.set_blocks(blocks)
        self.plot.set_regions([Region(b.start, b.end, self._ink(b)) for b in shown])

    def _ink(self, band: Band) -> Ink:
        return self._inks.get(band.label, "series:7")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The overlay covers the plots."""
        super().resizeEvent(event)
        top = self.takes.height() + 4
        self.overlay.setGeometry(0, top, self.width(), max(0, self.height() - top))
        self.overlay.raise_()
