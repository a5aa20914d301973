"""Exact integer sums of many windows at once, and single-precision statistics from them.

Every operation after the sums has its twin in ``csrc/mote_feature_statistics.c``, in the same order. Deviations are
taken from the rounded mean, and what rounding left (`offset`, at most a half) is put right in the formulas: so
nothing cancels, whatever gravity or bias there is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_F = np.float32


class Moments:
    """Sums over windows.

    Args:
        counts: int64, shape (samples, channels, windows), each within 16 bits (magnitudes: 17).
        higher: whether third and fourth powers are wanted.

    Attributes:
        samples: of a window.
        centre: rounded mean, int64, shape (channels, windows) as all below.
        offset: mean less `centre`, float32.
        lowest: smallest count.
        highest: largest count.
        variance: float32, of the whole window (not of a sample of it).
        std: its root.
    """

    def __init__(self, counts: Ints, higher: bool) -> None:
        self.samples = n = len(counts)
        total = counts.sum(axis=0)
        self.centre: Ints = (total + n // 2) // n
        self._first: Ints = total - n * self.centre
        self._counts = counts
        self._away: Ints = counts - self.centre
        squares = np.square(self._away)
        self._second: Ints = squares.sum(axis=0)
        self.lowest: Ints = counts.min(axis=0)
        self.highest: Ints = counts.max(axis=0)
        if higher:
            self._third: Ints = (squares * self._away).sum(axis=0)
            # A fourth power may need all 64 bits, and their sum more: upper and lower halves are summed apart.
            fourth = np.square(squares.view(np.uint64))
            self._fourth_high = (fourth >> np.uint64(32)).sum(axis=0)
            self._fourth_low = (fourth & np.uint64(0xFFFFFFFF)).sum(axis=0)
        self._n = _F(n)
        self.offset: Floats = self._first.astype(_F) / self._n
        self._over_square = _F(1.0) / _F(n * n)
        self.variance: Floats = (n * self._second - np.square(self._first)).astype(_F) * self._over_square
        self.std: Floats = np.sqrt(self.variance)
        self._still = self.variance == 0
        self._safe_variance = np.where(self._still, _F(1.0), self.variance)
        self._safe_std = np.where(self._still, _F(1.0), self.std)

    def rms(self) -> Floats:
        """Root of the mean square, the mean included."""
        n, centre = self.samples, self.centre
        squares = self._second + 2 * centre * self._first + n * np.square(centre)
        root: Floats = np.sqrt(squares.astype(_F) / self._n)
        return root

    def skewness(self) -> Floats:
        """Third standardised moment; 0 where nothing moves."""
        second, third, offset = self._second.astype(_F) / self._n, self._third.astype(_F) / self._n, self.offset
        central = third - offset * (_F(3.0) * second - _F(2.0) * (offset * offset))
        value = central / (self._safe_variance * self._safe_std)
        return np.where(self._still, _F(0.0), value)

    def kurtosis(self) -> Floats:
        """Fourth standardised moment: 3 for Gaussian noise, and where nothing moves; never below 1."""
        second, third, offset = self._second.astype(_F) / self._n, self._third.astype(_F) / self._n, self.offset
        fourth = (self._fourth_high.astype(_F) * _F(2.0**32) + self._fourth_low.astype(_F)) / self._n
        inner = _F(6.0) * second - _F(3.0) * (offset * offset)
        central = fourth - offset * (_F(4.0) * third - offset * inner)
        value = np.maximum(central / (self._safe_variance * self._safe_variance), _F(1.0))
        return np.where(self._still, _F(3.0), value)

    def crest(self) -> Floats:
        """Largest deviation from the mean over the standard deviation; 1 where nothing moves."""
        above = (self.highest - self.centre).astype(_F) - self.offset
        below = self.offset - (self.lowest - self.centre).astype(_F)
        value = np.maximum(np.maximum(above, below) / self._safe_std, _F(1.0))
        return np.where(self._still, _F(1.0), value)

    def mean_abs(self) -> Floats:
        """Mean absolute deviation from the mean."""
        total = np.abs(self.samples * self._away - self._first).sum(axis=0)
        mean: Floats = total.astype(_F) * self._over_square
        return mean

    def crossings(self) -> Ints:
        """How often neighbours lie on different sides of the mean."""
        above = self.samples * self._away >= self._first
        return np.asarray(np.count_nonzero(above[1:] != above[:-1], axis=0))

    def slope_changes(self) -> Ints:
        """How often a rise is followed by a fall, or the reverse."""
        slope = np.sign(np.diff(self._counts, axis=0))
        return np.asarray(np.count_nonzero(slope[1:] * slope[:-1] < 0, axis=0))
