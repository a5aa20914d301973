"""Where the virtual board waits for its one client: a TCP socket on this computer, or a pseudo-terminal.

A listener gives descriptors to wait on and moves bytes without blocking. It knows nothing of what they mean.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Protocol

from motestudio.devices.transports import BUSY_NOTICE

_TURNED_AWAY = 8


class Listener(Protocol):
    """One client at a time.

    Attributes:
        url: for `devices.transports.open_transport`.
    """

    url: str

    def descriptors(self) -> list[int]:
        """What to wait on for `receive`."""
        ...

    def output(self) -> int | None:
        """What to wait on for `send`, or None where nobody is connected."""
        ...

    def receive(self) -> bytes | None:
        """Bytes that have arrived; empty where none have; None where the client just left."""
        ...

    def send(self, data: memoryview) -> int:
        """Send what goes without waiting; how many bytes that were."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class SocketListener:
    """TCP on the loopback interface; a second client is told to go away by a closed connection."""

    def __init__(self, port: int = 0) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        self._turned_away: list[socket.socket] = []
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def descriptors(self) -> list[int]:
        """See `Listener.descriptors`."""
        return [self._server.fileno()] + ([self._client.fileno()] if self._client else [])

    def output(self) -> int | None:
        """See `Listener.output`."""
        return self._client.fileno() if self._client else None

    def receive(self) -> bytes | None:
        """See `Listener.receive`."""
        if self._client is None:
            self._accept()
            return b""
        try:
            data = self._client.recv(1 << 16)
        except BlockingIOError:
            self._accept()
            return b""
        except OSError:
            data = b""
        if data:
            return data
        self._drop()
        return None

    def _accept(self) -> None:
        try:
            visitor, _ = self._server.accept()
        except OSError:
            return  # nobody there, or gone again
        if self._client is not None:
            # A port has one user. The newcomer reads why, in plain text, and then the end.
            with contextlib.suppress(OSError):
                visitor.sendall(BUSY_NOTICE)
                visitor.shutdown(socket.SHUT_WR)
            # Closed only later: a close while it is still writing would reset the connection before it has read.
            self._turned_away.append(visitor)
            if len(self._turned_away) > _TURNED_AWAY:
                self._turned_away.pop(0).close()
            return
        visitor.setblocking(False)
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = visitor

    def send(self, data: memoryview) -> int:
        """See `Listener.send`."""
        if self._client is None:
            return len(data)
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # `receive` will notice that it is gone

    def close(self) -> None:
        """See `Listener.close`."""
        self._drop()
        for visitor in self._turned_away:
            visitor.close()
        self._server.close()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class PtyListener:
    """A pseudo-terminal in raw mode: the same code path as a serial port."""

    def __init__(self) -> None:
        import pty
        import tty

        self._board, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._board, False)
        self.url = os.ttyname(slave)
        # Held open: else every client that leaves would hang the line up for the next one.
        self._slave = slave

    def descriptors(self) -> list[int]:
        """See `Listener.descriptors`."""
        return [self._board]

    def output(self) -> int | None:
        """See `Listener.output`."""
        return self._board

    def receive(self) -> bytes | None:
        """See `Listener.receive`; a serial line does not say that somebody left."""
        try:
            return os.read(self._board, 1 << 16)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:
                return None
            raise

    def send(self, data: memoryview) -> int:
        """See `Listener.send`."""
        try:
            return os.write(self._board, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """See `Listener.close`."""
        os.close(self._board)
        os.close(self._slave)
