"""The tables of the integer log-mel: sizes, window, twiddles, mel weights, logarithm.

Computed once in double precision and rounded to integers; from there on desk and board do integers only. Must not
touch signal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, SignalInfo, Value, dsp

from .framing import Sizes, sizes
from .levels import DB, NORMALISE

INTEGER_NORMALISE = NORMALISE[:4]
POWER_SHIFT = 16
"""Bits dropped from the 62-bit power of a bin, so that 15-bit weights and their sum fit 63."""
LOG_BITS = 7
"""The logarithm's table has ``2 ** LOG_BITS`` steps, in between it is linear: within 2e-5 of log2."""


@dataclass(frozen=True, slots=True)
class Design:
    """All integers of one log-mel.

    Attributes:
        sizes: of frames and transform.
        headroom: bits below which a frame's largest value is brought before the FFT, so that it cannot overflow.
        floor: log2 energy of silence in Q15.
        span: kept below the window's loudest, in Q8; 0 for all.
        normalise: index into `NORMALISE`.
        hann: int16 Q15, shape (frame,).
        cos: int32 Q30, shape (n_fft / 2,): cosine of 2 pi k / n_fft.
        sin: likewise.
        band_start: int16, shape (bands,): first FFT bin of each band.
        band_count: int16, shape (bands,): bins of each band.
        weights: uint16 Q15, all bands' weights one after the other.
        log2: uint16 Q15, shape (129,): log2(1 + i / 128).
    """

    sizes: Sizes
    headroom: int
    floor: int
    span: int
    normalise: int
    hann: npt.NDArray[np.int16]
    cos: npt.NDArray[np.int32]
    sin: npt.NDArray[np.int32]
    band_start: npt.NDArray[np.int16]
    band_count: npt.NDArray[np.int16]
    weights: npt.NDArray[np.uint16]
    log2: npt.NDArray[np.uint16]

    @property
    def bands(self) -> int:
        """Mel bands."""
        return len(self.band_start)

    @property
    def first_bin(self) -> int:
        """Lowest FFT bin that a band uses."""
        return int(self.band_start.min())

    @property
    def last_bin(self) -> int:
        """Highest FFT bin that a band uses."""
        return int((self.band_start + self.band_count).max()) - 1


def design(signal: SignalInfo, params: Mapping[str, Value]) -> Design:
    """Work out every table.

    Raises:
        PluginError: frames, bands, channel or normalisation do not suit the signal or integers.
    """
    plan = sizes(signal, params)
    if params["normalise"] not in INTEGER_NORMALISE:
        text = f"Integers cannot normalise by {params['normalise']}: that divides by a deviation."
        hint = f"Set arithmetic to float32, or normalise to {', '.join(INTEGER_NORMALISE)}."
        raise PluginError("audio.normalise", text, hint, {"param": "normalise"})
    rate, frame, n_fft = signal.group.rate_hz, plan.frame, plan.n_fft
    angle = 2.0 * np.pi * np.arange(n_fft // 2) / n_fft
    start, count, weights = _bands(rate, n_fft, int(params["bands"]), float(params["fmin"]), float(params["fmax"]))
    # A sine of full scale has an amplitude of 32768 times half the window's sum, which is a quarter of the frame.
    full_scale = 2.0 * np.log2(32768.0 * frame / 4.0)
    return Design(
        sizes=plan,
        headroom=30 - (n_fft.bit_length() - 1),
        floor=round((full_scale + float(params["floor"]) / DB) * 32768),
        span=round(float(params["range_db"]) / DB * 256),
        normalise=NORMALISE.index(str(params["normalise"])),
        hann=np.rint(32767 * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame))).astype(np.int16),
        cos=np.rint(np.cos(angle) * 2.0**30).astype(np.int32),
        sin=np.rint(np.sin(angle) * 2.0**30).astype(np.int32),
        band_start=start,
        band_count=count,
        weights=weights,
        log2=np.rint(np.log2(1.0 + np.arange(2**LOG_BITS + 1) / 2**LOG_BITS) * 32768).astype(np.uint16),
    )


def _bands(
    rate: float, n_fft: int, bands: int, fmin: float, fmax: float
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
    top = min(fmax or rate / 2, rate / 2)
    if fmin >= top:
        text = f"Bands from {fmin:g} Hz to {top:g} Hz are empty."
        raise PluginError("audio.bands", text, f"At {rate:g} Hz, set fmin below fmax and below {rate / 2:g} Hz.")
    hz = np.arange(n_fft // 2) * rate / n_fft
    edges = dsp.mel_edges(bands, fmin, top)
    starts, counts, parts = [], [], []
    for low, centre, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        triangle = np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre))
        weights = np.rint(32768 * np.clip(triangle, 0.0, 1.0)).astype(np.uint16)
        if not weights.any():
            # Narrower than the distance of two bins: the nearest one stands for the band.
            weights[int(np.argmin(np.abs(hz - centre)))] = 32768
        used = np.flatnonzero(weights)
        starts.append(used[0])
        counts.append(used[-1] - used[0] + 1)
        parts.append(weights[used[0] : used[-1] + 1])
    return np.array(starts, np.int16), np.array(counts, np.int16), np.concatenate(parts)
