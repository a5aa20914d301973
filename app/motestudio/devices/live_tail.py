"""The newest samples of a stream in a small memory-mapped file: one process writes, any number draw.

The file is a ring of int16 samples behind a header of 8-byte counters. The writer raises ``reserved`` before it
touches samples and ``total`` after; a reader copies, then looks at ``reserved`` again and gives up what may have been
overwritten meanwhile. Nobody waits for anybody, and a writer that dies at any point leaves a readable file.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import Channel, ChannelGroup, Samples
from motestudio.errors import DeviceError

_MAGIC = 0x314C4941544D4554
_HEADER_BYTES = 8192
_WORDS = 8
# Words of the header: what they count is fixed, so that a reader of the same version finds them.
_W_MAGIC, _W_CAPACITY, _W_CHANNELS, _W_TOTAL, _W_RESERVED, _W_TIME, _W_TIME_INDEX, _W_JSON = range(_WORDS)


class _Ring:
    def __init__(self, memory: mmap.mmap, capacity: int, channels: int) -> None:
        self.words: npt.NDArray[np.int64] = np.frombuffer(memory, dtype=np.int64, count=_WORDS)
        flat = np.frombuffer(memory, dtype="<i2", count=capacity * channels, offset=_HEADER_BYTES)
        self.samples: Samples = flat.reshape(capacity, channels)

    def copy(self, begin: int, end: int) -> Samples:
        """Samples of the stream, of which the ring holds all or did a moment ago."""
        capacity = len(self.samples)
        at = begin % capacity
        first = min(end - begin, capacity - at)
        copied: Samples = np.concatenate((self.samples[at : at + first], self.samples[: end - begin - first]))
        return copied


class LiveTailWriter:
    """The one writer.

    Args:
        path: of the file; made anew.
        group: channels and rate; kept in the header.
        capacity_samples: of the ring.
    """

    def __init__(self, path: Path, group: ChannelGroup, capacity_samples: int) -> None:
        channels = len(group.channels)
        facts = json.dumps(asdict(group)).encode()
        if len(facts) > _HEADER_BYTES - 8 * _WORDS:
            raise ValueError(f"channel group {group.name!r} has too much to say")
        path.unlink(missing_ok=True)  # a reader of the old file keeps its mapping
        with path.open("wb+") as file:
            file.truncate(_HEADER_BYTES + capacity_samples * channels * 2)
            self._memory = mmap.mmap(file.fileno(), 0)
        self._memory[8 * _WORDS : 8 * _WORDS + len(facts)] = facts
        self._ring = _Ring(self._memory, capacity_samples, channels)
        words = self._ring.words
        words[_W_CAPACITY], words[_W_CHANNELS], words[_W_JSON] = capacity_samples, channels, len(facts)
        words[_W_MAGIC] = _MAGIC
        self._capacity = capacity_samples
        self._total = 0

    def append(self, samples: Samples, device_time_us: int) -> None:
        """Add samples.

        Args:
            samples: int16, shape (n, channels).
            device_time_us: the board's clock at the first of them.
        """
        words, start = self._ring.words, self._total
        total = start + len(samples)
        words[_W_RESERVED] = total
        kept = samples[-self._capacity :]
        at = (total - len(kept)) % self._capacity
        first = min(len(kept), self._capacity - at)
        self._ring.samples[at : at + first] = kept[:first]
        self._ring.samples[: len(kept) - first] = kept[first:]
        words[_W_TIME], words[_W_TIME_INDEX] = device_time_us, start
        words[_W_TOTAL] = self._total = total

    @property
    def total(self) -> int:
        """Samples written."""
        return self._total

    @property
    def capacity(self) -> int:
        """Samples that the ring holds."""
        return self._capacity

    def window(self, start: int, count: int) -> Samples:
        """A copy of samples that are still in the ring, int16, shape (count, channels).

        May be called from another thread than the one that appends, for samples that are not overwritten meanwhile.
        """
        return self._ring.copy(start, start + count)

    def close(self) -> None:
        """Unmap; the file stays."""
        del self._ring
        self._memory.close()


class LiveTailReader:
    """A view of a tail that may be growing.

    Attributes:
        group: channels and rate.
        capacity: samples that the ring holds.

    Raises:
        DeviceError: ``tail.unreadable``: the file is no tail, or not yet.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            words = np.frombuffer(self._memory, dtype=np.int64, count=_WORDS)
            capacity, channels, length = (int(words[w]) for w in (_W_CAPACITY, _W_CHANNELS, _W_JSON))
            if int(words[_W_MAGIC]) != _MAGIC or capacity < 1 or channels < 1:
                raise ValueError("not a tail")
            said = json.loads(self._memory[8 * _WORDS : 8 * _WORDS + length])
            columns = tuple(Channel(**c) for c in said["channels"])
            self.group = ChannelGroup(said["name"], said["rate_hz"], columns)
            self.capacity = capacity
            self._ring = _Ring(self._memory, capacity, channels)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(
                "tail.unreadable", f"{path.name} is no live view of a board.", "Connect again."
            ) from error

    @property
    def total(self) -> int:
        """Samples written since the tail was made."""
        return int(self._ring.words[_W_TOTAL])

    @property
    def last_block(self) -> tuple[int, int]:
        """Index of the latest block's first sample, and the board's clock at it in microseconds."""
        words = self._ring.words
        return int(words[_W_TIME_INDEX]), int(words[_W_TIME])

    def latest(self, n: int) -> tuple[Samples, int]:
        """The newest samples.

        Args:
            n: at most so many.

        Returns:
            A copy, int16, shape (up to n, channels), and the index of its first sample.
        """
        total = self.total
        n = max(0, min(n, total, self.capacity))
        return self.window(total - n, n)

    def window(self, start: int, count: int) -> tuple[Samples, int]:
        """What is still there of a stretch.

        Args:
            start: index of the first sample wanted.
            count: samples wanted.

        Returns:
            A copy of the part of it that is in the ring, and the index of its first sample.
        """
        total = self.total
        end = min(start + count, total)
        begin = max(start, 0, total - self.capacity)
        if begin >= end:
            return np.empty((0, self._ring.samples.shape[1]), dtype=np.int16), max(begin, 0)
        copy = self._ring.copy(begin, end)
        # What the writer has begun to overwrite since is given up.
        spoilt = max(0, min(int(self._ring.words[_W_RESERVED]) - self.capacity - begin, len(copy)))
        return copy[spoilt:], begin + spoilt

    def close(self) -> None:
        """Unmap."""
        del self._ring
        self._memory.close()
