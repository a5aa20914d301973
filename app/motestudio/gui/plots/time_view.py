"""Which stretch of a stream a live plot shows: its newest, or one that is held while the stream goes on. No Qt here."""

from __future__ import annotations

SHORTEST_S = 0.05
LONGEST_S = 60.0
"""Can be shown in any case, even where less has arrived."""


class TimeView:
    """Seconds of the lead's time axis.

    Attributes:
        seconds: how much is shown.
        held_end: end of the stretch that is held, or None where the newest is shown.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.held_end: float | None = None
        self._seen = 0.0
        """Time of the newest sample when the view was last held or moved; a short stream ends before its view."""

    @property
    def live(self) -> bool:
        """Whether the newest is shown."""
        return self.held_end is None

    def end(self, newest: float) -> float:
        """Where the stretch ends, given the time of the newest sample."""
        return max(self.seconds, newest) if self.held_end is None else self.held_end

    def behind(self, newest: float) -> float:
        """How far in the past lies the last that is shown, in seconds."""
        return 0.0 if self.held_end is None else max(0.0, newest - min(self.held_end, self._seen))

    def hold(self, newest: float) -> None:
        """Stay where it is."""
        if self.held_end is None:
            self.held_end, self._seen = self.end(newest), newest

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
        if self.live and by >= 0:
            return
        end = self._inside(self.end(newest) + by, oldest, newest)
        self.held_end, self._seen = None if by > 0 and end >= newest else end, newest

    def zoom(self, factor: float, at: float, oldest: float, newest: float) -> None:
        """Show `factor` times as much, at most all that there is, or `LONGEST_S` where that is more.

        Args:
            factor: under 1 for less.
            at: the moment that stays in its place, where the stretch is held and does not reach an end.
            oldest: time of the first sample that there is.
            newest: time of the last.
        """
        before = self.seconds
        self.seconds = min(max(SHORTEST_S, before * factor), max(before, LONGEST_S, newest - oldest))
        if self.held_end is not None:
            end = at + (self.held_end - at) * self.seconds / before
            self.held_end, self._seen = self._inside(end, oldest, newest), newest

    def _inside(self, end: float, oldest: float, newest: float) -> float:
        """An end with which the stretch lies in what there is; where that is shorter, it ends as it would live."""
        live_end = max(self.seconds, newest)
        return min(live_end, max(end, oldest + self.seconds))
