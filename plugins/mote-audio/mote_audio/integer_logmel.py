"""Log-mel in integers: bit for bit what ``csrc/mote_logmel_integer.h`` gives.

Memory is bounded: frames are worked through in blocks that fit a processor's cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo

from .framing import Floats, counts_of
from .integer_design import POWER_SHIFT, Design
from .integer_spectrum import log2_q15, power
from .levels import NORMALISE

BLOCK_VALUES = 32_768
"""Values of one array of a block: half a dozen of them, 8 bytes each, stay near the processor."""


def info(plan: Design) -> FeatureInfo:
    """Frames by bands, and what the C twin needs."""
    at = plan.sizes
    tables = (plan.hann, plan.cos, plan.sin, plan.band_start, plan.band_count, plan.weights, plan.log2)
    ram = 2 * at.frame + 8 * at.n_fft + 2 * at.frames * plan.bands
    butterflies = at.n_fft // 4 * (at.n_fft.bit_length() - 2)
    bins = plan.last_bin - plan.first_bin + 1
    macs = at.fresh * (at.frame + 4 * butterflies + 6 * bins + len(plan.weights))
    flash = sum(t.nbytes for t in tables)
    return FeatureInfo((at.frames, plan.bands), ("time", "band"), ram, flash, macs, at.hop, exact=True)


def transform(windows: npt.NDArray[np.int16], plan: Design) -> Floats:
    """Log-mel of windows, int16 (windows, samples, channels), as float32 (windows, frames, bands)."""
    at = plan.sizes
    out = np.empty((len(windows), at.frames, plan.bands), dtype=np.float32)
    per_block = max(1, BLOCK_VALUES // (at.n_fft // 2 * at.frames))
    for first in range(0, len(windows), per_block):
        block = np.asarray(windows[first : first + per_block, :, at.channel])
        out[first : first + len(block)] = _normalised(_log_energies(block, plan), plan)
    return out * np.float32(1.0 / 256.0)


def constants(plan: Design) -> dict[str, Any]:
    """Constants of the C twin."""
    return counts_of(plan.sizes) | {
        "AUDIO_BANDS": plan.bands,
        "LOGMEL_FFT": plan.sizes.n_fft,
        "LOGMEL_FFT_BITS": plan.sizes.n_fft.bit_length() - 1,
        "LOGMEL_HEADROOM": plan.headroom,
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
    at_frame, hop = plan.sizes.frame, plan.sizes.hop
    frames = np.lib.stride_tricks.sliding_window_view(signals, at_frame, axis=1)[:, ::hop]
    flat = np.ascontiguousarray(frames.reshape(-1, at_frame).T).astype(np.int64)
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
    return q8.T.reshape(len(signals), plan.sizes.frames, plan.bands)


def _normalised(q8: npt.NDArray[np.int64], plan: Design) -> npt.NDArray[np.int64]:
    peak = q8.max(axis=(1, 2), keepdims=True)
    if plan.span:
        q8 = np.maximum(q8, peak - plan.span)
    how = NORMALISE[plan.normalise]
    if how == "mean":
        q8 -= q8.sum(axis=(1, 2), keepdims=True) // (plan.sizes.frames * plan.bands)
    elif how == "max":
        q8 -= peak
    elif how == "band_mean":
        q8 -= q8.sum(axis=1, keepdims=True) // plan.sizes.frames
    return q8
