"""The channel between the studio and one of its own programs: whole JSON messages as bytes, in order, both ways.

Nothing is ever unpickled: only ``send_bytes`` and ``recv_bytes`` of ``multiprocessing.connection`` are used. On POSIX
the two ends are a socket pair of which the child inherits one; elsewhere (and in tests) it is a named pipe, Unix or
loopback socket with a key. The key travels in the child's environment, is taken out of it at once and never stands
in an argument list. This module starts no process and knows no message.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from motestudio.jobs.lifeline import Lifeline, hang_on, let_go

MAX_MESSAGE = 64 * 1024 * 1024
VARIABLE = "MOTE_CHANNEL"
_SLICE = 0.25
_CHUNK = 1 << 18
_LENGTH = struct.Struct("!i")


class ChannelClosed(Exception):  # noqa: N818 - an end, not an error: processes come and go
    """The other end is gone, or this end was closed."""


class Channel:
    """One end. Any thread may send; one thread at a time receives."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._part = bytearray()
        self._send_lock = threading.Lock()
        self._receive_lock = threading.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether this end was closed, or has noticed that the other one is."""
        return self._closed

    def send(self, data: bytes) -> None:
        """Send one message.

        Raises:
            ChannelClosed: nobody will get it.
            ValueError: larger than `MAX_MESSAGE`.
        """
        if len(data) > MAX_MESSAGE:
            raise ValueError(f"a message of {len(data)} bytes is over the limit of {MAX_MESSAGE}")
        with self._send_lock:
            if self._closed:
                raise ChannelClosed
            try:
                self._connection.send_bytes(data)
            except (OSError, ValueError) as error:
                self._closed = True
                raise ChannelClosed from error

    def recv(self, timeout: float | None = None) -> bytes | None:
        """Wait for one message.

        Args:
            timeout: seconds; None waits until there is one; 0 only looks.

        Returns:
            The message, or None where none came in time.

        Raises:
            ChannelClosed: no message will come any more (those sent before the end are received first).
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _SLICE if end is None else min(_SLICE, end - time.monotonic())
            with self._receive_lock:
                if self._closed:
                    raise ChannelClosed
                try:
                    if (data := self._receive(max(0.0, left))) is not None:
                        return data
                except (OSError, EOFError) as error:
                    self._closed = True
                    raise ChannelClosed from error
            if end is not None and time.monotonic() >= end:
                return None

    def _receive(self, wait: float) -> bytes | None:
        """One message, or None where no whole one is there yet.

        Where the end is a descriptor we put messages together by ourselves: `Connection.recv_bytes` waits for the
        rest of a message as long as it takes, and a stage that writes nonsense into the channel would hold us there.
        """
        if sys.platform == "win32":  # pragma: no cover - a pipe there has messages of its own
            return self._connection.recv_bytes(MAX_MESSAGE) if self._connection.poll(wait) else None
        if (data := self._take()) is not None:
            return data
        if not self._connection.poll(wait):
            return None
        chunk = os.read(self._connection.fileno(), _CHUNK)
        if not chunk:
            raise EOFError
        self._part += chunk
        return self._take()

    def _take(self) -> bytes | None:
        """The first message of what was read, as `Connection.send_bytes` frames it."""
        if len(self._part) < _LENGTH.size:
            return None
        (length,), begin = _LENGTH.unpack_from(self._part), _LENGTH.size
        if length < 0 or length > MAX_MESSAGE:  # -1 announces one of more than 2 GB
            raise OSError(errno.EMSGSIZE, "no message of ours")
        if len(self._part) < begin + length:
            return None
        data = bytes(self._part[begin : begin + length])
        del self._part[: begin + length]
        return data

    def close(self) -> None:
        """Close this end; a thread that waits in `recv` gets `ChannelClosed` within a quarter of a second."""
        self._closed = True
        # A receiver may sit in the middle of a message that never ends: closing under it is better than waiting.
        held = self._receive_lock.acquire(timeout=4 * _SLICE)
        try:
            with contextlib.suppress(OSError):
                self._connection.close()
        finally:
            if held:
                self._receive_lock.release()


class Offer:
    """The parent's side of a channel that a child is to take.

    Attributes:
        environment: what to add to the child's environment.
        pass_fds: descriptors that the child inherits.
        lifeline: whoever owns the child closes it after the child's end.
    """

    def __init__(self, *, inherit: bool | None = None) -> None:
        self._ours: socket.socket | None = None
        self._theirs: socket.socket | None = None
        self._listener: Listener | None = None
        self.pass_fds: tuple[int, ...] = ()
        if sys.platform != "win32" if inherit is None else inherit:
            self._ours, self._theirs = socket.socketpair()
            self.pass_fds = (self._theirs.fileno(),)
            place: dict[str, Any] = {"fd": self._theirs.fileno()}
        else:
            key = secrets.token_bytes(32)
            self._listener = Listener(authkey=key)
            place = {"address": self._listener.address, "key": key.hex()}
        self.lifeline = Lifeline()
        if self.lifeline.child_fd >= 0:
            self.pass_fds += (self.lifeline.child_fd,)
            place["life"] = self.lifeline.child_fd
        self.environment = {VARIABLE: json.dumps(place)}

    def accept(self, timeout: float, alive: Callable[[], bool]) -> Channel:
        """Take the parent's end, after the child was started.

        Args:
            timeout: seconds to wait for the child, where it has to connect.
            alive: whether the child still runs.

        Raises:
            ChannelClosed: the child ended or did not connect in time.
        """
        try:
            if self._ours is not None:
                return Channel(Connection(self._ours.detach()))
            return self._accept_connection(timeout, alive)
        finally:
            self.close()

    def _accept_connection(self, timeout: float, alive: Callable[[], bool]) -> Channel:
        listener = self._listener
        assert listener is not None
        got: list[Connection[Any, Any]] = []

        def take() -> None:
            with contextlib.suppress(OSError, EOFError, AuthenticationError):
                got.append(listener.accept())

        thread = threading.Thread(target=take, name="mote-accept", daemon=True)
        thread.start()
        end = time.monotonic() + timeout
        while thread.is_alive() and alive() and time.monotonic() < end:
            thread.join(0.05)
        if thread.is_alive():  # closing a listening socket wakes nobody: a visitor without the key does
            with contextlib.suppress(OSError, EOFError, AuthenticationError):
                Client(listener.address, authkey=b"nobody").close()
            thread.join(1.0)
        if not got:
            raise ChannelClosed
        return Channel(got[0])

    def close(self) -> None:
        """Let go of what the child has by now; without an `accept` before, of the whole channel."""
        self.lifeline.started()
        for end in (self._ours, self._theirs):
            if end is not None:
                end.close()
        if self._listener is not None:
            self._listener.close()
        self._ours = self._theirs = self._listener = None


def connect_to_parent(*, die_with_parent: bool = False) -> Channel:
    """The child's end, taken once, at the start of a program.

    Args:
        die_with_parent: be killed at the moment the parent dies, where the system can do that. A program that has
            something to finish leaves it off and ends by itself when `Channel.recv` raises `ChannelClosed`.

    Raises:
        ChannelClosed: this process was not started by the studio.
    """
    place = os.environ.pop(VARIABLE, "")
    try:
        where = json.loads(place)
        (hang_on if die_with_parent else let_go)(int(where.get("life", -1)))
        if "fd" in where:
            os.set_inheritable(where["fd"], False)
            return Channel(Connection(where["fd"]))
        return Channel(Client(where["address"], authkey=bytes.fromhex(where["key"])))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, AuthenticationError) as error:
        raise ChannelClosed from error
