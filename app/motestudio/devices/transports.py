"""Byte streams to boards: serial ports, pseudo-terminals, sockets and captured files, opened by one address.

A transport moves bytes and knows nothing of what they mean. Everything that goes wrong arrives as `DeviceError`
with one of the codes ``device.no_port``, ``device.busy``, ``device.permission`` and ``device.gone``; ``device.end`` is
the end of a captured file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import time
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from motestudio.devices.ports import Holder, holder_of, known_ports, port_at
from motestudio.devices.usb_chips import Lines
from motestudio.errors import DeviceError

LinePolicy = Literal["auto", "on", "off"]
"""How DTR and RTS stand while a serial port is open: as is known to be good for its chip, asserted, or left alone."""

REPLAY = "replay:"
"""Before the path of a captured file."""
CONNECT_SECONDS = 5.0
BUSY_NOTICE = b"\0mote: busy\0"
"""What a second client of a board behind a socket reads before it is cut off; no frame, so no answer."""

_WRITE_SECONDS = 5.0
_WINDOWS = os.name == "nt"


class Transport(Protocol):
    """An open connection to a board."""

    url: str

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Wait for bytes and return what is there, at most `max_bytes`; empty after `timeout_s` without any.

        Raises:
            DeviceError: ``device.gone``.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            DeviceError: ``device.gone``, or nothing is taken for seconds.
        """
        ...

    def close(self) -> None:
        """Let go of the port; may be called twice."""
        ...


def is_serial(url: str) -> bool:
    """Whether an address is that of a serial port or pseudo-terminal."""
    return bool(url) and not url.startswith(("socket://", REPLAY, "mic:"))


def is_replay(url: str) -> bool:
    """Whether an address is that of a file that was recorded before."""
    return url.startswith(REPLAY)


def open_transport(url: str, baud: int = 115200, lines: LinePolicy = "auto") -> Transport:
    """Open a port.

    Args:
        url: ``socket://host:port``, ``replay:/path/to/captured.bin``, or the path or name of a serial port or
            pseudo-terminal.
        baud: of a serial port; the others ignore it, as they do the next.
        lines: what becomes of DTR and RTS.

    Returns:
        The open transport, held by nobody else.

    Raises:
        DeviceError: it cannot be opened.
    """
    if url.startswith("socket://"):
        return SocketTransport(url)
    if is_replay(url):
        return ReplayTransport(url)
    if not url:
        raise DeviceError("device.no_port", "No port is chosen.", "Choose a port, or start a virtual board.")
    return SerialTransport(url, baud, lines)


def gone(url: str, detail: object = "") -> DeviceError:
    """The error of a board that is no longer there."""
    return DeviceError(
        "device.gone",
        f"The board at {url} is gone.",
        "Check its cable and power, then connect again.",
        {"port": url, "detail": str(detail)},
    )


def ended(url: str) -> DeviceError:
    """What ends a stream that was recorded before: there is no more of it, and nothing is wrong."""
    name = Path(url.removeprefix(REPLAY)).name
    return DeviceError("device.end", f"{name} is at its end.", "Connect to it again to begin anew.", {"port": url})


def stalled(url: str) -> DeviceError:
    """The error of a board that stopped sending while its port is still there."""
    return DeviceError(
        "device.stalled",
        f"The board at {url} stopped sending.",
        "Check its power and press its reset button.",
        {"port": url},
    )


def busy(url: str, holder: Holder | None = None) -> DeviceError:
    """The error of a port that somebody else holds."""
    return DeviceError(
        "device.busy",
        f"{url} is in use by {holder or 'another program'}.",
        "Close the other program (a serial monitor, a second studio), then connect again.",
        {"port": url, "holder": str(holder or ""), "holder_pid": holder.pid if holder else 0},
    )


def lines_for(path: str, policy: LinePolicy) -> Lines:
    """What DTR and RTS shall be on a port; asserted where nothing is known of what hangs on it."""
    if policy != "auto":
        return policy
    port = port_at(path, known_ports())
    return port.chip.lines if port is not None and port.chip is not None else "on"


