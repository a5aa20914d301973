"""The stage: one single-precision multiplication per value, so desk and board agree to the last bit.

Must stay in step with ``csrc/mote_feature_scale.c``: the same operations in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, FeatureInfo, SignalInfo, Value

PER_UNIT = {
    "g": 1.0,
    "m/s²": 1.0 / 9.80665,
    "m/s^2": 1.0 / 9.80665,
    "m/s2": 1.0 / 9.80665,
    "°/s": 1.0 / 125.0,
    "dps": 1.0 / 125.0,
    "deg/s": 1.0 / 125.0,
    "rad/s": 57.29577951308232 / 125.0,
}
"""What one physical unit becomes: 4 g and 500 °/s, the usual ranges for hands, come to 4."""

FULL_SCALE = 4.0
"""What the largest raw count becomes where the unit says nothing."""


def gain_of(channel: Channel, gain: float) -> np.float32:
    """Feature units per raw count, by the channel's unit and scale."""
    per_unit = PER_UNIT.get(channel.unit)
    per_count = FULL_SCALE / 32768.0 if per_unit is None else per_unit * channel.scale
    return np.float32(gain * per_count)


class Scale:
    """Feature stage ``mote-imu/scale``: axes (time, channel)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """The window's own shape."""
        shape = (signal.window_samples, signal.n_channels)
        means = 4 * signal.n_channels if params["remove_mean"] else 0
        values = shape[0] * shape[1]
        return FeatureInfo(shape, ("time", "channel"), means, 4 * signal.n_channels, values)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Scale windows, int16 (windows, samples, channels), to float32 of the same shape."""
        gains = _gains(signal, params)
        if not params["remove_mean"]:
            return np.asarray(windows).astype(np.float32) * gains
        # Counts less their mean fit 17 bits and are exact in float32.
        counts = np.asarray(windows).astype(np.int32)
        samples = windows.shape[1]
        mean = (counts.sum(axis=1, dtype=np.int64, keepdims=True) + samples // 2) // samples
        centred: npt.NDArray[np.float32] = (counts - mean.astype(np.int32)).astype(np.float32) * gains
        return centred

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        return {"SCALE_GAIN": _gains(signal, params), "SCALE_REMOVE_MEAN": int(bool(params["remove_mean"]))}


def _gains(signal: SignalInfo, params: Mapping[str, Value]) -> npt.NDArray[np.float32]:
    gain = float(params["gain"])
    return np.array([gain_of(c, gain) for c in signal.group.channels], dtype=np.float32)
