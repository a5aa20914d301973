"""What ran and what runs, for the list of jobs and their logs. It only remembers; running is the runner's."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from motestudio.jobs.messages import (
    Completed,
    Crashed,
    Event,
    Failed,
    JobCancelled,
    Log,
    Progress,
    Terminal,
    TimedOut,
)

JobState = Literal["waiting", "running", "completed", "cancelled", "failed", "crashed", "timed_out"]
_LINES = 1000
_ENDED: dict[type[Terminal], JobState] = {
    Completed: "completed",
    JobCancelled: "cancelled",
    Failed: "failed",
    Crashed: "crashed",
    TimedOut: "timed_out",
}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job as it stands.

    Attributes:
        id: of the job.
        title: for people.
        state: waiting, running, or how it ended.
        started: seconds since the epoch; of its asking while it waits.
        seconds: how long it took, or has taken so far when it was last heard of.
        fraction: 0..1.
        text: what it is doing, or why it ended as it did.
        lines: the last of its log.
    """

    id: str
    title: str
    state: JobState = "waiting"
    started: float = field(default_factory=time.time)
    seconds: float = 0.0
    fraction: float = 0.0
    text: str = ""
    lines: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in ("waiting", "running")


Observer = Callable[[JobRecord], None]


class JobHistory:
    """The last jobs, newest last. Any thread may ask; observers are called from the thread that runs the job."""

    def __init__(self, *, longest: int = 200) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._records: dict[str, JobRecord] = {}
        self._lines: dict[str, deque[str]] = {}
        self._observers: list[Observer] = []

    def records(self) -> list[JobRecord]:
        """All that are remembered, in the order they were asked for."""
        with self._lock:
            return [self._with_lines(r) for r in self._records.values()]

    def record(self, job: str) -> JobRecord | None:
        """One job, or None where it is not remembered."""
        with self._lock:
            found = self._records.get(job)
            return self._with_lines(found) if found else None

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` with every change (without the lines); returns what ends that."""
        with self._lock:
            self._observers.append(observer)

        def stop() -> None:
            with self._lock:
                if observer in self._observers:
                    self._observers.remove(observer)

        return stop

    def waiting(self, job: str, title: str) -> None:
        """A job was asked for."""
        with self._lock:
            self._records[job] = JobRecord(job, title)
            self._lines[job] = deque(maxlen=_LINES)
            ended = [i for i, r in self._records.items() if r.ended]
            for old in ended[: max(0, len(self._records) - self._longest)]:
                del self._records[old], self._lines[old]
        self._tell(job)

    def running(self, job: str) -> None:
        """It is its turn."""
        self._change(job, state="running", started=time.time())

    def event(self, event: Event) -> None:
        """Something happened in a job."""
        if isinstance(event, Log):
            with self._lock:
                if event.job in self._lines:
                    self._lines[event.job].append(event.text)
            self._tell(event.job)
        elif isinstance(event, Progress):
            self._change(event.job, fraction=event.fraction, text=event.text)
        elif isinstance(event, Terminal):
            text = getattr(event, "text", "")
            self._change(event.job, state=_ENDED[type(event)], text=text)

    def _change(self, job: str, **changes: object) -> None:
        with self._lock:
            record = self._records.get(job)
            if record is None or record.ended:
                return
            started = float(changes.get("started", record.started))  # type: ignore[arg-type]
            seconds = time.time() - started if changes.get("state", record.state) != "waiting" else 0.0
            if changes.get("state") == "completed":
                changes["fraction"] = 1.0
            self._records[job] = replace(record, seconds=seconds, **changes)  # type: ignore[arg-type]
        self._tell(job)

    def _with_lines(self, record: JobRecord) -> JobRecord:
        return replace(record, lines=tuple(self._lines[record.id]))

    def _tell(self, job: str) -> None:
        with self._lock:
            record = self._records.get(job)
            observers = list(self._observers)
        if record is not None:
            for observer in observers:
                observer(record)
