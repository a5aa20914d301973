"""Drives the virtual board: waits for bytes and for the time of the next block, in one loop.

On a real-time stream a client that does not read makes the board drop samples and count them, as a real board would;
on a stream that runs as fast as it can, the board waits instead.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from motestudio.devices.link.frames import FrameDecoder
from motestudio.virtualboard.board import Board
from motestudio.virtualboard.listeners import Listener

_BACKLOG_BYTES = 256 * 1024
_FAST_BACKLOG_BYTES = 64 * 1024
_IDLE_SECONDS = 0.25
_CATCH_UP_BLOCKS = 50


class Server:
    """One board behind one listener."""

    def __init__(self, board: Board, listener: Listener) -> None:
        self._board = board
        self._listener = listener
        self._decoder = FrameDecoder()
        self._backlog = bytearray()
        self._due = 0.0

    def run(self, stopped: Callable[[], bool]) -> None:
        """Serve until `stopped` says so; it is asked several times a second."""
        while not stopped():
            self._wait()
            self._receive()
            self._stream()
            self._send()

    def _wait(self) -> None:
        timeout = _IDLE_SECONDS
        output = self._listener.output()
        if self._board.streaming and not (self._board.rate == 0 and len(self._backlog) >= _FAST_BACKLOG_BYTES):
            timeout = min(timeout, max(0.0, self._due - time.monotonic()))
        select.select(
            self._listener.descriptors(), [output] if self._backlog and output is not None else [], [], timeout
        )

    def _receive(self) -> None:
        data = self._listener.receive()
        if data is None:
            self._board.hang_up()
            self._decoder = FrameDecoder()
            self._backlog.clear()
            return
        for frame in self._decoder.feed(data):
            starts = self._board.starts
            self._backlog += self._board.handle(frame)
            if self._board.starts != starts:
                self._due = time.monotonic() + self._board.block_seconds

    def _stream(self) -> None:
        board, now = self._board, time.monotonic()
        if board.rate == 0:
            while board.streaming and len(self._backlog) < _FAST_BACKLOG_BYTES:
                self._backlog += board.next_block()
            return
        if now - self._due > 1.0 + _CATCH_UP_BLOCKS * board.block_seconds:
            self._due = now  # this computer slept
        while board.streaming and now >= self._due:
            self._backlog += board.next_block(drop=len(self._backlog) >= _BACKLOG_BYTES)
            self._due += board.block_seconds

    def _send(self) -> None:
        while self._backlog:
            with memoryview(self._backlog) as view:
                sent = self._listener.send(view[: 1 << 16])
            if sent == 0:
                return
            del self._backlog[:sent]
