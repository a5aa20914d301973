"""What is to be written where: from the ELF file of an STM32 firmware, from ESP-IDF's build folder for an ESP32.

Both are untrusted: they are checked whole before a tool is started. Nothing here talks to a board.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from motestudio.domain.board import FLASH_ORIGIN, BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.elf import read_segments
from motestudio.firmware.flashers.esp_image import check_esp_image

ERASED = b"\xff"
FLASHER_ARGS = "flasher_args.json"
_MAX_FILE = 64 * 1024 * 1024
_MAX_ESP_FLASH = 16 * 1024 * 1024
_OFFSET = re.compile(r"0x[0-9a-fA-F]{1,8}")


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes for a place in flash.

    Attributes:
        address: of the first; an offset into the external flash of an ESP32.
        data: what is written.
        name: of the file it came from, for people.
    """

    address: int
    data: bytes = field(repr=False)
    name: str = ""

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.address + len(self.data)


def read_image(board: BoardFile, path: Path) -> tuple[Region, ...]:
    """Read and check what was built for a board.

    Args:
        board: what it is for.
        path: an ELF file for an STM32; ESP-IDF's build folder, which has ``flasher_args.json``, for an ESP32.

    Returns:
        Regions by address; they neither touch nor overlap.

    Raises:
        FlashError: ``flash.no_tool``: the board is neither; ``flash.image``: it is not usable, and why;
            ``flash.wrong_chip``; ``flash.too_big``: it lies outside the board's flash.
    """
    if board.family == "esp32":
        return _esp_regions(board, path)
    if board.family == "stm32":
        return _stm32_regions(board, path)
    raise FlashError("flash.no_tool", f"There is no tool here that flashes {board.name}.", "Use the tool of its maker.")


def flat(regions: Iterable[Region]) -> Region:
    """All regions as one; what lies between them stays as erased flash is.

    Args:
        regions: at least one, by address, as `read_image` gives them.
    """
    first, *others = regions
    data = bytearray(first.data)
    for other in others:
        data += ERASED * (other.address - first.address - len(data)) + other.data
    return Region(first.address, bytes(data), first.name)


def _stm32_regions(board: BoardFile, path: Path) -> tuple[Region, ...]:
    segments = read_segments(_read(path, path.name))
    if not segments:
        raise _bad(path.name, "it is no ELF file with anything to load")
    regions = _merged([Region(address, data, path.name) for address, data in segments])
    limit = FLASH_ORIGIN + board.flash_bytes
    for region in regions:
        if region.address < FLASH_ORIGIN or region.end > limit:
            raise FlashError(
                "flash.too_big",
                f"{path.name} wants 0x{region.address:08x} to 0x{region.end - 1:08x}; the flash of {board.name} is"
                f" 0x{FLASH_ORIGIN:08x} to 0x{limit - 1:08x}.",
                "Build the firmware for this board, or make the model smaller.",
                {"board": board.id, "address": region.address, "end": region.end},
            )
    return regions


def _merged(regions: list[Region]) -> tuple[Region, ...]:
    merged: list[Region] = []
    for region in sorted(regions, key=lambda r: r.address):
        if merged and region.address < merged[-1].end:
            raise _bad(region.name, f"two parts of it want 0x{region.address:08x}")
        if merged and region.address == merged[-1].end:
            last = merged.pop()
            merged.append(Region(last.address, last.data + region.data, last.name))
        else:
            merged.append(region)
    return tuple(merged)


def _esp_regions(board: BoardFile, folder: Path) -> tuple[Region, ...]:
    table = _flasher_args(folder / FLASHER_ARGS)
    chip = board.flashing.esptool_chip
    built_for = _table(table, "extra_esptool_args").get("chip")
    if built_for != chip:
        raise FlashError(
            "flash.wrong_chip",
            f"This firmware is built for {str(built_for)[:20]}, {board.name} has an {chip}.",
            "Build the firmware for this board, or choose the board that it was built for.",
            {"found": str(built_for)[:20], "expected": chip},
        )
    regions = [_esp_region(folder, offset, name) for offset, name in _table(table, "flash_files").items()]
    regions.sort(key=lambda region: region.address)
    for one, other in pairwise(regions):
        if other.address < one.end:
            raise _bad(FLASHER_ARGS, f"{one.name} and {other.name} want the same place")
    by_address = {region.address: region for region in regions}
    for part in ("bootloader", "app"):
        image = by_address.get(_offset(_table(table, part).get("offset")))
        if image is None:
            raise _bad(FLASHER_ARGS, f"it has no file for the {part}")
        check_esp_image(image.data, chip, image.name)
    return tuple(regions)


def _esp_region(folder: Path, offset: str, name: Any) -> Region:
    address = _offset(offset)
    if not isinstance(name, str) or not 0 < len(name) < 512 or "\0" in name:
        raise _bad(FLASHER_ARGS, f"what is at {offset} has no name")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise _bad(FLASHER_ARGS, f"{name} lies outside the build folder")
    data = _read(path, name)
    if not data:
        raise _bad(name, "it is empty")
    if address + len(data) > _MAX_ESP_FLASH:
        raise _bad(name, f"it would end at 0x{address + len(data):x}, beyond any flash")
    return Region(address, data, name)


def _flasher_args(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(_read(path, path.name))
    except (ValueError, RecursionError) as error:
        raise _bad(path.name, "it is not JSON") from error
    if not isinstance(table, dict):
        raise _bad(path.name, "it is not a table")
    return table


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise _bad(FLASHER_ARGS, f"it has no table {key!r}")
    return value


def _offset(text: Any) -> int:
    if not isinstance(text, str) or not _OFFSET.fullmatch(text):
        raise _bad(FLASHER_ARGS, f"{str(text)[:20]!r} is no offset")
    return int(text, 16)


def _read(path: Path, name: str) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise _bad(name, "it is larger than any chip's flash")
        return path.read_bytes()
    except OSError as error:
        raise _bad(name, f"it cannot be read: {error.strerror}") from error


def _bad(name: str, why: str) -> FlashError:
    return FlashError(
        "flash.image", f"{name} cannot be flashed: {why}.", "Build the firmware again.", {"file": name, "why": why}
    )
