"""The take that runs: which blocks belong to it, when it is full, and what ends it. Writing is `disk`'s business."""

from __future__ import annotations

from collections.abc import Callable

from motestudio.devices.recorder_messages import Event, StartTake, TakeFailed
from motestudio.devices.timing import Continuity
from motestudio.domain.signal import ChannelGroup, SampleBlock
from motestudio.recorder.disk import TakeDisk
from motestudio.recorder.stream import TakeHealth


class Takes:
    """At most one take at a time; the caller serialises the calls.

    Args:
        disk: writes.
        tell: takes events.
        damaged: the link's counter of damaged frames.
    """

    def __init__(self, disk: TakeDisk, tell: Callable[[Event], None], damaged: Callable[[], int]) -> None:
        self._disk = disk
        self._tell = tell
        self._damaged = damaged
        self._take: StartTake | None = None
        self._armed = False
        self._health: TakeHealth | None = None
        self.samples = 0

    @property
    def current(self) -> StartTake | None:
        """The take that runs."""
        return self._take

    def begin(self, take: StartTake, group: ChannelGroup, *, armed: bool) -> None:
        """Begin a take; where it is not `armed` yet, blocks are those of an older stream."""
        self._take, self._armed, self.samples = take, armed, 0
        self._health = TakeHealth(group, self._damaged())
        self._disk.begin(take, group)

    def arm(self, take: StartTake) -> None:
        """Its own stream begins."""
        if self._take is take:
            self._armed = True

    def add(self, block: SampleBlock, follows: Continuity) -> None:
        """Offer a block."""
        take, health = self._take, self._health
        if take is None or health is None or not self._armed or block.group != take.group:
            return
        if self.samples == 0:
            follows = Continuity()  # what was lost before the take is not missing in it
        samples = block.samples
        if take.count:
            samples = samples[: take.count - self.samples]
        health.add(block, follows)
        if not self._disk.append(samples, block.device_time_us, block.host_time_us, follows):
            self.end("disk.slow")
            return
        self.samples += len(samples)
        if take.count and self.samples >= take.count:
            self.end("count")

    def end(self, reason: str, *, keep: bool = True) -> None:
        """End the take that runs, if one does."""
        take, health = self._take, self._health
        self._take = self._health = None
        if take is None or health is None:
            return
        if keep:
            self._disk.finish(health.result(self._damaged()), reason)
        else:
            self._disk.discard()

    def end_armed(self, reason: str) -> None:
        """The stream ended: so does a take of that stream, but not one that waits for a stream of its own."""
        if self._armed:
            self.end(reason)

    def abandon(self, name: str) -> bool:
        """Forget the take of this name, which the disk has given up; whether it was the one that runs."""
        if self._take is None or self._take.name != name:
            return False
        self._take = self._health = None
        return True

    def close(self) -> None:
        """Wait until all is written."""
        self._disk.close()

    def fail(self, take: StartTake, code: str, text: str, hint: str) -> None:
        """The board refused to start the take's stream."""
        if self._take is take:
            self._take = self._health = None
            self._disk.discard(code, text, hint)

    def refuse(self, take: StartTake, code: str, text: str, hint: str = "") -> None:
        """A take that never began."""
        self._tell(TakeFailed(take.name, code, text, hint))
