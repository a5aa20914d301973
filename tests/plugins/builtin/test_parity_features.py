"""The C twin of scale gives the same bits as the stage."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.sdk import Channel, quantise

IMU = tuple(Channel(f"a{x}", "g", 0.000122) for x in "xyz") + tuple(Channel(f"g{x}", "°/s", 0.0175) for x in "xyz")


def extreme(samples: int, channels: int) -> np.ndarray:
    """Random, tiny, full-scale, alternating, single-pulse, constant and silent windows."""
    rng = np.random.default_rng(5)
    shape = (samples, channels)
    alternating = np.where(np.arange(samples)[:, None] % 2, 32767, -32768) * np.ones((1, channels))
    pulse = np.zeros(shape)
    pulse[samples // 2] = -32768
    slow = 32767 * np.sin(2 * np.pi * np.arange(samples)[:, None] / 40) * np.ones((1, channels))
    rows = [rng.integers(-32768, 32768, shape) for _ in range(20)]
    rows += [rng.integers(-2, 3, shape) for _ in range(5)]
    rows += [(32767 * rng.random() ** 6 * rng.standard_normal(shape)).clip(-32768, 32767) for _ in range(20)]
    rows += [alternating, pulse, slow, np.zeros(shape)]
    rows += [np.full(shape, value) for value in (-32768, 32767, -1)]
    return np.stack(rows).astype(np.int16)


def same_bits(twin, stage, signal, windows, scale=0.05, zero_point=-3):
    values = stage.code.transform(windows, signal, stage.params)
    assert values.dtype == np.float32
    assert values.shape[1:] == stage.code.infer_output(signal, stage.params).shape
    compiled = twin(stage, signal, scale, zero_point)
    np.testing.assert_array_equal(compiled.floats(windows), values)
    np.testing.assert_array_equal(compiled.codes(windows), quantise(values, scale, zero_point))
    return values


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
