"""A signal plot that draws what a reader has, 60 times a second, with no signal per sample.

The reader is anything with `total` and `latest(n)`, such as a live tail: a file that another process appends to.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.domain.signal import ChannelGroup
from motestudio.gui.plots.signal_plot import AXIS_WIDTH, PlotChannel, Region, SignalPlot
from motestudio.gui.plots.ticks import FloatArray, nice_range

_TICK_MS = 16
_VALUES_EVERY_S = 0.1
_SHRINK_AFTER_S = 4.0


class Reader(Protocol):
    """Where live samples come from."""

    @property
    def total(self) -> int:
        """Samples ever received."""

    def latest(self, n: int) -> tuple[npt.NDArray[np.int16], int]:
        """The last `n` samples, shape (<= n, channels), and the index of the first of them."""


class LiveSignalPlot(QWidget):
    """One or more stacked axes over the channels of one group.

    Args:
        group: what the reader delivers: rate, channels, units, scales.
        axes: (title, indices of channels) per axis; one axis per unit where empty.
        show_time: numbers under the lowest axis.

    Signals:
        ticked(object, int): after each drawing: the samples in view (physical, shape (n, channels)) and the index of
            the first; for meters and for marks that move with the signal. At most 60 a second.
    """

    ticked = Signal(object, int)

    def __init__(
        self,
        group: ChannelGroup,
        axes: Sequence[tuple[str, Sequence[int]]] = (),
        *,
        axis_width: int = AXIS_WIDTH,
        show_time: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.group = group
        self._reader: Reader | None = None
        self._window = 12.0
        self._drawn = -1
        self._values_at = 0.0
        self.paused = False
        self._axes = [(title, list(indices)) for title, indices in axes] or default_axes(group)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.plots: list[SignalPlot] = []
        self._followers: list[_Range] = []
        for i, (title, indices) in enumerate(self._axes):
            channels = [group.channels[c] for c in indices]
            peak = max(c.full_scale for c in channels)
            note = f"range ±{peak:,.0f} {channels[0].unit}".rstrip() if peak >= 2 else ""
            plot = SignalPlot(
                title,
                channels[0].unit,
                plot_channels(group, indices),
                show_time=show_time and i == len(self._axes) - 1,
                axis_width=axis_width,
                note=note,
            )
            plot.set_end_dots(True)
            self.plots.append(plot)
            self._followers.append(_Range(peak))
            box.addWidget(plot, 1)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.refresh)

    def set_reader(self, reader: Reader | None) -> None:
        """Draw from this reader, or hold the picture."""
        self._reader = reader
        self._drawn = -1
        self._run()

    def set_window(self, seconds: float) -> None:
        """How much to show."""
        self._window = seconds
        self._drawn = -1
        self.refresh()

    def set_paused(self, paused: bool) -> None:
        """Hold the picture while samples go on arriving."""
        self.paused = paused
        self._run()

    def set_regions(self, regions: Sequence[Region]) -> None:
        """Takes or detections behind all axes, in seconds of the stream."""
        for plot in self.plots:
            plot.set_regions(regions)

    def _run(self) -> None:
        if self._reader is not None and not self.paused and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw while visible."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while not."""
        self._timer.stop()
        super().hideEvent(event)

    def refresh(self) -> None:
        """Draw what is new; nothing where nothing is."""
        reader = self._reader
        if reader is None:
            return
        total = reader.total
        if total == self._drawn:
            return
        self._drawn = total
        rate = self.group.rate_hz
        raw, first = reader.latest(int(self._window * rate) + 2)
        samples = self.group.to_physical(raw)
        end = max(self._window, (first + len(raw)) / rate)
        now = time.monotonic()
        fresh = now - self._values_at >= _VALUES_EVERY_S
        for (_, indices), plot, follow in zip(self._axes, self.plots, self._followers, strict=True):
            part: FloatArray = samples[:, indices]
            plot.show_part(part, rate, first, (end - self._window, end), follow.of(part, now))
            if fresh and len(part):
                plot.set_values(part[-1].tolist())
        if fresh:
            self._values_at = now
        self.ticked.emit(samples, first)


class _Range:
    """A y range that grows at once and shrinks late, so that the picture is calm."""

    def __init__(self, full_scale: float) -> None:
        self._low = self._high = 0.0
        self._small_since = 0.0
        self._full = full_scale

    def of(self, part: FloatArray, now: float) -> tuple[float, float]:
        if not part.size:
            return (self._low, self._high) if self._high > self._low else (-1.0, 1.0)
        # At least a hundredth of full scale: the noise of a resting sensor is not blown up to fill the plot.
        least = self._full * 0.01
        low, high = nice_range(min(float(part.min()), -least), max(float(part.max()), least))
        grows = low < self._low or high > self._high
        small = (high - low) < 0.5 * (self._high - self._low)
        if not small:
            self._small_since = now
        if grows:
            self._low, self._high = min(low, self._low), max(high, self._high)
        elif small and now - self._small_since > _SHRINK_AFTER_S:
            self._low, self._high = low, high
            self._small_since = now
        return self._low, self._high


_KINDS = {"a": "Accelerometer", "g": "Gyroscope", "m": "Magnetometer"}


def default_axes(group: ChannelGroup) -> list[tuple[str, list[int]]]:
    """One axis per unit, named after the sensor where the channels' names tell it."""
    by_unit: dict[str, list[int]] = {}
    for i, channel in enumerate(group.channels):
        by_unit.setdefault(channel.unit, []).append(i)
    named = []
    for unit, indices in by_unit.items():
        name = group.channels[indices[0]].name
        title = _KINDS.get(name[0], "") if len(name) == 2 and name[1] in "xyz" else ""
        if not title:
            title = group.name.capitalize() if len(by_unit) == 1 else unit or name
        named.append((title, indices))
    return named


def plot_channels(group: ChannelGroup, indices: Sequence[int]) -> list[PlotChannel]:
    """Legend names, colours and decimals of an axis' channels: x, y, z are series 1, 2, 3."""
    made = []
    for n, i in enumerate(indices):
        channel = group.channels[i]
        short = channel.name[1:] if len(channel.name) == 2 and channel.name[1] in "xyz" else channel.name
        full = channel.full_scale
        made.append(PlotChannel(short, f"series:{n % 8 + 1}", 2 if full < 20 else (1 if full < 200 else 0)))
    return made
