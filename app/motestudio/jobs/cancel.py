"""The one way to say that something should stop. It knows nothing of jobs, processes or threads of anybody's."""

from __future__ import annotations

import threading

from motestudio.errors import Cancelled


class CancelToken:
    """Set once, from any thread; everything that takes time looks at it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the stop; a second call changes nothing."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until somebody asks, or for `timeout` seconds; returns whether somebody asked."""
        return self._event.wait(timeout)

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` where somebody asked."""
        if self._event.is_set():
            raise Cancelled
