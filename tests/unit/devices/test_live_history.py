"""The past of a stream: what the tail has let go of comes from the recording that grows, sample for sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motestudio.devices.live_history import LiveHistory
from motestudio.devices.live_tail import LiveTailReader, LiveTailWriter
from motestudio.domain.signal import Channel, ChannelGroup

GROUP = ChannelGroup("imu", 100.0, (Channel("ax"), Channel("ay")))


def ramp(start: int, count: int) -> np.ndarray:
    index = np.arange(start, start + count)
    return np.stack((index, -index), axis=1).astype(np.int16)


@pytest.fixture
def stream(tmp_path: Path) -> tuple[LiveHistory, LiveTailWriter, Path]:
    writer = LiveTailWriter(tmp_path / "a.tail", GROUP, 100)
    return LiveHistory(LiveTailReader(tmp_path / "a.tail")), writer, tmp_path / "take.sigmf-data"


def feed(writer: LiveTailWriter, path: Path | None, first: int, count: int, step: int = 20) -> None:
    for at in range(first, first + count, step):
        block = ramp(at, min(step, first + count - at))
        writer.append(block, at * 10_000)
        if path is not None:
            with path.open("ab") as file:
                file.write(block.astype("<i2").tobytes())


def test_without_a_take_the_past_ends_with_the_tail(stream: tuple[LiveHistory, LiveTailWriter, Path]) -> None:
    history, writer, _ = stream
    feed(writer, None, 0, 500)
    assert history.oldest == 400
    samples, first = history.window(0, 500)
    assert first == 500 - len(samples)
    assert np.array_equal(samples, ramp(first, len(samples)))


def test_a_take_that_runs_is_reached_from_its_first_sample(stream: tuple[LiveHistory, LiveTailWriter, Path]) -> None:
    history, writer, path = stream
    feed(writer, None, 0, 60)
    history.take_began(path, 60)
    feed(writer, path, 60, 900)
    assert history.oldest == 60
    for start, count in ((60, 10), (60, 900), (300, 5), (850, 110), (930, 30)):
        samples, first = history.window(start, count)
        assert first == start
        assert np.array_equal(samples, ramp(start, count))


def test_what_lies_before_the_take_is_not_made_up(stream: tuple[LiveHistory, LiveTailWriter, Path]) -> None:
    history, writer, path = stream
    feed(writer, None, 0, 300)
    history.take_began(path, 300)
    feed(writer, path, 300, 500)
    samples, first = history.window(100, 700)
    assert first == 300
    assert np.array_equal(samples, ramp(300, 500))


def test_a_sample_that_is_half_written_is_none_yet(stream: tuple[LiveHistory, LiveTailWriter, Path]) -> None:
    history, writer, path = stream
    history.take_began(path, 0)
    feed(writer, path, 0, 400)
    with path.open("ab") as file:
        file.write(b"\x01\x02\x03")
    samples, first = history.window(0, 50)
    assert first == 0
    assert np.array_equal(samples, ramp(0, 50))


def test_a_file_that_is_gone_leaves_the_tail(stream: tuple[LiveHistory, LiveTailWriter, Path]) -> None:
    history, writer, path = stream
    history.take_began(path, 0)
    feed(writer, path, 0, 400)
    path.unlink()
    assert history.oldest == 300
    samples, first = history.window(350, 50)
    assert (first, len(samples)) == (350, 50)
