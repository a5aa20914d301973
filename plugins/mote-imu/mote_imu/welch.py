"""Sums of periodograms of many windows at once (Welch, 1967).

Columns are signals, rows are samples or bins, so that every operation is on long contiguous rows. Must not know about
units or features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK_VALUES = 49_152
"""Values of a block of windows in single precision: it stays near the processor."""
BLOCK_COLUMNS = 48
"""Signals of a block at least, however long they are."""
MATRIX_LENGTH = 128
"""Up to this segment a matrix product is faster on the desk than a fast transform: it does mean removal, window and
transform in one."""


class Welch:
    """Periodograms of overlapping segments, each less its mean.

    Args:
        window: of a segment, float64, shape (segment,), a power of two long.
        hop: samples between segments.
        samples: of a signal.

    Attributes:
        segment: samples of a segment.
        segments: of a signal.
        bins: of a periodogram.
    """

    def __init__(self, window: npt.NDArray[np.float64], hop: int, samples: int) -> None:
        self.segment = len(window)
        self.hop = hop
        self.segments = 1 + (samples - self.segment) // hop
        self.bins = self.segment // 2 + 1
        self._window = window.astype(np.float32)[:, None]
        self._matrix = _matrix(window) if self.segment <= MATRIX_LENGTH else None

    def powers(self, signals: Floats) -> Floats:
        """Sum of the segments' periodograms, one-sided.

        Args:
            signals: float32, shape (samples, signals), counts; changed in place.

        Returns:
            float32, shape (bins, signals): sums of ``|X|**2``, halved in the first and the last bin, which have no
            mirror image.
        """
        # Gravity and bias are integers here and leave no rounding behind.
        signals -= signals[0].copy()
        powers = self._by_fft(signals) if self._matrix is None else self._by_matrix(signals, self._matrix)
        powers[0] *= np.float32(0.5)
        powers[-1] *= np.float32(0.5)
        return powers

    def _by_matrix(self, signals: Floats, matrix: Floats) -> Floats:
        total: Floats | None = None
        for first in range(0, self.segments * self.hop, self.hop):
            parts: Floats = matrix @ signals[first : first + self.segment]
            np.square(parts, out=parts)
            total = parts if total is None else np.add(total, parts, out=total)
        assert total is not None
        return total[: self.bins] + total[self.bins :]

    def _by_fft(self, signals: Floats) -> Floats:
        from scipy.fft import rfft

        total: Floats | None = None
        for first in range(0, self.segments * self.hop, self.hop):
            piece = signals[first : first + self.segment]
            piece = piece - piece.mean(axis=0)
            piece *= self._window
            parts: Floats = rfft(piece, axis=0, overwrite_x=True).view(np.float32)
            np.square(parts, out=parts)
            total = parts if total is None else np.add(total, parts, out=total)
        assert total is not None
        return total[:, 0::2] + total[:, 1::2]


def per_block(samples: int, channels: int) -> int:
    """How many windows to take at once."""
    return max(1, -(-BLOCK_COLUMNS // channels), BLOCK_VALUES // (samples * channels))


def _matrix(window: npt.NDArray[np.float64]) -> Floats:
    """Mean removal, window and transform as one matrix: real parts above imaginary ones, (2 bins, segment)."""
    n = len(window)
    transform = np.fft.rfft(np.eye(n), axis=1) * window[:, None]
    transform -= transform.mean(axis=0)
    return np.ascontiguousarray(np.concatenate([transform.real, transform.imag], axis=1).T.astype(np.float32))
