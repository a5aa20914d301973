"""The ESP32 port's own sources as a program of this computer, on a kernel and a chip that are made up: tasks, blocks,
time stamps, sensors and model slots do what they should. Its clock stands still while a task computes.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from motestudio.devices.link.description import description_from_map
from motestudio.devices.link.protocol import Event
from motestudio.devices.link.session import LinkSession
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import Channel, ChannelGroup, SampleBlock
from motestudio.firmware.boards import load_boards
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.sdk.data import SignalInfo
from support import idf
from support.waiting import until

from .test_c_app import (
    CHANNELS,
    GAIN,
    STEP,
    TWIN,
    WINDOW,
    Board,
    expected_scores,
    load,
    make_project,
    running,
    slot_image,
)

BOARD = load_boards()["esp32-c3-devkitm"]
HOST = Path(idf.__file__).parent / "idf_host.c"
TFLM = Path(__file__).parent / "drivers" / "tflm_example.c"
MOTION = ChannelGroup("imu", 1000.0, tuple(Channel(f"a{x}", "g", 1 / 8192) for x in "xyz"))
SOUND = ChannelGroup("audio", 16_000.0, (Channel("audio", "", 1 / 32768),))
Built = tuple[FirmwareProject, Path]


class Chip(Board):
    """A board whose messages are kept."""

    def __init__(self, program: Path, log: Path, *arguments: str) -> None:
        with log.open("w") as file:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([program, *arguments], stdin=pipe, stdout=pipe, stderr=file, bufsize=0)
        self.session = LinkSession()
        self.incoming: list = []
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def take(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Samples, and the time of each by its block."""
        self.incoming.clear()
        assert self.request("start", count=count).ok
        self.wait_for(lambda m: isinstance(m, Event), 20)
        blocks = [m for m in self.incoming if isinstance(m, SampleBlock)]
        rate = self.rate_hz
        times = [b.device_time_us + np.arange(len(b.samples)) * 1e6 / rate for b in blocks]
        return np.concatenate([b.samples for b in blocks]), np.concatenate(times)

    @property
    def rate_hz(self) -> float:
        return description_from_map(self.request("describe").result).groups[0].rate_hz


