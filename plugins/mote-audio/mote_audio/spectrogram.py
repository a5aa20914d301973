"""The stage: power, magnitude or level of the transform's bins over time, cropped and thinned out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value

from .bands import check_range
from .framing import Framing, framing, squares
from .levels import above_floor, normalised
from .logmel import level_constants

LEVELS = ("log", "magnitude", "power")


@dataclass(frozen=True, slots=True)
class Crop:
    """Which bins are kept.

    Attributes:
        first: lowest bin.
        join: neighbouring bins whose mean power is one value.
        count: values of a frame.
    """

    first: int
    join: int
    count: int


class Spectrogram:
    """Feature stage ``mote-audio/spectrogram``: axes (time, band); powers are relative to a sine of full scale."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Frames by bins, and what the C twin needs.

        Raises:
            PluginError: frame, FFT, frequencies or channel do not suit the signal.
        """
        plan, crop = _plan(signal, params)
        at = plan.sizes
        macs = at.fresh * (plan.macs + 10 * crop.count)
        ram = plan.ram_bytes + 4 * at.frames * crop.count
        return FeatureInfo((at.frames, crop.count), ("time", "band"), ram, plan.flash_bytes, macs, at.hop)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Spectrograms of windows, int16 (windows, samples, channels), as float32 (windows, frames, bins)."""
        plan, crop = _plan(signal, params)
        out = np.empty((len(windows) * plan.sizes.frames, crop.count), dtype=np.float32)
        kept = slice(2 * crop.first, 2 * (crop.first + crop.join * crop.count))
        for rows, found in squares(windows, plan):
            part = found[:, kept]
            power = part[:, 0::2] + part[:, 1::2]
            out[rows] = power if crop.join == 1 else power.reshape(len(part), crop.count, crop.join).mean(axis=2)
        values = out.reshape(len(windows), plan.sizes.frames, crop.count)
        if params["level"] == "log":
            above_floor(values, float(params["floor"]))
            return normalised(values, str(params["normalise"]), float(params["range_db"]))
        return np.sqrt(values, out=values) if params["level"] == "magnitude" else values

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        plan, crop = _plan(signal, params)
        return {
            **plan.constants(),
            **level_constants(params),
            "SPECTROGRAM_FIRST": crop.first,
            "SPECTROGRAM_JOIN": crop.join,
            "AUDIO_BANDS": crop.count,
            "SPECTROGRAM_LEVEL": LEVELS.index(str(params["level"])),
        }


def _plan(signal: SignalInfo, params: Mapping[str, Value]) -> tuple[Framing, Crop]:
    plan = framing(signal, params)
    low, high = check_range(signal, params)
    spacing = signal.group.rate_hz / plan.sizes.n_fft
    # A hair's breadth, so that a bin at the very edge belongs to it whatever the division rounds to.
    first, last = int(np.ceil(low / spacing - 1e-6)), int(np.floor(high / spacing + 1e-6))
    join = int(params["join"])
    count = (last - first + 1) // join
    if count < 1:
        text = f"There are {max(0, last - first + 1)} bins from {low:g} to {high:g} Hz, {join} of which make one value."
        hint = f"Bins are {spacing:.4g} Hz apart: widen the range, lower join or lengthen the FFT."
        raise PluginError("audio.bins", text, hint, {"param": "join"})
    return plan, Crop(first, join, count)
