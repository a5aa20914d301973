"""Mel bands in single precision: weights as a matrix for the desk and as runs of bins for the board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, SignalInfo, Value, dsp

from .framing import Floats, Framing, framing, squares

GROUP = 16
"""Bands of one matrix product: neighbours share bins, so that most zeros of the whole matrix are left out."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Triangular bands, equally wide in mel, each with a peak of 1.

    Attributes:
        weights: float32, shape (bands, bins).
        start: int16, shape (bands,): first bin of each.
        count: int16, shape (bands,): bins of each.
        products: what the desk multiplies: which squares of a spectrum, which bands they give, and the matrix.
    """

    weights: Floats
    start: npt.NDArray[np.int16]
    count: npt.NDArray[np.int16]
    products: tuple[tuple[slice, slice, Floats], ...]

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def packed(self) -> Floats:
        """Weights of all bands one after the other."""
        rows = zip(self.weights, self.start, self.count, strict=True)
        return np.concatenate([row[start : start + count] for row, start, count in rows])

    @property
    def flash_bytes(self) -> int:
        """Weights and places."""
        return 4 * int(self.count.sum()) + 4 * len(self)

    def constants(self) -> dict[str, Any]:
        """Constants of the C twin."""
        return {
            "AUDIO_BANDS": len(self),
            "AUDIO_BAND_START": self.start,
            "AUDIO_BAND_COUNT": self.count,
            "AUDIO_BAND_WEIGHTS": self.packed,
        }


def check_range(signal: SignalInfo, params: Mapping[str, Value]) -> tuple[float, float]:
    """Lower and upper frequency in Hz.

    Raises:
        PluginError: above half the sample rate, or nothing in between.
    """
    half = signal.group.rate_hz / 2.0
    low, high = float(params["fmin"]), float(params["fmax"]) or half
    if high > half:
        text = f"Bands up to {high:g} Hz do not exist at {signal.group.rate_hz:g} samples per second."
        raise PluginError("audio.nyquist", text, f"Set fmax to {half:g} Hz at most, or to 0.", {"param": "fmax"})
    if low >= high:
        text = f"Bands from {low:g} Hz to {high:g} Hz are empty."
        hint = f"At {2 * half:g} samples per second, set fmin below fmax and below {half:g} Hz."
        raise PluginError("audio.bands", text, hint, {"param": "fmin"})
    return low, high


def bands(signal: SignalInfo, params: Mapping[str, Value], n_fft: int) -> Bands:
    """Work out the bands.

    Raises:
        PluginError: those of `check_range`.
    """
    low, high = check_range(signal, params)
    hz = np.arange(n_fft // 2 + 1) * signal.group.rate_hz / n_fft
    edges = dsp.mel_edges(int(params["bands"]), low, high, str(params["mel_scale"]))
    weights = dsp.triangles(edges, hz)
    for row, centre in zip(weights, edges[1:-1], strict=True):
        if not row.any():
            # Narrower than the distance of two bins: the nearest one stands for the band.
            row[int(np.argmin(np.abs(hz - centre)))] = 1.0
    used = [np.flatnonzero(row) for row in weights]
    start = np.array([u[0] for u in used], dtype=np.int16)
    count = np.array([u[-1] + 1 - u[0] for u in used], dtype=np.int16)
    singles = weights.astype(np.float32)
    return Bands(singles, start, count, tuple(_products(singles, start, count)))


def _products(
    weights: Floats, start: npt.NDArray[np.int16], count: npt.NDArray[np.int16]
) -> Iterator[tuple[slice, slice, Floats]]:
    for first in range(0, len(weights), GROUP):
        group = slice(first, min(first + GROUP, len(weights)))
        low, high = int(start[group].min()), int((start + count)[group].max())
        # Each weight twice: it takes the squares of the real and the imaginary part.
        matrix = np.repeat(weights[group, low:high].T, 2, axis=0)
        yield slice(2 * low, 2 * high), group, np.ascontiguousarray(matrix)


def front(signal: SignalInfo, params: Mapping[str, Value]) -> tuple[Framing, Bands]:
    """Work out frames and bands.

    Raises:
        PluginError: they do not suit the signal.
    """
    return _front(signal, tuple(params.items()))


@lru_cache(maxsize=8)
def _front(signal: SignalInfo, items: tuple[tuple[str, Value], ...]) -> tuple[Framing, Bands]:
    """Kept, so that windows that come one by one do not wait for tables."""
    params = dict(items)
    plan = framing(signal, params)
    return plan, bands(signal, params, plan.sizes.n_fft)


def energies(windows: npt.NDArray[np.int16], plan: Framing, bank: Bands, total: Floats | None = None) -> Floats:
    """Energies of all bands of every frame.

    Args:
        windows: int16, shape (windows, samples, channels).
        plan: frames and window.
        bank: the bands.
        total: where to put each frame's power of all bins, shape (windows x frames,).

    Returns:
        float32, shape (windows x frames, bands).
    """
    out = np.empty((len(windows) * plan.sizes.frames, len(bank)), dtype=np.float32)
    for rows, found in squares(windows, plan):
        for bins, group, matrix in bank.products:
            np.matmul(found[:, bins], matrix, out=out[rows, group])
        if total is not None:
            np.sum(found, axis=1, out=total[rows])
    return out
