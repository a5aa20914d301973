"""The stage: log-mel spectrograms of windows, bit for bit what ``csrc/mote_feature_logmel.c`` gives.

Memory is bounded: frames are worked through in blocks that fit a processor's cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, SignalInfo, Value

from .design import NORMALISE, POWER_SHIFT, Design, design
from .spectrum import log2_q15, power

BLOCK_VALUES = 32_768
"""Values of one array of a block: half a dozen of them, 8 bytes each, stay near the processor."""


class LogMel:
    """Feature stage ``mote-audio/logmel``: axes (time, band), log2 of energy above the floor in steps of 1/256."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Frames by bands, and what the C twin needs.

        Raises:
            PluginError: frame, FFT, bands or channel do not suit the signal.
        """
        plan = design(signal, params)
        shape = (plan.frames, plan.bands)
        tables = (plan.hann, plan.cos, plan.sin, plan.band_start, plan.band_count, plan.weights, plan.log2)
        ram = 4 * plan.n_fft + 4 * plan.n_fft + 2 * shape[0] * shape[1]
        butterflies = plan.n_fft // 4 * (plan.n_fft.bit_length() - 2)
        bins = plan.last_bin - plan.first_bin + 1
        macs = plan.frames * (plan.frame + 4 * butterflies + 6 * bins + len(plan.weights))
        return FeatureInfo(shape, ("time", "band"), ram, sum(t.nbytes for t in tables), macs)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Log-mel of windows, int16 (windows, samples, channels), as float32 (windows, frames, bands)."""
        plan = design(signal, params)
        out = np.empty((len(windows), plan.frames, plan.bands), dtype=np.float32)
        per_block = max(1, BLOCK_VALUES // (plan.n_fft // 2 * plan.frames))
        for first in range(0, len(windows), per_block):
            block = np.asarray(windows[first : first + per_block, :, plan.channel])
            out[first : first + len(block)] = _normalised(_log_energies(block, plan), plan)
        return out * np.float32(1.0 / 256.0)

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan = design(signal, params)
        return {
            "LOGMEL_FRAME": plan.frame,
            "LOGMEL_HOP": plan.hop,
            "LOGMEL_FRAMES": plan.frames,
            "LOGMEL_BANDS": plan.bands,
            "LOGMEL_FFT": plan.n_fft,
            "LOGMEL_FFT_BITS": plan.n_fft.bit_length() - 1,
            "LOGMEL_HEADROOM": plan.headroom,
            "LOGMEL_CHANNEL": plan.channel,
            "LOGMEL_FIRST_BIN": plan.first_bin,
            "LOGMEL_LAST_BIN": plan.last_bin,
            "LOGMEL_FLOOR": plan.floor,
            "LOGMEL_RANGE": plan.span,
            "LOGMEL_NORMALISE": plan.normalise,
            "LOGMEL_HANN": plan.hann,
            "LOGMEL_COS": plan.cos,
            "LOGMEL_SIN": plan.sin,
            "LOGMEL_BAND_START": plan.band_start,
            "LOGMEL_BAND_COUNT": plan.band_count,
            "LOGMEL_WEIGHTS": plan.weights,
            "LOGMEL_LOG2": plan.log2,
        }


def _log_energies(signals: npt.NDArray[np.int16], plan: Design) -> npt.NDArray[np.int64]:
    """log2 of energy above the floor in Q8, int64 of shape (windows, frames, bands), none below zero."""
    frames = np.lib.stride_tricks.sliding_window_view(signals, plan.frame, axis=1)[:, :: plan.hop]
    flat = np.ascontiguousarray(frames.reshape(-1, plan.frame).T).astype(np.int64)
    powers, shift = power(flat, plan)
    energy = np.empty((plan.bands, flat.shape[1]), dtype=np.int64)
    at = 0
    for band, (start, count) in enumerate(zip(plan.band_start, plan.band_count, strict=True)):
        weights = plan.weights[at : at + count].astype(np.int64)
        rows = powers[start - plan.first_bin : start - plan.first_bin + count]
        np.sum(rows * weights[:, None], axis=0, out=energy[band])
        at += count
    # Undo the scales of power(): 2 * (15 + shift) + 2 - POWER_SHIFT bits, and the weights' 15.
    scale = 2 * (15 + shift) + 2 - POWER_SHIFT + 15
    above = log2_q15(np.maximum(energy, 1), plan) - (scale << 15) - plan.floor
    q8 = np.where((energy > 0) & (above > 0), (above + 64) >> 7, 0)
    return q8.T.reshape(len(signals), plan.frames, plan.bands)


def _normalised(q8: npt.NDArray[np.int64], plan: Design) -> npt.NDArray[np.int64]:
    peak = q8.max(axis=(1, 2), keepdims=True)
    if plan.span:
        q8 = np.maximum(q8, peak - plan.span)
    how = NORMALISE[plan.normalise]
    if how == "mean":
        q8 -= q8.sum(axis=(1, 2), keepdims=True) // (plan.frames * plan.bands)
    elif how == "max":
        q8 -= peak
    elif how == "band_mean":
        q8 -= q8.sum(axis=1, keepdims=True) // plan.frames
    return q8
