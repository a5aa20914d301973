"""The live tail: newest samples, right indices, no torn reads while somebody writes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.devices.live_tail import LiveTailReader, LiveTailWriter
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import DeviceError

GROUP = ChannelGroup("imu", 104.0, (Channel("ax", "g", 0.1), Channel("ay", "g", 0.1)))


def ramp(start: int, count: int) -> np.ndarray:
    index = np.arange(start, start + count)
    return np.stack((index % 30000, -(index % 30000)), axis=1).astype(np.int16)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 40))
def test_it_holds_the_newest(tmp_path_factory: pytest.TempPathFactory, counts: list[int], capacity: int) -> None:
    path = tmp_path_factory.mktemp("tail") / "a.tail"
    writer = LiveTailWriter(path, GROUP, capacity)
    reader = LiveTailReader(path)
    total = 0
    for count in counts:
        writer.append(ramp(total, count), total * 100)
        total += count
    assert reader.total == total
    assert reader.group == GROUP
    samples, first = reader.latest(10**6)
    assert len(samples) == min(total, capacity)
    assert first == total - len(samples)
    assert np.array_equal(samples, ramp(first, len(samples)))
    reader.close()
    writer.close()


def test_windows_are_cut_to_what_is_there(tmp_path: Path) -> None:
    writer = LiveTailWriter(tmp_path / "a.tail", GROUP, 100)
    reader = LiveTailReader(tmp_path / "a.tail")
    writer.append(ramp(0, 250), 0)
    writer.append(ramp(250, 10), 777)
    assert reader.last_block == (250, 777)
    samples, first = reader.window(200, 20)
    assert first == 200
    assert np.array_equal(samples, ramp(200, 20))
    assert reader.window(100, 80)[1] == 160
    assert len(reader.window(100, 80)[0]) == 20
    assert len(reader.window(0, 10)[0]) == len(reader.window(400, 10)[0]) == 0
    reader.close()
    writer.close()


def test_a_reader_beside_a_fast_writer_never_sees_torn_samples(tmp_path: Path) -> None:
    writer = LiveTailWriter(tmp_path / "a.tail", GROUP, 512)
    reader = LiveTailReader(tmp_path / "a.tail")
    done = threading.Event()

    def write() -> None:
        at = 0
        while not done.is_set():
            writer.append(ramp(at, 37), at)
            at += 37

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = 0
        for _ in range(3000):
            samples, first = reader.latest(500)
            assert np.array_equal(samples, ramp(first, len(samples)))
            seen += len(samples)
    finally:
        done.set()
        thread.join()
    assert seen > 0
    reader.close()
    writer.close()


def test_a_new_writer_leaves_old_readers_their_samples(tmp_path: Path) -> None:
    path = tmp_path / "a.tail"
    first = LiveTailWriter(path, GROUP, 50)
    first.append(ramp(0, 20), 0)
    reader = LiveTailReader(path)
    second = LiveTailWriter(path, GROUP, 50)
    assert reader.total == 20
    fresh = LiveTailReader(path)
    assert fresh.total == 0
    for one in (reader, fresh, first, second):
        one.close()


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\0" * 20000])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tail"
    path.write_bytes(content)
    with pytest.raises(DeviceError) as caught:
        LiveTailReader(path)
    assert caught.value.code == "tail.unreadable"
