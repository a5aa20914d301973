"""Checks firmware images for Espressif's chips before they are sent: a chip refuses a broken one only after it boots.

Source: esptool's documentation, "Firmware Image Format": header, extended header, segments, checksum, appended SHA-256.
Pure functions over bytes that may be anything.
"""

from __future__ import annotations

import hashlib
import struct

from motestudio.errors import FlashError

CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c2": 12, "esp32c6": 13, "esp32h2": 16}
"""Chip ids of the extended header by esptool's names of the chips."""
_NAMES = {number: name for name, number in CHIP_IDS.items()}
_MAGIC = 0xE9
_HEADER = struct.Struct("<BBBBI")
_EXTENDED = struct.Struct("<4xHBHH4xB")
_SEGMENT = struct.Struct("<II")
_MAX_SEGMENTS = 16
_CHECKSUM_SEED = 0xEF
_HASH_BYTES = 32


def check_esp_image(data: bytes, chip: str, name: str) -> None:
    """See that an image is whole and for a chip.

    Args:
        data: the file; what follows the image, such as a signature, is not looked at.
        chip: esptool's name, such as ``esp32c3``.
        name: of the file, for the error.

    Raises:
        FlashError: ``flash.image``: not an image, cut short, or its checksum or hash is wrong; ``flash.wrong_chip``.
    """
    head = _HEADER.size + _EXTENDED.size
    if len(data) < head or data[0] != _MAGIC:
        raise _bad(name, "it does not begin as an image does")
    _, segments, *_ = _HEADER.unpack_from(data)
    chip_id, *_, hashed = _EXTENDED.unpack_from(data, _HEADER.size)
    if not 0 < segments <= _MAX_SEGMENTS:
        raise _bad(name, f"it says that it has {segments} segments")
    if chip_id != CHIP_IDS.get(chip):
        built_for = _NAMES.get(chip_id, f"a chip with id {chip_id}")
        raise FlashError(
            "flash.wrong_chip",
            f"{name} is built for {built_for}, the board has an {chip}.",
            "Build the firmware for this board, or choose the board that it was built for.",
            {"found": built_for, "expected": chip},
        )
    end, checksum = _sum_segments(data, head, segments, name)
    # The checksum is the last byte of a block of 16.
    end = (end | 15) + 1
    if end > len(data):
        raise _bad(name, "it is cut short")
    if data[end - 1] != checksum:
        raise _bad(name, "its checksum is wrong")
    if hashed and hashlib.sha256(data[:end]).digest() != data[end : end + _HASH_BYTES]:
        raise _bad(name, "its SHA-256 is wrong")


def _sum_segments(data: bytes, at: int, segments: int, name: str) -> tuple[int, int]:
    """Where the segments end, and their checksum."""
    checksum = _CHECKSUM_SEED
    for _ in range(segments):
        if at + _SEGMENT.size > len(data):
            raise _bad(name, "it is cut short")
        _, size = _SEGMENT.unpack_from(data, at)
        at += _SEGMENT.size
        if at + size > len(data):
            raise _bad(name, "it is cut short")
        checksum ^= _xor(data[at : at + size])
        at += size
    return at, checksum


def _xor(data: bytes) -> int:
    """All bytes of `data`, one exclusive or after the other."""
    # Folding halves of one large integer takes a hundredth of a loop over bytes.
    size = max(1, 1 << (len(data) - 1).bit_length()) if data else 1
    value = int.from_bytes(data, "little")
    while size > 1:
        size //= 2
        value = (value >> (8 * size)) ^ (value & ((1 << (8 * size)) - 1))
    return value


def _bad(name: str, why: str) -> FlashError:
    return FlashError(
        "flash.image", f"{name} cannot be flashed: {why}.", "Build the firmware again.", {"file": name, "why": why}
    )
