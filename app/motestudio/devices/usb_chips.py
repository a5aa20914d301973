"""What is known of USB bridges and boards by their numbers: names, whether a UART lies behind, and how to open them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Literal

from motestudio.shipped import resources_dir

Lines = Literal["on", "off"]
"""What DTR and RTS are while a port is open: asserted, or left alone."""


@dataclass(frozen=True, slots=True)
class UsbChip:
    """An entry of ``resources/usb.toml``, where the fields are explained."""

    name: str
    maker: str
    uart: bool
    lines: Lines
    note: str = ""


def chip_of(vid: int | None, pid: int | None) -> UsbChip | None:
    """The chip or board with these USB numbers, None where it is not known or no USB device."""
    if vid is None:
        return None
    table = _table()
    return table.get((vid, pid)) or table.get((vid, None))


@cache
def _table() -> dict[tuple[int, int | None], UsbChip]:
    rows = tomllib.loads((resources_dir() / "usb.toml").read_text(encoding="utf-8"))["chip"]
    return {
        (row["vid"], pid): UsbChip(row["name"], row["maker"], row["uart"], row["lines"], row.get("note", ""))
        for row in rows
        for pid in row.get("pids", (None,))
    }
