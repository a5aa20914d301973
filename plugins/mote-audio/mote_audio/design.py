"""The tables of the integer log-mel: sizes, window, twiddles, mel weights, logarithm.

Computed once in double precision and rounded to integers; from there on desk and board do integers only. Must not
touch signal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, SignalInfo, Value

NORMALISE = ("none", "mean", "max", "band_mean")
POWER_SHIFT = 16
"""Bits dropped from the 62-bit power of a bin, so that 15-bit weights and their sum fit 63."""
LOG_BITS = 7
"""The logarithm's table has ``2 ** LOG_BITS`` steps, in between it is linear: within 2e-5 of log2."""


@dataclass(frozen=True, slots=True)
class Design:
    """All integers of one log-mel.

    Attributes:
        frame: samples of a frame.
        hop: samples between frames.
        frames: frames of a window.
        n_fft: power of two, at least `frame`.
        headroom: bits below which a frame's largest value is brought before the FFT, so that it cannot overflow.
        channel: which channel of the window.
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

    frame: int
    hop: int
    frames: int
    n_fft: int
    headroom: int
    channel: int
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
        PluginError: frames longer than the window, no bandwidth, or a channel that is not there.
    """
    rate = signal.group.rate_hz
    frame, hop = (max(1, round(float(params[k]) * rate / 1000.0)) for k in ("frame_ms", "hop_ms"))
    if frame > signal.window_samples or frame < 8:
        text = f"A frame of {frame} samples does not suit a window of {signal.window_samples}."
        raise PluginError("logmel.frame", text, "Set frame_ms between 8 samples and the window's length.")
    auto = 1 << max(4, (frame - 1).bit_length())
    n_fft = auto if params["n_fft"] == "auto" else int(params["n_fft"])
    if n_fft < frame or n_fft > 4096:
        text = f"An FFT of {n_fft} does not hold a frame of {frame} samples."
        raise PluginError("logmel.fft", text, "Choose a longer FFT (automatic fits up to 4096), or a shorter frame.")
    channel = int(params["channel"])
    if channel >= signal.n_channels:
        text = f"There is no channel {channel}: the signal has {signal.n_channels}."
        raise PluginError("logmel.channel", text, f"Choose 0 to {signal.n_channels - 1}.")
    angle = 2.0 * np.pi * np.arange(n_fft // 2) / n_fft
    start, count, weights = _bands(rate, n_fft, int(params["bands"]), float(params["fmin"]), float(params["fmax"]))
    # A sine of full scale has an amplitude of 32768 times half the window's sum, which is a quarter of the frame.
    full_scale = 2.0 * np.log2(32768.0 * frame / 4.0)
    return Design(
        frame=frame,
        hop=hop,
        frames=1 + (signal.window_samples - frame) // hop,
        n_fft=n_fft,
        headroom=30 - (n_fft.bit_length() - 1),
        channel=channel,
        floor=round((full_scale + float(params["floor"]) / _DB) * 32768),
        span=round(float(params["range_db"]) / _DB * 256),
        normalise=NORMALISE.index(str(params["normalise"])),
        hann=np.rint(32767 * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame))).astype(np.int16),
        cos=np.rint(np.cos(angle) * 2.0**30).astype(np.int32),
        sin=np.rint(np.sin(angle) * 2.0**30).astype(np.int32),
        band_start=start,
        band_count=count,
        weights=weights,
        log2=np.rint(np.log2(1.0 + np.arange(2**LOG_BITS + 1) / 2**LOG_BITS) * 32768).astype(np.uint16),
    )


_DB = 10.0 * np.log10(2.0)
"""Decibels of a doubled energy."""


def _mel(hz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hz / 700.0))


def mel_edges(bands: int, fmin: float, fmax: float) -> npt.NDArray[np.float64]:
    """Edges and centres of triangular bands, in Hz, shape (bands + 2,): equally far apart in mel."""
    mels = np.linspace(_mel(fmin), _mel(fmax), bands + 2)
    edges: npt.NDArray[np.float64] = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    return edges


def _bands(
    rate: float, n_fft: int, bands: int, fmin: float, fmax: float
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
    top = min(fmax or rate / 2, rate / 2)
    if fmin >= top:
        text = f"Bands from {fmin:g} Hz to {top:g} Hz are empty."
        raise PluginError("logmel.bands", text, f"At {rate:g} Hz, set fmin below fmax and below {rate / 2:g} Hz.")
    hz = np.arange(n_fft // 2) * rate / n_fft
    edges = mel_edges(bands, fmin, top)
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
