"""Rate, jitter and drift of streams that run for hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.devices.long_run import ClockDrift, LongRate


@pytest.mark.parametrize("ppm", [-60.0, 0.0, 45.0])
@pytest.mark.parametrize("seconds", [20, 300, 7200])
def test_the_drift_of_two_clocks_is_within_what_it_says_of_itself(ppm: float, seconds: int) -> None:
    rng = np.random.default_rng(int(seconds + 100 + ppm))
    t_us = np.arange(0, seconds, 0.05) * 1e6
    # Blocks arrive some milliseconds late, and now and then the computer has something else to do.
    late_us = rng.exponential(1500, len(t_us)) + (rng.random(len(t_us)) < 0.01) * rng.uniform(0, 50_000, len(t_us))
    drift = ClockDrift()
    for device_us, host_us in zip(5e6 + t_us * (1 + ppm * 1e-6), 1.7e15 + t_us + late_us, strict=True):
        drift.add(round(device_us), round(host_us))
    measured, error = drift.measure()
    assert 0 < error < 20
    assert abs(measured - ppm) < max(2 * error, 0.2)


def test_no_drift_is_told_before_it_is_known() -> None:
    drift = ClockDrift()
    for k in range(60):
        assert drift.measure() == (0.0, 0.0)
        drift.add(k * 50_000, k * 50_000 + k % 3)
    for k in range(60, 300):
        drift.add(k * 50_000, k * 50_000 + k % 3)
    assert drift.measure()[1] > 0
    drift.restart()
    assert drift.measure() == (0.0, 0.0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)), max_size=80))
def test_whatever_clocks_say_is_measured_without_complaint(points: list[tuple[int, int]]) -> None:
    drift, rate = ClockDrift(), LongRate()
    for device_us, host_us in points:
        drift.add(device_us, host_us)
        rate.add(device_us, 1 + host_us % 5)
    assert np.isfinite(drift.measure()).all()
    timing = rate.measure()
    assert timing.rate_hz >= 0
    assert timing.jitter_p50_ms <= timing.jitter_ms <= timing.jitter_max_ms or timing.rate_hz == 0


def test_jitter_over_hours_is_that_of_all_blocks() -> None:
    rng = np.random.default_rng(4)
    rate = LongRate()
    times = np.arange(40_000) * 30_000.0 * (1 + 20e-6)
    late = np.abs(rng.normal(0, 200, len(times)))
    late[25_000] = 9000.0
    for at in np.rint(times + late):
        rate.add(int(at), 3)
    timing = rate.measure()
    off = np.abs(late - late.mean()) / 1000
    assert timing.rate_hz == pytest.approx(100 / (1 + 20e-6), rel=2e-7)
    assert timing.jitter_p50_ms == pytest.approx(np.median(off), rel=0.1)
    assert timing.jitter_ms == pytest.approx(np.percentile(off, 99), rel=0.1)
    assert timing.jitter_max_ms == pytest.approx(8.85, rel=0.02), "the one that was late hours ago is not forgotten"


def test_a_jump_of_the_clock_is_no_jitter() -> None:
    rate = LongRate()
    for k in range(300):
        rate.add(k * 10_000, 1)
    rate.restart()
    for k in range(300):
        rate.add(10**9 + k * 10_000, 1)
    assert rate.measure().jitter_max_ms < 1e-6
    assert rate.measure().rate_hz == pytest.approx(100.0)
