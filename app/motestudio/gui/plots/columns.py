"""Extremes per pixel column of one reader, kept for what is in view and read once for all lanes that show it. No Qt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from motestudio.gui.plots.raster import Floats, read_extremes


class Columns:
    """Physical values of every channel, in a ring as wide as the picture.

    Args:
        reader: with ``group`` and ``window(start, count)``.

    Attributes:
        low: float32, shape (width, channels); not a number where a column has no sample. Column c is row c % width.
        high: likewise.
    """

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        group = reader.group
        self._scales = group.scales
        self._offsets = np.array([c.offset for c in group.channels])
        self.low: Floats = np.zeros((0, len(group.channels)), dtype=np.float32)
        self.high: Floats = self.low
        self._per_column = 0.0
        self._known = (0, 0)
        self._asked = (0, 0, 0, 0.0)

    def read(self, first: int, last: int, total: int, per_column: float) -> None:
        """Have the columns of a view; those that are there and complete are not read again.

        Args:
            first: column.
            last: one past the last column; what lies between them is the ring's width.
            total: samples that there are.
            per_column: samples of a column.
        """
        asked, self._asked = self._asked, (first, last, total, per_column)
        if asked == self._asked:
            return  # another lane was here a moment ago
        width = last - first
        if (width, per_column) != (len(self.low), self._per_column):
            self.low = np.full((width, self.low.shape[1]), np.nan, dtype=np.float32)
            self.high = self.low.copy()
            self._per_column, self._known = per_column, (0, 0)
        known = max(self._known[0], first), min(self._known[1], last)
        wanted = [(first, last)] if known[0] >= known[1] else [(first, known[0]), (known[1], last)]
        for a, b in wanted:
            if a < b:
                self._take(a, b)
        self._known = (first, max(first, min(last, math.floor(total / per_column))))

    def _take(self, first: int, last: int) -> None:
        low, high, there = read_extremes(self.reader, first, last, self._per_column)
        a, b = self.physical(low), self.physical(high)
        places = np.arange(first, last) % len(self.low)
        # A negative scale turns the sensor round.
        self.low[places], self.high[places] = np.minimum(a, b), np.maximum(a, b)
        if not there.all():
            self.low[places[~there]] = self.high[places[~there]] = np.nan

    def physical(self, raw: np.ndarray) -> np.ndarray:
        """Raw samples of all channels in their units, float64."""
        values: np.ndarray = raw * self._scales + self._offsets
        return values
