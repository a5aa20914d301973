"""The generated STM32 firmware, built with the Arm toolchain and run in QEMU: recorded from as from a board."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.board import FLASH_ORIGIN, BoardFile
from motestudio.domain.recording import Facts
from motestudio.errors import DeviceError, FlashError
from motestudio.firmware.boards import load_boards
from motestudio.firmware.elf import read_segments
from motestudio.firmware.generator import FirmwareProject
from motestudio.firmware.slot_image import SlotImage
from motestudio.project.recordings import RecordingStore
from motestudio.studio.device_session import DeviceSession

from .test_c_app import CHANNELS, GAIN, STEP, STREAMING_TWIN, TWIN, WINDOW, make_project

PROGRAMS = ("arm-none-eabi-gcc", "qemu-system-arm", "cmake")
RAM_BYTES = 131_072
BOARD = load_boards()["stm32f405"]


def build(project: FirmwareProject, *options: str) -> Path:
    """As the project's README says."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    toolchain = project.folder / "port" / "stm32" / "toolchain.cmake"
    configure = ["cmake", "-B", "build", "-DMOTE_PORT=stm32", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", *options]
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
    return build(make_project(folder, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=BOARD))


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
        assert caught.value.code == "infer.no_model"
        assert session.description.model is not None
        held = session.request("slots")["slots"][0]
        assert held["sha256"] == session.description.model.sha256


def test_features_that_take_samples_as_they_come_build_and_stream_too(tmp_path: Path) -> None:
    hop = 4
    shape = (WINDOW // hop, CHANNELS)
    project = make_project(tmp_path, STREAMING_TWIN, shape, {"test_hop": hop}, hop=STEP, board=BOARD)
    with emulated(build(project)) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        saved = session.record_take(tmp_path / "rec", "t", "", Facts(), 1000)
    store = RecordingStore(tmp_path / "rec")
    assert np.array_equal(store.samples(store.load(saved)), triangle(np.arange(1000)))


def test_it_fits_the_chip_and_leaves_room_for_the_stack(image: Path) -> None:
    done = subprocess.run(["arm-none-eabi-size", image], capture_output=True, text=True, check=True)
    text, data, bss = (int(n) for n in done.stdout.splitlines()[1].split()[:3])
    # All but model and kernels; 4 KB of it are for motion sensors.
    assert text + data < 25_000
    # The ring, the window and the link's buffers of this project are 6 KB of it.
    assert data + bss < 20_000


def test_static_memory_that_leaves_no_stack_is_an_error_of_the_linker(tmp_path: Path) -> None:
    project = make_project(tmp_path, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=BOARD)
    memory = project.folder / "port" / "stm32" / "memory.ld"
    memory.write_text(memory.read_text().replace(f"LENGTH = {RAM_BYTES}", "LENGTH = 12288"))
    with pytest.raises(AssertionError, match="RAM"):
        build(project)


@pytest.mark.parametrize("board", [b for b in load_boards().values() if b.family == "stm32"], ids=lambda b: b.id)
def test_firmware_for_every_board_builds_and_lies_in_its_memories(tmp_path: Path, board: BoardFile) -> None:
    image = build(make_project(tmp_path, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=board))
    assert board.stm32 is not None
    project = tmp_path / "firmware" / board.id
    slot, model = board.stm32.model_slots[0], (project / "model" / "model_slot.h").read_text()
    size = int(re.search(r"SLOT_BYTES (\d+)", model)[1])
    where = dict(read_segments(image.read_bytes()))
    assert min(where) == FLASH_ORIGIN
    assert len(where[slot]) == size
    assert where[slot][:8] == b"MOTESLOT"
    stack, reset = struct.unpack_from("<II", where[FLASH_ORIGIN])
    assert stack == 0x2000_0000 + board.ram_bytes
    assert FLASH_ORIGIN < reset < FLASH_ORIGIN + len(where[FLASH_ORIGIN])


def test_a_model_is_loaded_into_the_emulated_chips_slot(image: Path, tmp_path: Path) -> None:
    with emulated(image) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        said = session.request("slots")
        assert (said["active"], [slot["state"] for slot in said["slots"]]) == (0, ["good", "empty"])
        made = SlotImage("new one", b"N" * 5000, 4096, said["contract"], said["made_for"], sequence=2)
        (tmp_path / "slot.bin").write_bytes(made.to_bytes())
        told: list[float] = []
        assert session.load_package(tmp_path / "slot.bin", told.append) == hashlib.sha256(made.model).hexdigest()
        assert told == sorted(told)
        assert told[-1] == 1.0
        assert session.description.model is not None
        assert (session.description.model.name, session.request("slots")["active"]) == ("new one", 1)
        stale = SlotImage("stale", b"S" * 50, 4096, b"another contract", said["made_for"], sequence=3)
        (tmp_path / "slot.bin").write_bytes(stale.to_bytes())
        with pytest.raises(FlashError, match="another firmware") as caught:
            session.load_package(tmp_path / "slot.bin")
        assert (caught.value.code, caught.value.hint[:24]) == ("slot.stale", "Flash the whole firmware")
        assert session.request("slots")["active"] == 1


def test_a_debug_build_watches_its_memory(tmp_path: Path) -> None:
    project = make_project(tmp_path, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=BOARD)
    debug = build(project, "-DMOTE_DEBUG=ON")
    with emulated(debug) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        session.record_take(tmp_path / "rec", "t", "wave", Facts(), 200)
        said = session.request("health")
        assert 1024 < said["stack_free"] < BOARD.ram_bytes
        assert said["arena_intact"] is True


def test_only_a_debug_build_says_how_its_memory_fares(image: Path, tmp_path: Path) -> None:
    with emulated(image) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        with pytest.raises(DeviceError) as caught:
            session.request("health")
        assert caught.value.code == "board.no_health"


def test_where_the_time_goes_is_told_by_part(image: Path, tmp_path: Path) -> None:
    with emulated(image) as url, DeviceSession(url, tail_dir=tmp_path / "tails", wait_s=0) as session:
        session.request("profile")
        session.record_take(tmp_path / "rec", "t", "wave", Facts(), 1000)
        said = session.request("profile")
        assert said["hz"] == 1_000_000
        assert 0 < said["sampling"] < 1_000_000
        assert 0 < said["stream"] < 1_000_000
        assert said["features"] == said["inference"] == said["post"] == 0
        assert session.request("profile")["sampling"] == 0
