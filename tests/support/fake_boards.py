"""Boards with faults: a TCP server that behaves as a test says, for real transports to meet."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from motestudio.devices.link.frames import FrameDecoder, encode_frame
from motestudio.devices.link.protocol import Kind, Reply, Request, pack_reply, unpack_request

DESCRIPTION: dict[str, Any] = {
    "name": "Fake board",
    "serial_number": "F4KE",
    "groups": [
        {"name": "imu", "rate_hz": 100.0, "channels": [{"name": "ax", "unit": "g"}, {"name": "ay", "unit": "g"}]}
    ],
}


class Wire:
    """The board's end of a connection, with what a test needs to misbehave."""

    def __init__(self, connection: socket.socket) -> None:
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
