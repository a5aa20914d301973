"""Which serial ports there are, what hangs on them, who holds one, and where one is after it was unplugged.

Opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from motestudio.devices.usb_chips import UsbChip, chip_of


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a port open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


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
        location: of the USB socket and interface, such as ``1-1.4:1.0``, or empty.
        holder: the program that has it open; None where none has, or where that cannot be seen.
    """

    path: str
    description: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    manufacturer: str = ""
    location: str = ""
    holder: Holder | None = None

    @property
    def chip(self) -> UsbChip | None:
        """What is known of it by its USB numbers."""
        return chip_of(self.vid, self.pid)

    @property
    def ids(self) -> str:
        """The USB numbers as they are usually written, ``10c4:ea60``; empty where it is no USB device."""
        return f"{self.vid:04x}:{self.pid or 0:04x}" if self.vid is not None else ""

    @property
    def title(self) -> str:
        """What to call it: the chip or board, else what it says of itself."""
        if self.chip is None:
            return self.description or self.manufacturer or "Serial port"
        return f"{self.chip.name}, {self.chip.maker}" if self.chip.maker not in self.chip.name else self.chip.name

    @property
    def uart(self) -> bool:
        """Whether a real UART lies behind it for sure, so that the baud rate is that of a wire."""
        return self.chip.uart if self.chip is not None else self.path.startswith("/dev/ttyS")


@dataclass(frozen=True, slots=True)
class PortIdentity:
    """By what a board is found again: its USB serial number, else where it was plugged in, else the address itself.

    Attributes:
        url: by which it was connected.
        vid: USB vendor id, or None where the port is none of a USB device (a socket, a pseudo-terminal).
        pid: USB product id.
        serial_number: of the USB device.
        location: of its socket and interface.
    """

    url: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    location: str = ""

    @classmethod
    def of(cls, url: str, ports: Iterable[PortInfo]) -> PortIdentity:
        """That of the board behind an address."""
        port = port_at(url, ports)
        if port is None:
            return cls(url)
        return cls(url, port.vid, port.pid, port.serial_number, port.location)

    def find(self, ports: Iterable[PortInfo]) -> str:
        """The address to open the same board by, or empty where it is not plugged in."""
        if self.vid is None:
            return self.url
        for port in ports:
            if (port.vid, port.pid) != (self.vid, self.pid):
                continue
            if self.serial_number:
                # A device with two ports has one serial number: the interface tells them apart.
                same = port.serial_number == self.serial_number
                same = same and _interface(port.location) == _interface(self.location)
            else:
                same = port.location == self.location
            if same:
                return port.path
        return ""


def _interface(location: str) -> str:
    return location.rpartition(":")[2] if ":" in location else ""


def list_ports() -> list[PortInfo]:
    """The serial ports, USB devices first, by path."""
    ports = known_ports()
    held = holders([p.path for p in ports])
    return [
        PortInfo(
            p.path, p.description, p.vid, p.pid, p.serial_number, p.manufacturer, p.location, held.get(_real(p.path))
        )
        for p in ports
    ]


def known_ports() -> list[PortInfo]:
    """As `list_ports`, without looking for who holds them, which takes a hundred times longer."""
    from serial.tools import list_ports as system

    ports = [
        PortInfo(
            path=p.device,
            description=p.description if p.description and p.description != "n/a" else "",
            vid=p.vid,
            pid=p.pid,
            serial_number=p.serial_number or "",
            manufacturer=p.manufacturer or "",
            location=p.location or "",
        )
        for p in system.comports()
    ]
    return sorted(ports, key=lambda p: (p.vid is None, p.path))


def port_at(url: str, ports: Iterable[PortInfo]) -> PortInfo | None:
    """The port of an address; links such as those in ``/dev/serial/by-id`` are followed."""
    if not url or ":/" in url or url.startswith("mic:"):
        return None
    return next((p for p in ports if p.path == url or _real(p.path) == _real(url)), None)


def holder_of(path: str) -> Holder | None:
    """The program other than this one that has a port open; None where none has, or the system does not show it."""
    return holders([path]).get(_real(path))


def holders(paths: Collection[str]) -> dict[str, Holder]:
    """Which programs other than this one have ports open, by the ports' real paths.

    Linux shows that in ``/proc``, other users' programs to root only; elsewhere nothing is found.
    """
    wanted = {_real(p) for p in paths}
    processes = Path("/proc")
    if not wanted or not processes.is_dir():
        return {}
    found: dict[str, Holder] = {}
    for process in processes.iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                target = os.readlink(descriptor)  # noqa: PTH115 - raw link text
                if target in wanted and target not in found:
                    found[target] = Holder(int(process.name), _program(process))
        except OSError:
            continue  # another user's process, or one that just ended
    return found


def _program(process: Path) -> str:
    """A process's name; that of the script or module where an interpreter runs it."""
    name = (process / "comm").read_text().strip()
    if not name.startswith("python"):
        return name
    words = [w.decode(errors="replace") for w in (process / "cmdline").read_bytes().split(b"\0")[1:] if w]
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    script = next((w for w in words if not w.startswith("-")), "")
    return Path(script).name or name


def _real(path: str) -> str:
    return os.path.realpath(path)
