"""The stage: mel-frequency cepstral coefficients, with liftering, energy, normalisation and deltas (Davis and
Mermelstein, 1980; Young et al., The HTK Book).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value, dsp

from .bands import energies, front
from .framing import Floats
from .levels import spread

FIRST = ("c0", "energy", "drop")
NORMALISE = ("none", "mean", "standard")
DELTAS = ("none", "first", "second")
REACH = 2
"""Frames to either side that a delta's regression looks at; the window's ends stand for what is beyond them."""


class Mfcc:
    """Feature stage ``mote-audio/mfcc``: axes (time, feature)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Frames by coefficients, and what the C twin needs.

        Raises:
            PluginError: frame, FFT, bands or channel do not suit the signal, or more coefficients than bands.
        """
        plan, bank = front(signal, params)
        at, matrix = plan.sizes, _matrix(params)
        count, orders = len(matrix), 1 + DELTAS.index(str(params["deltas"]))
        values = at.frames * count
        per_frame = plan.macs + int(bank.count.sum()) + 9 * len(bank) + matrix.size
        macs = at.fresh * per_frame + values * (4 * (orders - 1) + (2 if params["normalise"] != "none" else 0))
        ram = plan.ram_bytes + 4 * (values + len(bank) + at.frames * min(orders, 2))
        flash = plan.flash_bytes + bank.flash_bytes + matrix.nbytes
        return FeatureInfo((at.frames, count * orders), ("time", "feature"), ram, flash, macs, at.hop)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Coefficients of windows, int16 (windows, samples, channels), as float32 (windows, frames, values)."""
        plan, bank = front(signal, params)
        matrix, frames = _matrix(params), plan.sizes.frames
        total = np.empty(len(windows) * frames, dtype=np.float32) if params["first"] == "energy" else None
        logs = _ln(energies(windows, plan, bank, total), params)
        values: Floats = (logs @ np.ascontiguousarray(matrix.T)).reshape(len(windows), frames, len(matrix))
        if total is not None:
            values[:, :, 0] = _ln(total, params).reshape(len(windows), frames)
        if params["normalise"] != "none":
            values -= values.mean(axis=1, keepdims=True)
        if params["normalise"] == "standard":
            values /= spread(values)
        parts = [values]
        for _ in range(DELTAS.index(str(params["deltas"]))):
            parts.append(_delta(parts[-1]))
        return np.concatenate(parts, axis=2) if len(parts) > 1 else values

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan, bank = front(signal, params)
        matrix = _matrix(params)
        return {
            **plan.constants(),
            **bank.constants(),
            "AUDIO_FLOOR": float(10.0 ** (float(params["floor"]) / 10.0)),
            "MFCC_COUNT": len(matrix),
            "MFCC_MATRIX": matrix,
            "MFCC_ENERGY": int(params["first"] == "energy"),
            "MFCC_NORMALISE": NORMALISE.index(str(params["normalise"])),
            "MFCC_DELTAS": DELTAS.index(str(params["deltas"])),
        }


def _matrix(params: Mapping[str, Value]) -> Floats:
    """Orthonormal cosine transform and liftering in one, float32, shape (coefficients, bands).

    Raises:
        PluginError: more coefficients than bands.
    """
    count, bands, lifter = int(params["coefficients"]), int(params["bands"]), int(params["lifter"])
    dropped = int(params["first"] == "drop")
    if count + dropped > bands:
        text = f"{bands} mel bands have no {count + dropped} coefficients."
        hint = f"Set coefficients to {bands - dropped} at most, or raise bands."
        raise PluginError("audio.coefficients", text, hint, {"param": "coefficients"})
    matrix = dsp.dct_matrix(count + dropped, bands)
    if lifter:
        matrix *= 1.0 + lifter / 2.0 * np.sin(np.pi * np.arange(len(matrix)) / lifter)[:, None]
    return matrix[dropped:].astype(np.float32)


def _ln(energy: Floats, params: Mapping[str, Value]) -> Floats:
    """Natural logarithm of energies, none below the floor; changes `energy`."""
    np.maximum(energy, np.float32(10.0 ** (float(params["floor"]) / 10.0)), out=energy)
    return np.log(energy, out=energy)


def _delta(values: Floats) -> Floats:
    """Slope over time of values, float32 (windows, frames, values), by regression over `REACH` frames each way."""
    frames = values.shape[1]
    padded = np.pad(values, ((0, 0), (REACH, REACH), (0, 0)), mode="edge")
    slope = np.zeros_like(values)
    for n in range(1, REACH + 1):
        later, earlier = (padded[:, REACH + k : REACH + k + frames] for k in (n, -n))
        slope += np.float32(n) * (later - earlier)
    slope *= np.float32(1.0 / (2 * sum(n * n for n in range(1, REACH + 1))))
    return slope
