"""Numbers of about one from raw counts: what the stages of this plugin agree on.

One int8 input carries all features of a model with one step, so every stage brings what it gives to about -4 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, SignalInfo, Value

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

LEVEL_FLOOR = 2.0**-12
"""Smallest magnitude that a level tells apart: 0.24 mg."""


def gain_of(channel: Channel, gain: float) -> np.float32:
    """Feature units per raw count, by the channel's unit and scale."""
    per_unit = PER_UNIT.get(channel.unit)
    per_count = FULL_SCALE / 32768.0 if per_unit is None else per_unit * channel.scale
    return np.float32(gain * per_count)


def gains(signal: SignalInfo, params: Mapping[str, Value]) -> npt.NDArray[np.float32]:
    """Gain of every channel, float32, shape (channels,)."""
    gain = float(params["gain"])
    return np.array([gain_of(c, gain) for c in signal.group.channels], dtype=np.float32)


def log2(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logarithm of positive values, float32; numpy's natural one is the faster."""
    natural: npt.NDArray[np.float32] = np.log(values)
    natural *= np.float32(1.0 / np.log(2.0))
    return natural


def level(magnitudes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Magnitudes as levels: -4 at 2**-12 and below, 0 at 2**-4, 4 at 2**4; 12 dB a unit."""
    octaves = log2(np.maximum(magnitudes, np.float32(LEVEL_FLOOR)))
    return np.float32(0.5) * octaves + np.float32(2.0)


def power_level(powers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mean squares as levels: the level of their root."""
    octaves = log2(np.maximum(powers, np.float32(LEVEL_FLOOR**2)))
    return np.float32(0.25) * octaves + np.float32(2.0)
