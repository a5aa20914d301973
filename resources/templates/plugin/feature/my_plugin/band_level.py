"""The stage: a band-pass filter as a difference equation, then the level of every part of the window.

``csrc/band_level.c`` does the same on the board. Both work in single precision with the same operations in the same
order, so desk and board agree to the last bit but for the logarithm. Change both together, then run
``mote plugin test .``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value

Floats = npt.NDArray[np.float32]
_FULL_SCALE = np.float32(1 / 32768)
_OPERATIONS = 8
"""Multiply-accumulates for one sample of one channel, roughly."""


class BandLevel:
    """Feature stage: levels, shape (frames, channels)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Shape and cost; the window asks for these while somebody moves a slider, so compute nothing here."""
        selected, frames = _selected(signal, params), int(params["frames"])
        _check(signal, params)
        return FeatureInfo(
            shape=(frames, len(selected)),
            axes=("time", "channel"),
            ram_bytes=0,  # the C twin has no static memory
            flash_bytes=len(selected),
            macs=signal.window_samples * len(selected) * _OPERATIONS,
        )

    def transform(self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]) -> Floats:
        """Levels of windows, int16 (windows, samples, channels) to float32 (windows, frames, channels)."""
        selected, frames = _selected(signal, params), int(params["frames"])
        _check(signal, params)
        b0, a1, a2 = _coefficients(signal.group.rate_hz, params)
        length = signal.window_samples // frames
        counts = np.asarray(windows)[:, :, selected].astype(np.int32)
        # What the window begins with counts as rest: else gravity would ring in the filter.
        values = (counts - counts[:, :1]).astype(np.float32) * _FULL_SCALE
        s1 = np.zeros((len(windows), len(selected)), np.float32)
        s2 = np.zeros_like(s1)
        out = np.empty((len(windows), frames, len(selected)), np.float32)
        for frame in range(frames):
            total, peak = np.zeros_like(s1), np.zeros_like(s1)
            for t in range(frame * length, (frame + 1) * length):
                x = values[:, t]
                y = b0 * x + s1
                s1 = s2 - a1 * y
                s2 = -b0 * x - a2 * y
                total = total + y * y
                peak = np.maximum(peak, np.abs(y))
            out[:, frame] = np.sqrt(total / np.float32(length)) if params["level"] == "rms" else peak
        return _octaves(out, _floor(params)) if params["log"] else out

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """What the C twin finds in its ``feature_params.h``, as MOTE_BAND_B0, MOTE_FRAMES and so on."""
        selected, frames = _selected(signal, params), int(params["frames"])
        _check(signal, params)
        b0, a1, a2 = _coefficients(signal.group.rate_hz, params)
        return {
            "BAND_B0": float(b0),
            "BAND_A1": float(a1),
            "BAND_A2": float(a2),
            "FRAMES": frames,
            "FRAME_SAMPLES": signal.window_samples // frames,
            "SELECTED": len(selected),
            "SELECTED_CHANNELS": np.array(selected, dtype=np.uint8),
            "LEVEL_PEAK": int(params["level"] == "peak"),
            "LEVEL_LOG": int(bool(params["log"])),
            "LEVEL_FLOOR": float(_floor(params)),
        }


def _coefficients(rate_hz: float, params: Mapping[str, Value]) -> tuple[np.float32, np.float32, np.float32]:
    """A band-pass of second order with a gain of one at its centre.

    y[t] = b0 (x[t] - x[t-2]) - a1 y[t-1] - a2 y[t-2]; from the Audio EQ Cookbook of R. Bristow-Johnson.
    """
    angle = 2 * np.pi * float(params["centre_hz"]) / rate_hz
    alpha = np.sin(angle) / (2 * float(params["q"]))
    b0, a1, a2 = alpha / (1 + alpha), -2 * np.cos(angle) / (1 + alpha), (1 - alpha) / (1 + alpha)
    return np.float32(b0), np.float32(a1), np.float32(a2)


def _floor(params: Mapping[str, Value]) -> np.float32:
    return np.float32(10 ** (float(params["floor_db"]) / 20))


def _octaves(levels: Floats, floor: np.float32) -> Floats:
    """Octaves above the floor, a quarter each: about 0 to 4, as other features are."""
    octaves: Floats = np.log2(np.maximum(levels, floor) / floor).astype(np.float32) * np.float32(0.25)
    return octaves


def _selected(signal: SignalInfo, params: Mapping[str, Value]) -> list[int]:
    names = [c.name for c in signal.group.channels]
    wanted = [name.strip() for name in str(params["channels"]).split(",") if name.strip()] or names
    if unknown := [name for name in wanted if name not in names]:
        text = f"The signal has no channel {unknown[0]!r}."
        raise PluginError("band_level.channels", text, f"Its channels are {', '.join(names)}.")
    return [names.index(name) for name in wanted]


def _check(signal: SignalInfo, params: Mapping[str, Value]) -> None:
    """Refuse what makes no sense, with what to do: the window shows this beside the form."""
    rate, centre = signal.group.rate_hz, float(params["centre_hz"])
    if centre >= 0.45 * rate:
        text = f"A band at {centre:g} Hz is too high for {rate:g} samples a second."
        raise PluginError("band_level.centre", text, f"Choose a centre below {0.45 * rate:g} Hz.")
    if int(params["frames"]) > signal.window_samples:
        text = f"A window of {signal.window_samples} samples cannot be cut into {params['frames']} parts."
        raise PluginError("band_level.frames", text, "Choose fewer frames, or a longer window.")
