"""Blocks from what decoders give: every sample once, in order; gaps where time or numbers say so; a steady clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.devices.decoder_messages import Part
from motestudio.devices.timing import GapDetector
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.recorder.block_maker import BlockMaker, Made

RATE = 100.0
GROUP = ChannelGroup("imu", RATE, (Channel("ax"), Channel("ay")))
PERIOD_US = 10_000


def rows(first: int, count: int) -> np.ndarray:
    index = np.arange(first, first + count)
    return np.stack([index, -index], axis=1).astype(np.int16)


def part(first: int, count: int, times: np.ndarray | None = None, lost: int = 0) -> Part:
    stamps = b"" if times is None else times.astype("<i8").tobytes()
    return Part(0, rows(first, count).astype("<i2").tobytes(), stamps, 0, lost)


def samples_of(made: list[Made]) -> np.ndarray:
    return np.concatenate([m.block.samples for m in made]) if made else np.zeros((0, 2), np.int16)


def lost_in(made: list[Made]) -> int:
    gaps, frames, lost = GapDetector(RATE), 0, 0
    for one in made:
        frames += one.missed
        lost += gaps.follow(one.block, frames).lost
    return lost


def clock(first: int, count: int, start: int = 5_000) -> np.ndarray:
    return start + np.arange(first, first + count, dtype=np.int64) * PERIOD_US


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.booleans(), st.integers(0, 2**31))
def test_every_sample_comes_out_once_however_the_bytes_were_cut(pieces: list[int], timed: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    maker, out, at, host = BlockMaker([GROUP]), [], 0, 1_000_000
    for count in pieces:
        host += round(count * PERIOD_US + rng.normal(0, 2000))
        out += maker.take([part(at, count, clock(at, count) if timed else None)], host)
        out += maker.tick(host)
        at += count
    out += maker.tick(host, last=True)
    assert np.array_equal(samples_of(out), rows(0, at))
    assert lost_in(out) == 0


@settings(deadline=None)
@given(st.integers(20, 200), st.integers(1, 50), st.integers(20, 200), st.integers(1, 30))
def test_samples_missing_by_the_streams_own_clock_are_counted_exactly(
    before: int, missing: int, after: int, piece: int
) -> None:
    maker, out = BlockMaker([GROUP]), []
    kept = [*range(before), *range(before + missing, before + missing + after)]
    for i in range(0, len(kept), piece):
        chunk = kept[i : i + piece]
        times = np.array([5_000 + k * PERIOD_US for k in chunk])
        data = np.concatenate([rows(k, 1) for k in chunk])
        out += maker.take([Part(0, data.astype("<i2").tobytes(), times.astype("<i8").tobytes(), 0, 0)], 0)
    out += maker.tick(0, last=True)
    assert len(samples_of(out)) == before + after
    assert lost_in(out) == missing


def test_samples_that_the_stream_numbers_as_missing_are_counted() -> None:
    maker = BlockMaker([GROUP])
    out = maker.take([part(0, 50)], 1_000_000)
    out += maker.take([part(57, 50, lost=7)], 1_000_000 + 57 * PERIOD_US)
    assert lost_in(out) == 7


def test_a_clock_jump_is_no_loss() -> None:
    maker = BlockMaker([GROUP])
    out = maker.take([part(0, 60, clock(0, 60))], 0)
    out += maker.take([part(60, 60, clock(60, 60, start=900_000_000))], 0)
    out += maker.take([part(120, 60, clock(120, 60, start=0))], 0)
    out += maker.tick(0, last=True)
    assert len(samples_of(out)) == 180
    assert lost_in(out) == 0


@pytest.mark.parametrize("true_rate", [97.0, 100.0, 104.0, 150.0])
def test_a_counted_clock_follows_the_rate_at_which_samples_come(true_rate: float) -> None:
    maker, out, rng = BlockMaker([GROUP]), [], np.random.default_rng(3)
    for i in range(1200):
        host = round((i + 1) * 10 / true_rate * 1e6 + abs(rng.normal(0, 3000)))
        out += maker.take([part(i * 10, 10)], host)
    stamps = np.array([m.block.device_time_us for m in out])
    measured = 1e6 * (len(out) - 600) * 10 / (stamps[-1] - stamps[599] + 10 * 1e6 / true_rate)
    assert measured == pytest.approx(true_rate, rel=0.01)
    assert lost_in(out[300:]) == 0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0.05, 20.0), st.integers(-5_000_000, 5_000_000)), max_size=25),
    st.booleans(),
)  # fmt: skip
def test_rate_steps_and_clock_jumps_lose_no_sample(steps: list[tuple[int, float, int]], timed: bool) -> None:
    """Ten times faster or slower than it says, clocks that jump either way: it is recorded all the same."""
    maker, out, at, host, stamp = BlockMaker([GROUP]), [], 0, 1_000_000, 5_000
    for count, speed, jump in steps:
        period = PERIOD_US / speed
        host = max(0, host + round(count * period) + jump)
        stamp += jump
        times = np.rint(stamp + np.arange(count) * period).astype(np.int64)
        stamp = int(times[-1] + period)
        out += maker.take([part(at, count, times if timed else None)], host)
        out += maker.tick(host)
        at += count
    out += maker.tick(host, last=True)
    assert np.array_equal(samples_of(out), rows(0, at))


def test_a_silence_after_which_all_comes_is_no_gap() -> None:
    maker, out, host = BlockMaker([GROUP]), [], 0
    for i in range(100):
        host += 100_000
        if not 50 <= i < 60:  # a second's worth is held up somewhere, and then comes at once
            for late in range(50, 61) if i == 60 else [i]:
                out += maker.take([part(late * 10, 10)], host)
        out += maker.tick(host)
    out += maker.tick(host, last=True)
    assert np.array_equal(samples_of(out), rows(0, 1000))
    assert lost_in(out) == 0


def test_a_silence_after_which_samples_are_missing_is_a_gap() -> None:
    maker, out, host = BlockMaker([GROUP]), [], 0
    for i in range(100):
        host += 100_000
        if not 50 <= i < 60:
            out += maker.take([part(i * 10, 10)], host)
        out += maker.tick(host)
    out += maker.tick(host, last=True)
    assert len(samples_of(out)) == 900
    assert lost_in(out) == pytest.approx(100, abs=5)


def test_a_file_keeps_its_nominal_rate_whenever_it_is_read() -> None:
    maker = BlockMaker([GROUP], live=False)
    out = [m for i in range(30) for m in maker.take([part(i * 10, 10)], 7)]
    assert [m.block.device_time_us for m in out] == [i * 10 * PERIOD_US for i in range(30)]
