"""Rate, jitter and loss come from the board's timestamps, and the fence posts are right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.devices.timing import Continuity, GapDetector, RateMeter, after_absence
from motestudio.domain.signal import SampleBlock


def block(time_us: float, count: int, dropped: int = 0) -> SampleBlock:
    return SampleBlock(0, round(time_us), 0, dropped, np.zeros((count, 3), np.int16))


def test_two_blocks_are_enough_and_the_fence_post_is_right() -> None:
    meter = RateMeter()
    meter.add(0, 10)
    assert meter.measure().rate_hz == 0
    # 10 samples of 10 ms begin 100 ms before the next block: 100 Hz, neither 90 nor 110.
    meter.add(100_000, 10)
    assert meter.measure().rate_hz == pytest.approx(100.0)


@given(st.floats(10, 16000), st.lists(st.integers(1, 200), min_size=3, max_size=60))
def test_the_rate_does_not_depend_on_how_samples_are_cut_into_blocks(rate: float, counts: list[int]) -> None:
    meter = RateMeter()
    index = 0
    for count in counts:
        meter.add(round(5e6 + index / rate * 1e6), count)
        index += count
    span_s = (index - counts[-1]) / rate
    assert meter.measure().rate_hz == pytest.approx(rate, rel=max(1e-6, 3e-6 / span_s))


def test_jitter_and_outliers() -> None:
    rng = np.random.default_rng(1)
    meter = RateMeter()
    for k in range(400):
        late = rng.uniform(0, 200) + (40_000 if k in (50, 300) else 0)
        meter.add(round(k * 10 / 104 * 1e6 + late), 10)
    timing = meter.measure()
    assert timing.rate_hz == pytest.approx(104.0, rel=1e-4)
    assert 0.05 < timing.jitter_ms < 0.3


def test_lost_samples_do_not_change_the_rate() -> None:
    meter = RateMeter()
    meter.add(0, 10)
    meter.add(100_000, 10)
    meter.skip(30)
    meter.add(500_000, 10)
    assert meter.measure().rate_hz == pytest.approx(100.0)


@pytest.mark.parametrize("error", [-0.05, 0.0, 0.05])
@pytest.mark.parametrize(("rate", "count", "late_us"), [(104.0, 3, 300), (104.0, 26, 300), (16000.0, 320, 900)])
def test_a_steady_stream_has_no_gaps_even_beside_its_nominal_rate(
    error: float, rate: float, count: int, late_us: int
) -> None:
    rng = np.random.default_rng(2)
    detector = GapDetector(rate)
    period = 1e6 / (rate * (1 + error))
    for k in range(300):
        follows = detector.follow(block(k * count * period + rng.uniform(0, late_us), count), 0)
        assert follows == Continuity()


@given(st.integers(1, 5), st.integers(1, 50), st.booleans())
def test_a_lost_block_is_counted_in_samples(blocks: int, count: int, counted: bool) -> None:
    detector = GapDetector(100.0)
    detector.follow(block(0, count), 0)
    detector.follow(block(count * 1e4, count), 0)
    lost = blocks * count
    after = detector.follow(block((2 * count + lost) * 1e4, count), blocks if counted else 0)
    assert after == Continuity(lost=lost)
    assert after.broken


def test_what_the_board_dropped_is_lost_even_where_time_is_too_coarse() -> None:
    detector = GapDetector(16000.0)
    detector.follow(block(0, 160, 0), 0)
    assert detector.follow(block(10_063, 160, 1), 0).lost == 1
    assert detector.follow(block(20_063, 160, 1), 0).lost == 0


def test_a_clock_jump_is_no_loss() -> None:
    detector = GapDetector(100.0)
    detector.follow(block(50e6, 10), 0)
    assert detector.follow(block(1e6, 10), 0) == Continuity(jumped=True)
    assert detector.follow(block(1.1e6, 10), 0) == Continuity()
    assert detector.follow(block(3600e6, 10), 0) == Continuity(jumped=True)


def test_a_new_stream_begins_without_a_gap() -> None:
    detector = GapDetector(100.0)
    detector.follow(block(0, 10, 7), 0)
    detector.reset()
    assert detector.follow(block(9e6, 10, 0), 3) == Continuity()


def at(device_us: float, host_us: float, count: int = 10) -> SampleBlock:
    return SampleBlock(0, round(device_us), round(host_us), 0, np.zeros((count, 3), np.int16))


def test_after_an_absence_a_clock_that_went_on_counts_what_is_missing() -> None:
    # 100 Hz: 10 samples end at 1.1 s; the next 10 begin at 4.1 s. The cable was gone, the board was not.
    follows = after_absence(at(1e6, 60e6), at(4.1e6, 63.13e6), 100.0)
    assert follows == Continuity(300, jumped=True, away_us=3_030_000)


@pytest.mark.parametrize("device_us", [0, 200_000, 2_000_000, 90_000_000])
def test_after_an_absence_a_clock_that_began_anew_leaves_an_estimate(device_us: float) -> None:
    follows = after_absence(at(1e6, 60e6), at(device_us, 63.1e6), 100.0)
    assert follows == Continuity(300, jumped=True, away_us=3_000_000, estimated=True)
    assert follows.broken
