"""Runs jobs in worker processes: a heavy and a light one at a time, workers kept warm, exactly one end for each.

It knows nothing of projects: after any other end than `Completed` the caller throws the job's folder away.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from motestudio.errors import Cancelled, JobError
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.conversation import Conversation
from motestudio.jobs.history import JobHistory
from motestudio.jobs.lane import Lane
from motestudio.jobs.launcher import Child, spawn
from motestudio.jobs.messages import Crashed, Event, JobCancelled, RunStage, Started, Terminal

OnEvent = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job to run.

    Attributes:
        title: for people.
        message: what the worker gets.
        heavy: takes all the computer has; one of those at a time, and beside it one that is not.
        fresh: in a process of its own, which ends with it: for what may take its process down.
        timeout_s: longest time.
        silence_s: longest time without a sign of life.
    """

    title: str
    message: RunStage
    heavy: bool = True
    fresh: bool = False
    timeout_s: float = 3600.0
    silence_s: float = 300.0


class _Worker:
    """A worker process with the lines that it prints."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.child: Child = spawn("worker", on_log=self.lines.put)

    @property
    def usable(self) -> bool:
        channel = self.child.channel
        return self.child.poll() is None and channel is not None and not channel.closed


class JobRunner:
    """Runs jobs; any thread may. Close it, or use it in a ``with`` block.

    Attributes:
        history: of the jobs it ran and runs.

    Args:
        max_warm: workers kept for the next job, for each of heavy and light; 0 keeps none.
    """

    def __init__(self, max_warm: int = 1) -> None:
        self.history = JobHistory()
        self._max_warm = max_warm
        self._lanes = {True: Lane(), False: Lane()}
        self._warm: dict[bool, list[_Worker]] = {True: [], False: []}
        self._busy: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closing = CancelToken()

    def run(self, spec: JobSpec, on_event: OnEvent | None = None, cancel: CancelToken | None = None) -> Terminal:
        """Run a job to its end.

        Args:
            spec: the job.
            on_event: gets every event, last the terminal one; called from this thread.
            cancel: ends it within a second, also while it waits for its turn.

        Returns:
            The terminal event; nothing is raised for a job that goes wrong.
        """
        job = spec.message.job
        token = cancel or CancelToken()
        self.history.waiting(job, spec.title)

        def tell(event: Event) -> None:
            self.history.event(event)
            if on_event is not None:
                on_event(event)

        end: Terminal = JobCancelled(job)
        try:
            with contextlib.suppress(Cancelled), self._lanes[spec.heavy].turn(token):
                end = self._run(spec, tell, token)
        except BaseException as error:
            self.history.event(Crashed(job, 0, f"the studio stopped listening: {error!r}"))
            raise
        tell(end)
        return end

    def close(self) -> None:
        """End all workers; jobs that still run end as cancelled or crashed."""
        self._closing.cancel()
        with self._lock:
            workers = [w for warm in self._warm.values() for w in warm]
            busy = list(self._busy)
            for warm in self._warm.values():
                warm.clear()
        for worker in busy:
            worker.child.terminate_tree(0.2)
        for worker in workers:
            worker.child.close()

    def __enter__(self) -> JobRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, spec: JobSpec, tell: OnEvent, cancel: CancelToken) -> Terminal:
        job = spec.message.job
        cancel.raise_if_cancelled()
        self.history.running(job)
        try:
            worker = self._take(spec.heavy, fresh=spec.fresh)
        except JobError as error:
            return Crashed(job, 0, error.text)
        reusable = False
        try:
            talk = Conversation(
                worker.child,
                worker.lines,
                spec.message,
                tell,
                cancel,
                timeout_s=spec.timeout_s,
                silence_s=spec.silence_s,
            )
            end = talk.run()
            reusable = talk.reusable
            return end
        finally:
            if reusable and not spec.fresh:
                self._give_back(spec.heavy, worker)
            else:
                self._end(worker)

    def _take(self, heavy: bool, *, fresh: bool) -> _Worker:
        while not fresh:
            with self._lock:
                worker = self._warm[heavy].pop() if self._warm[heavy] else None
                if worker is not None and worker.usable:
                    self._busy.add(worker)
                    return worker
            if worker is None:
                break
            worker.child.close(0.0)
        worker = _Worker()
        with self._lock:
            self._busy.add(worker)
        if self._closing.cancelled:
            self._end(worker)
            raise JobError("job.closed", "The studio is closing.", "Start it again.")
        return worker

    def _give_back(self, heavy: bool, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            keep = worker.usable and not self._closing.cancelled and len(self._warm[heavy]) < self._max_warm
            if keep:
                self._warm[heavy].append(worker)
        if not keep:
            worker.child.close(0.0)

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.child.close(0.0)


__all__ = ["Event", "JobRunner", "JobSpec", "OnEvent", "Started", "Terminal"]
