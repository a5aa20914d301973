"""ELF files of 32 bits with nothing but segments."""

from __future__ import annotations

import struct


def elf_file(*segments: tuple[int, bytes], ram: int = 0) -> bytes:
    """An Arm executable that loads bytes at physical addresses, and takes `ram` bytes that it does not load."""
    headers, body = b"", b""
    first = 52 + 32 * (len(segments) + bool(ram))
    for address, data in segments:
        size = len(data)
        headers += struct.pack("<IIIIIIII", 1, first + len(body), 0x2000_0000, address, size, size, 5, 4)
        body += data
    if ram:
        headers += struct.pack("<IIIIIIII", 1, 0, 0x2000_0000, 0x2000_0000, 0, ram, 6, 4)
    head = b"\x7fELF\x01\x01\x01" + bytes(9)
    head += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0x0800_0000, 52, 0, 0, 52, 32, len(headers) // 32, 40, 0, 0)
    return head + headers + body
