"""Sends events to the studio from a thread of its own: a window that hangs must not hold up the port.

Figures that the next ones replace are left out while the studio is behind; nothing else ever is.
"""

from __future__ import annotations

import queue
import threading

from motestudio.devices.recorder_messages import Event, Health, encode
from motestudio.jobs.channel import Channel, ChannelClosed

_BEHIND = 64


class Outbox:
    """The sending end of the channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Send, soon."""
        if isinstance(event, Health) and self._queue.qsize() > _BEHIND:
            return
        self._queue.put(event)

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what is waiting, then end."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (event := self._queue.get()) is not None:
                self._channel.send(encode(event))
        except ChannelClosed:
            while self._queue.get() is not None:
                pass  # nobody reads any more; takes are still finished
