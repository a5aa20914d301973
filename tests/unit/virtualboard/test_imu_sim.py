"""The simulated hand obeys physics, repeats exactly, and its gestures differ between people and from each other."""

from __future__ import annotations

import numpy as np
import pytest

from motestudio.domain.signal import RAW_MAX
from motestudio.errors import DeviceError
from motestudio.virtualboard.imu_sim import GROUP, RATE_HZ, ImuSensor
from motestudio.virtualboard.motion import GESTURES, IDLE, Style, draw_gesture

COUNT = 208


def take(gesture: str, seed: int, subject: str = "ana", board: int = 1) -> np.ndarray:
    sensor = ImuSensor(board)
    sensor.start({"gesture": gesture, "seed": seed, "subject": subject})
    return GROUP.to_physical(sensor.read(COUNT))


def strength(samples: np.ndarray) -> np.ndarray:
    return np.linalg.norm(samples[:, :3], axis=1)


def test_the_group_is_that_of_the_sensor() -> None:
    assert GROUP.rate_hz == 104.0
    assert [c.name for c in GROUP.channels] == ["ax", "ay", "az", "gx", "gy", "gz"]
    assert GROUP.channels[0].full_scale == pytest.approx(4.0, rel=0.01)
    assert GROUP.channels[3].full_scale == pytest.approx(573, rel=0.01)


@pytest.mark.parametrize("gesture", GESTURES)
def test_a_take_rests_moves_and_rests(gesture: str) -> None:
    peaks = []
    for seed in range(12):
        samples = take(gesture, seed, f"s{seed % 4}")
        assert np.abs(strength(samples[:13]) - 1.0).max() < 0.2
        assert strength(samples[:13]).mean() == pytest.approx(1.0, abs=0.06)
        assert strength(samples[-3:]).mean() == pytest.approx(1.0, abs=0.12)
        peaks.append(strength(samples).max())
    assert 1.2 < np.median(peaks) < 3.8
    assert np.ptp(peaks) > 0.05


def test_idle_is_calm_but_never_the_same() -> None:
    takes = [take(IDLE, seed, f"s{seed % 5}") for seed in range(20)]
    assert all(np.abs(strength(t) - 1.0).max() < 1.2 for t in takes)
    assert np.median([strength(t).max() for t in takes]) < 1.3
    spreads = [t[:, 3:].std() for t in takes]
    assert max(spreads) > 10 * min(spreads)
    poses = np.array([t[:, :3].mean(axis=0) for t in takes])
    assert (poses.std(axis=0)[:2] > 0.05).all()


def test_gravity_turns_with_the_board() -> None:
    # Integrating the gyroscope over a twist must turn the gravity vector as the accelerometer sees it at its ends.
    samples = take("twist", 5)
    roll = np.cumsum(samples[:, 4] - samples[:10, 4].mean()) / RATE_HZ
    assert np.ptp(roll) > 25
    quiet = np.abs(samples[:, 3:]).max(axis=1) < 60
    assert np.abs(strength(samples[quiet]) - 1).mean() < 0.2


def test_a_motion_is_fixed_by_its_seed_and_person() -> None:
    assert np.array_equal(take("wave", 3), take("wave", 3))
    assert not np.array_equal(take("wave", 3), take("wave", 4))
    assert not np.array_equal(take("wave", 3, "ana"), take("wave", 3, "ben"))
    rest_a, rest_b = take("wave", 3, board=1)[:13], take("wave", 3, board=2)[:13]
    assert np.abs(rest_a.mean(axis=0) - rest_b.mean(axis=0)).max() > 0.005


@pytest.mark.parametrize("size", [1, 3, 50])
def test_blocks_of_any_size_give_the_same_stream(size: int) -> None:
    whole, pieces = ImuSensor(7), ImuSensor(7)
    for sensor in (whole, pieces):
        sensor.start(None)
        sensor.perform({"gesture": "circle", "seed": 2, "subject": "ana"})
    a = whole.read(300)
    b = np.concatenate([pieces.read(size) for _ in range(300 // size)])
    assert np.array_equal(a[: len(b)], b)


def test_gestures_take_0_8_to_1_6_seconds_and_begin_early() -> None:
    rng = np.random.default_rng(0)
    for name in GESTURES:
        lengths = [draw_gesture(name, Style.of(f"s{k}"), rng, 0.2).duration_s for k in range(60)]
        assert 0.8 <= min(lengths) < max(lengths) <= 1.6
    for seed in range(30):
        moving = np.flatnonzero(np.abs(strength(take("up_down", seed, f"s{seed}")) - 1) > 0.3)
        assert 0.13 < moving[0] / RATE_HZ < 0.85


def test_performed_gestures_follow_each_other_in_a_running_stream() -> None:
    sensor = ImuSensor(1)
    sensor.start(None)
    sensor.read(500)
    first = sensor.perform({"gesture": "wave", "seed": 1, "subject": "a"})
    second = sensor.perform({"gesture": "up_down", "seed": 2, "subject": "a"})
    assert 0.8 < first < 2.0
    assert first + 0.8 < second < first + 2.0
    samples = GROUP.to_physical(sensor.read(round(second * RATE_HZ) + 60))
    assert strength(samples[: round(first * RATE_HZ)]).max() > 1.3
    assert strength(samples[round(first * RATE_HZ) :]).max() > 1.3
    steps = np.abs(np.diff(samples[:, :3], axis=0)).max()
    assert steps < 3.0, "blending must not tear the signal"


def test_samples_stay_in_range() -> None:
    sensor = ImuSensor(1)
    for seed in range(30):
        sensor.start({"gesture": "tap", "seed": seed, "subject": f"s{seed}"})
        raw = sensor.read(COUNT)
        assert raw.dtype == np.int16
        assert np.abs(raw[:, :3].astype(int)).max() <= RAW_MAX + 1


@pytest.mark.parametrize(
    "what",
    [{"gesture": "juggle"}, {}, {"gesture": "wave", "seed": -1}, {"gesture": "wave", "seed": "x"}, {"gesture": ["a"]}],
)
def test_what_it_cannot_perform_is_refused(what: dict[str, object]) -> None:
    sensor = ImuSensor(1)
    for verb in (sensor.start, sensor.perform):
        with pytest.raises(DeviceError) as caught:
            verb(what)
        assert caught.value.code == "perform.unknown"


def test_gestures_can_be_told_apart_for_a_person_never_seen() -> None:
    """A nearest-neighbour look at the spectra: far better than chance over persons, so there is something to learn."""
    names = (*GESTURES, IDLE)
    rows, labels, people = [], [], []
    for seed in range(8):
        for name in names:
            samples = take(name, seed, f"s{seed % 4}")
            spectrum = np.abs(np.fft.rfft(samples - samples.mean(axis=0), axis=0))[1:40]
            rows.append(np.log1p(spectrum * np.array([1, 1, 1, 0.01, 0.01, 0.01])).ravel())
            labels.append(name)
            people.append(seed % 4)
    x, y, s = np.array(rows), np.array(labels), np.array(people)
    right = 0
    for i in range(len(x)):
        others = np.flatnonzero(s != s[i])
        right += y[others[((x[others] - x[i]) ** 2).sum(axis=1).argmin()]] == y[i]
    assert right / len(x) > 0.85
