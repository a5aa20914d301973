"""The stage: energies in mel bands, as they are, as a root, or in decibels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, SignalInfo, Value

from .bands import energies, front
from .levels import DB, above_floor

LEVELS = ("db", "root", "energy")


class Mfe:
    """Feature stage ``mote-audio/mfe``: axes (time, band).

    Energies are relative to a sine of full scale. ``db``: 0 at the floor, 1 for that sine; ``root``: their square
    root, an amplitude; ``energy``: as they are.
    """

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Frames by bands, and what the C twin needs.

        Raises:
            PluginError: frame, FFT, bands or channel do not suit the signal.
        """
        plan, bank = front(signal, params)
        at = plan.sizes
        macs = at.fresh * (plan.macs + int(bank.count.sum()) + 9 * len(bank))
        ram, flash = plan.ram_bytes + 4 * at.frames * len(bank), plan.flash_bytes + bank.flash_bytes
        return FeatureInfo((at.frames, len(bank)), ("time", "band"), ram, flash, macs, at.hop)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Band energies of windows, int16 (windows, samples, channels), as float32 (windows, frames, bands)."""
        plan, bank = front(signal, params)
        out = energies(windows, plan, bank)
        if params["level"] == "root":
            np.sqrt(out, out=out)
        elif params["level"] == "db":
            floor = float(params["floor"])
            above_floor(out, floor)
            out *= np.float32(-DB / floor)
        return out.reshape(len(windows), plan.sizes.frames, len(bank))

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan, bank = front(signal, params)
        floor = float(params["floor"])
        return {
            **plan.constants(),
            **bank.constants(),
            "MFE_LEVEL": LEVELS.index(str(params["level"])),
            "AUDIO_FLOOR": float(2.0 ** (floor / DB)),
            "AUDIO_FLOOR_LOG2": floor / DB,
            "MFE_SCALE": -DB / floor,
        }
