"""Firmware for ESP32 chips as ESP-IDF leaves it: images as esptool's documentation describes them, and the folder."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

from motestudio.firmware.flashers.esp_image import CHIP_IDS


def esp_image(chip: str, nbytes: int, *, hashed: bool = True) -> bytes:
    """An image of two segments for a chip."""
    payload = random.Random(nbytes).randbytes(nbytes // 2 // 4 * 4)
    data = struct.pack("<BBBBI", 0xE9, 2, 2, 0x20, 0x4038_0000)
    data += struct.pack("<4xHBHH4xB", CHIP_IDS[chip], 0, 0, 99, hashed)
    for address, part in ((0x3FC8_0000, payload), (0x4038_0000, payload[::-1] + b"\x01\x02\x03\x04")):
        data += struct.pack("<II", address, len(part)) + part
    checksum = reduce(xor, payload[::-1] + b"\x01\x02\x03\x04" + payload, 0xEF)
    data += bytes(15 - len(data) % 16) + bytes([checksum])
    return data + (hashlib.sha256(data).digest() if hashed else b"")


def esp_build(folder: Path, chip: str, app_bytes: int = 150_000, **changes: Any) -> Path:
    """A build folder with boot loader, partition table and application; `changes` are made to its table."""
    first = "0x1000" if chip == "esp32" else "0x0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bootloader.bin").write_bytes(esp_image(chip, 20_000))
    (folder / "partitions.bin").write_bytes(b"\xaa\x50\x01\x02" + bytes(3068))
    (folder / "app.bin").write_bytes(esp_image(chip, app_bytes))
    table = {
        "flash_files": {first: "bootloader.bin", "0x10000": "app.bin", "0x8000": "partitions.bin"},
        "bootloader": {"offset": first, "file": "bootloader.bin", "encrypted": "false"},
        "app": {"offset": "0x10000", "file": "app.bin", "encrypted": "false"},
        "extra_esptool_args": {"after": "hard_reset", "before": "default_reset", "stub": True, "chip": chip},
    }
    (folder / "flasher_args.json").write_text(json.dumps(table | changes))
    return folder
