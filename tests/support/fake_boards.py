"""Boards with faults: a TCP server that behaves as a test says, for real transports to meet."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from motestudio.devices.link.frames import FrameDecoder, encode_frame
from motestudio.devices.link.protocol import Kind, Reply, Request, pack_reply, pack_samples, unpack_request

DESCRIPTION: dict[str, Any] = {
    "name": "Fake board",
    "serial_number": "F4KE",
    "groups": [
        {"name": "imu", "rate_hz": 100.0, "channels": [{"name": "ax", "unit": "g"}, {"name": "ay", "unit": "g"}]}
    ],
}


class Connection(Protocol):
    """What a socket and the board's end of a pseudo-terminal have in common."""

    def sendall(self, data: bytes, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...

    def fileno(self) -> int: ...


class Wire:
    """The board's end of a connection, with what a test needs to misbehave."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._decoder = FrameDecoder()
        self._sequence = 0
        self._requests: list[Request] = []

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def frame(self, kind: int, payload: bytes, *, skip: int = 0) -> None:
        """Send a frame; `skip` frames before it get lost."""
        self._sequence += skip
        self.raw(encode_frame(kind, self._sequence, payload))
        self._sequence += 1

    def reply(self, request: Request, result: dict[str, Any]) -> None:
        """Say yes."""
        self.frame(Kind.REPLY, pack_reply(Reply(request.id, True, result)))

    def request(self) -> Request:
        """Wait for the next request."""
        while not self._requests:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError("the client left")
            self._requests += [unpack_request(f.payload) for f in self._decoder.feed(data)]
        return self._requests.pop(0)

    def poll(self, timeout_s: float) -> Request | None:
        """The next request, or None where none comes in time."""
        if not self._requests and select.select([self.connection.fileno()], [], [], timeout_s)[0]:
            return self.request()
        return self._requests.pop(0) if self._requests else None

    def polite(self, until: str = "") -> Request:
        """Answer `describe` and agree with everything else, until an operation of this name is asked for."""
        while True:
            request = self.request()
            if request.op == until:
                return request
            self.reply(request, DESCRIPTION if request.op == "describe" else {})


@contextlib.contextmanager
def fake_board(behave: Callable[[Wire], None], connections: int = 1) -> Iterator[str]:
    """A board behind a socket; yields its address.

    Args:
        behave: runs for each connection, which closes when it returns.
        connections: how many are taken.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            for _ in range(connections):
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(20)
                    behave(Wire(connection))

    thread = threading.Thread(target=serve, name="fake-board")
    thread.start()
    try:
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(25)
        assert not thread.is_alive()


class Streamer:
    """Behaves: answers, and streams one channel pair at 1 kHz in real time; every sample holds its own number.

    Args:
        keeps_time: its clock goes on while it is away, as where only the cable was pulled.
        description: of itself.

    Attributes:
        asked: every request of every connection, in order.
    """

    RATE = 1000.0
    BLOCK = 20

    def __init__(self, *, keeps_time: bool = False, description: dict[str, Any] | None = None) -> None:
        channels = [{"name": "ax", "unit": "g"}, {"name": "ay", "unit": "g"}]
        self.description = description or {
            **DESCRIPTION,
            "groups": [{"name": "imu", "rate_hz": self.RATE, "channels": channels}],
        }
        self.asked: list[Request] = []
        self._born = time.monotonic()
        self._keeps_time = keeps_time
        self._reset = False

    def reset(self) -> None:
        """Forget the stream, as a board does whose button is pressed behind a bridge that stays."""
        self._reset = True

    def __call__(self, wire: Wire) -> None:
        """Serve one connection until it is cut."""
        if not self._keeps_time:
            self._born = time.monotonic()
        left: int | None = 0
        start, sent = 0.0, 0
        while True:
            request = wire.poll(0.005)
            if request is not None:
                self.asked.append(request)
                wire.reply(request, self.description if request.op == "describe" else {})
                if request.op == "start":
                    left, start, sent = request.args.get("count", 0) or None, time.monotonic(), 0
                elif request.op == "stop":
                    left = 0
            if self._reset:
                self._reset, left, self._born = False, 0, time.monotonic()
            while left != 0 and time.monotonic() - start >= (sent + self.BLOCK) / self.RATE:
                count = self.BLOCK if left is None else min(left, self.BLOCK)
                at = start - self._born + sent / self.RATE
                index = (round(at * self.RATE) + np.arange(count)) % 30000
                wire.frame(Kind.SAMPLES, pack_samples(0, round(at * 1e6), 0, self.block(index)))
                sent += count
                left = None if left is None else left - count

    def block(self, index: np.ndarray) -> np.ndarray:
        """The samples of so many numbers."""
        return np.stack([index] * 2, axis=1).astype(np.int16)

    def count(self, op: str) -> int:
        """How often an operation was asked for."""
        return sum(r.op == op for r in self.asked)


class _Cable:
    """Runs a behaviour on a thread for as long as it is plugged in."""

    def __init__(self, behave: Callable[[Wire], None]) -> None:
        self.behave = behave
        self._thread: threading.Thread | None = None

    def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.behave(Wire(connection))

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join(10)
            assert not self._thread.is_alive()
        self._thread = None


class SocketCable(_Cable):
    """A board behind TCP that can be unplugged and plugged in again at the same address."""

    def __init__(self, behave: Callable[[Wire], None]) -> None:
        super().__init__(behave)
        self._server: socket.socket | None = None
        self._port = 0
        self._now: socket.socket | None = None
        self.plug()
        self.url = f"socket://127.0.0.1:{self._port}"

    def plug(self) -> None:
        """Listen."""
        server = self._server = socket.create_server(("127.0.0.1", self._port))
        self._port = server.getsockname()[1]

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    self._now, _ = server.accept()
                    with self._now as connection:
                        self._serve(connection)

        self._thread = threading.Thread(target=run, name="socket-cable", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Cut the connection, listen no more."""
        for end in (self._server, self._now):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._join()


class _Terminal:
    """The board's end of a pseudo-terminal as a connection."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def sendall(self, data: bytes, /) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]

    def recv(self, size: int, /) -> bytes:
        return os.read(self._descriptor, size)

    def fileno(self) -> int:
        return self._descriptor


class TerminalCable(_Cable):
    """A board behind a pseudo-terminal, reached by a link; unplugged by closing the board's end."""

    def __init__(self, behave: Callable[[Wire], None], link: Path) -> None:
        super().__init__(behave)
        self.url = str(link)
        self._link = link
        self.master = -1
        self.plug()

    def plug(self) -> None:
        """Make a terminal, and the link to it."""
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self._link.symlink_to(os.ttyname(slave))
        # Held until a client came and went, or the board would read an error before the first one.
        self._slave = slave
        connection = _Terminal(self.master)
        self._thread = threading.Thread(target=self._serve, args=(connection,), name="terminal-cable", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Take it away."""
        if self.master < 0:
            return
        self._link.unlink()
        os.close(self._slave)
        master, self.master = self.master, -1
        os.close(master)
        self._join()
