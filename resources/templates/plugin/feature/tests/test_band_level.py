"""What the features mean; that desk and board agree is the conformance kit's part."""

import numpy as np
import pytest
from my_plugin.band_level import BandLevel

from motestudio.sdk import Channel, PluginError
from motestudio.sdk.testing import signal

PARAMS = {
    "centre_hz": 5.0,
    "q": 1.0,
    "frames": 4,
    "level": "rms",
    "log": False,
    "floor_db": -72.0,
    "channels": "",
}
SIGNAL = signal(100.0, 400, 100, [Channel("x", "g", 0.001), Channel("y", "g", 0.001)])


def levels(hz, **changed):
    time = np.arange(400) / 100
    window = np.zeros((1, 400, 2), np.int16)
    window[0, :, 0] = 16384 * np.sin(2 * np.pi * hz * time)
    return BandLevel().transform(window, SIGNAL, PARAMS | changed)[0]


def test_a_sine_in_the_band_passes_with_its_own_rms():
    assert levels(5.0)[-1, 0] == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert levels(5.0, level="peak")[-1, 0] == pytest.approx(0.5, rel=0.02)


def test_what_is_outside_of_the_band_is_quieter():
    for far in (0.5, 40.0):
        assert levels(far)[-1, 0] < 0.3 * levels(5.0)[-1, 0]


def test_a_silent_channel_lies_at_the_floor():
    assert (levels(5.0, log=True)[:, 1] == 0).all()


def test_what_cannot_be_is_refused_with_a_hint():
    for changed in ({"centre_hz": 49.0}, {"frames": 401}, {"channels": "x, z"}):
        with pytest.raises(PluginError) as refused:
            BandLevel().infer_output(SIGNAL, PARAMS | changed)
        assert refused.value.hint
