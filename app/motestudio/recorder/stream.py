"""What the recorder knows of one channel group's stream: its live tail, its timing, and what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motestudio.devices.live_tail import LiveTailWriter
from motestudio.devices.timing import Continuity, GapDetector, RateMeter
from motestudio.domain.recording import Health
from motestudio.domain.signal import RAW_MAX, RAW_MIN, ChannelGroup, SampleBlock

TAIL_SECONDS = 60.0
_TAIL_BYTES = 64 << 20


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

    def restart(self) -> None:
        """The board begins a new stream."""
        self.samples = self.lost = 0
        self.meter.restart()
        self._gaps.reset()

    def take(self, block: SampleBlock, lost_frames: int) -> Continuity | None:
        """Take a block; None where it has another number of channels than the group."""
        if block.samples.shape[1] != len(self.group.channels):
            return None
        follows = self._gaps.follow(block, lost_frames)
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
