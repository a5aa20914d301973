"""The C twin of scale gives the same bits as the stage."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.sdk import Channel
from support.twins import extreme, same_bits

IMU = tuple(Channel(f"a{x}", "g", 0.000122) for x in "xyz") + tuple(Channel(f"g{x}", "°/s", 0.0175) for x in "xyz")


@pytest.mark.parametrize("remove_mean", [False, True])
def test_scale_twin_is_bit_equal(stage, twin, make_signal, remove_mean):
    signal = make_signal(104.0, 128, IMU)
    scale = stage("mote-imu/scale", remove_mean=remove_mean, gain=1.3)
    same_bits(twin, scale, signal, extreme(128, 6), 0.0314, 7)


def test_scale_maps_usual_full_scales_to_four(stage, make_signal):
    channels = (Channel("ax", "g", 4 / 32768), Channel("gx", "°/s", 500 / 32768), Channel("v", "", 1.0))
    scale = stage("mote-imu/scale", remove_mean=False)
    full = np.full((1, 2, 3), -32768, np.int16)
    values = scale.code.transform(full, make_signal(100.0, 2, channels), scale.params)
    np.testing.assert_allclose(values[0, 0], -4.0, rtol=1e-6)
