"""The simulated pump has the lines that a pump has, and a defect shows where theory puts it."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from motestudio.errors import DeviceError
from motestudio.virtualboard.machine import FAULT, HEALTHY, OFF, STATES, Machine
from motestudio.virtualboard.vibration_sim import GROUP, RATE_HZ, VibrationSensor

SECONDS = 10
MACHINES = ("pump-a", "pump-b", "pump-c", "pump-d", "pump-e", "pump-f")


def play(state: str, subject: str, seed: int = 1, seconds: float = SECONDS) -> tuple[np.ndarray, VibrationSensor]:
    sensor = VibrationSensor(1)
    sensor.start({"gesture": state, "seed": seed, "subject": subject})
    return GROUP.to_physical(sensor.read(round(seconds * RATE_HZ))), sensor


def spectrum(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hz and amplitude of a sine's lines, of one channel."""
    centred = (signal - signal.mean()) * np.hanning(len(signal))
    return np.fft.rfftfreq(len(signal), 1 / RATE_HZ), np.abs(np.fft.rfft(centred)) * 4 / len(signal)


def envelope(signal: np.ndarray) -> np.ndarray:
    """Magnitude of the analytic signal between 340 and 700 Hz, where the structure rings."""
    parts = np.fft.fft(signal - signal.mean())
    hz = np.fft.fftfreq(len(signal), 1 / RATE_HZ)
    return np.abs(np.fft.ifft(np.where((hz > 340) & (hz < 700), 2 * parts, 0)))


def line(hz: np.ndarray, size: np.ndarray, at: float) -> float:
    """How far a line stands out of what lies around it."""
    near = np.abs(hz - at)
    return float(size[near < 0.01 * at].max() / np.median(size[near < 12]))


def test_the_group_is_that_of_the_sensor() -> None:
    assert GROUP.rate_hz == 1600.0
    assert [(c.name, c.unit) for c in GROUP.channels] == [("ax", "g"), ("ay", "g"), ("az", "g")]
    assert GROUP.channels[0].full_scale == pytest.approx(8.0)
    assert VibrationSensor(1).gestures == STATES


@pytest.mark.parametrize("subject", MACHINES)
def test_the_shaft_line_and_the_vane_pass_are_where_the_speed_puts_them(subject: str) -> None:
    samples, sensor = play(HEALTHY, subject)
    speed = sensor.running.shaft_hz
    assert speed == pytest.approx(Machine.of(subject).shaft_hz, rel=0.041)
    hz, size = spectrum(samples[:, 0])
    low = (hz > 10) & (hz < 1.5 * speed)
    assert hz[low][size[low].argmax()] == pytest.approx(speed, rel=0.01)
    assert line(hz, size, speed) > 15
    assert line(hz, size, speed * sensor.running.machine.vanes) > 5


@pytest.mark.parametrize("subject", MACHINES)
def test_the_defect_frequency_is_in_the_envelope_of_a_fault_and_not_of_a_healthy_machine(subject: str) -> None:
    found = {}
    for state in (HEALTHY, FAULT):
        samples, sensor = play(state, subject)
        defect = sensor.running.shaft_hz * sensor.running.machine.outer_race
        assert sensor.running.defect_hz == (pytest.approx(defect) if state == FAULT else 0.0)
        found[state] = line(*spectrum(envelope(samples[:, 0])), defect)
    assert found[FAULT] > 10
    assert found[HEALTHY] < 6


def test_a_fault_rings_on_top_of_what_a_healthy_machine_does() -> None:
    for subject in MACHINES:
        levels = {state: envelope(play(state, subject)[0][:, 0]).std() for state in (HEALTHY, FAULT)}
        assert levels[FAULT] > 1.3 * levels[HEALTHY]


