"""What a running stage may ask of the studio, over the channel. Calls may come from any thread of the stage."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

from motestudio.errors import Cancelled
from motestudio.jobs.channel import Channel, ChannelClosed
from motestudio.jobs.messages import Event, Log, Metric, Progress, encode

_MIN_INTERVAL_S = 0.03
_MAX_TEXT = 10_000


class WorkerContext:
    """The `RunContext` of one job.

    Args:
        channel: to the parent.
        job: its id.
        workdir: an empty folder.
        seed: of every random draw.
    """

    def __init__(self, channel: Channel, job: str, workdir: Path, seed: int) -> None:
        self._channel, self._job = channel, job
        self._workdir, self._seed = workdir, seed
        self._cancelled = threading.Event()
        self._last_progress = 0.0
        self._ended = False

    @property
    def workdir(self) -> Path:
        """An empty folder of this run's own."""
        return self._workdir

    @property
    def seed(self) -> int:
        """Seed of every random draw."""
        return self._seed

    def progress(self, fraction: float, text: str = "") -> None:
        """Report how far it is; more often than 30 times a second, only the last is sent."""
        self.check_cancelled()
        value = min(1.0, max(0.0, float(fraction))) if math.isfinite(fraction) else 0.0
        now = time.monotonic()
        if value < 1.0 and now - self._last_progress < _MIN_INTERVAL_S:
            return
        self._last_progress = now
        self._send(Progress(self._job, value, str(text)[:_MAX_TEXT]))

    def metric(self, name: str, value: float, step: int) -> None:
        """Report a figure; one that is not finite has no place in a plot and becomes a log line."""
        if not math.isfinite(value):
            self.log(f"{name} is {float(value)} at step {int(step)}")
            return
        self._send(Metric(self._job, str(name), float(value), int(step)))

    def log(self, text: str) -> None:
        """Add a line to the log."""
        self._send(Log(self._job, str(text)[:_MAX_TEXT]))

    def check_cancelled(self) -> None:
        """Raise `Cancelled` where the user cancelled."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Called by the reader thread."""
        self._cancelled.set()

    def end(self) -> None:
        """From now on the stage's left-over threads talk to nobody."""
        self._ended = True

    def _send(self, event: Event) -> None:
        if self._ended:
            return
        try:
            self._channel.send(encode(event))
        except ChannelClosed:
            raise Cancelled from None
