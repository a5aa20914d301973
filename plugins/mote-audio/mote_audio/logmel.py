"""The stage: log-mel spectrograms, in integers (bit for bit the board's) or in single precision, with a PCEN option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, SignalInfo, Value

from . import integer_logmel
from .bands import energies, front
from .framing import Framing
from .integer_design import design
from .levels import DB, NORMALISE, Pcen, above_floor, normalised


class LogMel:
    """Feature stage ``mote-audio/logmel``: axes (time, band), log2 of energy above the floor, or PCEN of energy."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Frames by bands, and what the C twin needs.

        Raises:
            PluginError: frame, FFT, bands, channel or normalisation do not suit the signal or each other.
        """
        if _in_integers(params):
            return integer_logmel.info(design(signal, params))
        plan, bank = front(signal, params)
        at = plan.sizes
        values = at.frames * len(bank)
        # A logarithm takes 9 products; PCEN, done again for every window, two powers.
        macs = at.fresh * (plan.macs + int(bank.count.sum()) + 9 * len(bank)) + (60 * values if _pcen(params) else 0)
        ram, flash = plan.ram_bytes + 4 * values, plan.flash_bytes + bank.flash_bytes
        return FeatureInfo((at.frames, len(bank)), ("time", "band"), ram, flash, macs, at.hop)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Log-mel of windows, int16 (windows, samples, channels), as float32 (windows, frames, bands)."""
        if _in_integers(params):
            return integer_logmel.transform(windows, design(signal, params))
        plan, bank = front(signal, params)
        out = energies(windows, plan, bank).reshape(len(windows), plan.sizes.frames, len(bank))
        if _pcen(params):
            return _pcen_of(plan, params).apply(out)
        return normalised(above_floor(out, float(params["floor"])), str(params["normalise"]), float(params["range_db"]))

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        if _in_integers(params):
            return {"LOGMEL_INTEGER": 1} | integer_logmel.constants(design(signal, params))
        plan, bank = front(signal, params)
        pcen = _pcen_of(plan, params)
        return {
            "LOGMEL_INTEGER": 0,
            **plan.constants(),
            **bank.constants(),
            **level_constants(params),
            "LOGMEL_PCEN": int(_pcen(params)),
            "PCEN_SCALE": pcen.scale,
            "PCEN_GAIN": pcen.gain,
            "PCEN_BIAS": pcen.bias,
            "PCEN_BIAS_POWER": pcen.bias**pcen.power,
            "PCEN_POWER": pcen.power,
            "PCEN_SMOOTHING": pcen.smoothing,
            "PCEN_EPSILON": pcen.epsilon,
        }


def level_constants(params: Mapping[str, Value]) -> dict[str, Any]:
    """Constants of ``csrc/mote_audio_levels.h``."""
    floor = float(params["floor"]) / DB
    return {
        "AUDIO_FLOOR": float(2.0**floor),
        "AUDIO_FLOOR_LOG2": floor,
        "AUDIO_RANGE": float(params["range_db"]) / DB,
        "AUDIO_NORMALISE": NORMALISE.index(str(params["normalise"])),
    }


def _in_integers(params: Mapping[str, Value]) -> bool:
    return params["arithmetic"] == "integer"


def _pcen(params: Mapping[str, Value]) -> bool:
    return params["compression"] == "pcen"


def _pcen_of(plan: Framing, params: Mapping[str, Value]) -> Pcen:
    keys = ("pcen_gain", "pcen_bias", "pcen_power", "pcen_smoothing", "pcen_epsilon")
    # Energies as libraries have them: samples in [-1, 1), powers times 2^31.
    return Pcen(plan.gain**2 * 2.0**31, *(float(params[key]) for key in keys))
