"""Baud rates: which one a board speaks at, and which one a signal needs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from motestudio.devices.client import READ_BYTES
from motestudio.devices.link.session import LinkSession
from motestudio.devices.transports import LinePolicy, SerialTransport
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import DeviceError

AUTO = 0
"""In place of a rate: find it out."""

BAUDS = (9600, 57600, 115200, 230400, 460800, 921600, 1_000_000, 2_000_000, 3_000_000)
_LIKELY = (115200, 921600, 1_000_000, 460800, 230400, 2_000_000, 57600, 3_000_000, 9600)

_LISTEN_SECONDS = 0.15
_ANSWER_BYTES = 600
_SURE = 0.5

# Mote Link: 16 bytes of block header, 7 of frame, the closing zero, and a byte of stuffing per 254.
_BLOCK_BYTES, _STUFFING = 24, 255 / 254
_BLOCK_SECONDS = 0.02
_UART_BITS = 10

Judge = Callable[[bytes], float]
"""How surely bytes are a stream that a decoder knows, 0..1."""


def find_baud(path: str, lines: LinePolicy = "auto", judge: Judge | None = None) -> tuple[SerialTransport, int]:
    """Open a serial port at the rate at which somebody understands and answers.

    Each of the usual rates is tried for a moment: the board is asked who it is, and any frame with a good checksum
    settles it. Where there is none, what was heard is judged.

    Args:
        path: of the port.
        lines: see `open_transport`.
        judge: of streams that are not Mote Link.

    Returns:
        The open port and its rate, after less than three seconds.

    Raises:
        DeviceError: it cannot be opened, or nothing that is understood was heard at any rate (``device.silent``).
    """
    port = SerialTransport(path, _LIKELY[0], lines)
    try:
        heard: dict[int, bytes] = {}
        for baud in _LIKELY:
            try:
                port.set_baud(baud)
            except DeviceError as error:
                if error.code != "device.baud":
                    raise
                continue
            found, heard[baud] = _listen(port, baud)
            if found:
                return port, baud
        if judge is not None:
            best = max(heard, key=lambda baud: judge(heard[baud]), default=0)
            if best and judge(heard[best]) >= _SURE:
                port.set_baud(best)
                return port, best
    except BaseException:
        port.close()
        raise
    port.close()
    count = max((len(data) for data in heard.values()), default=0)
    raise DeviceError(
        "device.silent",
        f"{path} sends bytes, but none that are understood at any usual baud rate."
        if count
        else f"Nothing answers at {path} at any usual baud rate.",
        "Press the board's reset button and try again, or name its baud rate.",
        {"port": path, "bytes": count, "tried": list(heard)},
    )


def _listen(port: SerialTransport, baud: int) -> tuple[bool, bytes]:
    """Ask at one rate; whether a good frame came, and all that was heard."""
    session = LinkSession()
    port.write(b"\0" + session.request("describe")[1])
    heard = b""
    deadline = time.monotonic() + _LISTEN_SECONDS + _ANSWER_BYTES * _UART_BITS / baud
    while (left := deadline - time.monotonic()) > 0:
        data = port.read(READ_BYTES, left)
        heard += data
        session.feed(data)
        if session.stats.frames:
            return True, heard
    return False, heard


def bytes_per_s(groups: Iterable[ChannelGroup]) -> float:
    """What channel groups take on the link at their nominal rates, with all overhead; bytes per second."""
    total = 0.0
    for group in groups:
        blocks = min(group.rate_hz, 1 / _BLOCK_SECONDS)
        total += (group.rate_hz * group.frame_bytes + blocks * _BLOCK_BYTES) * _STUFFING
    return total


@dataclass(frozen=True, slots=True)
class TooSlow:
    """A signal that does not fit a baud rate.

    Attributes:
        groups: of the signal.
        baud: that is too low.
        needed: the lowest usual rate that carries it, 0 where none does.
    """

    groups: tuple[ChannelGroup, ...]
    baud: int
    needed: int

    @property
    def text(self) -> str:
        """What is wrong."""
        signal = " and ".join(f"{_channels(len(g.channels))} at {g.rate_hz:,g} Hz" for g in self.groups)
        wants, has = bytes_per_s(self.groups) / 1000, self.baud / _UART_BITS / 1000
        return f"{signal}: that is {wants:.1f} kB/s, but {self.baud:,} baud carries {has:.1f}. Samples will be lost."

    @property
    def hint(self) -> str:
        """What to do."""
        if self.needed:
            return f"Set board and studio to {self.needed:,} baud, or record fewer channels or a lower rate."
        return "No usual baud rate carries that: use a board with USB of its own, fewer channels or a lower rate."


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count > 1 else ''}"


def too_slow(groups: Iterable[ChannelGroup], baud: int) -> TooSlow | None:
    """Whether a UART at a baud rate is too slow for channel groups, and which rate would do; None where it fits.

    A start bit, eight bits and a stop bit make ten bits on the wire for every byte.
    """
    groups = tuple(groups)
    wanted = math.ceil(bytes_per_s(groups) * _UART_BITS)
    if wanted <= baud:
        return None
    return TooSlow(groups, baud, next((b for b in BAUDS if b >= wanted), 0))
