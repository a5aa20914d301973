"""The take that runs: which samples belong to it, how it is labelled, when it is full. Writing is `disk`'s business."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from motestudio.devices.recorder_messages import Event, MarkLabel, StartTake, TakeBegan, TakeFailed, TakePart
from motestudio.domain.labels import Segment
from motestudio.domain.recording import Health
from motestudio.domain.signal import Samples
from motestudio.project.recording_writer import DATA_SUFFIX
from motestudio.recorder.disk import LIVE_GENERATOR, TakeDisk, recording_names
from motestudio.recorder.stream import Arrival, GroupStream

_LATE_S = 2.0
"""A channel group that is this much behind a lead that is complete is not waited for."""


@dataclass(slots=True)
class _Part:
    """One channel group of the take.

    Attributes:
        stream: of the group.
        count: samples wanted; 0 for all until the end.
        first: sample of the tail that is its first; negative until it is known.
        have: samples handed to the disk.
        dropped: by the board when the take began.
    """

    stream: GroupStream
    count: int
    first: int
    dropped: int
    have: int = 0

    @property
    def full(self) -> bool:
        return 0 < self.count <= self.have

    def cut(self, arrival: Arrival) -> Arrival | None:
        """What of a block belongs to the take."""
        if self.first < 0:
            self.first = arrival.first
        begin = max(arrival.first, self.first + self.have)
        count = arrival.end - begin
        if self.count:
            count = min(count, self.count - self.have)
        if count <= 0:
            return None
        kept = arrival.from_sample(begin, self.stream.period_us)
        return Arrival(kept.first, count, kept.device_time_us, kept.host_time_us, kept.follows)


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
        self._armed = self._told = False
        self._parts: dict[int, _Part] = {}
        self._labels: list[MarkLabel] = []
        self._damaged_before = 0
        self._lead_full_at = 0.0

    @property
    def current(self) -> StartTake | None:
        """The take that runs."""
        return self._take

    @property
    def samples(self) -> int:
        """Of the lead, in the take that ran last."""
        return next(iter(self._parts.values())).have if self._parts else 0

    def samples_of(self, group: int) -> int:
        """Of a group, in the take that runs; 0 where none runs."""
        return self._parts[group].have if self._take is not None and group in self._parts else 0

    def begin(self, take: StartTake, streams: Sequence[GroupStream], *, armed: bool) -> None:
        """Begin a take; where it is not `armed` yet, blocks are those of an older stream."""
        self._take, self._armed, self._told = take, armed, False
        self._labels, self._lead_full_at = [], 0.0
        self._damaged_before = self._damaged()
        counts = take.counts or (0,) * len(take.groups)
        self._parts = {
            group: _Part(streams[group], count, -1, streams[group].dropped)
            for group, count in zip(take.groups, counts, strict=True)
        }
        self._disk.begin(take, {group: part.stream.group for group, part in self._parts.items()})
        if armed:
            self._find_firsts(take)
            self._fetch_past()

    def _find_firsts(self, take: StartTake) -> None:
        """Where the take begins in each tail: at one moment of the board's clock, so that the groups fit together."""
        lead = next(iter(self._parts.values()))
        stream = lead.stream
        now = stream.total
        wanted = now if take.since < 0 else min(take.since, now)
        wanted -= round(take.back_s * stream.group.rate_hz)
        known = stream.since(max(0, wanted))
        lead.first = known[0].first if known else now
        moment = stream.time_at(lead.first)
        for part in self._parts.values():
            if part is not lead:
                there = max(0, part.stream.index_at(moment))
                reach = part.stream.since(there)
                part.first = max(there, reach[0].first) if reach else there

    def _fetch_past(self) -> None:
        """Hand the disk what is in the tails already."""
        for group, part in self._parts.items():
            for arrival in part.stream.since(part.first):
                kept = part.cut(arrival)
                if kept is None:
                    continue
                # The disk's thread copies it out of the tail: this thread is waited for by the port.
                get = partial(part.stream.window, kept.first, kept.count)
                if not self._append(group, part, kept, get):
                    return
        self._check_full()

    def arm(self, take: StartTake) -> None:
        """Its own stream begins."""
        if self._take is take:
            self._armed = True

    def add(self, group: int, arrival: Arrival, samples: Samples) -> None:
        """Offer a block: int16, shape (arrival.count, channels)."""
        part = self._parts.get(group) if self._take is not None and self._armed else None
        if part is None or (kept := part.cut(arrival)) is None:
            return
        begin = kept.first - arrival.first
        block = samples[begin : begin + kept.count]
        if self._append(group, part, kept, lambda: block):
            self._check_full()

    def _append(self, group: int, part: _Part, kept: Arrival, get: Callable[[], Samples]) -> bool:
        if not self._disk.append(group, kept, get, part.stream.group.frame_bytes):
            self.end("disk.slow")
            return False
        part.have += kept.count
        return True

    def _check_full(self) -> None:
        take = self._take
        if take is None:
            return
        lead = next(iter(self._parts.values()))
        if not self._told and lead.first >= 0:
            self._told = True
            self._tell_began(take)
        if all(part.full for part in self._parts.values()):
            self.end("count")
        elif lead.full and not self._lead_full_at:
            self._lead_full_at = time.monotonic()

    def tick(self) -> None:
        """Look whether the take waits for a channel group in vain; called now and then."""
        if self._take is not None and self._lead_full_at and time.monotonic() - self._lead_full_at > _LATE_S:
            self.end("count")

    def _tell_began(self, take: StartTake) -> None:
        names = recording_names(take.name, {group: part.stream.group for group, part in self._parts.items()})
        lead = next(iter(self._parts.values()))
        parts = []
        for group, part in self._parts.items():
            first = part.first
            if first < 0:  # its first block is still on the way
                first = part.stream.index_at(lead.stream.time_at(lead.first))
            path = Path(take.folder) / (names[group] + DATA_SUFFIX)
            parts.append(TakePart(group, names[group], str(path), first))
        self._tell(TakeBegan(take.name, tuple(parts)))

    # Labels

    def mark(self, label: MarkLabel) -> None:
        """Label a stretch of the take that runs."""
        if self._take is not None and label.last > label.first:
            self._labels.append(label)
            self._write_labels()

    def unmark(self, label: str, first: int) -> None:
        """Take a label back."""
        kept = [one for one in self._labels if (one.label, one.first) != (label, first)]
        if self._take is not None and len(kept) < len(self._labels):
            self._labels = kept
            self._write_labels()

    def _write_labels(self) -> None:
        self._disk.label({group: self._segments_of(part) for group, part in self._parts.items()})

    def _segments_of(self, part: _Part) -> list[Segment]:
        lead = next(iter(self._parts.values()))
        if part.first < 0 or lead.first < 0:
            return []
        segments = []
        for one in self._labels:
            ends = [one.first, one.last]
            if part is not lead:
                ends = [part.stream.index_at(lead.stream.time_at(index)) for index in ends]
            begin, end = (max(0, index - part.first) for index in ends)
            if end > begin:
                segments.append(Segment(begin, end - begin, one.label, "mine", LIVE_GENERATOR))
        return segments

    # Ends

    def end(self, reason: str, *, keep: bool = True) -> None:
        """End the take that runs, if one does."""
        take, self._take = self._take, None
        if take is None:
            return
        if keep:
            self._disk.finish(self._link_health(), reason)
        else:
            self._disk.discard()

    def _link_health(self) -> Mapping[int, Health]:
        damaged = self._damaged() - self._damaged_before
        found = {}
        for group, part in self._parts.items():
            drift, error = part.stream.drift
            found[group] = Health(
                crc_errors=damaged,
                dropped=max(0, part.stream.dropped - part.dropped),
                drift_ppm=round(drift, 2),
                drift_error_ppm=round(error, 2),
            )
        return found

    def end_armed(self, reason: str) -> None:
        """The stream ended: so does a take of that stream, but not one that waits for a stream of its own."""
        if self._armed:
            self.end(reason)

    def abandon(self, name: str) -> bool:
        """Forget the take of this name, which the disk has given up; whether it was the one that runs."""
        if self._take is None or self._take.name != name:
            return False
        self._take = None
        return True

    def close(self) -> None:
        """Wait until all is written."""
        self._disk.close()

    def fail(self, take: StartTake, code: str, text: str, hint: str) -> None:
        """The board refused to start the take's stream."""
        if self._take is take:
            self._take = None
            self._disk.discard(code, text, hint)

    def refuse(self, take: StartTake, code: str, text: str, hint: str = "") -> None:
        """A take that never began."""
        self._tell(TakeFailed(take.name, code, text, hint))
