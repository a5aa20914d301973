"""Sections, undefined symbols and what is loaded where, from ELF files: ``size -A``, ``nm -u``, ``readelf -l``.

Reads 32- and 64-bit files of either byte order. What it reads may be anything: a file that is no ELF or is cut short
has no sections.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAX_SECTIONS = 10_000
_WRITE, _ALLOC, _EXEC = 1, 2, 4
_NOBITS = 8
_SYMTAB = 2
_LOAD = 1


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
    except (struct.error, OverflowError):
        return ()


def read_segments(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """What is loaded where: (physical address, bytes) of each segment that has any, in the file's order.

    Empty where it is no readable ELF file, one of its segments is cut short, or they share bytes of the file.
    """
    if len(data) < 52 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return ()
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    layout = struct.Struct(order + ("IIQQQQ" if wide else "IIIIII"))
    found, taken = [], 0
    try:
        (table,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)
        entry, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
        for number in range(min(count, _MAX_SECTIONS)):
            kind, *fields = layout.unpack_from(data, table + number * entry)
            # Wide files have the flags, which are of no interest here, before the offset.
            offset, _virtual, address, size = fields[1:5] if wide else fields[:4]
            if kind != _LOAD or size == 0:
                continue
            taken += size
            # Overlapping segments could make gigabytes of a small file.
            if offset + size > len(data) or taken > len(data):
                return ()
            found.append((address, data[offset : offset + size]))
    except (struct.error, OverflowError):
        return ()
    return tuple(found)


def undefined_symbols(data: bytes) -> tuple[str, ...] | None:
    """Names that an object file wants from elsewhere, sorted; None where it is no readable ELF file."""
    if len(data) < 52 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return None
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    try:
        return tuple(sorted(_undefined(data, wide, order)))
    except (struct.error, OverflowError):
        return None


def _undefined(data: bytes, wide: bool, order: str) -> set[str]:
    symbol = struct.Struct(order + ("IBBHQQ" if wide else "IIIBBH"))
    rows, _ = _table(data, wide, order)
    found = set()
    for row in rows:
        _, kind, _, _, offset, size, link = row
        if kind != _SYMTAB or link >= len(rows):
            continue
        strings = data[rows[link][4] : rows[link][4] + rows[link][5]]
        for at in range(offset, offset + size - symbol.size + 1, symbol.size):
            fields = symbol.unpack_from(data, at)
            name_at, section = fields[0], fields[3] if wide else fields[5]
            if name_at and section == 0:
                found.add(strings[name_at : strings.find(b"\0", name_at)].decode(errors="replace"))
    return found


def totals(sections: tuple[Section, ...]) -> dict[str, int]:
    """Bytes by kind: ``text``, ``rodata``, ``data``, ``bss``."""
    sums = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for section in sections:
        sums[section.kind] += section.nbytes
    return sums


def _table(data: bytes, wide: bool, order: str) -> tuple[list[tuple[int, ...]], int]:
    """Section headers (name, type, flags, address, offset, size, link) and the number of the one with the names."""
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 40 if wide else 32)
    entry, count, names = struct.unpack_from(order + "HHH", data, 58 if wide else 46)
    layout = struct.Struct(order + ("IIQQQQI" if wide else "IIIIIII"))
    if entry < layout.size or count > _MAX_SECTIONS or names >= count:
        return [], 0
    return [layout.unpack_from(data, table + i * entry) for i in range(count)], names


def _sections(data: bytes, wide: bool, order: str) -> list[Section]:
    rows, names = _table(data, wide, order)
    if not rows:
        return []
    strings = data[rows[names][4] : rows[names][4] + rows[names][5]]
    found = []
    for name_at, kind, flags, _address, _offset, size, _link in rows:
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
