"""What a running stage may ask of the studio, over the channel. Calls may come from any thread of the stage."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from motestudio.errors import Cancelled
from motestudio.jobs.channel import Channel, ChannelClosed
from motestudio.jobs.messages import Event, Log, Metric, Progress, encode

_MIN_INTERVAL_S = 0.03
_MAX_TEXT = 10_000
_PER_SECOND = 500
"""Lines, and figures, that one job may send; what is over it is counted."""


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
        self._flood = {Log: _Flood(), Metric: _Flood()}

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
        self._send(Progress(self._job, value, readable(text)))

    def metric(self, name: str, value: float, step: int) -> None:
        """Report a figure; one that is not finite has no place in a plot and becomes a log line."""
        if not math.isfinite(value):
            self.log(f"{name} is {float(value)} at step {int(step)}")
            return
        self._send_few(Metric(self._job, readable(name), float(value), int(step)))

    def log(self, text: str) -> None:
        """Add a line to the log."""
        self._send_few(Log(self._job, readable(text)))

    def tell_refused(self, path: str, action: str) -> None:
        """A write that was refused, also where the stage went on without it."""
        self._send(Log(self._job, f"Kept from writing: {action} {readable(path)}", "guard"))

    def check_cancelled(self) -> None:
        """Raise `Cancelled` where the user cancelled."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Called by the reader thread."""
        self._cancelled.set()

    def end(self) -> None:
        """From now on the stage's left-over threads talk to nobody."""
        for flood in self._flood.values():
            self._tell_left_out(flood)
        self._ended = True

    def _send_few(self, event: Log | Metric) -> None:
        flood = self._flood[type(event)]
        if time.monotonic() - flood.second >= 1.0:
            self._tell_left_out(flood)
            flood.second, flood.sent = time.monotonic(), 0
        flood.sent += 1
        if flood.sent > _PER_SECOND:
            flood.left_out += 1
            return
        self._send(event)

    def _tell_left_out(self, flood: _Flood) -> None:
        count, flood.left_out = flood.left_out, 0
        if count:
            self._send(Log(self._job, f"({count} more of the stage's lines or figures left out)", "studio"))

    def _send(self, event: Event) -> None:
        if self._ended:
            return
        try:
            self._channel.send(encode(event))
        except ChannelClosed:
            raise Cancelled from None


@dataclass(slots=True)
class _Flood:
    """How many events of one sort were sent in this second."""

    second: float = 0.0
    sent: int = 0
    left_out: int = 0


def readable(text: object, longest: int = _MAX_TEXT) -> str:
    """Any object's text as a message can hold it."""
    return str(text)[:longest].encode("utf-8", errors="replace").decode("utf-8")
