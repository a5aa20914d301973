"""The stage: a few numbers per channel that say how a window is distributed.

Sums are integers, as exact on the board as here; single precision comes at the end, in the same order as in
``csrc/mote_feature_statistics.c``. Change both or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, PluginError, SignalInfo, Value, triads

from .moments import Moments
from .units import gains, level, log2

KINDS = (
    "mean",
    "rms",
    "std",
    "skewness",
    "kurtosis",
    "crest",
    "zero_crossings",
    "minimum",
    "maximum",
    "peak_to_peak",
    "mean_abs",
    "slope_changes",
)
"""Statistics in the order of the features; a kind's place is its number in the C twin."""

MOST_SAMPLES = 32_768
"""Of a window: up to here every sum fits 64 bits."""

BLOCK_VALUES = 32_768
"""Samples of a block: a few 8-byte arrays of it stay near the processor."""

Floats = npt.NDArray[np.float32]


class Statistics:
    """Feature stage ``mote-imu/statistics``: axes (channel, feature)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """Channels by chosen statistics.

        Raises:
            PluginError: none is chosen, the window is too short or too long, or there is no sensor to take a
                magnitude of.
        """
        kinds, sensors = _kinds(params), _sensors(signal, params)
        if not 3 <= signal.window_samples <= MOST_SAMPLES:
            text = f"A window of {signal.window_samples} samples does not suit statistics."
            raise PluginError("statistics.window", text, f"Use 3 to {MOST_SAMPLES} samples.")
        rows = signal.n_channels + len(sensors)
        ram = 2 * signal.window_samples if sensors else 0
        flash = 4 * rows + len(kinds) + 3 * len(sensors)
        per_sample = 8 if _higher(kinds) else 4
        return FeatureInfo(
            (rows, len(kinds)), ("channel", "feature"), ram, flash, rows * signal.window_samples * per_sample
        )

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Statistics of windows, int16 (windows, samples, channels), as float32 (windows, channels, statistics)."""
        kinds, sensors = _kinds(params), _sensors(signal, params)
        per_row = _row_gains(signal, params, sensors)
        rows = len(per_row)
        out = np.empty((len(windows), rows, len(kinds)), dtype=np.float32)
        per_block = max(1, BLOCK_VALUES // (signal.window_samples * rows))
        for first in range(0, len(windows), per_block):
            block = np.asarray(windows[first : first + per_block])
            # Samples first: every sum runs along a few long rows.
            counts = block.transpose(1, 2, 0).astype(np.int64)
            if sensors:
                counts = np.concatenate([counts, _magnitudes(counts, sensors)], axis=1)
            moments = Moments(counts, _higher(kinds))
            for at, kind in enumerate(kinds):
                value = _value(kind, moments, per_row[:, None], bool(params["log"]))
                out[first : first + len(block), :, at] = value.T
        return out

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        kinds, sensors = _kinds(params), _sensors(signal, params)
        return {
            "STATISTICS_KINDS": np.array([KINDS.index(k) for k in kinds], dtype=np.uint8),
            "STATISTICS_COUNT": len(kinds),
            "STATISTICS_GAIN": _row_gains(signal, params, sensors),
            "STATISTICS_SENSORS": len(sensors),
            # An array of nothing is no C.
            "STATISTICS_AXES": np.array(sensors or [(0, 0, 0)], dtype=np.uint8).ravel(),
            "STATISTICS_LOG": int(bool(params["log"])),
            "STATISTICS_HIGHER": int(_higher(kinds)),
        }


def _kinds(params: Mapping[str, Value]) -> tuple[str, ...]:
    kinds = tuple(k for k in KINDS if params[k])
    if not kinds:
        raise PluginError("statistics.none", "No statistic is chosen.", "Switch on at least one, such as RMS.")
    return kinds


def _higher(kinds: tuple[str, ...]) -> bool:
    return "skewness" in kinds or "kurtosis" in kinds


def _sensors(signal: SignalInfo, params: Mapping[str, Value]) -> tuple[tuple[int, int, int], ...]:
    """Three-axis sensors whose magnitude is wanted; their axes must count alike."""
    if not params["magnitude"]:
        return ()
    channels = signal.group.channels
    found = tuple(t for t in triads(channels) if len({channels[i].scale for i in t}) == 1)
    if not found:
        text = "None of the channels are the x, y and z of one sensor with one scale: there is no magnitude."
        hint = "Switch the magnitude off, or name the channels alike but for x, y and z and give them one unit."
        raise PluginError("statistics.magnitude", text, hint)
    return found


def _row_gains(signal: SignalInfo, params: Mapping[str, Value], sensors: tuple[tuple[int, int, int], ...]) -> Floats:
    per_channel = gains(signal, params)
    return np.concatenate([per_channel, per_channel[[s[0] for s in sensors]]])


def _magnitudes(counts: npt.NDArray[np.int64], sensors: tuple[tuple[int, int, int], ...]) -> npt.NDArray[np.int64]:
    """Lengths of vectors in whole counts, shape (samples, sensors, windows), rounded half up."""
    squares = np.stack([np.square(counts[:, list(s)]).sum(axis=1) for s in sensors], axis=1)
    # Squares stay below 2**32, where a double's root truncates to the integer root.
    root = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    rounded: npt.NDArray[np.int64] = root + (squares - root * root > root)
    return rounded


def _value(kind: str, m: Moments, gain: Floats, log: bool) -> Floats:  # a table of definitions
    """One statistic, brought to about -4 to 4; shape (channels, windows)."""
    if kind == "mean":
        return (m.centre.astype(np.float32) + m.offset) * gain
    if kind == "minimum":
        return m.lowest.astype(np.float32) * gain
    if kind == "maximum":
        return m.highest.astype(np.float32) * gain
    if kind == "skewness":
        return m.skewness()
    if kind == "kurtosis":
        kurtosis = m.kurtosis()
        return log2(kurtosis * np.float32(1 / 3)) if log else (kurtosis - np.float32(3.0)) * np.float32(0.25)
    if kind == "crest":
        crest = m.crest()
        return log2(crest) if log else crest * np.float32(0.25)
    if kind == "zero_crossings":
        return m.crossings().astype(np.float32) * np.float32(4.0 / (m.samples - 1))
    if kind == "slope_changes":
        return m.slope_changes().astype(np.float32) * np.float32(4.0 / (m.samples - 2))
    if kind == "rms":
        magnitude = m.rms()
    elif kind == "std":
        magnitude = m.std
    elif kind == "peak_to_peak":
        magnitude = (m.highest - m.lowest).astype(np.float32)
    else:
        magnitude = m.mean_abs()
    return level(magnitude * gain) if log else magnitude * gain
