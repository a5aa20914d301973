"""The STM32 firmware on emulated chips of every series that QEMU does not have, written from ST's manuals."""

from __future__ import annotations

import functools
import hashlib
import random
import zlib

import numpy as np
import pytest

from motestudio.devices.exchanges import load_package
from motestudio.devices.link.description import description_from_map
from motestudio.devices.link.protocol import Event
from motestudio.domain.board import BoardFile
from motestudio.domain.signal import SampleBlock
from motestudio.errors import FlashError
from motestudio.firmware.boards import load_boards
from motestudio.firmware.slot_image import SlotImage
from support.stm32_chip import Bench, Lsm6dsl, Mpu6050, PowerCut, Sensor

from .test_c_app import CHANNELS, GAIN, TWIN, WINDOW, make_project
from .test_stm32_qemu import build

BOARDS = ("nucleo-l476rg", "b-l475e-iot01a", "nucleo-g071rb", "nucleo-f072rb", "nucleo-f446re")
BLOCK = 20  # samples
PER_COUNT = {Lsm6dsl: 0.488e-3, Mpu6050: 1 / 2048}  # g, in the range that is nearest to the project's 0.001


@pytest.fixture(scope="module", params=BOARDS)
def board(request: pytest.FixtureRequest) -> BoardFile:
    return load_boards()[request.param]


@pytest.fixture(scope="module")
def elf(board: BoardFile, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("series")
    return build(make_project(folder, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=board)).read_bytes()


@pytest.fixture
def bench(board: BoardFile, elf: bytes) -> Bench:
    return Bench(board, elf, Lsm6dsl, ramp)


def ramp(time: float) -> tuple[float, ...]:
    """Some 0.000976 g more each millisecond: two counts; the other way round on y; 1 g on z."""
    grown = int(time * 1000) % 16_000 * 2 * 0.488e-3
    return (grown, -grown, 1.0, 0.0, 0.0, 0.0)


def through(sensor: type[Sensor], milliseconds: np.ndarray) -> np.ndarray:
    """The project's counts of what the sensor measures then."""
    motion = np.array([ramp((ms + 0.5) / 1000)[:3] for ms in milliseconds])
    raw = np.round(motion / PER_COUNT[sensor])
    scaled = raw * (np.float32(PER_COUNT[sensor]) / np.float32(0.001))
    return np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int16)


@functools.cache
def whole_ramp(sensor: type[Sensor]) -> np.ndarray:
    return through(sensor, np.arange(16_000))


def first_of(sensor: type[Sensor], samples: np.ndarray) -> int:
    """The millisecond of the sensor's time in which the first sample was taken."""
    there = whole_ramp(sensor)
    (guesses,) = np.nonzero((there[:-1] == samples[0]).all(axis=1) & (there[1:] == samples[1]).all(axis=1))
    assert len(guesses) == 1
    return int(guesses[0])


def stamped(bench: Bench) -> tuple[np.ndarray, np.ndarray]:
    """Samples, and how many milliseconds after the first each was taken, as the blocks' times tell."""
    blocks = [m for m in bench.incoming if isinstance(m, SampleBlock)]
    at = [round((b.device_time_us - blocks[0].device_time_us) / 1000) + np.arange(len(b.samples)) for b in blocks]
    return np.concatenate([b.samples for b in blocks]), np.concatenate(at)


def new_model(bench: Bench, size: int = 3000, **other: object) -> SlotImage:
    said = bench.request("slots").result
    settings = {"sequence": 2, "arena_bytes": 4096} | other
    return SlotImage("new one", b"N" * size, contract=said["contract"], made_for=said["made_for"], **settings)


def running(bench: Bench) -> str:
    model = description_from_map(bench.request("describe").result).model
    assert model is not None
    return model.sha256


