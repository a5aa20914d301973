"""Opens a board for the recorder, and opens it again after it went: by the same identity, with the same signals.

A board speaks Mote Link, or a decoder reads what it sends; a microphone and a file are boards too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from motestudio.devices.baud import AUTO, find_baud
from motestudio.devices.client import BoardClient
from motestudio.devices.decoder_messages import ANYBODY, LISTENED_BYTES, MOTE_LINK, SPEAKS_LINK, Found, Wish
from motestudio.devices.microphones import PREFIX
from motestudio.devices.ports import PortIdentity, known_ports, port_at
from motestudio.devices.recorder_messages import Event, Listen, Listened, Reconnecting
from motestudio.devices.stream_guess import preview
from motestudio.devices.transports import LinePolicy, Transport, is_replay, is_serial, open_transport
from motestudio.domain.board import BoardDescription
from motestudio.errors import AppError, DeviceError
from motestudio.recorder.decoded import guesses, open_decoded, told
from motestudio.recorder.decoder_client import DecoderClient
from motestudio.recorder.heard import Heard
from motestudio.recorder.link import BoardLink, Link, Listener
from motestudio.recorder.local_link import BlockSource, LocalLink
from motestudio.recorder.sound import MicrophoneSource, open_wav

_LOOK_SECONDS = 0.2
_TELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class OpenBoard:
    """A board that has answered, or whose stream is understood.

    Attributes:
        description: what it says of itself, or is known of it.
        identity: by what it is found again.
        link: makes the link that owns the open port from then on.
        close: lets go of the port, where no link was made.
        baud: of the serial port, 0 where it is none.
        lines: see `devices.transports`.
        uart: whether the baud rate is that of a wire.
        wish: how it is to be read when it is opened again.
        found: who reads it.
    """

    description: BoardDescription
    identity: PortIdentity
    link: Callable[[Listener], BoardLink]
    close: Callable[[], None]
    baud: int = 0
    lines: LinePolicy = "auto"
    uart: bool = False
    wish: Wish = ANYBODY
    found: Found = SPEAKS_LINK


def open_board(url: str, baud: int, lines: LinePolicy, wish: Wish = ANYBODY) -> OpenBoard:
    """Open a port and find out who is there.

    Args:
        url: see `devices.transports.open_transport`; ``mic:`` as in `devices.microphones`, ``replay:`` of a WAV file.
        baud: of a serial port, or `devices.baud.AUTO`.
        lines: of a serial port.
        wish: who shall read what it sends.

    Raises:
        DeviceError: busy, gone, silent, or nobody knows what it sends.
        MissingError: a microphone, without PortAudio.
    """
    if url.startswith(PREFIX):
        microphone = MicrophoneSource(url)
        return _local(url, microphone, microphone.description)
    if is_replay(url) and url.lower().endswith((".wav", ".wave")):
        return _local(url, *open_wav(url))
    ports = known_ports() if is_serial(url) else []
    transport, baud = _open_port(url, baud, lines, wish)
    heard = Heard(transport)
    try:
        port = port_at(url, ports)
        uart = port is not None and port.uart
        identity = PortIdentity.of(url, ports)
        if not wish.named and not is_replay(url):
            client = BoardClient(heard, baud)
            try:
                about = client.describe()
            except DeviceError as error:
                if wish.decoder == MOTE_LINK or not heard.data or not wish.candidates or error.code != "device.silent":
                    raise
            else:
                make = partial(Link, transport, client.session)
                mote_link = Wish(MOTE_LINK)
                return OpenBoard(about, identity, make, transport.close, baud, lines, uart, mote_link)
        decoded = open_decoded(heard, wish)
    except BaseException:
        transport.close()
        raise
    found = decoded.found
    name = port.title if port is not None and port.title else f"{found.title} at {url}"
    about = BoardDescription("", name, identity.serial_number, "", decoded.groups, ("stream",))
    again = Wish(found.stage, found.params, wish.candidates)
    make_local = partial(LocalLink, decoded.source, about)
    return OpenBoard(about, identity, make_local, decoded.source.close, baud, lines, uart, again, found)


def listen(command: Listen) -> Listened:
    """Hear what a port sends, and ask who knows it.

    Raises:
        DeviceError: it cannot be opened, or a board went.
    """
    transport, baud = _open_port(command.url, command.baud, command.lines, command.wish)
    heard = Heard(transport)
    try:
        if is_replay(command.url):
            heard.read(LISTENED_BYTES, 0.0)
        else:
            heard.listen(command.seconds)
        found, groups = told(heard, command.wish)
    finally:
        transport.close()
    return Listened(preview(heard.data), found, groups, heard.total, baud)


def _local(url: str, source: BlockSource, about: BoardDescription) -> OpenBoard:
    found = Found("", "", 1.0, {}, "")
    return OpenBoard(about, PortIdentity(url), partial(LocalLink, source, about), source.close, found=found)


def _open_port(url: str, baud: int, lines: LinePolicy, wish: Wish) -> tuple[Transport, int]:
    if not is_serial(url):
        return open_transport(url), 0
    if baud != AUTO:
        return open_transport(url, baud, lines), baud
    if wish.decoder == MOTE_LINK or not wish.asked:
        return find_baud(url, lines)
    client = DecoderClient()
    try:
        return find_baud(url, lines, lambda data: max(f.score for f in guesses(client, data, wish.asked)))
    finally:
        client.close()


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
        board = open_board(url, before.baud, before.lines, before.wish)
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
