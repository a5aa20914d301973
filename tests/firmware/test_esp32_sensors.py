"""What the ESP32 port makes of its sensors' bytes: the project's counts, on every machine that the C core runs on."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from motestudio.domain.signal import Channel
from motestudio.virtualboard.imu_sim import GROUP as WAND
from motestudio.virtualboard.vibration_sim import GROUP as MACHINE

# The MPU-6050's data sheet: counts for 1 g and for a degree a second, range by range.
PER_G, PER_DEGREE = (16384, 8192, 4096, 2048), (131, 65.5, 32.8, 16.4)


@pytest.fixture(scope="module")
def sensors(start_driver: Callable):
    return start_driver("motion", "../sensors/motion.c", "../sensors/pcm.c")


def choose(sensors, chip: str, *channels: Channel) -> str:
    def bits(value: float) -> str:
        return struct.pack(">f", value).hex()

    told = [f"{c.name},{c.unit},{bits(c.scale)},{bits(c.offset)}" for c in channels]
    return sensors.ask(f"{chip} {' '.join(told)}")


def mpu(sensors, acceleration: tuple[int, int, int], rotation: tuple[int, int, int]) -> list[int]:
    data = struct.pack(">3hh3h", *acceleration, 1234, *rotation)
    return [int(value) for value in sensors.ask(f"bytes {data.hex()}").split()]


def lsm(sensors, acceleration: tuple[int, int, int], rotation: tuple[int, int, int]) -> list[int]:
    data = struct.pack("<3h3h", *rotation, *acceleration) + bytes(2)
    return [int(value) for value in sensors.ask(f"bytes {data.hex()}").split()]


ACCELERATION, ROTATION = (1, -2, 32767), (-32768, 5, -6)


def test_the_wand_s_counts_are_the_lsm6ds_own(sensors):
    assert choose(sensors, "lsm", *WAND.channels) == f"{0x08} {0x04} 1"
    assert lsm(sensors, ACCELERATION, ROTATION) == [*ACCELERATION, *ROTATION]


def test_the_machine_s_counts_are_the_mpu6050_s_own(sensors):
    assert choose(sensors, "mpu", *MACHINE.channels) == f"{0x10} 0 1"
    assert mpu(sensors, ACCELERATION, ROTATION) == list(ACCELERATION)


def test_a_sensor_with_other_counts_gives_the_same_physical_values(sensors):
    acceleration, rotation = choose(sensors, "mpu", *WAND.channels).split()[:2]
    assert (int(acceleration), int(rotation)) == (0x08, 0x08)  # 4 g and 500 degrees a second
    got = mpu(sensors, (8192, -4096, 0), (6550, -3275, 32767))
    physical = np.array(got) * [c.scale for c in WAND.channels]
    assert physical == pytest.approx([1.0, -0.5, 0.0, 100.0, -50.0, 32767 / 65.5], rel=2e-3, abs=1e-3)


@pytest.mark.parametrize(("unit", "one_g"), [("g", 1.0), ("m/s²", 9.80665), ("m/s^2", 9.80665)])
def test_units_of_acceleration(sensors, unit: str, one_g: float):
    code = choose(sensors, "mpu", *(Channel(f"a{x}", unit, one_g / 3000) for x in "xyz")).split()[0]
    raw = PER_G[int(code) >> 3]
    assert mpu(sensors, (raw, 0, -raw), (7, 7, 7)) == pytest.approx([3000, 0, -3000], abs=1)


@pytest.mark.parametrize(("unit", "quarter"), [("°/s", 90.0), ("dps", 90.0), ("deg/s", 90.0), ("rad/s", np.pi / 2)])
def test_units_of_rotation(sensors, unit: str, quarter: float):
    code = choose(sensors, "mpu", *(Channel(f"g{x}", unit, quarter / 3000) for x in "xyz")).split()[1]
    raw = round(90 * PER_DEGREE[int(code) >> 3])
    assert mpu(sensors, (7, 7, 7), (raw, 0, -raw)) == pytest.approx([3000, 0, -3000], abs=1)


def test_axes_by_name_by_place_and_in_any_order(sensors):
    scale = 1 / 4096
    choose(sensors, "mpu", Channel("acc_z", "g", scale), Channel("acc_x", "g", scale))
    assert mpu(sensors, (1, 2, 3), (4, 5, 6)) == [3, 1]
    choose(sensors, "mpu", *(Channel(f"c{i}", "g", scale) for i in range(3)))
    assert mpu(sensors, (1, 2, 3), (4, 5, 6)) == [1, 2, 3]
    choose(sensors, "mpu", Channel("wY", "°/s", 1 / 32.8))
    assert mpu(sensors, (1, 2, 3), (4, 5, 6)) == [5]


def test_an_offset_is_taken_off_and_the_ends_hold(sensors):
    # Raw zero is 1 g: a sensor that reads 1 g gives 0.
    assert choose(sensors, "mpu", Channel("z", "g", 1 / 16384, 1.0)) == "0 0 0"
    assert mpu(sensors, (0, 0, 16384), (0, 0, 0)) == [0]
    assert mpu(sensors, (0, 0, -32768), (0, 0, 0)) == [-32768]
    # Finer than any range of the sensor: the nearest one, and no wrap-around.
    choose(sensors, "mpu", Channel("x", "g", 1 / 65536))
    assert mpu(sensors, (32767, 0, 0), (0, 0, 0)) == [32767]
    assert mpu(sensors, (100, 0, 0), (0, 0, 0)) == [400]


@pytest.mark.parametrize("unit", ["", "V", "dB"])
def test_what_is_no_motion_is_refused(sensors, unit: str):
    assert choose(sensors, "lsm", Channel("ax", "g", 0.001), Channel("b", unit)) == "refused"
    assert choose(sensors, "lsm", *(Channel(f"c{i}", "g", 0.001) for i in range(17))) == "refused"


def test_sound_is_rounded_amplified_and_held_at_the_ends(sensors):
    def pcm(gain: int, value: int) -> int:
        return int(sensors.ask(f"pcm {gain} {value}"))

    for gain in (0, 2, 6):
        values = np.random.default_rng(gain).integers(-(2**23), 2**23, 50) << 8
        for value in [*values.tolist(), -(2**31), 2**31 - 256, 0, 1 << 15, -(1 << 15)]:
            wanted = np.clip(np.floor(value / 2 ** (16 - gain) + 0.5), -32768, 32767)
            assert pcm(gain, value) == wanted
