"""The stage: one single-precision multiplication per value, so desk and board agree to the last bit.

Must stay in step with ``csrc/mote_feature_scale.c``: the same operations in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import FeatureInfo, SignalInfo, Value

from .units import gains


class Scale:
    """Feature stage ``mote-imu/scale``: axes (time, channel)."""

    def infer_output(self, signal: SignalInfo, params: Mapping[str, Value]) -> FeatureInfo:
        """The window's own shape."""
        shape = (signal.window_samples, signal.n_channels)
        means = 4 * signal.n_channels if params["remove_mean"] else 0
        values = shape[0] * shape[1]
        return FeatureInfo(shape, ("time", "channel"), means, 4 * signal.n_channels, values, exact=True)

    def transform(
        self, windows: npt.NDArray[np.int16], signal: SignalInfo, params: Mapping[str, Value]
    ) -> npt.NDArray[np.float32]:
        """Scale windows, int16 (windows, samples, channels), to float32 of the same shape."""
        per_count = gains(signal, params)
        if not params["remove_mean"]:
            return np.asarray(windows).astype(np.float32) * per_count
        # Counts less their mean fit 17 bits and are exact in float32.
        counts = np.asarray(windows).astype(np.int32)
        samples = windows.shape[1]
        mean = (counts.sum(axis=1, dtype=np.int64, keepdims=True) + samples // 2) // samples
        centred: npt.NDArray[np.float32] = (counts - mean.astype(np.int32)).astype(np.float32) * per_count
        return centred

    def c_constants(self, signal: SignalInfo, params: Mapping[str, Value]) -> Mapping[str, Any]:
        """Constants of the C twin."""
        return {"SCALE_GAIN": gains(signal, params), "SCALE_REMOVE_MEAN": int(bool(params["remove_mean"]))}
