"""Several sensors of a virtual board on one clock."""

from __future__ import annotations

import pytest

from motestudio.errors import DeviceError
from motestudio.virtualboard.imu_sim import ImuSensor
from motestudio.virtualboard.microphone_sim import MicrophoneSensor
from motestudio.virtualboard.streams import Streams


def make(rate: float = 1.0) -> Streams:
    return Streams([ImuSensor(1), MicrophoneSensor(1)], 1, rate)


def test_blocks_come_in_the_order_in_which_they_are_complete() -> None:
    streams = make()
    streams.start([0, 1], 0, None, carry_on=False)
    due, counts, ends = 0.0, [0, 0], [0.0, 0.0]
    for _ in range(200):
        due += streams.block_seconds
        block = streams.next()
        counts[block.group] += len(block.samples)
        ends[block.group] = counts[block.group] / streams.groups[block.group].rate_hz
        assert ends[block.group] == pytest.approx(due), "a block is due when its last sample is taken"
    assert counts[0] / 104 == pytest.approx(counts[1] / 16000, abs=0.04)


def test_a_count_is_the_leads_and_the_others_stream_as_long() -> None:
    streams = make()
    streams.start([1, 0], 16000, None, carry_on=False)
    counts = [0, 0]
    while streams.running:
        block = streams.next()
        counts[block.group] += len(block.samples)
    assert counts == [104, 16000]


def test_only_what_was_asked_for_streams() -> None:
    streams = make()
    streams.start([1], 500, None, carry_on=False)
    groups = set()
    while streams.running:
        groups.add(streams.next().group)
    assert groups == {1}


def test_streams_that_follow_each_other_stay_on_one_clock() -> None:
    streams = make()
    first = []
    for _ in range(3):
        streams.start([0, 1], 208, None, carry_on=False)
        begins: dict[int, int] = {}
        while streams.running:
            block = streams.next()
            begins.setdefault(block.group, block.time_us)
        assert abs(begins[0] - begins[1]) < 200, "a stamp is at most 120 us late"
        first.append(begins[0])
    assert first == sorted(first)


def test_whoever_can_perform_something_does() -> None:
    streams = make()
    assert {"wave", "yes"} <= set(streams.gestures)
    streams.start([0, 1], 0, {"gesture": "wave", "seed": 1}, carry_on=False)
    assert streams.perform({"gesture": "tap", "seed": 2}) > 0
    with pytest.raises(DeviceError) as caught:
        streams.perform({"gesture": "juggle"})
    assert caught.value.code == "perform.unknown"
