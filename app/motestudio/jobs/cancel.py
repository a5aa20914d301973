"""The one way to say that something should stop. It knows nothing of jobs, processes or threads of anybody's."""

from __future__ import annotations

import threading
import time

from motestudio.errors import Cancelled

_SLICE = 0.05


class CancelToken:
    """Set once, from any thread; everything that takes time looks at it.

    Args:
        follows: a token of something larger, whose cancel is also this one's; not the other way round.
    """

    def __init__(self, follows: CancelToken | None = None) -> None:
        self._event = threading.Event()
        self._follows = follows

    def cancel(self) -> None:
        """Ask for the stop; a second call changes nothing."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set() or (self._follows is not None and self._follows.cancelled)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until somebody asks, or for `timeout` seconds; returns whether somebody asked."""
        if self._follows is None:
            return self._event.wait(timeout)
        end = None if timeout is None else time.monotonic() + timeout
        while not self.cancelled:
            left = _SLICE if end is None else min(_SLICE, end - time.monotonic())
            if left <= 0:
                return False
            self._event.wait(left)
        return True

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` where somebody asked."""
        if self.cancelled:
            raise Cancelled
