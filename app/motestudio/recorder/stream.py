"""What the recorder knows of one channel group's stream: its live tail, its timing, and what is missing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from motestudio.devices.live_tail import LiveTailWriter
from motestudio.devices.timing import Continuity, GapDetector, RateMeter, after_absence
from motestudio.domain.recording import Health
from motestudio.domain.signal import RAW_MAX, RAW_MIN, ChannelGroup, SampleBlock
from motestudio.errors import DeviceError

TAIL_SECONDS = 60.0
_TAIL_BYTES = 64 << 20


_STALL_SECONDS = 3.0
_STALL_BLOCKS = 5.0


class StallWatch:
    """Notices a stream that stopped though its port is still there: behind a bridge, a board can be reset or lose power
    without anybody else noticing.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._longest = 0.0

    def restart(self) -> None:
        """A stream begins; until its first block nothing is missed."""
        self._last = self._longest = 0.0

    def block(self, now: float) -> None:
        """A block has arrived; `now` in seconds of any steady clock."""
        if self._last:
            self._longest = max(self._longest, now - self._last)
        self._last = now

    def stalled(self, now: float) -> bool:
        """Whether the next block is overdue: by three seconds, or five of the longest waits there were."""
        return self._last > 0 and now - self._last > max(_STALL_SECONDS, _STALL_BLOCKS * self._longest)


class GroupStream:
    """One channel group while connected.

    Attributes:
        group: of the description.
        tail_path: of the live tail.
        samples: since the stream began.
        lost: likewise.
    """

    def __init__(self, group: ChannelGroup, tail_path: Path) -> None:
        self.group = group
        self.tail_path = tail_path
        self.samples = self.lost = 0
        capacity = min(int(TAIL_SECONDS * group.rate_hz) + 1, _TAIL_BYTES // group.frame_bytes)
        self._tail = LiveTailWriter(tail_path, group, max(capacity, 1024))
        self.meter = RateMeter()
        self._gaps = GapDetector(group.rate_hz)
        self._last: SampleBlock | None = None
        self._before: SampleBlock | None = None

    def restart(self) -> None:
        """The board begins a new stream."""
        self.samples = self.lost = 0
        self.meter.restart()
        self._gaps.reset()
        self._last = self._before = None

    def resume(self) -> None:
        """The board was away and goes on with the stream: what comes next follows after a gap."""
        self._before = self._last or self._before
        self._last = None
        self._gaps.reset()

    def take(self, block: SampleBlock, lost_frames: int) -> Continuity | None:
        """Take a block; None where it has another number of channels than the group."""
        if block.samples.shape[1] != len(self.group.channels):
            return None
        follows = self._gaps.follow(block, lost_frames)
        if self._before is not None:
            follows = after_absence(self._before, block, self.meter.measure().rate_hz or self.group.rate_hz)
            self._before = None
        self._last = block
        if follows.jumped:
            self.meter.restart()
        self.meter.skip(follows.lost)
        self.meter.add(block.device_time_us, len(block.samples))
        self.samples += len(block.samples)
        self.lost += follows.lost
        self._tail.append(block.samples, block.device_time_us)
        return follows

    def close(self) -> None:
        """Unmap and remove the tail; readers keep what they have mapped."""
        self._tail.close()
        self.tail_path.unlink(missing_ok=True)


def open_streams(folder: Path, groups: Sequence[ChannelGroup]) -> list[GroupStream]:
    """A stream with its tail for each channel group; what recorders that were killed left behind is swept away.

    Raises:
        DeviceError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.tail"):
            owner = old.name.split("-")[0]
            if owner.isdigit() and int(owner) != os.getpid() and not psutil.pid_exists(int(owner)):
                old.unlink(missing_ok=True)
        return [
            GroupStream(group, folder / f"{os.getpid()}-{index}-{time.monotonic_ns()}.tail")
            for index, group in enumerate(groups)
        ]
    except OSError as error:
        text = f"The live view cannot be written to {folder}: {error.strerror}."
        raise DeviceError("tail.unwritable", text, "Free some space or check the folder's rights.") from error


class TakeHealth:
    """Adds up how well one take arrived."""

    def __init__(self, group: ChannelGroup, damaged_frames: int) -> None:
        self._meter = RateMeter(blocks=4096)
        self._clipped = np.zeros(len(group.channels), dtype=np.int64)
        self._damaged = damaged_frames
        self.lost = 0

    def add(self, block: SampleBlock, follows: Continuity) -> None:
        """Take a block of the take."""
        if follows.jumped:
            self._meter.restart()
        self._meter.skip(follows.lost)
        self._meter.add(block.device_time_us, len(block.samples))
        self.lost += follows.lost
        self._clipped += ((block.samples == RAW_MIN) | (block.samples == RAW_MAX)).sum(axis=0)

    def result(self, damaged_frames: int) -> Health:
        """The figures, given the link's counter of damaged frames as it stands."""
        timing = self._meter.measure()
        return Health(
            rate_hz=round(timing.rate_hz, 4),
            jitter_ms=round(timing.jitter_ms, 4),
            lost_samples=self.lost,
            crc_errors=damaged_frames - self._damaged,
            clipped=tuple(int(n) for n in self._clipped),
        )