def test_a_machine_that_is_off_leaves_gravity_hum_and_noise() -> None:
    for subject in MACHINES:
        samples, sensor = play(OFF, subject)
        assert sensor.running.shaft_hz == 0.0
        assert np.linalg.norm(samples.mean(axis=0)) == pytest.approx(1.0, abs=0.05)
        assert 0.003 < samples.std(axis=0).max() < 0.012
        assert play(HEALTHY, subject)[0].std(axis=0).max() > 2.5 * samples.std(axis=0).max()


def test_machines_differ_and_takes_of_one_differ_less() -> None:
    speeds = [play(HEALTHY, m, seconds=0.1)[1].running.shaft_hz for m in MACHINES]
    same = [play(HEALTHY, "pump-a", seed, 0.1)[1].running.shaft_hz for seed in range(6)]
    assert np.std(speeds) > 2 * np.std(same) > 0


def test_the_seed_and_the_machine_fix_everything() -> None:
    first = play(FAULT, "pump-a", 4, 1.0)[0]
    assert np.array_equal(first, play(FAULT, "pump-a", 4, 1.0)[0])
    assert not np.array_equal(first, play(FAULT, "pump-a", 5, 1.0)[0])
    assert not np.array_equal(first, play(FAULT, "pump-b", 4, 1.0)[0])


@pytest.mark.parametrize("size", [1, 17, 48, 1000])
def test_pump_blocks_of_any_size_give_the_same_stream(size: int) -> None:
    whole, pieces = VibrationSensor(7), VibrationSensor(7)
    for sensor in (whole, pieces):
        sensor.start(None)
        sensor.perform({"gesture": FAULT, "seed": 2, "subject": "pump-a", "seconds": 0.3})
    a = whole.read(2000)
    b = np.concatenate([pieces.read(size) for _ in range(2000 // size)])
    assert np.array_equal(a[: len(b)], b)


def test_a_performed_state_begins_at_once_lasts_and_ends_healthy() -> None:
    sensor = VibrationSensor(1)
    sensor.start(None)
    sensor.read(1000)
    lasting = sensor.perform({"gesture": OFF, "seed": 1, "subject": "pump-a", "seconds": 4})
    assert lasting == pytest.approx(4.0, abs=0.05)
    samples = GROUP.to_physical(sensor.read(round(6 * RATE_HZ)))
    seconds = samples.reshape(6, -1, 3).std(axis=1).max(axis=1)
    assert (seconds[1:4] < 0.012).all(), "off for its four seconds"
    assert (seconds[4:] > 0.015).all(), "and running again"
    assert np.abs(np.diff(samples, axis=0)).max() < 0.5, "going over must not tear the signal"
    assert sensor.perform({"gesture": FAULT}) >= 5.0, "a take's length where none is given"


def test_a_stream_started_with_a_state_stays_in_it() -> None:
    samples, sensor = play(FAULT, "pump-a", seconds=30)
    assert sensor.running.defect_hz > 0
    assert envelope(samples[-8000:, 0]).std() > 0.5 * envelope(samples[:8000, 0]).std()


@pytest.mark.parametrize(
    "what",
    [
        {"gesture": "wave"},
        {},
        {"gesture": FAULT, "seed": -1},
        {"gesture": FAULT, "seconds": 0},
        {"gesture": FAULT, "seconds": "long"},
        {"gesture": FAULT, "seconds": float("nan")},
        {"gesture": FAULT, "subject": 3},
    ],
)
def test_what_a_pump_cannot_perform_is_refused(what: dict[str, object]) -> None:
    with pytest.raises(DeviceError) as caught:
        VibrationSensor(1).perform(what)
    assert caught.value.code == "perform.unknown"


def test_pump_is_much_faster_than_real_time_in_little_memory() -> None:
    sensor = VibrationSensor(1)
    sensor.start({"gesture": FAULT, "seed": 1, "subject": "pump-a"})
    begun = time.process_time()
    for _ in range(200):
        sensor.read(160)
    assert 20.0 / (time.process_time() - begun) > 20
    tracemalloc.start()
    for _ in range(300):
        sensor.read(160)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
