"""Owns the port while connected: one thread reads, decodes and hands on; any thread may ask.

Conversations with the board are the generators of `devices.exchanges`, moved on by the replies that arrive. Nothing
here waits for the disk or for the studio.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from motestudio.devices.client import READ_BYTES, no_answer
from motestudio.devices.exchanges import Exchange
from motestudio.devices.link.protocol import Event, Reply
from motestudio.devices.link.session import LinkSession
from motestudio.devices.transports import Transport
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock
from motestudio.errors import AppError, Cancelled, DeviceError

_TICK_SECONDS = 0.05

Done = Callable[[dict[str, object] | AppError | None], None]
"""Told the result, the error, or None where it was given up."""


class Listener(Protocol):
    """What the link tells, on its own thread."""

    def on_block(self, block: SampleBlock) -> None:
        """Samples."""

    def on_inference(self, frames: list[InferenceFrame]) -> None:
        """Inferences."""

    def on_event(self, event: Event) -> None:
        """Something the board said."""

    def on_tick(self) -> None:
        """About twenty times a second; raises DeviceError to let the board go."""

    def on_gone(self, error: DeviceError) -> None:
        """The board is gone or was let go; the last call."""


class BoardLink(Protocol):
    """What the recorder holds of a board, whatever it speaks.

    Attributes:
        stops_itself: a stream that was asked for with a count ends by itself after it.
    """

    stops_itself: bool

    @property
    def received(self) -> int:
        """Bytes that arrived since the port was opened."""
        ...

    @property
    def damaged(self) -> int:
        """Frames that arrived damaged since connecting."""
        ...

    @property
    def lost_frames(self) -> int:
        """Frames that did not arrive; see `devices.timing.GapDetector.follow`."""
        ...

    @property
    def asking(self) -> bool:
        """Whether the board owes an answer."""
        ...

    def start(self) -> None:
        """Begin to read."""

    def ask(self, exchange: Exchange, done: Done, timeout_s: float, token: object = None) -> None:
        """Begin a conversation; see `Link.ask`."""

    def cancel(self, token: object) -> bool:
        """Give up the conversation with this token; whether there was one."""
        ...

    def close(self) -> None:
        """Stop reading and let go of the port."""


@dataclass(slots=True)
class _Open:
    token: object
    exchange: Exchange
    op: str
    done: Done
    timeout_s: float
    deadline: float


class Link:
    """A board that speaks Mote Link.

    Args:
        transport: open.
        session: that has already spoken with the board.
        listener: told of everything.
    """

    stops_itself = True

    def __init__(self, transport: Transport, session: LinkSession, listener: Listener) -> None:
        self.session = session
        self._transport = transport
        self._listener = listener
        self._lock = threading.RLock()
        self._open: dict[int, _Open] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def received(self) -> int:
        """Bytes that arrived since the port was opened."""
        return self.session.stats.bytes

    @property
    def lost_frames(self) -> int:
        """Frames that are missing by their sequence numbers."""
        return self.session.stats.lost_frames

    @property
    def damaged(self) -> int:
        """Frames that arrived damaged since connecting."""
        stats = self.session.stats
        return stats.crc_errors + stats.cobs_errors + self.session.malformed

    @property
    def asking(self) -> bool:
        """Whether the board owes an answer."""
        return bool(self._open)

    def ask(self, exchange: Exchange, done: Done, timeout_s: float, token: object = None) -> None:
        """Begin a conversation.

        Args:
            exchange: not begun yet.
            done: called once, from whichever thread ends it.
            timeout_s: for each of its replies.
            token: to cancel it by.
        """
        entry = _Open(token, exchange, "", done, timeout_s, 0.0)
        try:
            self._send(entry, next(exchange))
        except StopIteration as stop:
            done(stop.value)
        except AppError as error:
            done(error)

    def cancel(self, token: object) -> bool:
        """Give up the conversation with this token; whether there was one."""
        with self._lock:
            for number, entry in self._open.items():
                if entry.token == token:
                    del self._open[number]
                    self.session.forget(number)
                    break
            else:
                return False
        entry.exchange.close()
        entry.done(None)
        return True

    def close(self) -> None:
        """Stop reading and let go of the port."""
        self._closing.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(2.0)
        self._transport.close()
        self._fail_all(DeviceError("device.closed", "The connection was closed."))

    def _send(self, entry: _Open, step: tuple[str, dict[str, object]]) -> None:
        op, args = step
        with self._lock:
            try:
                number, data = self.session.request(op, args)
            except ValueError as error:
                raise DeviceError("op.too_large", f"The request {op!r} does not fit the link.", str(error)) from error
            entry.op, entry.deadline = op, time.monotonic() + entry.timeout_s
            self._open[number] = entry
            try:
                self._transport.write(data)
            except DeviceError:
                self._open.pop(number, None)
                raise

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                data = self._transport.read(READ_BYTES, _TICK_SECONDS)
                if data:
                    self._take(data)
                self._expire()
                self._listener.on_tick()
        except DeviceError as error:
            if self._closing.is_set():
                return
            self._transport.close()
            self._fail_all(error)
            self._listener.on_gone(error)

    def _take(self, data: bytes) -> None:
        with self._lock:
            incoming = self.session.feed(data, time.time_ns() // 1000)
        inferences = []
        for message in incoming:
            if isinstance(message, SampleBlock):
                self._listener.on_block(message)
            elif isinstance(message, Reply):
                self._reply(message)
            elif isinstance(message, Event):
                self._listener.on_event(message)
            else:
                inferences.append(message)
        if inferences:
            self._listener.on_inference(inferences)

    def _reply(self, reply: Reply) -> None:
        with self._lock:
            entry = self._open.pop(reply.id, None)
        if entry is None:
            return
        try:
            self._send(entry, entry.exchange.send(reply))
        except StopIteration as stop:
            entry.done(stop.value)
        except Cancelled:
            entry.done(None)
        except AppError as error:
            entry.done(error)

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = {number: entry for number, entry in self._open.items() if now > entry.deadline}
            for number in late:
                del self._open[number]
                self.session.forget(number)
        for entry in late.values():
            entry.done(no_answer(self._transport.url, entry.op))

    def _fail_all(self, error: DeviceError) -> None:
        with self._lock:
            entries, self._open = list(self._open.values()), {}
        for entry in entries:
            entry.done(error)
