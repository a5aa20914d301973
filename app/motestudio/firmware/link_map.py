"""What fills a firmware's flash and RAM, from the GNU linker's map file: the size map after the link.

Reads text that a linker wrote, or anything: what it cannot make out counts as nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PARTS = (
    *("model", "kernels and TFLM", "arena", "features", "signal", "application", "port", "user"),
    *("libraries", "stack", "other"),
)
"""In the order in which they are shown."""
_BEGIN = "Linker script and memory map"
_OUTPUT = re.compile(r"^(\.[\w.]+)\s")
_INPUT = re.compile(r"^ (\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S.*)$")
_FILL = re.compile(r"^ \*fill\*\s+0x[0-9a-f]+\s+0x([0-9a-f]+)")
_WHOLE = re.compile(r"^(\.[\w.]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)")
_FLASH = {
    *(".text", ".ARM.exidx", ".init_array", ".mote_slot_a", ".data", ".rodata"),
    *(".flash.text", ".flash.rodata", ".flash.appdesc", ".iram0.text", ".iram0.vectors", ".dram0.data"),
}
_RAM = {".data", ".bss", ".stack", ".iram0.text", ".iram0.vectors", ".dram0.data", ".dram0.bss"}
_SIGNAL = {".bss.ring", ".bss.window", ".bss.buffers"}
"""The window, the ring before it and the sampler's blocks: as large as the project's window and rate make them."""
# The first that occurs in the path of an object file tells its part.
_PLACES = (
    ("tensorflow-microlite", "kernels and TFLM"),
    ("esp-tflite-micro", "kernels and TFLM"),
    ("esp-nn", "kernels and TFLM"),
    ("libmain.a(", "application"),
    ("/model/model_slot", "model"),
    ("/model/mote_features", "features"),
    ("/features/", "features"),
    ("/core/", "application"),
    ("/model/", "application"),
    ("/sensors/", "port"),
    ("/port/", "port"),
    ("/user/", "user"),
    ("/target/", "user"),
    (".a(", "libraries"),
)


@dataclass(frozen=True, slots=True)
class PartSize:
    """One part of a firmware.

    Attributes:
        name: of `PARTS`.
        flash_bytes: code, constants and initial values.
        ram_bytes: static memory; of the stack what is left free for it.
    """

    name: str
    flash_bytes: int
    ram_bytes: int


def read_link_map(text: str) -> tuple[PartSize, ...]:
    """Sizes by part, those that have any, in the order of `PARTS`.

    Args:
        text: of the map file.
    """
    flash: dict[str, int] = defaultdict(int)
    ram: dict[str, int] = defaultdict(int)
    for output, section, size, path in _entries(text.partition(_BEGIN)[2].splitlines()):
        part = "stack" if output == ".stack" else _part(path, section)
        if output in _FLASH:
            flash[part] += size
        if output in _RAM:
            ram[part] += size
    return tuple(PartSize(name, flash[name], ram[name]) for name in PARTS if flash[name] or ram[name])


def _part(path: str, section: str) -> str:
    if "mote_tflm.cc" in path and section.startswith(".bss") and "memory" in section:
        return "arena"
    if section in _SIGNAL:
        return "signal"
    return next((part for place, part in _PLACES if place in path), "other")


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, str, int, str]]:
    """Output section, input section, bytes and object file of every piece."""
    output = pending = ""
    for line in lines:
        if match := _OUTPUT.match(line + " "):
            output, pending = match[1], ""
            if output == ".stack" and (whole := _WHOLE.match(line)):
                yield output, output, int(whole[2], 16), ""
            continue
        if output == ".stack":
            continue
        if match := _FILL.match(line):
            yield output, "", int(match[1], 16), ""
            continue
        # A long name stands on a line of its own.
        if line.startswith(" .") and len(line.split()) == 1:
            pending = line.rstrip()
            continue
        if match := _INPUT.match(pending + line if pending else line):
            yield output, match[1], int(match[2], 16), match[3]
        pending = ""
