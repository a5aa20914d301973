"""Sizes of sections from ELF files, as the program ``size -A`` gives them, without running it.

Reads 32- and 64-bit files of either byte order. What it reads may be anything: a file that is no ELF or is cut short
has no sections.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAX_SECTIONS = 10_000
_WRITE, _ALLOC, _EXEC = 1, 2, 4
_NOBITS = 8


@dataclass(frozen=True, slots=True)
class Section:
    """One section that takes memory when the program runs.

    Attributes:
        name: such as ``.text``.
        nbytes: its size.
        kind: ``text`` (code), ``rodata``, ``data`` (initialised, in flash and RAM) or ``bss`` (RAM only).
    """

    name: str
    nbytes: int
    kind: str


def read_sections(data: bytes) -> tuple[Section, ...]:
    """Sections that are loaded, in the file's order; empty where it is no readable ELF file."""
    if len(data) < 52 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return ()
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    try:
        return tuple(_sections(data, wide, order))
    except struct.error:
        return ()


def totals(sections: tuple[Section, ...]) -> dict[str, int]:
    """Bytes by kind: ``text``, ``rodata``, ``data``, ``bss``."""
    sums = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for section in sections:
        sums[section.kind] += section.nbytes
    return sums


def _sections(data: bytes, wide: bool, order: str) -> list[Section]:
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 40 if wide else 32)
    entry, count, names = struct.unpack_from(order + "HHH", data, 58 if wide else 46)
    layout = struct.Struct(order + ("IIQQQQ" if wide else "IIIIII"))
    if entry < layout.size or count > _MAX_SECTIONS or names >= count:
        return []
    rows = [layout.unpack_from(data, table + i * entry) for i in range(count)]
    strings = data[rows[names][4] : rows[names][4] + rows[names][5]]
    found = []
    for name_at, kind, flags, _address, _offset, size in rows:
        if not flags & _ALLOC or size == 0:
            continue
        name = strings[name_at : strings.find(b"\0", name_at)].decode(errors="replace")
        if kind == _NOBITS:
            what = "bss"
        elif flags & _EXEC:
            what = "text"
        else:
            what = "data" if flags & _WRITE else "rodata"
        found.append(Section(name, size, what))
    return found