class SerialTransport:
    """A serial port or pseudo-terminal, opened exclusively and without resetting the board.

    DTR and RTS stay together, or pass through "DTR asserted, RTS not". The other way round resets an ESP32 behind a
    bridge (its EN pin hangs on both lines through two transistors; Espressif, "Boot Mode Selection") and those with
    USB of their own. Linux and macOS assert both at once in ``open`` whatever is asked; pyserial then sets DTR before
    RTS. So to let both go means: DTR asserted and RTS not before opening, DTR let go after it. Windows asserts only
    what it is told to. On closing, the system lets both go at once: nothing is to be done.

    Raises:
        DeviceError: it cannot be opened.
    """

    def __init__(self, path: str, baud: int, lines: LinePolicy = "auto") -> None:
        import serial

        self.url = path
        self.lines = lines_for(path, lines)
        asserted = self.lines == "on"
        self._port: Any = serial.Serial(timeout=0, write_timeout=_WRITE_SECONDS)
        self._port.port, self._port.baudrate, self._port.exclusive = path, baud, True
        self._port.dtr = asserted or not _WINDOWS
        self._port.rts = asserted
        self._broken = _serial_errors()
        try:
            self._port.open()
        except self._broken as error:
            raise _open_error(path, error) from error
        if not asserted and not _WINDOWS:
            with contextlib.suppress(*self._broken):  # a pseudo-terminal has no such lines
                self._port.dtr = False

    def set_baud(self, baud: int) -> None:
        """Go on at another rate, without what has arrived at the old one.

        Raises:
            DeviceError: the port cannot do that rate (``device.baud``).
        """
        try:
            self._port.baudrate = baud
            self._port.reset_input_buffer()
        except self._broken as error:
            text = f"{self.url} cannot be set to {baud} baud: {error}"
            raise DeviceError("device.baud", text, "Choose another rate.", {"port": self.url, "baud": baud}) from error

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `Transport.read`."""
        try:
            return self._read_waiting(max_bytes, timeout_s) if _WINDOWS else self._read_posix(max_bytes, timeout_s)
        except self._broken as error:
            raise gone(self.url, error) from error

    def _read_posix(self, max_bytes: int, timeout_s: float) -> bytes:
        """Two system calls for what is there; pyserial's ``read`` makes five, and little is there at a time."""
        fd: int = self._port.fileno()
        if not select.select([fd], [], [], timeout_s)[0]:
            return b""
        try:
            data = os.read(fd, max_bytes)
        except BlockingIOError:  # a port is opened so, and somebody else may have emptied it
            return b""
        if not data:
            raise gone(self.url, "it is ready to be read and has nothing")
        return data

    def _read_waiting(self, max_bytes: int, timeout_s: float) -> bytes:
        self._port.timeout = timeout_s
        data: bytes = self._port.read(1)
        if data and max_bytes > 1 and (more := self._port.in_waiting):
            self._port.timeout = 0
            data += self._port.read(min(more, max_bytes - 1))
        return data

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        try:
            self._port.write(data)
        except self._broken as error:
            raise gone(self.url, error) from error

    def close(self) -> None:
        """See `Transport.close`."""
        with contextlib.suppress(*self._broken):  # the device node may be gone already
            self._port.close()


def _serial_errors() -> tuple[type[Exception], ...]:
    """What a serial port raises: ValueError for a rate it cannot do, TypeError where another thread has closed it, and
    on POSIX not all that the system says is an OSError.
    """
    usual: tuple[type[Exception], ...] = (OSError, ValueError, TypeError)
    try:
        import termios
    except ImportError:
        return usual
    return (*usual, termios.error)


def _open_error(path: str, error: Exception) -> DeviceError:
    number = getattr(error, "errno", None)
    said = str(error).lower()
    if number in (errno.EACCES, errno.EPERM) or "permission" in said:
        return DeviceError(
            "device.permission",
            f"You may not open {path}.",
            "Add yourself to the group that owns it (often dialout or uucp), then log in again.",
            {"port": path},
        )
    # pyserial reports a failed exclusive lock as EAGAIN in its text.
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in said or "resource busy" in said:
        return busy(path, holder_of(path))
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or "no such file" in said or "filenotfound" in said:
        return DeviceError(
            "device.no_port",
            f"There is no port {path}.",
            "Plug the board in and look at the list of ports again.",
            {"port": path},
        )
    return DeviceError(
        "device.no_port",
        f"{path} cannot be opened as a serial port: {error}",
        "Choose another port.",
        {"port": path},
    )


class SocketTransport:
    """A board behind TCP: the virtual board, an emulator, or a serial server."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parts = urlsplit(url)
            address = (parts.hostname or "", parts.port or 0)
        except ValueError:
            address = ("", 0)
        if not all(address):
            raise DeviceError("device.no_port", f"{url} is no address.", "Write it as socket://host:port.")
        try:
            self._socket = socket.create_connection(address, timeout=CONNECT_SECONDS)
        except OSError as error:
            raise DeviceError(
                "device.no_port",
                f"Nothing answers at {url}.",
                "Start the virtual board or check the address.",
                {"port": url, "detail": str(error)},
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(_WRITE_SECONDS)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `Transport.read`."""
        # The wait is select's, not the socket's own timeout: that one is shared with the thread that writes.
        try:
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return b""
            data = self._socket.recv(max_bytes)
        except (OSError, ValueError) as error:
            raise gone(self.url, error) from error
        if not data:
            raise gone(self.url, "the other end closed the connection")
        if data == BUSY_NOTICE:
            raise busy(self.url)
        return data

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise gone(self.url, error) from error

    def close(self) -> None:
        """See `Transport.close`."""
        with contextlib.suppress(OSError):  # it may not be connected any more
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class ReplayTransport:
    """The bytes a board once sent, from a file; what is written to it goes nowhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        path = Path(url.removeprefix(REPLAY))
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise DeviceError(
                "device.no_port", f"{path} cannot be read: {error.strerror}.", "Choose a captured file."
            ) from error

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `Transport.read`."""
        try:
            data = self._file.read(max_bytes)
        except (OSError, ValueError) as error:
            raise gone(self.url, error) from error
        if not data:
            time.sleep(min(timeout_s, 0.01))
            raise ended(self.url)
        return data

    def write(self, data: bytes) -> None:
        """Take and forget."""

    def close(self) -> None:
        """See `Transport.close`."""
        self._file.close()