def make(folder: Path, group: ChannelGroup) -> FirmwareProject:
    """For a signal of that group; its window has as many numbers as the feature twin reads."""
    request = make_project(folder, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=BOARD).request
    signal = SignalInfo(group, WINDOW * CHANNELS // len(group.channels), STEP)
    return generate(folder / group.name, replace(request, deployable=replace(request.deployable, signal=signal)))


@pytest.fixture(scope="module")
def build(compile_c: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    """Compiles the port for a signal, with options of its menu."""

    @cache
    def compiled(group: ChannelGroup, **options: str) -> Built:
        folder = tmp_path_factory.mktemp("port")
        project = make(folder, group)
        port = project.folder / "port" / "esp32"
        told = idf.component(port)
        idf.sdkconfig(port, "esp32c3", **options).write_autoconf(str(folder / "sdkconfig.h"))
        includes = [f"-I{d}" for d in (idf.HEADERS, folder, port / "main", *told["PRIV_INCLUDE_DIRS"])]
        defines = ["-D_GNU_SOURCE", "-pthread", *(f"-D{d}" for d in told["DEFINITIONS"])]
        sources = [Path(s) for s in told["SRCS"] if s.endswith(".c")]
        return project, compile_c("chip", [HOST, TFLM, *sources], *includes, *defines)

    return compiled


@pytest.fixture
def start(build: Callable[..., Built], tmp_path: Path) -> Iterator[Callable[..., Chip]]:
    chips: list[Chip] = []

    def run(group: ChannelGroup, *arguments: str, **options: str) -> Chip:
        project, program = build(group, **options)
        slot = f"slot={project.folder / 'model' / 'slot.bin'}"
        chips.append(Chip(program, tmp_path / f"log{len(chips)}.txt", slot, *arguments))
        return chips[-1]

    yield run
    assert [chip.close() for chip in chips] == [0] * len(chips)


@pytest.mark.parametrize("sensor", ["mpu", "lsm"])
def test_a_take_from_the_motion_sensor_has_every_sample_at_its_time(start, sensor: str):
    chip = start(MOTION, sensor)
    said = description_from_map(chip.request("describe").result)
    assert said.serial_number == "A1B2C3D4E5F6"
    for begin in (0, 1):
        samples, times = chip.take(3000)
        first = samples[0, 0]
        assert first > 0 if begin else first == 0
        n = first + np.arange(3000)
        assert np.array_equal(samples, np.stack([n, -n, 2 * n], axis=1).astype(np.int16))
        assert np.array_equal(np.diff(times), np.full(2999, 1000.0))
    settings = {"mpu": ["6b=01", "1a=00", "19=00", "1b=00", "1c=08"], "lsm": ["12=44", "10=8a", "11=82"]}[sensor]
    assert [line.removeprefix("I i2c: ") for line in chip.log.splitlines() if "i2c" in line][
        : len(settings)
    ] == settings


def test_samples_that_could_not_be_read_are_a_gap_in_time_and_nothing_else(start):
    chip = start(MOTION, "mpu", "fail=333,37")
    samples, times = chip.take(1000)
    n = np.concatenate([np.arange(333), np.arange(370, 1037)])
    assert np.array_equal(samples[:, 0], n)
    assert np.array_equal(times - times[0], 1000.0 * n)
    assert "does not answer any more" in chip.log
    assert "is back" in chip.log


def test_sound_comes_by_its_own_clock(start):
    chip = start(SOUND, "mic", MOTE_MIC_GAIN_BITS="0")
    samples, times = chip.take(16_000)
    n = samples[0, 0].astype(int) + np.arange(16_000)
    assert samples[0, 0] >= 2**18 / 64  # what the microphone gives while it wakes up is left out
    assert np.array_equal(samples[:, 0], n.astype(np.int16))
    np.testing.assert_allclose(np.diff(times), 62.5, atol=1)


@pytest.mark.parametrize(("group", "said"), [(MOTION, "no MPU-6050"), (SOUND, "no microphone")])
def test_without_a_sensor_nothing_is_made_up(start, group: ChannelGroup, said: str):
    chip = start(group)
    assert chip.request("start").ok
    until(lambda: "nothing is sampled" in chip.log)
    assert said in chip.log
    assert chip.request("stop").ok
    assert not [m for m in chip.incoming if isinstance(m, SampleBlock)]


def test_the_made_up_signal_is_there_when_it_is_chosen(start):
    chip = start(MOTION, MOTE_SENSOR_MADE_UP="y")
    samples, times = chip.take(500)
    phase = np.arange(500)[:, None] * (np.arange(3) + 1) % 200
    assert np.array_equal(samples, np.where(phase < 100, phase, 200 - phase) * 80 - 4000)
    np.testing.assert_allclose(np.diff(times), 1000, atol=1)


def test_it_infers_every_window_while_it_samples(start):
    chip = start(MOTION, "mpu")
    assert chip.request("infer_start").ok
    samples, _ = chip.take(400)
    chip.request("stop")
    frames = [m for m in chip.incoming if isinstance(m, InferenceFrame)]
    assert [f.sample_index for f in frames] == list(range(WINDOW - 1, 400, STEP))[: len(frames)]
    assert len(frames) == (400 - WINDOW) // STEP + 1
    for frame in frames:
        window = samples[frame.sample_index - WINDOW + 1 : frame.sample_index + 1]
        assert frame.output == tuple(expected_scores(window).tolist())


def test_a_model_goes_to_the_other_partition_and_runs(start, build):
    project, _ = build(MOTION)
    chip = start(MOTION, "mpu")
    assert running(chip) == project.request.model_sha256
    image = slot_image(project, b"another model" * 1000)
    assert load(chip, image).ok
    assert running(chip) == hashlib.sha256(image.model).hexdigest()
    slots = chip.request("slots").result
    assert slots["active"] == 1
    assert slots["slot_bytes"] == 1 << 20
    assert [slot["state"] for slot in slots["slots"]] == ["good", "good"]
    assert not load(chip, slot_image(project, b"X refused", sequence=9)).ok
    assert chip.take(100)[0].shape == (100, 3)
