"""What can be recorded from on this computer: the virtual board, ports, microphones, a file; each a row of a list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from motestudio.devices.microphones import Microphone, microphones
from motestudio.devices.ports import PortInfo, list_ports
from motestudio.devices.transports import REPLAY
from motestudio.errors import AppError
from motestudio.gui.widgets import FactRow

VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True)
class Source:
    """One of them.

    Attributes:
        url: to connect to; of the file, `REPLAY` until one is chosen.
        port: what is known of it, where it is a serial port.
        microphone: likewise, where it is one.
    """

    url: str
    port: PortInfo | None = None
    microphone: Microphone | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file that was recorded before."""
        return self.url.startswith(REPLAY)

    @property
    def decodes(self) -> bool:
        """Whether somebody must say what its bytes are."""
        return self.port is not None or (self.is_file and not self.url.lower().endswith((".wav", ".wave")))

    @property
    def key(self) -> str:
        """By what settings for it are remembered: the device, wherever it is plugged in."""
        port = self.port
        if port is None:
            return REPLAY if self.is_file else self.url
        return f"{port.ids}:{port.serial_number}" if port.serial_number else f"{port.ids}@{port.location or port.path}"


def find_sources() -> list[Source]:
    """Ports, then microphones; slow, for another thread."""
    ports = [Source(p.path, p) for p in list_ports()]
    try:
        found = microphones()
    except AppError:
        found = []
    return [*ports, *(Source(m.url, None, m) for m in found)]


def row_for(source: Source, board: str) -> FactRow:
    """A row that says what a source is.

    Args:
        source: to show.
        board: that the virtual board poses as, or empty.
    """
    if source.port is not None:
        return _port_row(source.port)
    if source.microphone is not None:
        words = "The microphone that this computer prefers" if source.microphone.default else "A microphone"
        return FactRow(source.microphone.name, f"{words}, 16 kHz")
    if source.is_file:
        path = source.url.removeprefix(REPLAY)
        note = "Captured bytes, CSV or WAV, played as if it came now"
        row = FactRow(Path(path).name if path else "A file", note)
        row.setToolTip(path or "Choose a file that was recorded before")
        return row
    note = f"A program that poses as {board} and performs gestures" if board else "A program that poses as a board"
    return FactRow("Virtual board", note)


def _port_row(port: PortInfo) -> FactRow:
    facts = [f"in use by {port.holder}" if port.holder else "", port.title]
    facts += [f"no. {port.serial_number}" if port.serial_number else ""]
    facts += [f"at {port.location}" if port.location else ""]
    about = ", ".join(f for f in facts if f)
    mark = "warn" if port.holder else ""
    row = FactRow(Path(port.path).name, about[:1].upper() + about[1:], port.ids, mark=mark)
    row.setToolTip("\n".join(_all_facts(port)))
    return row


def _all_facts(port: PortInfo) -> list[str]:
    """Everything that is known of a port, a line each."""
    chip = port.chip
    facts = [
        port.path,
        port.title,
        f"It says of itself: {port.description}" if port.description else "",
        f"Manufacturer: {port.manufacturer}" if port.manufacturer else "",
        f"USB id: {port.ids}" if port.ids else "",
        f"Serial number: {port.serial_number}" if port.serial_number else "",
        f"Plugged in at: {port.location}" if port.location else "",
        f"In use by {port.holder}" if port.holder else "Nobody has it open.",
        chip.note if chip else "",
    ]
    return [f for f in facts if f]
