"""What the recorder knows of one channel group's stream: its live tail, its timing, and what is missing."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from motestudio.devices.live_tail import LiveTailWriter
from motestudio.devices.long_run import ClockDrift, LongRate
from motestudio.devices.recorder_messages import GroupHealth
from motestudio.devices.timing import Continuity, GapDetector, RateMeter, after_absence
from motestudio.domain.recording import Health
from motestudio.domain.signal import RAW_MAX, RAW_MIN, ChannelGroup, SampleBlock, Samples
from motestudio.errors import DeviceError

TAIL_SECONDS = 60.0
_TAIL_BYTES = 64 << 20
_RESERVE_S = 2.0
"""The oldest of the tail is not promised to anybody: it may be overwritten before it is read."""

_DRIFT_EVERY_S = 1.0
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A block in the live tail.

    Attributes:
        first: index of its first sample in the tail.
        count: samples.
        device_time_us: the board's clock at the first of them.
        host_time_us: this computer's clock at arrival.
        follows: what lies between it and the block before.
    """

    first: int
    count: int
    device_time_us: int
    host_time_us: int
    follows: Continuity

    @property
    def end(self) -> int:
        """One past its last sample."""
        return self.first + self.count

    def from_sample(self, index: int, period_us: float) -> Arrival:
        """The block without what lies before a sample of it."""
        cut = index - self.first
        if cut <= 0:
            return self
        time_us = self.device_time_us + round(cut * period_us)
        return Arrival(index, self.count - cut, time_us, self.host_time_us, Continuity())


