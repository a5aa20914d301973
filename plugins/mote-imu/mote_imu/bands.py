"""The tables of the spectral stage: sizes, window, bands. Computed in double precision and rounded once.

Must not touch signal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, SignalInfo, Value, dsp

from .units import gains

SHORTEST, LONGEST = 16, 4096
"""Samples of a segment."""
LONGEST_AUTO = 1024


@dataclass(frozen=True, slots=True)
class Design:
    """Everything that a spectral stage needs to know.

    Attributes:
        window: of a segment, float64, shape (segment,).
        hop: samples between segments.
        segments: of a window.
        first_bin: lowest bin that counts for peaks, entropy and centroid; never the mean's.
        last_bin: highest such bin; never that of half the rate.
        weights: how much of each bin lies in each band, float32, shape (bands, bins).
        power: what a sum of ``|X|**2`` is multiplied by for power in squared feature units, float32, (channels,).
        height: what that is multiplied by for a peak: the power of a sine.
        peaks: how many.
        entropy: whether wanted.
        centroid: whether wanted.
    """

    window: npt.NDArray[np.float64]
    hop: int
    segments: int
    first_bin: int
    last_bin: int
    weights: npt.NDArray[np.float32]
    power: npt.NDArray[np.float32]
    height: np.float32
    peaks: int
    entropy: bool
    centroid: bool

    @property
    def segment(self) -> int:
        """Samples of a segment."""
        return len(self.window)

    @property
    def bins(self) -> int:
        """Of a periodogram, from 0 to half the rate."""
        return self.segment // 2 + 1

    @property
    def features(self) -> int:
        """Of one channel."""
        return len(self.weights) + 2 * self.peaks + self.entropy + self.centroid


def design(signal: SignalInfo, params: Mapping[str, Value]) -> Design:
    """Work out every table.

    Raises:
        PluginError: segment or frequencies do not suit the signal, or nothing is to be computed.
    """
    rate = signal.group.rate_hz
    segment = _segment(signal, str(params["segment"]))
    hop = segment * (100 - int(params["overlap"])) // 100
    window = dsp.window(str(params["window"]), segment)
    segments = 1 + (signal.window_samples - segment) // hop
    low, high = _range(rate, segment, float(params["fmin"]), float(params["fmax"]))
    first, last = max(1, int(np.ceil(low * segment / rate))), min(segment // 2 - 1, int(high * segment / rate))
    energy = float(np.square(window).sum())
    plan = Design(
        window=window,
        hop=hop,
        segments=segments,
        first_bin=first,
        last_bin=last,
        weights=band_weights(rate, segment, band_edges(low, high, int(params["bands"]), params["spacing"] == "log")),
        power=np.float32(2.0 / (segment * energy * segments)) * np.square(gains(signal, params)),
        height=np.float32(segment * energy / window.sum() ** 2),
        peaks=int(params["peaks"]),
        entropy=bool(params["entropy"]),
        centroid=bool(params["centroid"]),
    )
    if not plan.features:
        raise PluginError("spectral.none", "There is nothing to compute.", "Ask for bands, peaks, entropy or centroid.")
    if last - first < 2 and (plan.peaks or plan.entropy or plan.centroid):
        text = f"From {low:g} Hz to {high:g} Hz there are {max(0, last - first + 1)} bins: too few for a shape."
        hint = f"Bins are {rate / segment:.3g} Hz apart: take a longer segment or a wider range."
        raise PluginError("spectral.range", text, hint)
    return plan


def _segment(signal: SignalInfo, wanted: str) -> int:
    samples = signal.window_samples
    if samples < SHORTEST:
        text = f"A window of {samples} samples is too short for a spectrum."
        raise PluginError("spectral.window", text, f"Use at least {SHORTEST} samples.")
    if wanted == "auto":
        half = 1 << ((samples // 2).bit_length() - 1)
        return min(LONGEST_AUTO, max(SHORTEST, half))
    if int(wanted) > samples:
        text = f"A segment of {wanted} samples does not fit a window of {samples}."
        raise PluginError("spectral.segment", text, f"Choose {samples} or fewer, or a longer window.")
    return int(wanted)


def _range(rate: float, segment: int, fmin: float, fmax: float) -> tuple[float, float]:
    """Frequencies that count: from half a bin up, where the mean ends."""
    low, high = max(fmin, 0.5 * rate / segment), min(fmax or rate / 2, rate / 2)
    if low >= high:
        text = f"Between {low:g} Hz and {high:g} Hz there is nothing."
        raise PluginError("spectral.range", text, f"At {rate:g} Hz, set From below To and below {rate / 2:g} Hz.")
    return low, high


def band_edges(low: float, high: float, bands: int, log: bool) -> npt.NDArray[np.float64]:
    """Edges of bands in hertz, shape (bands + 1,): equally far apart in octaves or in hertz."""
    return np.geomspace(low, high, bands + 1) if log else np.linspace(low, high, bands + 1)


def band_weights(rate: float, segment: int, edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The part of every bin's width that lies in each band, so that bands share bins and lose no power.

    Args:
        rate: of the signal, Hz.
        segment: length of the transform.
        edges: from `band_edges`, above 0.

    Returns:
        float32, shape (bands, segment / 2 + 1); every band has some weight.
    """
    distance = rate / segment
    centres = np.arange(segment // 2 + 1) * distance
    left, right = np.maximum(centres - distance / 2, 0.0), np.minimum(centres + distance / 2, rate / 2)
    overlap = np.minimum(right, edges[1:, None]) - np.maximum(left, edges[:-1, None])
    weights: npt.NDArray[np.float32] = np.clip(overlap / (right - left), 0.0, 1.0).astype(np.float32)
    # Rounding of the edges leaves crumbs that would cost the board a product each.
    weights[weights < 1e-6 * weights.max(axis=1, keepdims=True)] = 0.0
    return weights


def band_constants(weights: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
    """Weights of bands as a C twin reads them: each band's first bin, its number of bins, all weights in a row."""
    used = [np.flatnonzero(row) for row in weights]
    parts = [row[u[0] : u[-1] + 1] for row, u in zip(weights, used, strict=True)]
    return {
        "BAND_START": np.array([u[0] for u in used], dtype=np.int16),
        "BAND_COUNT": np.array([len(part) for part in parts], dtype=np.int16),
        "WEIGHTS": np.concatenate(parts),
    }