def recorded(bench: Bench, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples, and the times of their blocks in microseconds."""
    assert bench.request("start", count=count).ok
    assert bench.wait_for(Event, 5 + count / 500).data == {"sent": count}
    blocks = [m for m in bench.incoming if isinstance(m, SampleBlock)]
    assert sum(b.dropped for b in blocks) == 0
    return np.concatenate([b.samples for b in blocks]), np.array([b.device_time_us for b in blocks])


def test_boots_at_its_clock_and_answers_at_the_right_rate(bench: Bench) -> None:
    said = description_from_map(bench.request("describe").result)
    chip = bench.board.stm32
    assert (said.board_id, said.serial_number) == (bench.board.id, "87654321FEC0AD0B3412AA55")
    assert bench.chip.machine.core_hz == bench.board.clock_hz
    assert bench.uart.baud == pytest.approx(115_200, rel=0.01)
    assert chip is not None
    for pin, signal in ((chip.uart_tx, "TX"), (chip.uart_rx, "RX")):
        assert bench.chip.ports[pin[1]].signal(int(pin[2:])) == f"{chip.uart}_{signal}"
    assert bench.session.stats.crc_errors == bench.session.stats.skipped_bytes == 0


def test_streams_every_sample_at_its_time(bench: Bench) -> None:
    for count in (200, 60):
        bench.incoming.clear()
        samples, times = recorded(bench, count)
        np.testing.assert_array_equal(samples, through(Lsm6dsl, first_of(Lsm6dsl, samples) + np.arange(count)))
        np.testing.assert_allclose(np.diff(times), 1000 * BLOCK, atol=15)
        assert times[-1] - times[0] == pytest.approx(1000 * (count - BLOCK), rel=1e-4)
    assert bench.session.stats.crc_errors == bench.session.stats.lost_frames == bench.uart.overruns == 0


def test_sleeps_while_there_is_nothing_to_do(bench: Bench) -> None:
    bench.request("describe")
    before = sum(bench.chip.machine.entries.values())
    awake = bench.chip.machine.awake
    bench.run(1.0)
    assert sum(bench.chip.machine.entries.values()) == before
    assert bench.chip.machine.awake - awake < 0.01


def test_takes_a_model_over_the_link_and_runs_it_after_a_reset(bench: Bench) -> None:
    old = running(bench)
    image = new_model(bench)
    told: list[float] = []
    loaded = bench.carry_out(load_package(image.to_bytes(), "new", told.append, 768))
    assert loaded == {"sha256": hashlib.sha256(image.model).hexdigest()}
    assert told[-1] == 1.0
    assert running(bench) == loaded["sha256"] != old
    bench.power_up()
    assert running(bench) == loaded["sha256"]
    # and one over the other: slot A, which the firmware came with
    image = new_model(bench, 500, sequence=3)
    bench.carry_out(load_package(image.to_bytes(), "newer", None, 768))
    bench.power_up()
    assert running(bench) == hashlib.sha256(image.model).hexdigest()
    recorded(bench, 100)


def test_power_that_fails_while_a_model_is_loaded_leaves_the_old_or_the_new(board: BoardFile, elf: bytes) -> None:
    whole = Bench(board, elf)
    old = running(whole)
    image = new_model(whole, 200)
    new = hashlib.sha256(image.model).hexdigest()
    whole.carry_out(load_package(image.to_bytes(), "new", None, 768))
    steps = whole.memory.operations
    assert board.stm32 is not None
    header = steps - 256 // {"f0": 2, "f4": 4}.get(board.stm32.series, 8) + 1  # it is programmed last
    seed = zlib.crc32(board.id.encode())
    moments = {
        1,
        random.Random(seed).randrange(2, header),
        header,
        random.Random(seed).randrange(header + 1, steps),
        steps,
    }
    seen = set()
    for moment in sorted(moments):
        bench = Bench(board, elf)
        bench.memory.cut_at = moment
        with pytest.raises(PowerCut):
            bench.carry_out(load_package(image.to_bytes(), "new", None, 768))
        bench.power_up()
        seen.add(running(bench))
        assert seen <= {old, new}, moment
        bench.memory.cut_at = None
        again = new_model(bench, 300, sequence=3)
        bench.carry_out(load_package(again.to_bytes(), "again", None, 768))
        bench.power_up()
        assert running(bench) == hashlib.sha256(again.model).hexdigest(), moment
    assert old in seen


def test_a_write_protected_page_is_an_error_and_the_old_model_runs_on(bench: Bench) -> None:
    old = running(bench)
    assert bench.board.stm32 is not None
    bench.memory.protected.add(bench.board.stm32.model_slots[1])
    with pytest.raises(FlashError) as caught:
        bench.carry_out(load_package(new_model(bench).to_bytes(), "new", None, 768))
    assert caught.value.code == "slot.flash"
    assert running(bench) == old
    bench.memory.protected.clear()
    bench.carry_out(load_package(new_model(bench).to_bytes(), "new", None, 768))
    assert running(bench) != old


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_interrupts_at_any_instruction_lose_nothing(bench: Bench, seed: int) -> None:
    bench.chip.machine.jitter = (random.Random(seed), 60)
    for count in (40, 60):
        bench.incoming.clear()
        samples, times = recorded(bench, count)
        np.testing.assert_array_equal(samples, through(Lsm6dsl, first_of(Lsm6dsl, samples) + np.arange(count)))
        np.testing.assert_allclose(np.diff(times), 1000 * BLOCK, atol=50)
        assert description_from_map(bench.request("describe").result).board_id == bench.board.id
    stats = bench.session.stats
    assert stats.crc_errors == stats.cobs_errors == stats.skipped_bytes == stats.lost_frames == 0


def test_without_a_sensor_it_says_so_and_gives_nothing(board: BoardFile, elf: bytes) -> None:
    bench = Bench(board, elf)
    assert description_from_map(bench.request("describe").result).firmware.endswith(", no sensor")
    assert bench.request("start", count=0).ok
    bench.run(0.5)
    assert not [m for m in bench.incoming if isinstance(m, SampleBlock)]


@pytest.mark.parametrize(("sensor", "name"), [(Lsm6dsl, "LSM6DSL"), (Mpu6050, "MPU-6050")])
def test_a_motion_sensors_counts_are_the_waveform(
    board: BoardFile, elf: bytes, sensor: type[Sensor], name: str
) -> None:
    bench = Bench(board, elf, sensor, ramp)
    assert description_from_map(bench.request("describe").result).firmware.endswith(f", {name}")
    for signal in ("SCL", "SDA"):
        assert f"{board.stm32.i2c}_{signal}" in bench.chip.signals()
    samples, times = recorded(bench, 150)
    assert 350_000 < bench.bus.hz <= 401_000
    assert bench.sensor is not None
    assert bench.sensor.rate_hz() >= 1000
    np.testing.assert_array_equal(samples, through(sensor, first_of(sensor, samples) + np.arange(150)))
    np.testing.assert_allclose(np.diff(times), 1000 * BLOCK, atol=15)


def test_a_sample_that_the_sensor_does_not_give_is_a_gap_and_shifts_no_other(board: BoardFile, elf: bytes) -> None:
    bench = Bench(board, elf, Lsm6dsl, ramp)
    assert bench.request("start", count=200).ok
    bench.run(0.2)
    assert bench.sensor is not None
    for missed in (1, 2):
        bench.sensor.refuse = missed
        bench.run(0.05)
    bench.wait_for(Event, 3)
    samples, milliseconds = stamped(bench)
    start = first_of(Lsm6dsl, samples)
    np.testing.assert_array_equal(samples, through(Lsm6dsl, start + milliseconds))
    assert 199 + 2 <= milliseconds[-1] <= 199 + 6


@pytest.mark.parametrize("what", ["unplugged", "clock held", "data held"])
def test_a_sensor_that_hangs_or_goes_costs_samples_and_comes_back(board: BoardFile, elf: bytes, what: str) -> None:
    bench = Bench(board, elf, Lsm6dsl, ramp)
    assert bench.request("start", count=200).ok
    bench.run(0.2)
    sensor = bench.sensor
    assert sensor is not None
    if what == "unplugged":
        sensor.plugged = False
    elif what == "clock held":
        bench.bus.clock_held = True
    else:
        bench.bus.clocks_owed = 7
    bench.run(0.1)
    assert bench.request("describe").ok
    sensor.plugged, bench.bus.clock_held = True, False
    if what == "unplugged":
        sensor.power_up()
    bench.wait_for(Event, 3)
    samples, milliseconds = stamped(bench)
    np.testing.assert_array_equal(samples, through(Lsm6dsl, first_of(Lsm6dsl, samples) + milliseconds))
    assert 199 < milliseconds[-1] < 199 + 300
    assert bench.uart.overruns == bench.session.stats.crc_errors == 0


def test_interrupts_of_sensor_and_link_at_any_instruction_lose_nothing(board: BoardFile, elf: bytes) -> None:
    bench = Bench(board, elf, Lsm6dsl, ramp)
    bench.chip.machine.jitter = (random.Random(7), 60)
    samples, _ = recorded(bench, 100)
    np.testing.assert_array_equal(samples, through(Lsm6dsl, first_of(Lsm6dsl, samples) + np.arange(100)))
