"""One thing at a time: who comes first goes first, and whoever cancels while waiting goes away."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from motestudio.errors import Cancelled
from motestudio.jobs.cancel import CancelToken


class Lane:
    """A fair lock that can be waited for with a cancel token."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def turn(self, cancel: CancelToken) -> Iterator[None]:
        """Wait for the turn and hold it for the length of the block.

        Raises:
            Cancelled: before it was this one's turn.
        """
        ticket = object()
        with self._condition:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket:
                    if cancel.cancelled:
                        raise Cancelled
                    self._condition.wait(0.05)
            except BaseException:
                self._queue.remove(ticket)
                self._condition.notify_all()
                raise
        try:
            yield
        finally:
            with self._condition:
                self._queue.popleft()
                self._condition.notify_all()
