"""The energy segmenter on sounds and motions made to measure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from motestudio.sdk import Channel, ChannelGroup

AUDIO = ChannelGroup("audio", 8000.0, (Channel("audio"),))
IMU = ChannelGroup("imu", 100.0, tuple(Channel(n, "g", 0.001) for n in ("ax", "ay", "az")))


def noisy(n, channels, level, seed=0):
    return np.random.default_rng(seed).normal(0, level, (n, channels))


def propose(stage, samples, group, **params):
    energy = stage("mote-segment/energy", **params)
    return energy.code.segments(samples.astype(np.int16), group, "wave", energy.params)


def test_two_words_are_found_within_a_few_hundredths(stage):
    sound = noisy(24000, 1, 20)
    for start in (4000, 15000):
        sound[start : start + 4000] += noisy(4000, 1, 4000, seed=start)
    found = propose(stage, sound, AUDIO)
    assert [s.label for s in found] == ["wave", "wave"]
    for segment, start in zip(found, (4000, 15000), strict=True):
        assert abs(segment.start - start) < 0.1 * 8000
        assert abs(segment.end - start - 4000) < 0.1 * 8000
        assert segment.origin == "proposed"
        assert segment.confidence > 0.5


def test_motion_is_found_beside_gravity_and_drift(stage):
    t = np.arange(600) / 100
    motion = noisy(600, 3, 3) + np.array([0, 0, 1000]) + 100 * t[:, None] / 6
    motion[200:350, 0] += 1500 * np.sin(2 * np.pi * 2 * t[:150])
    (segment,) = propose(stage, motion, IMU)
    assert abs(segment.start - 200) < 20
    assert abs(segment.end - 350) < 20


def test_gaps_are_bridged_and_single_takes_the_whole(stage):
    sound = noisy(32000, 1, 20)
    for start in (4000, 7000, 24000):
        sound[start : start + 2000] += noisy(2000, 1, 4000, seed=start)
    assert len(propose(stage, sound, AUDIO, gap_s=0.3)) == 2
    assert len(propose(stage, sound, AUDIO, gap_s=0.0)) == 3
    assert len(propose(stage, sound, AUDIO, min_s=0.4, gap_s=0.0)) == 0
    (one,) = propose(stage, sound, AUDIO, single=True)
    assert one.start < 4400
    assert one.end > 25500


@pytest.mark.parametrize("samples", [np.zeros((800, 1)), noisy(800, 1, 30), np.zeros((1, 1))])
def test_rest_alone_is_one_doubtful_segment(stage, samples):
    (segment,) = propose(stage, samples, AUDIO)
    assert (segment.start, segment.count) == (0, len(samples))
    assert segment.confidence < 0.3


def test_nothing_gives_nothing(stage):
    assert propose(stage, np.zeros((0, 1)), AUDIO) == ()


def test_segments_stay_inside_and_apart(stage):
    rng = np.random.default_rng(4)
    for seed in range(20):
        n = int(rng.integers(50, 3000))
        samples = noisy(n, 3, 5, seed) * (1 + 200 * (rng.random((n, 1)) > 0.97))
        found = propose(stage, samples, IMU, min_s=0.0, gap_s=0.0)
        assert all(s.end <= n for s in found)
        assert all(a.end <= b.start for a, b in pairwise(found))
