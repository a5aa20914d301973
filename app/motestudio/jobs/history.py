"""What ran, runs and waits, for the list of jobs and their logs. It only remembers; running is the runner's."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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
from motestudio.jobs.watch import Usage

JobState = Literal["waiting", "running", "completed", "cancelled", "failed", "crashed", "timed_out"]
LaneName = Literal["heavy", "light"]
_LINES, _LINE_CHARS, _CHARS = 1000, 2000, 256 * 1024
_TELL_S = 0.2
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
        stage: full id of the stage that it runs.
        lane: one heavy and one light job run at a time.
        state: waiting, running, or how it ended.
        asked: seconds since the epoch.
        started: seconds since the epoch; of its asking while it waits.
        seconds: how long it took, or has taken so far when it was last heard of.
        fraction: 0..1.
        text: what it is doing, or why it ended as it did.
        memory: bytes that it and all that it started hold; 0 where it does not run.
        memory_peak: the most of that.
        cpu_seconds: processor time.
        processes: how many it consists of; 0 where it does not run.
        output: bytes written.
        code: of the error, where it failed.
        hint: what to do about it.
        traceback: of the stage's code, where it failed with one.
        lines: the last of its log; only in what `JobHistory.record` and `records` give.
    """

    id: str
    title: str
    stage: str = ""
    lane: LaneName = "heavy"
    state: JobState = "waiting"
    asked: float = field(default_factory=time.time)
    started: float = field(default_factory=time.time)
    seconds: float = 0.0
    fraction: float = 0.0
    text: str = ""
    memory: int = 0
    memory_peak: int = 0
    cpu_seconds: float = 0.0
    processes: int = 0
    output: int = 0
    code: str = ""
    hint: str = ""
    traceback: str = ""
    lines: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in ("waiting", "running")


Observer = Callable[[JobRecord], None]


class _Lines:
    """The last lines of a log, bounded in number and in characters."""

    def __init__(self) -> None:
        self.kept: deque[str] = deque(maxlen=_LINES)
        self._chars = 0

    def add(self, text: str) -> None:
        line = text[:_LINE_CHARS]
        if len(self.kept) == _LINES:
            self._chars -= len(self.kept[0])
        self.kept.append(line)
        self._chars += len(line)
        while self._chars > _CHARS:
            self._chars -= len(self.kept.popleft())


class JobHistory:
    """The last jobs, newest last. Any thread may ask; observers are called from the thread that runs the job."""

    def __init__(self, *, longest: int = 200) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._records: dict[str, JobRecord] = {}
        self._lines: dict[str, _Lines] = {}
        self._told: dict[str, float] = {}
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

    def open(self) -> list[JobRecord]:
        """What runs, then what waits in the order it will run (each lane has its own); without the lines."""
        with self._lock:
            there = [r for r in self._records.values() if not r.ended]
        return sorted(there, key=lambda record: record.state == "waiting")

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` when a job changes (without its lines); returns what ends that.

        Changes of the state come all and at once; progress, lines and figures at most five times a second for each
        job, so a last line may be told half a second late.
        """
        with self._lock:
            self._observers.append(observer)

        def stop() -> None:
            with self._lock:
                if observer in self._observers:
                    self._observers.remove(observer)

        return stop

    def asked(self, job: str, title: str, *, stage: str = "", heavy: bool = True) -> None:
        """A job was asked for, and waits for its turn."""
        with self._lock:
            self._records[job] = JobRecord(job, title, stage, "heavy" if heavy else "light")
            self._lines[job] = _Lines()
            ended = [i for i, r in self._records.items() if r.ended]
            for old in ended[: max(0, len(self._records) - self._longest)]:
                del self._records[old], self._lines[old]
        self._tell(job)

    def running(self, job: str) -> None:
        """It is its turn."""
        self._change(job, state="running", started=time.time())

    def used(self, job: str, usage: Usage) -> None:
        """What it takes was measured."""
        self._change(
            job,
            memory=usage.memory,
            memory_peak=usage.peak,
            cpu_seconds=usage.cpu_seconds,
            processes=usage.processes,
            output=usage.output,
        )

    def event(self, event: Event) -> None:
        """Something happened in a job."""
        if isinstance(event, Log):
            with self._lock:
                if event.job in self._lines:
                    self._lines[event.job].add(event.text)
            self._change(event.job)
        elif isinstance(event, Progress):
            self._change(event.job, fraction=event.fraction, text=event.text)
        elif isinstance(event, Terminal):
            changes: dict[str, Any] = {"state": _ENDED[type(event)], "text": getattr(event, "text", "")}
            if isinstance(event, Completed):
                changes["fraction"] = 1.0
            if isinstance(event, Failed):
                changes |= {"code": event.code, "hint": event.hint, "traceback": event.traceback}
            if isinstance(event, TimedOut):
                changes["text"] = f"no sign of life for {event.seconds:.0f} s" if event.silent else "over its time"
            self._change(event.job, memory=0, processes=0, **changes)

    def _change(self, job: str, **changes: Any) -> None:
        with self._lock:
            record = self._records.get(job)
            if record is None or record.ended:
                return
            started = float(changes.get("started", record.started))
            ran = record.state == "running" or changes.get("state") == "running"
            changes["seconds"] = time.time() - started if ran else 0.0
            self._records[job] = replace(record, **changes)
        self._tell(job, must="state" in changes)

    def _with_lines(self, record: JobRecord) -> JobRecord:
        return replace(record, lines=tuple(self._lines[record.id].kept))

    def _tell(self, job: str, *, must: bool = True) -> None:
        now = time.monotonic()
        with self._lock:
            record = self._records.get(job)
            if record is None or not (must or now - self._told.get(job, 0.0) >= _TELL_S):
                return
            self._told[job] = now
            if record.ended:
                del self._told[job]
            observers = list(self._observers)
        for observer in observers:
            observer(record)
