"""Which rows the list shows: segments of all recordings, filtered, and recordings that have none or cannot be read.

No Qt here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from motestudio.domain.labels import UNNAMED, Segment
from motestudio.studio.catalogue import Entry
from motestudio.studio.review import sure

Kind = Literal["segment", "take", "recording", "broken"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is selected: a segment of a recording, or the recording itself (index -1)."""

    name: str
    index: int = -1


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of the list.

    Attributes:
        kind: ``segment`` under its recording's row, ``take`` for the only segment of a recording, ``recording`` for a
            recording with several segments or none, ``broken`` for one that cannot be read.
        entry: the recording.
        index: of the segment, -1 for none.
    """

    kind: Kind
    entry: Entry
    index: int = -1

    @property
    def target(self) -> Target:
        """What choosing the row selects."""
        return Target(self.entry.name, self.index)

    @property
    def segment(self) -> Segment | None:
        """The segment, where it is one's row."""
        recording = self.entry.recording
        return recording.segments[self.index] if recording is not None and self.index >= 0 else None

    @property
    def start_s(self) -> float:
        """Start of the segment in seconds."""
        recording, segment = self.entry.recording, self.segment
        return segment.start / recording.group.rate_hz if recording is not None and segment is not None else 0.0

    @property
    def told(self) -> str:
        """The row in words, for assistive technology and the tool tip."""
        if self.entry.error is not None:
            return f"{self.entry.error.text} {self.entry.error.hint}"
        recording, segment = self.entry.recording, self.segment
        if recording is None or segment is None:
            short = "" if recording is None or recording.complete else ", cut short"
            return f"{self.entry.name}{short}" + (", no labels" if recording and not recording.segments else "")
        sure_of = "" if segment.confidence is None else f" {segment.confidence:.2f}"
        return f"{class_text(segment.label)}, {self.entry.name}, at {self.start_s:.2f} s, {segment.origin}{sure_of}"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list shows: only proposals, and not these classes."""

    review: bool = False
    hidden: frozenset[str] = frozenset()

    def shows(self, segment: Segment) -> bool:
        """Whether a segment is shown."""
        return (not self.review or segment.origin == "proposed") and segment.label not in self.hidden


@dataclass(frozen=True, slots=True)
class Counts:
    """Over all recordings: segments, proposals to review, proposals that may be accepted together."""

    segments: int = 0
    review: int = 0
    sure: int = 0
    broken: int = 0


def rows_of(entries: Mapping[str, Entry], wanted: Filter) -> list[ListRow]:
    """The rows, in the order of the recordings."""
    rows: list[ListRow] = []
    for entry in entries.values():
        recording = entry.recording
        if recording is None:
            rows.append(ListRow("broken", entry))
            continue
        shown = [i for i, s in enumerate(recording.segments) if wanted.shows(s)]
        if len(recording.segments) == 1 and shown:
            rows.append(ListRow("take", entry, 0))
        elif shown:
            rows.append(ListRow("recording", entry))
            rows += [ListRow("segment", entry, i) for i in shown]
        elif not recording.segments and not wanted.review:
            rows.append(ListRow("recording", entry))
    return rows


def first_target(rows: Sequence[ListRow]) -> Target | None:
    """What to select at first: the first segment, else the first row."""
    found = next((row for row in rows if row.index >= 0), rows[0] if rows else None)
    return found.target if found is not None else None


def counts_of(entries: Mapping[str, Entry]) -> Counts:
    """What there is, before any filter."""
    segments = [s for e in entries.values() if e.recording is not None for s in e.recording.segments]
    return Counts(
        len(segments),
        sum(s.origin == "proposed" for s in segments),
        len(sure(segments)),
        sum(e.recording is None for e in entries.values()),
    )


def to_review(entries: Mapping[str, Entry]) -> list[Target]:
    """All proposals, in order."""
    return [
        Target(e.name, i)
        for e in entries.values()
        if e.recording is not None
        for i, s in enumerate(e.recording.segments)
        if s.origin == "proposed"
    ]


def next_review(entries: Mapping[str, Entry], after: Target | None) -> Target | None:
    """The next proposal after a target, from the start again at the end; None where there is none.

    After a target that is gone, or that is no proposal any more, the one that follows its place is next.
    """
    waiting = to_review(entries)
    if not waiting:
        return None
    if after is None:
        return waiting[0]
    order = {name: n for n, name in enumerate(entries)}
    place = (order.get(after.name, -1), after.index)
    return next((t for t in waiting if (order[t.name], t.index) > place), waiting[0])


def names_with_sure(entries: Mapping[str, Entry]) -> list[str]:
    """Recordings that have proposals to be accepted together."""
    return [e.name for e in entries.values() if e.recording is not None and sure(e.recording.segments)]


def whole_takes(entries: Mapping[str, Entry], background: Collection[str]) -> list[str]:
    """Recordings with one label over their whole length, which can be trimmed; background stays whole."""
    return [
        e.name
        for e in entries.values()
        if e.recording is not None
        and len(e.recording.segments) == 1
        and e.recording.segments[0].count == e.recording.n_samples
        and e.recording.segments[0].label not in background
    ]


def class_text(label: str) -> str:
    """A class as it is shown."""
    return "no class" if label == UNNAMED else label
