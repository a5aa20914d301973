"""The row of level meters under the live plot: RMS of the last second, held peak, clipped samples, dead channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.devices.recorder_messages import Health
from motestudio.gui.numbers import significant
from motestudio.gui.pages.record.disk_room import room_words
from motestudio.gui.plots.level_stats import LevelStats
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Canvas, LevelMeter, Painted, Separator, Text, text_width

_EVERY_MS = 125
_MOST = 12


class Level(NamedTuple):
    """One channel's.

    Attributes:
        name: of the channel.
        ink: its colour in the plot.
        rms: physical value of the last second.
        share: of full scale, its square root, 0..1.
        peak: held, likewise.
        clips: samples at an end of the range since the board was connected.
        dead: nothing changed for a second.
    """

    name: str
    ink: Ink
    rms: float
    share: float
    peak: float
    clips: int
    dead: bool


def levels_of(stats: Sequence[LevelStats]) -> list[Level]:
    """What to show of some groups' channels."""
    found = []
    for one in stats:
        rms, still, fresh = one.rms, one.still, one.fresh > 0
        for i, channel in enumerate(one.reader.group.channels[: len(rms)]):
            share = min(1.0, float(rms[i]) / (channel.full_scale or 1.0)) if fresh else 0.0
            peak, dead = math.sqrt(float(one.peaks[i])), bool(still[i]) and fresh
            ink = _ink(channel.name, i)
            found.append(Level(channel.name, ink, float(rms[i]), math.sqrt(share), peak, int(one.clips[i]), dead))
    return found


def _ink(name: str, index: int) -> Ink:
    axis = "xyz".find(name[-1:]) if len(name) == 2 else -1
    return f"series:{(axis if axis >= 0 else index) % 8 + 1}"


class _Legend(Painted):
    """What the lamps mean."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(20)
        self.setAccessibleName("Red lamp: clipped in this session. Hollow meter: no change for 1 s.")

    def sizeHint(self) -> QSize:
        """As wide as both explanations."""
        words = text_width("clipped in this session", "caption") + text_width("dead: no change for 1 s", "caption")
        return QSize(round(words) + 60, 20)

    def paint(self, canvas: Canvas) -> None:
        """Two small squares with words."""
        x, middle = float(self.width()), self.height() / 2
        for words, fill, border in (
            ("dead: no change for 1 s", None, "line_strong"),
            ("clipped in this session", "bad_mark", None),
        ):
            width = text_width(words, "caption")
            if x - width - 14 < 0:
                return
            canvas.text(QRectF(x - width - 1, 0, width + 2, 20), words, "caption", "text_muted")
            canvas.box(QRectF(x - width - 15, middle - 4, 8, 8), 2, fill, border)
            x -= width + 32


class Levels(QWidget):
    """One meter per channel, at most twelve; the bar's scale is the square root of the share of full scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 0, 8, 0)
        box.setSpacing(4)
        box.addWidget(Separator(margin=6))
        top = QHBoxLayout()
        top.addWidget(Text("Levels", "section", "text_muted"))
        self.room = Text("", "caption", "text_muted")
        top.addSpacing(16)
        top.addWidget(self.room)
        top.addWidget(_Legend(), 1)
        box.addLayout(top)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(0)
        box.addLayout(self._grid)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.meters: list[LevelMeter] = []
        self.stats: list[LevelStats] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)

    def set_readers(self, readers: Sequence[LiveTailReader]) -> None:
        """Measure these tails; counters begin anew."""
        for meter in self.meters:
            self._grid.removeWidget(meter)
            meter.hide()
            meter.deleteLater()
        self.meters, self.stats = [], []
        for reader in readers:
            channels = reader.group.channels[: _MOST - len(self.meters)]
            if not channels:
                break
            self.stats.append(LevelStats(reader, len(channels)))
            for i, channel in enumerate(channels):
                meter = LevelMeter(channel.name, _ink(channel.name, i), channel.unit)
                place = len(self.meters)
                self._grid.addWidget(meter, place // 6, place % 6)
                self.meters.append(meter)
        self._run()

    def _run(self) -> None:
        if self.stats and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Closer together where room is short."""
        super().resizeEvent(event)
        self._grid.setHorizontalSpacing(24 if event.size().width() > 800 else 12)

    def showEvent(self, event: QShowEvent) -> None:
        """Measure while visible."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while not."""
        self._timer.stop()
        super().hideEvent(event)

    def measure(self) -> None:
        """Measure what is new; who needs `stats` while this is hidden calls it as often as it is done here."""
        for stats in self.stats:
            stats.update(_EVERY_MS / 1000)

    def set_room(self, health: Health | None) -> None:
        """Say how much more can be recorded."""
        self.room.setText(room_words(health) if health is not None else "")

    def refresh(self) -> None:
        """Measure what is new and show it."""
        self.measure()
        for meter, level in zip(self.meters, levels_of(self.stats), strict=True):
            text = significant(level.rms, 3)
            meter.set_level(level.share, level.peak, text, clips=level.clips, dead=level.dead)
