"""Plays what was recorded before as if it came now: a block goes out when the last of its samples would be taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from motestudio.domain.signal import ChannelGroup
from motestudio.errors import DeviceError
from motestudio.recorder.block_maker import Made

_PIECE_SECONDS = 0.05


class Paced:
    """A `recorder.local_link.BlockSource` over blocks that are there already.

    Args:
        blocks: in order; raises DeviceError after the last.
        groups: of the blocks.
        count: bytes and damaged stretches that `blocks` has taken so far.
        close: lets go of what `blocks` reads.
    """

    def __init__(
        self,
        blocks: Iterator[Made],
        groups: tuple[ChannelGroup, ...],
        count: Callable[[], tuple[int, int]],
        close: Callable[[], None],
    ) -> None:
        self._groups, self._count, self._close = groups, count, close
        self._blocks = (piece for made in blocks for piece in self._pieces(made))
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._began = 0.0
        self._first_us: int | None = None
        self._next: Made | None = None
        self._end: DeviceError | None = None

    @property
    def received(self) -> int:
        """Taken so far."""
        return self._count()[0]

    @property
    def damaged(self) -> int:
        """Stretches of bytes that were no samples."""
        return self._count()[1]

    def begin(self) -> None:
        """Play, or go on."""
        self._wanted.set()

    def read(self, timeout_s: float) -> list[Made]:
        """The blocks whose time has come; see `BlockSource.read`."""
        if self._end is not None:
            raise self._end
        out: list[Made] = []
        if not self._wanted.wait(timeout_s):
            return out
        deadline = time.monotonic() + timeout_s
        while not self._closed.is_set():
            try:
                made = self._next = self._next or next(self._blocks)
            except DeviceError as error:
                self._end = error
                return out
            due = self._due(made)
            now = time.monotonic()
            if due > now:
                if out or now >= deadline:
                    return out
                self._closed.wait(min(due, deadline) - now)
                continue
            self._next = None
            out.append(Made(replace(made.block, host_time_us=time.time_ns() // 1000), made.missed))
        return out

    def close(self) -> None:
        """See `BlockSource.close`."""
        self._closed.set()
        self._wanted.set()
        self._close()

    def _pieces(self, made: Made) -> Iterator[Made]:
        """A block of what was read at once as blocks of a moment each, so that it is seen as it comes."""
        block, rate_hz = made.block, self._groups[made.block.group].rate_hz
        step = max(1, round(_PIECE_SECONDS * rate_hz))
        for first in range(0, len(block.samples), step):
            time_us = block.device_time_us + round(first * 1e6 / rate_hz)
            piece = replace(block, device_time_us=time_us, samples=block.samples[first : first + step])
            yield Made(piece, made.missed and first == 0)

    def _due(self, made: Made) -> float:
        """When its last sample is taken, by the clock of `time.monotonic`."""
        block = made.block
        if self._first_us is None:
            self._first_us, self._began = block.device_time_us, time.monotonic()
        length = len(block.samples) / self._groups[block.group].rate_hz
        due = self._began + (block.device_time_us - self._first_us) / 1e6 + length
        if not -1.0 < due - time.monotonic() < 10.0:
            # The clock in it jumped: it is played on from here.
            self._began += time.monotonic() + length - due
            due = time.monotonic() + length
        return due
