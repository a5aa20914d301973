"""Every feature stage on the emulated chips gives the bits that it gives on this computer."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.sdk import Channel
from support.twins import extreme

IMU = tuple(Channel(f"a{x}", "g", 0.000122) for x in "xyz")
SOUND = (Channel("audio", "", 1 / 32768),)
# Stage, parameters, rate, samples of a window, channels.
STAGES = [
    ("mote-imu/scale", {}, 104.0, 96, IMU),
    ("mote-imu/statistics", {}, 104.0, 96, IMU),
    ("mote-imu/spectral", {}, 104.0, 128, IMU),
    ("mote-imu/envelope", {}, 1000.0, 512, IMU[:1]),
    ("mote-audio/logmel", {}, 16_000.0, 8000, SOUND),
    ("mote-audio/mfe", {}, 16_000.0, 8000, SOUND),
    ("mote-audio/mfcc", {}, 16_000.0, 8000, SOUND),
    ("mote-audio/spectrogram", {}, 16_000.0, 8000, SOUND),
]


@pytest.mark.parametrize(("name", "params", "rate", "samples", "channels"), STAGES, ids=[s[0] for s in STAGES])
def test_the_chip_computes_the_same_bits(stage, twin, board_twin, make_signal, name, params, rate, samples, channels):
    signal, used = make_signal(rate, samples, channels), stage(name, **params)
    windows = extreme(samples, len(channels))
    windows = windows if samples < 1000 else windows[::4]
    here, there = twin(used, signal), board_twin(used, signal)
    floats, codes = there.features(windows)
    np.testing.assert_array_equal(floats.view(np.uint32), here.floats(windows).view(np.uint32))
    np.testing.assert_array_equal(codes, here.codes(windows))
