"""The past of a stream: the live tail, and beyond it the recording that grows while a take runs. Reads, never writes.

Has the face of `live_tail.LiveTailReader`, so that a plot scrolls back without knowing where samples lie.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np

from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.signal import ChannelGroup, Samples


class LiveHistory:
    """One channel group.

    Args:
        tail: of the group.

    Attributes:
        tail: as given.
    """

    def __init__(self, tail: LiveTailReader) -> None:
        self.tail = tail
        self._path: Path | None = None
        self._first = 0

    def take_began(self, path: Path, first: int) -> None:
        """A take is recorded into a file of raw samples, which stays in reach until the next one begins.

        Args:
            path: of the file, which grows.
            first: sample of the tail that is the file's first.
        """
        self._path, self._first = path, first

    @property
    def group(self) -> ChannelGroup:
        """Channels and rate."""
        return self.tail.group

    @property
    def total(self) -> int:
        """Samples since the tail was made."""
        return self.tail.total

    @property
    def last_block(self) -> tuple[int, int]:
        """See `LiveTailReader.last_block`."""
        return self.tail.last_block

    @property
    def oldest(self) -> int:
        """The first sample that can be read."""
        oldest = max(0, self.total - self.tail.capacity)
        if self._path is not None and self._first < oldest and self._in_file() + self._first >= oldest:
            return self._first
        return oldest

    def latest(self, n: int) -> tuple[Samples, int]:
        """See `LiveTailReader.latest`."""
        return self.tail.latest(n)

    def window(self, start: int, count: int) -> tuple[Samples, int]:
        """See `LiveTailReader.window`; what the tail has let go of comes from the recording."""
        samples, first = self.tail.window(start, count)
        begin, end = max(start, 0), first if len(samples) else start + count
        if self._path is None or end <= (begin := max(begin, self._first)):
            return samples, first
        older = self._from_file(begin - self._first, end - begin)
        if begin + len(older) == end:
            return np.concatenate((older, samples)), begin
        return (samples, first) if len(samples) else (older, begin)

    def _in_file(self) -> int:
        """Whole samples in the file; one that is being written is none yet."""
        assert self._path is not None
        try:
            return self._path.stat().st_size // self.group.frame_bytes
        except OSError:
            return 0

    def _from_file(self, start: int, count: int) -> Samples:
        channels = len(self.group.channels)
        count = min(count, self._in_file() - start)
        if self._path is None or count <= 0:
            return np.empty((0, channels), dtype=np.int16)
        with contextlib.suppress(OSError, ValueError):
            flat = np.fromfile(self._path, dtype="<i2", count=count * channels, offset=start * self.group.frame_bytes)
            return flat[: len(flat) // channels * channels].reshape(-1, channels)
        return np.empty((0, channels), dtype=np.int16)

    def close(self) -> None:
        """Unmap the tail."""
        self.tail.close()
