"""The row of level meters under the live plot: RMS of the last second, held peak, clipped samples, dead channels."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.signal import RAW_MAX, RAW_MIN, ChannelGroup
from motestudio.gui.numbers import significant
from motestudio.gui.widgets import Canvas, LevelMeter, Painted, Separator, Text, text_width

_EVERY_MS = 100
_HOLD_S = 3.0
_MOST = 12


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
        top.addWidget(_Legend(), 1)
        box.addLayout(top)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(0)
        box.addLayout(self._grid)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.meters: list[LevelMeter] = []
        self._reader: LiveTailReader | None = None
        self._group: ChannelGroup | None = None
        self._seen = 0
        self._peaks = np.zeros(0)
        self._clips = np.zeros(0, dtype=np.int64)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)

    def set_reader(self, reader: LiveTailReader | None) -> None:
        """Measure this tail; counters begin anew."""
        self._reader = reader
        self._group = reader.group if reader else None
        self._seen = reader.total if reader else 0
        for meter in self.meters:
            self._grid.removeWidget(meter)
            meter.hide()
            meter.deleteLater()
        self.meters = []
        channels = self._group.channels[:_MOST] if self._group else ()
        self._peaks = np.zeros(len(channels))
        self._clips = np.zeros(len(channels), dtype=np.int64)
        for i, channel in enumerate(channels):
            axis = "xyz".find(channel.name[-1:]) if len(channel.name) == 2 else -1
            meter = LevelMeter(channel.name, f"series:{(axis if axis >= 0 else i) % 8 + 1}", channel.unit)
            self._grid.addWidget(meter, i // 6, i % 6)
            self.meters.append(meter)
        self._run()

    def _run(self) -> None:
        if self._reader is not None and self.isVisible():
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

    def refresh(self) -> None:
        """Measure what is new."""
        reader, group = self._reader, self._group
        if reader is None or group is None:
            return
        total = reader.total
        rate = group.rate_hz
        n = len(self.meters)
        fresh = reader.window(self._seen, total - self._seen)[0][:, :n]
        self._clips += ((fresh == RAW_MIN) | (fresh == RAW_MAX)).sum(axis=0)
        quiet = total == self._seen
        self._seen = total
        last = reader.latest(max(2, int(rate)))[0][:, :n]
        if len(last) < 2:
            return
        self._peaks *= math.exp(-_EVERY_MS / 1000 / _HOLD_S)
        if len(fresh):
            self._peaks = np.maximum(self._peaks, np.abs(fresh.astype(np.int32)).max(axis=0) / -RAW_MIN)
        physical = group.to_physical(reader.latest(max(2, int(rate)))[0])[:, :n]
        rms = np.sqrt((physical**2).mean(axis=0))
        still = (last == last[0]).all(axis=0) if len(last) >= int(rate) else np.zeros(n, dtype=bool)
        for i, meter in enumerate(self.meters):
            share = float(rms[i]) / (group.channels[i].full_scale or 1.0)
            meter.set_level(
                0.0 if quiet else math.sqrt(min(1.0, share)),
                math.sqrt(float(self._peaks[i])),
                significant(float(rms[i]), 3),
                clips=int(self._clips[i]),
                dead=bool(still[i]) and not quiet,
            )
