"""Opens a board for the recorder, and opens it again after it went: by the same identity, with the same signals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from motestudio.devices.baud import AUTO, find_baud
from motestudio.devices.client import BoardClient
from motestudio.devices.ports import PortIdentity, known_ports, port_at
from motestudio.devices.recorder_messages import Event, Reconnecting
from motestudio.devices.transports import LinePolicy, Transport, is_serial, open_transport
from motestudio.domain.board import BoardDescription
from motestudio.errors import AppError, DeviceError

_LOOK_SECONDS = 0.2
_TELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class OpenBoard:
    """A board that has answered.

    Attributes:
        client: owns the open port.
        description: what it says of itself.
        identity: by what it is found again.
        baud: of the serial port, 0 where it is none.
        lines: see `devices.transports`.
        uart: whether the baud rate is that of a wire.
    """

    client: BoardClient
    description: BoardDescription
    identity: PortIdentity
    baud: int
    lines: LinePolicy
    uart: bool

    def close(self) -> None:
        """Let go of the port."""
        self.client.close()


def open_board(url: str, baud: int, lines: LinePolicy) -> OpenBoard:
    """Open a port and ask who is there.

    Args:
        url: see `devices.transports.open_transport`.
        baud: of a serial port, or `devices.baud.AUTO`.
        lines: of a serial port.

    Raises:
        DeviceError: busy, gone, silent.
    """
    transport: Transport
    if not is_serial(url):
        transport, baud = open_transport(url), 0
    elif baud == AUTO:
        transport, baud = find_baud(url, lines)
    else:
        transport = open_transport(url, baud, lines)
    try:
        client = BoardClient(transport, baud)
        description = client.describe()
        ports = known_ports() if is_serial(url) else []
        port = port_at(url, ports)
        uart = port is not None and port.uart
        return OpenBoard(client, description, PortIdentity.of(url, ports), baud, lines, uart)
    except BaseException:
        transport.close()
        raise


class Waiter:
    """Waits on a thread of its own for a board that went.

    Args:
        board: that went; its port is closed.
        since: when, by `time.monotonic`.
        wait_s: how long to wait at most, from then on.
        tell: gets `Reconnecting` about once a second.
        found: gets the board, open, the moment it is back; not after `stop`.
        given_up: told why, where it does not come back or comes back as another; not after `stop`.
    """

    def __init__(
        self,
        board: OpenBoard,
        since: float,
        wait_s: float,
        tell: Callable[[Event], None],
        found: Callable[[Waiter, OpenBoard], None],
        given_up: Callable[[Waiter, DeviceError | None], None],
    ) -> None:
        self._board = board
        self._wait_s = wait_s
        self._tell, self._found, self._given_up = tell, found, given_up
        self._stop = threading.Event()
        self._began = since
        self._thread = threading.Thread(target=self._run, name="waiter", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; returns at once."""
        self._stop.set()

    @property
    def away_s(self) -> float:
        """For how long, in seconds."""
        return time.monotonic() - self._began

    def _run(self) -> None:
        told, why = 0.0, "It is not plugged in."
        while not self._stop.wait(_LOOK_SECONDS):
            if self.away_s > self._wait_s:
                self._given_up(self, None)
                return
            try:
                board = self._look()
            except AppError as error:
                if error.code == "device.changed":
                    self._given_up(self, DeviceError(error.code, error.text, error.hint, error.data))
                    return
                why = error.text
            except OSError as error:  # the system's list of ports cannot be read at this moment
                why = str(error)
            else:
                if board is not None:
                    self._found(self, board)
                    return
                why = "It is not plugged in."
            if self.away_s - told > _TELL_SECONDS and not self._stop.is_set():
                told = self.away_s
                self._tell(Reconnecting(told, self._wait_s, why))

    def _look(self) -> OpenBoard | None:
        """The board, where it is there.

        Raises:
            DeviceError: not yet in order, or ``device.changed``: it is another one now.
        """
        before = self._board
        url = before.identity.find(known_ports() if before.identity.vid is not None else ())
        if not url:
            return None
        board = open_board(url, before.baud, before.lines)
        try:
            _same(before.description, board.description)
        except DeviceError:
            board.close()
            raise
        # What it is known by stays what it was: the place may be another one now, and the next time too.
        return replace(board, identity=replace(before.identity, url=url))


def _same(before: BoardDescription, now: BoardDescription) -> None:
    """Check that a board is the same, with the same signals; its firmware's version and its model may be others."""
    if before.serial_number and now.serial_number and before.serial_number != now.serial_number:
        text = f"{now.name} ({now.serial_number}) is there in place of {before.name} ({before.serial_number})."
        raise DeviceError("device.other", text, "Plug the first board in again.")
    if before.groups != now.groups:
        raise DeviceError(
            "device.changed",
            f"{now.name} came back with other channels or rates than it had.",
            "Connect again; a new recording begins then.",
        )
