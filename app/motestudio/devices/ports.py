"""Which serial ports there are, and who holds one. Opens nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this computer.

    Attributes:
        path: to open it by.
        description: as the system or the device gives it.
        vid: USB vendor id, or None.
        pid: USB product id, or None.
        serial_number: of the USB device, or empty.
        manufacturer: likewise.
        holder: the program that has it open, ``name (pid)``; empty where none, or where that cannot be seen.
    """

    path: str
    description: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    manufacturer: str = ""
    holder: str = ""


def list_ports() -> list[PortInfo]:
    """The serial ports, USB devices first, by path."""
    from serial.tools import list_ports as system

    ports = [
        PortInfo(
            path=p.device,
            description=p.description if p.description and p.description != "n/a" else "",
            vid=p.vid,
            pid=p.pid,
            serial_number=p.serial_number or "",
            manufacturer=p.manufacturer or "",
            holder=holder_of(p.device),
        )
        for p in system.comports()
    ]
    return sorted(ports, key=lambda p: (p.vid is None, p.path))


def holder_of(path: str) -> str:
    """The program other than this one that has a port open.

    Args:
        path: of the device.

    Returns:
        ``name (pid)``, or empty where nobody has it open or the system does not show it.
    """
    processes = Path("/proc")
    if not processes.is_dir():
        return ""
    real = os.path.realpath(path)
    for process in processes.iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if any(os.readlink(fd) == real for fd in (process / "fd").iterdir()):  # noqa: PTH115 - raw link text
                return f"{(process / 'comm').read_text().strip()} ({process.name})"
        except OSError:
            continue  # another user's process, or one that just ended
    return ""
