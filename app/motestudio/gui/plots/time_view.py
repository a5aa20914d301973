"""Which stretch of a stream a live plot shows: its newest, or one that is held while the stream goes on. No Qt here."""

from __future__ import annotations

SHORTEST_S = 0.05


class TimeView:
    """Seconds of the lead's time axis.

    Attributes:
        seconds: how much is shown.
        held_end: end of the stretch that is held, or None where the newest is shown.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.held_end: float | None = None

    @property
    def live(self) -> bool:
        """Whether the newest is shown."""
        return self.held_end is None

    def end(self, newest: float) -> float:
        """Where the stretch ends, given the time of the newest sample."""
        return max(self.seconds, newest) if self.held_end is None else self.held_end

    def behind(self, newest: float) -> float:
        """How far in the past the stretch ends, in seconds."""
        return 0.0 if self.held_end is None else max(0.0, newest - self.held_end)

    def hold(self, newest: float) -> None:
        """Stay where it is."""
        if self.held_end is None:
            self.held_end = self.end(newest)

    def release(self) -> None:
        """Follow the newest."""
        self.held_end = None

    def scroll(self, by: float, oldest: float, newest: float) -> None:
        """Move by seconds, into the past where negative; at the newest it follows again.

        Args:
            by: seconds.
            oldest: time of the first sample that there is.
            newest: time of the last.
        """
        first = min(newest, oldest + self.seconds)
        self.held_end = max(first, self.end(newest) + by)
        if self.held_end >= newest and by > 0:
            self.held_end = None

    def zoom(self, factor: float, at: float, newest: float, longest: float) -> None:
        """Show `factor` times as much.

        Args:
            factor: under 1 for less.
            at: the moment that stays in its place, where the stretch is held.
            newest: time of the newest sample.
            longest: the most that can be shown.
        """
        before = self.seconds
        self.seconds = min(max(SHORTEST_S, before * factor), max(SHORTEST_S, longest))
        if self.held_end is not None:
            self.held_end = at + (self.held_end - at) * self.seconds / before
            self.held_end = min(newest, self.held_end)
