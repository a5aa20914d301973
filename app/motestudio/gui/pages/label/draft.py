"""A segment's extent while arrows move it: held back until the keys rest, then one edit. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable

from motestudio.domain.labels import Segment

Pair = tuple[Segment, Segment]


class Draft:
    """What is held back, and what was handed over but is not written yet."""

    def __init__(self) -> None:
        self._name = ""
        self._held: Pair | None = None
        self._sent: Pair | None = None

    def latest(self, name: str, segment: Segment) -> Segment:
        """A segment with what is on its way."""
        for pair in (self._sent, self._held):
            if name == self._name and pair is not None and pair[0] == segment:
                segment = pair[1]
        return segment

    def applied(self, name: str, segments: Iterable[Segment]) -> list[Segment]:
        """All segments with what is on its way."""
        return [self.latest(name, s) for s in segments]

    def hold(self, name: str, segment: Segment, after: Segment) -> None:
        """Hold a new extent back.

        Args:
            name: of the recording.
            segment: as the project has it.
            after: as it shall be.
        """
        if name != self._name:
            self._name, self._sent = name, None
        before = self._sent[1] if self._sent is not None and self._sent[0] == segment else segment
        self._held = (before, after)

    def take(self) -> tuple[str, Segment, Segment] | None:
        """What is held back, to be handed over; None where nothing is, or where it came back to where it was."""
        if self._held is None:
            return None
        (before, after), self._held = self._held, None
        if before == after:
            return None
        chained = self._sent is not None and self._sent[1] == before
        self._sent = (self._sent[0], after) if chained and self._sent is not None else (before, after)
        return self._name, before, after

    def settled(self) -> None:
        """What was handed over is written, or never will be."""
        self._sent = None

    def clear(self) -> None:
        """Forget everything."""
        self._held = self._sent = None
