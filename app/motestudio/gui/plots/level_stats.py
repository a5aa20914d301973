"""Levels of every channel over the last second, from sums of small pieces. No Qt here."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from motestudio.domain.signal import RAW_MAX, RAW_MIN

_MOST = 1 << 17
"""Samples that are looked at in a piece; of more, the newest."""
_HOLD_S = 3.0


@dataclass(frozen=True, slots=True)
class _Piece:
    count: int
    sums: np.ndarray
    squares: np.ndarray
    low: np.ndarray
    high: np.ndarray


class LevelStats:
    """One channel group.

    Args:
        reader: of its live tail.
        channels: how many of its channels are looked at.
        window_s: how far back.

    Attributes:
        clips: samples at an end of the raw range since it began, shape (channels,).
        peaks: largest raw distance from zero as a share of full scale, held for some seconds, shape (channels,).
        fresh: samples in the latest `update`.
    """

    def __init__(self, reader: Any, channels: int, window_s: float = 1.0) -> None:
        self.reader, self._n = reader, channels
        self._wanted = max(2, round(window_s * reader.group.rate_hz))
        self._pieces: deque[_Piece] = deque()
        self._have = 0
        self._seen = reader.total
        self.clips = np.zeros(channels, dtype=np.int64)
        self.peaks = np.zeros(channels)
        self.fresh = 0

    def update(self, past_s: float) -> None:
        """Take what is new.

        Args:
            past_s: seconds since the last call.
        """
        total = self.reader.total
        samples, first = self.reader.window(max(self._seen, total - _MOST), total - self._seen)
        samples = samples[:, : self._n]
        self._seen = first + len(samples)
        self.fresh = len(samples)
        self.peaks *= math.exp(-past_s / _HOLD_S)
        if not self.fresh:
            return
        low, high = samples.min(axis=0).astype(np.int32), samples.max(axis=0).astype(np.int32)
        if low.min() == RAW_MIN or high.max() == RAW_MAX:
            self.clips += ((samples == RAW_MIN) | (samples == RAW_MAX)).sum(axis=0)
        self.peaks = np.maximum(self.peaks, np.maximum(-low, high) / -RAW_MIN)
        values = samples.astype(np.float32)
        sums = values.sum(axis=0, dtype=np.float64)
        squares = np.einsum("ij,ij->j", values, values).astype(np.float64)
        self._pieces.append(_Piece(self.fresh, sums, squares, low, high))
        self._have += self.fresh
        while self._have - self._pieces[0].count >= self._wanted:
            self._have -= self._pieces.popleft().count

    @property
    def rms(self) -> np.ndarray:
        """Root mean square of the physical values, offsets and gravity included, shape (channels,)."""
        if not self._have:
            return np.zeros(self._n)
        group = self.reader.group
        scales, offsets = group.scales[: self._n], np.array([c.offset for c in group.channels[: self._n]])
        mean = sum(p.sums for p in self._pieces) / self._have
        square = sum(p.squares for p in self._pieces) / self._have
        whole: np.ndarray = np.sqrt(np.maximum(0.0, scales**2 * square + 2 * scales * offsets * mean + offsets**2))
        return whole

    @property
    def still(self) -> np.ndarray:
        """Whether each channel did not change for all of the window, shape (channels,)."""
        if self._have < self._wanted * 0.95:
            return np.zeros(self._n, dtype=bool)
        low = np.min([p.low for p in self._pieces], axis=0)
        high = np.max([p.high for p in self._pieces], axis=0)
        same: np.ndarray = low == high
        return same
