"""The real esptool flashes an emulated chip through its loader: what arrives, what is told, what faults are called."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from motestudio.domain.board import BoardFile
from motestudio.errors import Cancelled, FlashError, MissingError
from motestudio.firmware.flashers import esptool
from motestudio.firmware.flashers.images import Region, read_image
from motestudio.studio import flash_chip
from motestudio.studio.operation import Happening, Operation
from support.esp_images import esp_build, esp_image
from support.flash_port import FlashPort
from support.rom_loader import RomLoader

from .conftest import Flashing

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX"),
    pytest.mark.skipif(importlib.util.find_spec("esptool") is None, reason="esptool is not installed"),
]

Boards = dict[str, BoardFile]
BOARDS = {"esp32": "esp32-devkitc", "esp32c3": "esp32-c3-devkitm", "esp32s3": "esp32-s3-devkitc"}


@pytest.fixture
def regions(boards: Boards, tmp_path: Path) -> tuple[Region, ...]:
    return read_image(boards["esp32-c3-devkitm"], esp_build(tmp_path / "build", "esp32c3"))


def holds(chip: RomLoader, regions: Sequence[Region]) -> bool:
    return all(chip.flash[region.address : region.end] == region.data for region in regions)


def failure(flashing: Flashing, chip: RomLoader, board: BoardFile, regions: Sequence[Region]) -> FlashError:
    with FlashPort(chip, flashing.port), pytest.raises(FlashError) as caught:
        flashing(board, regions, "esptool")
    return caught.value


@pytest.mark.parametrize("name", BOARDS)
def test_the_images_of_these_tests_are_good_by_esptool_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / "app.bin"
    path.write_bytes(esp_image(name, 1000))
    said = subprocess.check_output([sys.executable, "-m", "esptool", "image-info", str(path)], text=True)
    assert said.count("(valid)") == 2
    assert f"Detected image type: {name.upper()[:5]}" in said


@pytest.mark.parametrize("name", BOARDS)
def test_every_file_arrives_and_is_verified(boards: Boards, flashing: Flashing, tmp_path: Path, name: str) -> None:
    board = boards[BOARDS[name]]
    regions = read_image(board, esp_build(tmp_path / "build", name))
    chip = RomLoader(name)
    before = bytes(chip.flash[0x60_000:])
    with FlashPort(chip, flashing.port):
        result = flashing(board, regions, "esptool")
    assert holds(chip, regions)
    assert chip.flash[0x60_000:] == before
    assert (result.tool, result.verified) == ("esptool", True)
    assert result.nbytes == sum(len(region.data) for region in regions)
    assert flashing.progress == sorted(flashing.progress)
    assert flashing.progress[-1] == 1.0
    assert len(set(flashing.progress)) > 8
    assert flashing.words[0] == "Connecting"
    assert flashing.words[-4:] == ["Erasing", "Writing", "Verifying", "Verified"]


def test_another_chip_on_the_port_is_named_and_left_alone(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = RomLoader("esp32")
    error = failure(flashing, chip, boards["esp32-c3-devkitm"], regions)
    assert error.code == "flash.wrong_chip"
    assert error.data == {"found": "ESP32", "expected": "ESP32-C3"}
    assert "Nothing was written" in error.text
    assert chip.blocks == 0


def test_an_application_that_talks_instead_of_the_loader(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    error = failure(flashing, RomLoader(talks=b"ax=1 ay=2\n"), boards["esp32-c3-devkitm"], regions)
    assert error.code == "flash.no_answer"
    assert "hold BOOT" in error.hint


def test_one_refused_block_is_sent_again(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    chip = RomLoader(refuse_at={4: 1})
    with FlashPort(chip, flashing.port):
        assert flashing(boards["esp32-c3-devkitm"], regions, "esptool").verified
    assert holds(chip, regions)


def test_a_block_that_is_always_refused_is_told_in_the_tools_words(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    error = failure(flashing, RomLoader(refuse_at={4: 99}), boards["esp32-c3-devkitm"], regions)
    assert error.code == "flash.failed"
    assert "Failed to write" in error.text


def test_noise_ends_an_attempt_and_the_next_one_works(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = RomLoader(noise_at=5)
    with FlashPort(chip, flashing.port):
        with pytest.raises(FlashError) as caught:
            flashing(boards["esp32-c3-devkitm"], regions, "esptool")
        assert caught.value.code == "flash.interrupted"
        assert flashing(boards["esp32-c3-devkitm"], regions, "esptool").verified
    assert holds(chip, regions)


def test_unplugged_half_way_it_says_so_and_the_next_attempt_works(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = RomLoader(unplug_at=7)
    with FlashPort(chip, flashing.port) as port:
        with pytest.raises(FlashError) as caught:
            flashing(boards["esp32-c3-devkitm"], regions, "esptool")
        assert caught.value.code == "flash.interrupted"
        assert "not damaged" in caught.value.hint
        assert 0.3 < flashing.progress[-1] < 0.95
        assert not holds(chip, regions)
        port.plug_again()
        assert flashing(boards["esp32-c3-devkitm"], regions, "esptool").verified
    assert holds(chip, regions)


def test_plugged_in_again_at_once_the_same_attempt_goes_on(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = RomLoader(unplug_at=7)
    with FlashPort(chip, flashing.port) as port:
        flashing.on_log = lambda line: port.plug_again() if "Lost connection" in line else None
        assert flashing(boards["esp32-c3-devkitm"], regions, "esptool").verified
    assert holds(chip, regions)
    assert flashing.progress == sorted(flashing.progress)


def test_a_flash_that_does_not_keep_a_bit_is_found(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    dropped = next(a for a in range(0x14000, 0x15000) if not regions[2].data[a - 0x10000] & 1)
    error = failure(flashing, RomLoader(drops=dropped), boards["esp32-c3-devkitm"], regions)
    assert error.code == "flash.verify"
    assert "worn" in error.hint


def test_a_locked_chip_is_not_written(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    chip = RomLoader(secure_download=True, encrypted=True)
    error = failure(flashing, chip, boards["esp32-c3-devkitm"], regions)
    assert error.code == "flash.write_protected"
    assert chip.blocks == 0


def test_a_chip_that_gives_no_hash_is_written_and_said_to_be_unverified(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = RomLoader(secure_download=True)
    with FlashPort(chip, flashing.port):
        result = flashing(boards["esp32-c3-devkitm"], regions, "esptool")
    assert holds(chip, regions)
    assert not result.verified
    assert flashing.words[-1] == "Written"


def test_no_port(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    with pytest.raises(FlashError) as caught:
        flashing(boards["esp32-c3-devkitm"], regions, "esptool")
    assert caught.value.code == "flash.no_port"
    assert str(flashing.port) in caught.value.text


def test_cancel_ends_the_tool(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    chip = RomLoader(talks=b"silence\n")
    operation = Operation()

    def heard(happening: Happening) -> None:
        if happening.kind == "log" and happening.text.startswith("Serial port"):
            operation.cancel.cancel()

    operation.on_happening = heard
    with FlashPort(chip, flashing.port), pytest.raises(Cancelled):
        flash_chip.flash(boards["esp32-c3-devkitm"], regions, str(flashing.port), operation)


def test_a_tool_that_is_not_installed_is_named(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash_chip.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingError) as caught:
        flashing(boards["esp32-c3-devkitm"], regions, "esptool")
    assert caught.value.code == "flash.tool_missing"
    assert "pip install esptool" in caught.value.hint


def test_a_tool_for_another_kind_of_chip_is_refused(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    with pytest.raises(FlashError) as caught:
        flashing(boards["esp32-c3-devkitm"], regions, "stm32loader")
    assert caught.value.code == "flash.no_tool"
    assert "esptool" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("could not open port /dev/x: [Errno 13] Permission denied: '/dev/x'", "flash.permission"),
        ("could not open port /dev/x: [Errno 16] Device or resource busy: '/dev/x'", "flash.port_busy"),
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "flash.port_busy"),
        ("could not open port 'COM3': FileNotFoundError(2, 'The system cannot find the file')", "flash.no_port"),
        ("could not open port 'COM3': OSError(22, 'The semaphore timeout period has expired')", "flash.no_port"),
    ],
)
def test_what_the_system_says_of_a_port(boards: Boards, monkeypatch: pytest.MonkeyPatch, said: str, code: str) -> None:
    monkeypatch.setattr(sys, "platform", "win32" if "COM3" in said else "linux")
    output = f"Serial port:\nA fatal error occurred: Could not open it, the port is busy or doesn't exist.\n({said})\n"
    error = esptool.explain(boards["esp32-c3-devkitm"], "/dev/x", output, 2)
    assert error.code == code
    assert error.hint
