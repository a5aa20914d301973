"""A lane that shows what sound is made of: one spectrum per pixel column, in the colours of heat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from motestudio.gui.numbers import quantity
from motestudio.gui.plots.lane import Lane
from motestudio.gui.plots.raster import Floats, Pixels
from motestudio.gui.plots.spectrum import Source, Spectrum
from motestudio.gui.theme import theme

_DYNAMIC_DB, _OVER_FLOOR_DB, _LEAST_DB = 54.0, 6.0, 24.0
_MOVED_DB = 6.0
_LOOK_EVERY = 64
_FULL_SCALE = 32768.0


class SpectrumLane(Lane):
    """The spectrogram of one channel.

    Levels are kept for the columns in view, so that another range of colours is no other computation. The range begins
    over the noise floor of what is in view and ends at its loudest; it moves only when that has moved by 6 dB.

    Args:
        reader: see `Lane`.
        channel: index.
        axis_width: see `Lane`.
        ruler: see `Lane`.

    Attributes:
        range_db: (low, high) of the colours, relative to full scale.
    """

    def __init__(self, reader: Any, channel: int, axis_width: int, *, ruler: bool) -> None:
        super().__init__(reader, axis_width, ruler=ruler)
        self._source = Source(reader.group.channels[channel].name, (channel,))
        self._size = Spectrum(np.zeros((0, channel + 1), dtype=np.int16), reader.group, self._source).size
        self.range_db = (-90.0, -90.0 + _DYNAMIC_DB)
        self._levels: Floats = np.zeros((0, 0), dtype=np.float32)
        self._known = (0, 0)
        self._since_look = _LOOK_EVERY
        self._table: np.ndarray | None = None
        self._dark: bool | None = None
        scale = abs(reader.group.channels[channel].scale) * _FULL_SCALE or 1.0
        # The level of a sine of full scale, so that 0 dB is as loud as can be.
        self._reference = 10 * math.log10((scale * self._size / 4) ** 2 / self._size)
        self.setAccessibleName(f"Spectrogram of {self._source.name}")

    def _rescale(self) -> None:
        self._levels = np.full((self._pixels.shape[1], self._size // 2 + 1), np.nan, dtype=np.float32)
        self._known = (0, 0)
        super()._rescale()

    def complete(self, total: int) -> int:
        """The last spectra need samples that are not there yet."""
        return math.floor((total - self._size / 2) / self._per_column)

    def prepare(self, total: int) -> None:
        """Compute what is new, and see whether the colours still fit."""
        first, last = self.columns
        known = max(self._known[0], first), min(self._known[1], last)
        parts = [(first, last)] if known[0] >= known[1] else [(first, known[0]), (known[1], last)]
        for a, b in parts:
            if a < b:
                self._compute(a, b, total)
                self._since_look += b - a
        self._known = (first, max(first, min(last, self.complete(total))))
        if self._since_look >= _LOOK_EVERY:
            self._since_look = 0
            self._look()

    def _compute(self, first: int, last: int, total: int) -> None:
        width = len(self._levels)
        places = np.arange(first, last) % width
        self._levels[places] = np.nan
        first, last = max(first, 0), min(last, self.complete(total))
        if first >= last:
            return
        start = max(0, math.floor(first * self._per_column) - self._size)
        raw, at = self.reader.window(start, math.ceil(last * self._per_column) + self._size - start)
        if len(raw) < self._size:
            return
        centers = (np.arange(first, last) + 0.5) * self._per_column - at
        inside = (centers >= 0) & (centers < len(raw))
        if inside.any():
            levels = Spectrum(raw, self.reader.group, self._source).at(centers[inside]) - self._reference
            self._levels[(np.arange(first, last) % width)[inside]] = levels

    def _look(self) -> None:
        levels = self._levels[::4]
        levels = levels[~np.isnan(levels[:, 0])]
        if len(levels) < 8:
            return
        high = max(-60.0, float(np.percentile(levels, 99.9)))
        low = max(float(np.median(levels)) + _OVER_FLOOR_DB, high - _DYNAMIC_DB)
        low = min(low, high - _LEAST_DB)
        if max(abs(low - self.range_db[0]), abs(high - self.range_db[1])) > _MOVED_DB:
            self.range_db = (low, high)
            self.forget()

    def paint_columns(self, first: int, last: int, pixels: Pixels) -> None:
        """See `Lane.paint_columns`."""
        if self._table is None or self._dark != theme().dark:
            self._dark = theme().dark
            self._table = np.array(theme().heat_table(), dtype=np.uint32)
        levels = self._levels[np.arange(first, last) % len(self._levels)]
        there = ~np.isnan(levels[:, 0])
        if not there.any():
            return
        low, high = self.range_db
        # A row is as bright as the loudest of its frequencies: a tone is narrower than a row.
        begins = (np.arange(len(pixels)) / len(pixels) * levels.shape[1]).astype(np.intp)
        loudest = np.maximum.reduceat(levels[there], begins, axis=1)[:, ::-1]
        shades = np.clip((loudest - low) / (high - low) * 255, 0, 255).astype(np.uint8)
        pixels[:, there] = self._table[shades.T]

    def numbers(self) -> list[tuple[float, str]]:
        """Frequencies."""
        top = self.rate_hz / 2
        shares = (0.0, 0.5, 1.0) if self.height() >= 72 else (0.0, 1.0)
        made = []
        for share in shares:
            number, unit = quantity(share * top, "", 2)
            made.append((1.0 - share, f"{number} {unit}".strip()))
        return made