class GroupStream:
    """One channel group while connected.

    Attributes:
        group: of the description.
        tail_path: of the live tail.
        samples: since the stream began.
        lost: likewise.
        dropped: samples that the board threw away since it was connected.
        meter: of the latest blocks.
    """

    def __init__(self, group: ChannelGroup, tail_path: Path) -> None:
        self.group = group
        self.tail_path = tail_path
        self.samples = self.lost = self._n_gaps = 0
        self.dropped = self._dropped_before = 0
        capacity = min(int(TAIL_SECONDS * group.rate_hz) + 1, _TAIL_BYTES // group.frame_bytes)
        self._tail = LiveTailWriter(tail_path, group, max(capacity, 1024))
        self.meter = RateMeter()
        self._drift = ClockDrift()
        self._drift_told = (0.0, 0.0)
        self._drift_at = -_DRIFT_EVERY_S
        self._jitter_max_ms = 0.0
        self._gaps = GapDetector(group.rate_hz)
        self._log: deque[Arrival] = deque()
        self._last: SampleBlock | None = None
        self._before: SampleBlock | None = None

    def restart(self) -> None:
        """The board begins a new stream."""
        self.samples = self.lost = self._n_gaps = 0
        self._dropped_before = self.dropped
        self._drift_at, self._drift_told = -_DRIFT_EVERY_S, (0.0, 0.0)
        self._jitter_max_ms = 0.0
        self.meter.restart()
        self._drift.restart()
        self._gaps.reset()
        self._last = self._before = None

    def resume(self) -> None:
        """The board was away and goes on with the stream: what comes next follows after a gap."""
        self._before = self._last or self._before
        self._last = None
        self._gaps.reset()

    def take(self, block: SampleBlock, lost_frames: int) -> Arrival | None:
        """Take a block; None where it has another number of channels than the group."""
        if block.samples.shape[1] != len(self.group.channels):
            return None
        follows = self._gaps.follow(block, lost_frames)
        if self._before is not None:
            follows = after_absence(self._before, block, self.meter.measure().rate_hz or self.group.rate_hz)
            self._before = None
        elif self._last is not None and (dropped := (block.dropped - self._last.dropped) & 0xFFFFFFFF) < 1 << 31:
            self.dropped += dropped
        self._last = block
        if follows.jumped:
            self.meter.restart()
            self._drift.restart()
        self.meter.skip(follows.lost)
        count = len(block.samples)
        self.meter.add(block.device_time_us, count)
        self._drift.add(block.device_time_us + round(count * self.period_us), block.host_time_us)
        self.samples += count
        self.lost += follows.lost
        self._n_gaps += follows.lost > 0
        arrival = Arrival(self._tail.total, count, block.device_time_us, block.host_time_us, follows)
        self._tail.append(block.samples, block.device_time_us)
        self._log.append(arrival)
        while self._log[0].end <= self._oldest:
            self._log.popleft()
        return arrival

    @property
    def period_us(self) -> float:
        """Nominal time between two samples."""
        return 1e6 / self.group.rate_hz

    @property
    def total(self) -> int:
        """Samples in the tail since it was made."""
        return self._tail.total

    @property
    def drift(self) -> tuple[float, float]:
        """See `ClockDrift.measure`; about a second old at most."""
        now = time.monotonic()
        if now - self._drift_at >= _DRIFT_EVERY_S:
            self._drift_at, self._drift_told = now, self._drift.measure()
        return self._drift_told

    @property
    def _oldest(self) -> int:
        reserve = min(round(_RESERVE_S * self.group.rate_hz), self._tail.capacity // 4)
        return self._tail.total - self._tail.capacity + reserve

    def since(self, index: int) -> list[Arrival]:
        """The blocks from a sample on, as far back as the tail is sure to reach, the first cut to it."""
        index = max(index, self._oldest)
        return [a.from_sample(index, self.period_us) for a in self._log if a.end > index]

    def window(self, start: int, count: int) -> Samples:
        """A copy of samples of the tail; from any thread."""
        return self._tail.window(start, count)

    def index_at(self, device_time_us: float) -> int:
        """The tail's sample that was taken at a time of the board's clock; beyond the ends by the nominal rate."""
        best = None
        for arrival in reversed(self._log):
            best = arrival
            if arrival.device_time_us <= device_time_us:
                break
        if best is None:
            return self._tail.total
        inside = round((device_time_us - best.device_time_us) / self.period_us)
        # What is missing between this block and the next is no sample of the tail.
        return best.first + (min(inside, best.count) if best is not self._log[-1] else inside)

    def time_at(self, index: int) -> float:
        """The board's clock at a sample of the tail, in microseconds; beyond the ends by the nominal rate."""
        best = None
        for arrival in reversed(self._log):
            best = arrival
            if arrival.first <= index:
                break
        return 0.0 if best is None else best.device_time_us + (index - best.first) * self.period_us

    def health(self, recording_samples: int) -> GroupHealth:
        """The figures as they are now."""
        timing = self.meter.measure()
        self._jitter_max_ms = max(self._jitter_max_ms, timing.jitter_max_ms)
        drift, error = self.drift
        return GroupHealth(
            rate_hz=timing.rate_hz,
            jitter_p50_ms=timing.jitter_p50_ms,
            jitter_ms=timing.jitter_ms,
            jitter_max_ms=self._jitter_max_ms,
            gaps=self._n_gaps,
            lost=self.lost,
            dropped=self.dropped - self._dropped_before,
            samples=self.samples,
            drift_ppm=drift,
            drift_error_ppm=error,
            recording_samples=recording_samples,
        )

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


class PartHealth:
    """Adds up how well one channel group of a take arrived; for the thread that writes it."""

    def __init__(self, group: ChannelGroup) -> None:
        channels = len(group.channels)
        self._rate = LongRate()
        self._clipped = np.zeros(channels, dtype=np.int64)
        self._first: Samples | None = None
        self._constant = np.ones(channels, dtype=bool)
        self._still = True
        self._lost = self._gaps = 0

    def add(self, samples: Samples, device_time_us: int, follows: Continuity) -> None:
        """Take samples of the take."""
        if follows.jumped:
            self._rate.restart()
        self._rate.skip(follows.lost)
        self._rate.add(device_time_us, len(samples))
        self._lost += follows.lost
        self._gaps += follows.lost > 0
        # Nearly no block holds a clipped sample, and asking for the extremes of all channels at once is cheap.
        if samples.min() == RAW_MIN or samples.max() == RAW_MAX:
            self._clipped += ((samples == RAW_MIN) | (samples == RAW_MAX)).sum(axis=0)
        if self._first is None:
            self._first = samples[:1].copy()
        if self._still:
            self._still = bool(self._constant.any())
            self._constant &= (samples == self._first).all(axis=0)

    def result(self, link: Health) -> Health:
        """The figures, given those that only the link knows: damaged frames, drops of the board and drift."""
        timing = self._rate.measure()
        return replace(
            link,
            rate_hz=round(timing.rate_hz, 4),
            jitter_ms=round(timing.jitter_ms, 4),
            jitter_p50_ms=round(timing.jitter_p50_ms, 4),
            jitter_max_ms=round(timing.jitter_max_ms, 4),
            lost_samples=self._lost,
            gaps=self._gaps,
            clipped=tuple(int(n) for n in self._clipped),
            constant=tuple(bool(c) for c in self._constant) if self._first is not None else (),
        )
