"""Labelled segments of a recording, and who or what made each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Origin = Literal["mine", "proposed"]
UNNAMED = "?"
"""Label of a proposal whose class nobody has said yet."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A labelled stretch of a recording, in samples.

    Attributes:
        start: first sample, 0-based.
        count: samples, at least 1 (end is exclusive: start + count).
        label: the class name.
        origin: ``mine`` where a person made or accepted it, ``proposed`` where a segmenter did.
        generator: who or what made it: a person, or a stage id with its implementation.
        confidence: 0..1 where the generator has one.
        note: free text.
    """

    start: int
    count: int
    label: str
    origin: Origin = "mine"
    generator: str = ""
    confidence: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.start < 0 or self.count < 1:
            raise ValueError(f"segment {self.label!r} has start {self.start} and count {self.count}")

    @property
    def end(self) -> int:
        """One past the last sample."""
        return self.start + self.count

    def overlaps(self, other: Segment) -> bool:
        """Whether the two share a sample."""
        return self.start < other.end and other.start < self.end


def in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Segments sorted by start, then end, then label."""
    return tuple(sorted(segments, key=lambda s: (s.start, s.end, s.label)))


def clipped(segments: Iterable[Segment], n_samples: int) -> tuple[Segment, ...]:
    """Segments cut to a recording of `n_samples`; those wholly outside are left out."""
    from dataclasses import replace

    inside = []
    for segment in segments:
        count = min(segment.end, n_samples) - segment.start
        if count > 0:
            inside.append(replace(segment, count=count))
    return in_order(inside)
