"""The y range of a live plot: grows at once, shrinks late, and stands still while it is locked. No Qt here."""

from __future__ import annotations

from motestudio.gui.plots.ticks import nice_range

_SHRINK_AFTER_S = 4.0
_ZOOM = 0.8


class YRange:
    """One axis.

    Args:
        full_scale: the largest value that there can be: the noise of a resting sensor is not blown up to fill the plot.

    Attributes:
        locked: the range stays as it is.
        low: of the range.
        high: likewise.
    """

    def __init__(self, full_scale: float) -> None:
        self.low, self.high = -1.0, 1.0
        self.locked = False
        self._full = full_scale
        self._known = False
        self._small_since = 0.0

    def follow(self, low: float, high: float, now: float) -> bool:
        """Take the extremes of what is in view; whether the range is another one now.

        Args:
            low: smallest value, or not a number where nothing is in view.
            high: largest value.
            now: seconds of a steady clock.
        """
        if self.locked or not low <= high:
            return False
        before = (self.low, self.high)
        least = self._full * 0.01
        low, high = nice_range(min(low, -least), max(high, least))
        small = (high - low) < 0.5 * (self.high - self.low)
        if not small:
            self._small_since = now
        if not self._known:
            self.low, self.high, self._known = low, high, True
        elif low < self.low or high > self.high:
            self.low, self.high = min(low, self.low), max(high, self.high)
        elif small and now - self._small_since > _SHRINK_AFTER_S:
            self.low, self.high, self._small_since = low, high, now
        return (self.low, self.high) != before

    def zoom(self, steps: float, at: float) -> None:
        """Lock, and make the range smaller (positive) or larger around a value."""
        self.locked = True
        factor = _ZOOM**steps
        self.low, self.high = at - (at - self.low) * factor, at + (self.high - at) * factor

    def unlock(self) -> None:
        """Follow the signal again, from what is in view at once."""
        self.locked = self._known = False
