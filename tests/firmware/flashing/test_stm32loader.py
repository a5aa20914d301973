"""The real stm32loader flashes an emulated chip in ST's UART boot loader."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.flashers.images import Region, flat, read_image
from support.an3155_chip import ORIGIN, An3155Chip
from support.elf_files import elf_file
from support.flash_port import FlashPort

from .conftest import Flashing

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX"),
    pytest.mark.skipif(importlib.util.find_spec("stm32loader") is None, reason="stm32loader is not installed"),
]

Boards = dict[str, BoardFile]
OLD = 0xA5


@pytest.fixture
def regions(boards: Boards, tmp_path: Path) -> tuple[Region, ...]:
    path = tmp_path / "a.elf"
    code = random.Random(1).randbytes(5001)
    path.write_bytes(elf_file((ORIGIN, code), (ORIGIN + 0x1800, b"constants")))
    return read_image(boards["nucleo-f446re"], path)


def holds(chip: An3155Chip, regions: Sequence[Region]) -> bool:
    whole = flat(regions)
    start = whole.address - ORIGIN
    # Loaders write words: up to three bytes behind stay erased.
    return chip.flash[start : start + len(whole.data)] == whole.data and set(chip.flash[start + len(whole.data) :]) == {
        0xFF
    }


def failure(flashing: Flashing, chip: An3155Chip, board: BoardFile, regions: Sequence[Region]) -> FlashError:
    with FlashPort(chip, flashing.port), pytest.raises(FlashError) as caught:
        flashing(board, regions, "stm32loader")
    return caught.value


@pytest.mark.parametrize(
    ("board", "chip"),
    [
        ("nucleo-f446re", An3155Chip(0x421)),
        ("nucleo-f072rb", An3155Chip(0x448, 128 * 1024, extended=False)),
        ("nucleo-l476rg", An3155Chip(0x415, 1024 * 1024, has_reset=False)),
    ],
    ids=["extended erase", "erase", "no reset line"],
)
def test_it_arrives_is_read_back_and_started(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...], board: str, chip: An3155Chip
) -> None:
    with FlashPort(chip, flashing.port):
        result = flashing(boards[board], regions, "stm32loader")
    assert holds(chip, regions)
    assert chip.erases == 1
    assert chip.started_at == ORIGIN
    assert (result.tool, result.verified) == ("stm32loader", True)
    assert flashing.progress == sorted(flashing.progress)
    assert flashing.progress[-1] == 1.0
    assert len(set(flashing.progress)) > 40
    assert len(flashing.log) < 30
    assert flashing.words == ["Connecting", "Erasing", "Writing", "Verifying", "Verified"]


def test_another_chip_is_named_before_anything_is_erased(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = An3155Chip(0x413)
    error = failure(flashing, chip, boards["nucleo-f446re"], regions)
    assert error.code == "flash.wrong_chip"
    assert "0x413" in error.text
    assert "STM32F446RE (0x421)" in error.text
    assert (chip.erases, chip.writes) == (0, 0)
    assert set(chip.flash) == {OLD}


def test_an_application_that_talks_instead_of_the_loader(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    error = failure(flashing, An3155Chip(talks=b"ax=1\n"), boards["nucleo-f446re"], regions)
    assert error.code == "flash.no_answer"
    assert "BOOT0" in error.hint


def test_a_refused_write_is_told_and_the_next_attempt_works(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = An3155Chip(refuse_writes=1, refuse_from=6)
    with FlashPort(chip, flashing.port):
        with pytest.raises(FlashError) as caught:
            flashing(boards["nucleo-f446re"], regions, "stm32loader")
        assert caught.value.code == "flash.failed"
        assert "NACK" in caught.value.text
        assert "Traceback" not in caught.value.text
        assert flashing(boards["nucleo-f446re"], regions, "stm32loader").verified
    assert holds(chip, regions)


def test_noise_on_the_line(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    error = failure(flashing, An3155Chip(noise_at=6), boards["nucleo-f446re"], regions)
    assert error.code == "flash.interrupted"
    assert "cable" in error.hint


def test_unplugged_half_way_it_says_so_and_the_next_attempt_works(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = An3155Chip(unplug_at=12)
    with FlashPort(chip, flashing.port) as port:
        with pytest.raises(FlashError) as caught:
            flashing(boards["nucleo-f446re"], regions, "stm32loader")
        assert caught.value.code == "flash.interrupted"
        assert "BOOT0" in caught.value.hint
        assert 0.15 < flashing.progress[-1] < 0.6
        assert not holds(chip, regions)
        port.plug_again()
        assert flashing(boards["nucleo-f446re"], regions, "stm32loader").verified
    assert holds(chip, regions)


def test_a_flash_that_does_not_clear_a_byte_is_found(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    error = failure(flashing, An3155Chip(drops=ORIGIN + 0x1000), boards["nucleo-f446re"], regions)
    assert error.code == "flash.verify"
    assert "0x1000" in error.data["said"]


def test_write_protected_sectors_are_found_by_reading_back(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = An3155Chip(write_protected=True)
    error = failure(flashing, chip, boards["nucleo-f446re"], regions)
    assert error.code == "flash.verify"
    assert "write protection" in error.hint
    assert set(chip.flash) == {OLD}


def test_a_read_out_protected_chip_says_so(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    chip = An3155Chip(read_protected=True)
    error = failure(flashing, chip, boards["nucleo-f446re"], regions)
    assert error.code == "flash.write_protected"
    assert "read-out protection" in error.hint
    assert set(chip.flash) == {OLD}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows who has a port open")
def test_a_port_that_another_program_has_open_is_left_to_it(
    boards: Boards, flashing: Flashing, regions: tuple[Region, ...]
) -> None:
    chip = An3155Chip()
    hold = f"import os; os.open({str(flashing.port)!r}, os.O_RDWR | os.O_NOCTTY); print('open', flush=True); input()"
    with FlashPort(chip, flashing.port):
        argv = [sys.executable, "-c", hold]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as monitor:
            assert monitor.stdout is not None
            monitor.stdout.readline()
            with pytest.raises(FlashError) as caught:
                flashing(boards["nucleo-f446re"], regions, "stm32loader")
            monitor.kill()
    assert caught.value.code == "flash.port_busy"
    assert str(monitor.pid) in caught.value.text
    assert chip.erases == 0


def test_no_port(boards: Boards, flashing: Flashing, regions: tuple[Region, ...]) -> None:
    with pytest.raises(FlashError) as caught:
        flashing(boards["nucleo-f446re"], regions, "stm32loader")
    assert caught.value.code == "flash.no_port"
