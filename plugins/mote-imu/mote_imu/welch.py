"""Sums of periodograms of many windows at once (Welch, 1967).

Columns are signals, rows are samples or bins, so that every operation is on long contiguous rows. Must not know about
units or features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK_VALUES = 98_304
"""Values of a block of windows in single precision: it stays near the processor."""
BLOCK_COLUMNS = 48
"""Signals of a block at least, however long they are."""
MATRIX_LENGTH = 128
"""Up to this segment matrix products are faster on the desk than a fast transform: they do mean removal, window and
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
        self._matrices = _matrices(window) if self.segment <= MATRIX_LENGTH else None

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
        powers = self._by_fft(signals) if self._matrices is None else self._by_matrix(signals, self._matrices)
        powers[0] *= np.float32(0.5)
        powers[-1] *= np.float32(0.5)
        return powers

    def _by_matrix(self, signals: Floats, matrices: tuple[Floats, Floats]) -> Floats:
        half, columns = self.segment // 2, signals.shape[1]
        even = np.empty((half + 1, columns), dtype=np.float32)
        odd = np.empty((half - 1, columns), dtype=np.float32)
        real, imaginary = np.empty_like(even), np.empty_like(odd)
        total: Floats | None = None
        for first in range(0, self.segments * self.hop, self.hop):
            piece = signals[first : first + self.segment]
            later, mirrored = piece[1:half], piece[:half:-1]
            even[0], even[half] = piece[0], piece[half]
            np.add(later, mirrored, out=even[1:half])
            np.subtract(later, mirrored, out=odd)
            np.matmul(matrices[0], even, out=real)
            np.matmul(matrices[1], odd, out=imaginary)
            np.square(real, out=real)
            np.square(imaginary, out=imaginary)
            real[1:half] += imaginary
            total = real.copy() if total is None else np.add(total, real, out=total)
        assert total is not None
        return total

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


def columns_of(windows: npt.NDArray[np.int16]) -> Floats:
    """Windows, int16 (windows, samples, channels), as float32 (samples, windows x channels)."""
    count, samples, channels = windows.shape
    # All channels of a sample move as one item, which is several times faster than one by one.
    items = np.ascontiguousarray(windows).view(f"V{2 * channels}")[:, :, 0]
    return np.ascontiguousarray(items.T).view(np.int16).reshape(samples, count * channels).astype(np.float32)


def _matrices(window: npt.NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Mean removal, window and transform as matrices: real parts (bins, bins) of the even half of a segment, imaginary
    parts (bins - 2, bins - 2) of its odd half. The window is periodic, ``w[i] == w[n - i]``, so folding a segment
    halves the products.
    """
    n, half = len(window), len(window) // 2
    transform = np.fft.rfft(np.eye(n), axis=1) * window[:, None]
    transform -= transform.mean(axis=0)
    even, odd = transform[: half + 1].real.T, transform[1:half, 1:half].imag.T
    return np.ascontiguousarray(even, dtype=np.float32), np.ascontiguousarray(odd, dtype=np.float32)
