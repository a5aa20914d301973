"""The virtual board's sensors as streams on one clock: which block comes next, of which channel group, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from motestudio.devices.link.protocol import samples_per_block
from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import DeviceError
from motestudio.virtualboard.sensors import DeviceClock, Sensor

_BLOCK_SECONDS = 0.03
_FAST_BLOCK_SECONDS = 0.25


class Block(NamedTuple):
    """Samples that a sensor gave, and the board's clock at the first of them."""

    group: int
    time_us: int
    samples: Samples


class _Stream:
    """One channel group."""

    def __init__(self, sensor: Sensor, seed: int) -> None:
        self.sensor = sensor
        # The same seed: all groups of a board hang on one oscillator.
        self.clock = DeviceClock(sensor.group.rate_hz, seed)
        self.left: int | None = None
        self.taken = 0
        self.wanted = False

    @property
    def group(self) -> ChannelGroup:
        return self.sensor.group

    @property
    def over(self) -> bool:
        return not self.wanted or self.left == 0


class Streams:
    """All sensors of one board.

    Args:
        sensors: at least one.
        seed: of the clock's error.

    Attributes:
        rate: times real time; 0 for as fast as the other end takes it.
    """

    def __init__(self, sensors: Sequence[Sensor], seed: int, rate: float) -> None:
        self.rate = rate
        self._streams = [_Stream(sensor, seed) for sensor in sensors]
        self._time_s = 0.0

    @property
    def groups(self) -> tuple[ChannelGroup, ...]:
        """Of the sensors, in order."""
        return tuple(s.group for s in self._streams)

    @property
    def gestures(self) -> tuple[str, ...]:
        """What any of them can perform."""
        return tuple(dict.fromkeys(name for s in self._streams for name in s.sensor.gestures))

    @property
    def running(self) -> bool:
        """Whether a block is to come."""
        return any(not s.over for s in self._streams)

    def start(self, groups: Sequence[int], count: int, perform: Mapping[str, Any] | None, *, carry_on: bool) -> None:
        """Begin to stream.

        Args:
            groups: indices, the lead first.
            count: samples of the lead, as long as which the others stream; 0 without an end.
            perform: what to play at once, or None.
            carry_on: the motion goes on where it was.

        Raises:
            DeviceError: ``perform.unknown``.
        """
        if perform is not None:
            self._check(perform)
        if carry_on:
            if perform is not None:
                self.perform(perform)
        else:
            for stream in self._streams:
                stream.sensor.start(perform if perform is not None and self._knows(stream, perform) else None)
            base_us = max(stream.clock.end_us for stream in self._streams)
            for stream in self._streams:
                stream.clock.restart(base_us)
        lead = self._streams[groups[0]]
        self._time_s = 0.0
        for index, stream in enumerate(self._streams):
            stream.wanted, stream.taken = index in groups, 0
            stream.left = max(1, round(count * stream.group.rate_hz / lead.group.rate_hz)) if count else None

    def perform(self, what: Mapping[str, Any]) -> float:
        """Have the sensors that can play something; returns the seconds until it is over.

        Raises:
            DeviceError: ``perform.unknown``.
        """
        self._check(what)
        return max(s.sensor.perform(what) for s in self._streams if self._knows(s, what))

    def _knows(self, stream: _Stream, what: Mapping[str, Any]) -> bool:
        return len(self._streams) == 1 or what.get("gesture") in stream.sensor.gestures

    def _check(self, what: Mapping[str, Any]) -> None:
        if not any(self._knows(stream, what) for stream in self._streams):
            text = f"No sensor of this board can perform {what.get('gesture')!r}."
            raise DeviceError("perform.unknown", text, f"They know: {', '.join(self.gestures[:20])}.")

    @property
    def block_samples(self) -> int:
        """Samples of the next block."""
        return self._size(self._next())

    @property
    def block_seconds(self) -> float:
        """How long the next block takes to come about, from when the one before did; 0 where it shall not wait."""
        if self.rate == 0:
            return 0.0
        return max(0.0, self._due_s(self._next()) - self._time_s) / self.rate

    def next(self) -> Block:
        """Sample the next block."""
        stream = self._next()
        count, self._time_s = self._size(stream), self._due_s(stream)
        samples = stream.sensor.read(count)
        time_us = stream.clock.stamp(count)
        stream.taken += count
        if stream.left is not None:
            stream.left -= count
        return Block(self._streams.index(stream), time_us, samples)

    def _next(self) -> _Stream:
        """The stream whose next block is complete first."""
        return min((s for s in self._streams if not s.over), key=self._due_s, default=self._streams[0])

    def _due_s(self, stream: _Stream) -> float:
        return (stream.taken + self._size(stream)) / stream.group.rate_hz

    def _size(self, stream: _Stream) -> int:
        seconds = _FAST_BLOCK_SECONDS if self.rate == 0 else _BLOCK_SECONDS * max(1.0, self.rate)
        most = samples_per_block(len(stream.group.channels))
        wanted = max(1, min(most, round(seconds * stream.group.rate_hz)))
        return wanted if stream.left is None else max(1, min(wanted, stream.left))
