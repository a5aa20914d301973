"""The generated STM32 firmware, built with the Arm toolchain and run in QEMU: recorded from as from a board."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.recording import Facts
from motestudio.errors import DeviceError
from motestudio.firmware.generator import FirmwareProject
from motestudio.project.recordings import RecordingStore
from motestudio.studio.device_session import DeviceSession

from .test_c_app import CHANNELS, GAIN, STEP, STREAMING_TWIN, TWIN, WINDOW, make_project

PROGRAMS = ("arm-none-eabi-gcc", "qemu-system-arm", "cmake")
RAM_BYTES, FLASH_BYTES = 98_304, 1_048_576


def build(project: FirmwareProject) -> Path:
    """As the project's README says."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    toolchain = project.folder / "port" / "stm32" / "toolchain.cmake"
    configure = ["cmake", "-B", "build", "-DMOTE_PORT=stm32", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"]
    for argv in (configure, ["cmake", "--build", "build", "--parallel", "2"]):
        done = subprocess.run(argv, cwd=project.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr
    (image,) = (project.folder / "build").glob("*.elf")
    return image


@contextmanager
def emulated(image: Path) -> Iterator[str]:
    """The address of a board in QEMU. It counts instructions: its time does not hang on how busy this computer is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none", "-icount", "shift=3"]
    serial = f"tcp:127.0.0.1:{port},server=on,wait=on"
    board = subprocess.Popen([*argv, "-kernel", str(image), "-serial", serial], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        yield f"socket://127.0.0.1:{port}"
    finally:
        board.kill()
        board.wait()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stm32")
    return build(make_project(folder, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}))


def triangle(index: np.ndarray) -> np.ndarray:
    phase = index[:, None] * (np.arange(CHANNELS) + 1) % 200
    return (np.where(phase < 100, phase, 200 - phase) * 80 - 4000).astype(np.int16)


def test_a_take_from_the_emulated_chip_has_every_sample_at_its_time(image: Path, tmp_path: Path) -> None:
    with emulated(image) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        assert session.description.serial_number == "EMULATED"
        assert session.description.groups[0].rate_hz == 1000.0
        saved = session.record_take(tmp_path / "rec", "t", "wave", Facts(), 3000)
        again = session.record_take(tmp_path / "rec", "u", "wave", Facts(), 500)
    store = RecordingStore(tmp_path / "rec")
    recording = store.load(saved)
    assert np.array_equal(store.samples(recording), triangle(np.arange(3000)))
    assert recording.health.lost_samples == recording.health.crc_errors == 0
    assert recording.health.rate_hz == pytest.approx(1000.0, rel=1e-4)
    assert recording.health.jitter_max_ms < 0.1
    assert np.array_equal(store.samples(store.load(again)), triangle(np.arange(500)))


def test_without_a_model_it_says_so(image: Path, tmp_path: Path) -> None:
    with emulated(image) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        window = np.zeros((WINDOW, CHANNELS), "<i2").tobytes()
        with pytest.raises(DeviceError) as caught:
            session.request("infer_window", samples=window)
        assert caught.value.code == "board.no_model"
        assert session.request("package_hash")["sha256"] == session.description.model.sha256


def test_features_that_take_samples_as_they_come_build_and_stream_too(tmp_path: Path) -> None:
    hop = 4
    shape = (WINDOW // hop, CHANNELS)
    project = make_project(tmp_path, STREAMING_TWIN, shape, {"test_hop": hop}, hop=STEP)
    with emulated(build(project)) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        saved = session.record_take(tmp_path / "rec", "t", "", Facts(), 1000)
    store = RecordingStore(tmp_path / "rec")
    assert np.array_equal(store.samples(store.load(saved)), triangle(np.arange(1000)))


def test_it_fits_the_chip_and_leaves_room_for_the_stack(image: Path) -> None:
    done = subprocess.run(["arm-none-eabi-size", image], capture_output=True, text=True, check=True)
    text, data, bss = (int(n) for n in done.stdout.splitlines()[1].split()[:3])
    # All but model and kernels; the ring, the window and the link's buffers of this project are 6 KB of it.
    assert text + data < 20_000
    assert data + bss < 20_000


def test_static_memory_that_leaves_no_stack_is_an_error_of_the_linker(tmp_path: Path) -> None:
    project = make_project(tmp_path, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN})
    memory = project.folder / "port" / "stm32" / "memory.ld"
    memory.write_text(memory.read_text().replace(f"LENGTH = {RAM_BYTES}", "LENGTH = 12288"))
    with pytest.raises(AssertionError, match="RAM"):
        build(project)
