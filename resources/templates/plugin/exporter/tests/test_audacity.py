"""What is written; the conformance kit adds recordings of every sort."""

import wave

import numpy as np
from my_plugin.audacity import Audacity

from motestudio.sdk import Channel, ChannelGroup, Clip, Segment
from motestudio.sdk.testing import Context

PARAMS = {"channel": -1, "gain_db": 0.0, "layout": "flat", "labels": True, "prefix": ""}


def export(tmp_path, **changed):
    samples = np.arange(600, dtype=np.int16).reshape(-1, 2)
    group = ChannelGroup("imu", 100.0, (Channel("x"), Channel("y")))
    segments = (Segment(50, 100, "wave"),)
    Audacity().export(Context(tmp_path), iter([Clip("a/b", "", group, samples, segments=segments)]), PARAMS | changed)
    return samples


def test_samples_and_labels(tmp_path):
    samples = export(tmp_path)
    with wave.open(str(tmp_path / "a_b.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (100, 2)
        read = np.frombuffer(file.readframes(1000), "<i2").reshape(-1, 2)
    np.testing.assert_array_equal(read, samples)
    assert (tmp_path / "a_b.txt").read_text() == "0.500000\t1.500000\twave\n"


def test_one_channel_in_a_folder_of_its_class(tmp_path):
    export(tmp_path, channel=1, layout="by label", labels=False, gain_db=6.0206)
    with wave.open(str(tmp_path / "wave" / "a_b.wav")) as file:
        read = np.frombuffer(file.readframes(1000), "<i2")
    np.testing.assert_array_equal(read[:3], [2, 6, 10])
