"""Where segments lie; the conformance kit adds recordings of every sort."""

import numpy as np
from my_plugin.peaks import Peaks

from motestudio.sdk import Channel, ChannelGroup

PARAMS = {"length_s": 0.2, "over": 4.0, "most": 0, "measure": "change", "whole": False, "label": ""}
GROUP = ChannelGroup("imu", 100.0, (Channel("x"), Channel("y")))


def found(**changed):
    samples = np.random.default_rng(1).normal(0, 20, (500, 2)).astype(np.int16)
    samples[[100, 300]] += 8000
    return Peaks().segments(samples, GROUP, "tap", PARAMS | changed)


def test_a_segment_around_every_tap():
    segments = found()
    assert [s.start <= peak < s.end for s, peak in zip(segments, (100, 300), strict=True)] == [True, True]
    assert {s.label for s in segments} == {"tap"}


def test_nothing_stands_out():
    assert found(over=1000.0) == ()
    (whole,) = found(over=1000.0, whole=True, label="knock")
    assert (whole.start, whole.count, whole.label) == (0, 500, "knock")


def test_only_the_largest():
    assert len(found(most=1)) == 1
