"""Tables that stages and their C twins share: Fourier twiddles, frame windows, mel bands, cosine transform.

Numpy only, computed in double precision and rounded once. The C side that uses them is
``resources/firmware/core/mote_dsp.h``. Must not touch signal data.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

WINDOWS = ("hann", "hamming", "rect")
"""Names that `window` knows."""
MEL_SCALES = ("htk", "slaney")
"""Names that `mel_edges` knows."""

_SLANEY_HZ = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_KNEE = _SLANEY_KNEE_HZ / _SLANEY_HZ
_SLANEY_STEP = np.log(6.4) / 27.0


def fft_table(n: int) -> npt.NDArray[np.float32]:
    """The table of ``mote_rfft``: sin(2 pi i / n) for i below n, float32, shape (n,).

    Args:
        n: length of the transform, a power of two of at least 4.

    Raises:
        ValueError: `n` is not such a number.
    """
    if n < 4 or n & (n - 1):
        raise ValueError(f"{n} is not a power of two of at least 4")
    quarter = np.sin(2.0 * np.pi * np.arange(n // 4 + 1) / n)
    half = np.concatenate([quarter, quarter[-2:0:-1]])
    # Built of one quarter, so that zeros are zeros and values that should be equal are.
    return np.concatenate([half, -half]).astype(np.float32)


def window(name: str, length: int) -> Doubles:
    """A frame window in its periodic form, as spectra want it.

    Args:
        name: one of `WINDOWS`.
        length: samples.

    Returns:
        float64, shape (length,), at most 1.

    Raises:
        ValueError: the name is unknown.
    """
    if name == "rect":
        return np.ones(length)
    mean = {"hann": 0.5, "hamming": 0.54}.get(name)
    if mean is None:
        raise ValueError(f"there is no window {name!r}; known: {', '.join(WINDOWS)}")
    values: Doubles = mean - (1.0 - mean) * np.cos(2.0 * np.pi * np.arange(length) / length)
    return values


def hz_to_mel(hz: Doubles, scale: str) -> Doubles:
    """Frequencies on a mel scale: ``htk`` (logarithmic throughout) or ``slaney`` (linear below 1 kHz)."""
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    above = _SLANEY_KNEE + np.log(np.maximum(hz, _SLANEY_KNEE_HZ) / _SLANEY_KNEE_HZ) / _SLANEY_STEP
    return np.where(hz < _SLANEY_KNEE_HZ, hz / _SLANEY_HZ, above)


def mel_to_hz(mel: Doubles, scale: str) -> Doubles:
    """The reverse of `hz_to_mel`."""
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_STEP * (mel - _SLANEY_KNEE))
    return np.where(mel < _SLANEY_KNEE, mel * _SLANEY_HZ, above)


def mel_edges(bands: int, fmin: float, fmax: float, scale: str = "htk") -> Doubles:
    """Edges and centres of triangular bands, in Hz, shape (bands + 2,): equally far apart in mel.

    Args:
        bands: how many.
        fmin: lower edge of the lowest band, Hz.
        fmax: upper edge of the highest band, Hz.
        scale: one of `MEL_SCALES`.

    Raises:
        ValueError: the scale is unknown.
    """
    if scale not in MEL_SCALES:
        raise ValueError(f"there is no mel scale {scale!r}; known: {', '.join(MEL_SCALES)}")
    low, high = hz_to_mel(np.array([fmin, fmax]), scale)
    return mel_to_hz(np.linspace(low, high, bands + 2), scale)


def triangles(edges: Doubles, hz: Doubles) -> Doubles:
    """Weights of triangular bands with a peak of 1 at each centre.

    Args:
        edges: from `mel_edges`, shape (bands + 2,).
        hz: frequencies of the bins, shape (bins,).

    Returns:
        float64, shape (bands, bins). A band narrower than the distance of two bins may have no weight at all.
    """
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.clip(np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre)), 0.0, None)


def dct_matrix(coefficients: int, values: int) -> Doubles:
    """Orthonormal cosine transform (DCT-II), shape (coefficients, values): multiply from the left."""
    k, i = np.arange(coefficients)[:, None], np.arange(values)[None, :]
    matrix = np.sqrt(2.0 / values) * np.cos(np.pi * k * (2 * i + 1) / (2 * values))
    matrix[0] /= np.sqrt(2.0)
    return np.asarray(matrix)
