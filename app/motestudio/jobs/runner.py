"""Runs jobs in worker processes: a heavy and a light one at a time, workers kept warm, exactly one end for each.

It knows nothing of projects: after any other end than `Completed` the caller throws the job's folder away.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from motestudio.errors import Cancelled, JobError
from motestudio.jobs import scratch
from motestudio.jobs.bounds import bounds_for
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.conversation import Conversation
from motestudio.jobs.history import JobHistory
from motestudio.jobs.lane import Lane
from motestudio.jobs.launcher import Child, spawn
from motestudio.jobs.messages import Crashed, Event, Failed, JobCancelled, RunStage, Started, Terminal, TimedOut
from motestudio.jobs.watch import Watch

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
        memory_bytes: of all its processes; None for a share of this computer's (`bounds.bounds_for`).
        output_bytes: that it may write; None for what follows from the size of its inputs.
        quiet: not in the history unless it goes wrong: questions asked while somebody edits.
    """

    title: str
    message: RunStage
    heavy: bool = True
    fresh: bool = False
    timeout_s: float = 3600.0
    silence_s: float = 300.0
    memory_bytes: int | None = None
    output_bytes: int | None = None
    quiet: bool = False


class _Worker:
    """A worker process with the lines that it prints and its temporary folder, which end with it.

    Args:
        roof: nothing outside this folder and the temporary one can it write; None leaves it free.
    """

    def __init__(self, roof: Path | None) -> None:
        self.roof = roof
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        try:
            self.scratch = scratch.make()
        except OSError as error:
            text = f"There is no temporary folder for a worker: {error.strerror}."
            raise JobError("job.start", text, "Free some space on the disk of the temporary folder.") from error
        try:
            self.child: Child = spawn("worker", on_log=self.lines.put, env=scratch.environment(self.scratch, roof))
        except BaseException:
            scratch.remove(self.scratch)
            raise

    def close(self, grace_s: float = 0.3) -> None:
        """End the process and all that it started and left."""
        self.child.close(grace_s)
        scratch.remove(self.scratch)

    @property
    def usable(self) -> bool:
        channel = self.child.channel
        return self.child.running and channel is not None and not channel.closed


class JobRunner:
    """Runs jobs; any thread may. Close it, or use it in a ``with`` block.

    Attributes:
        history: of the jobs it ran and runs.

    Args:
        max_warm: workers kept for the next job, for each of heavy and light (of those one more, as jobs of the project
            and of temporary folders alternate there); 0 keeps none.
    """

    def __init__(self, max_warm: int = 1) -> None:
        self.history = JobHistory()
        self._max_warm = max_warm
        self._lanes = {True: Lane(), False: Lane()}
        self._warm: dict[bool, list[_Worker]] = {True: [], False: []}
        self._busy: set[_Worker] = set()
        self._tokens: dict[str, CancelToken] = {}
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
        token = CancelToken(follows=cancel)
        with self._lock:
            self._tokens[job] = token
        if not spec.quiet:
            self._record(spec)

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
        finally:
            with self._lock:
                self._tokens.pop(job, None)
        if spec.quiet and isinstance(end, Failed | Crashed | TimedOut):
            self._record(spec)
        tell(end)
        return end

    def _record(self, spec: JobSpec) -> None:
        self.history.asked(spec.message.job, spec.title, stage=spec.message.stage, heavy=spec.heavy)

    def cancel(self, job: str) -> bool:
        """Cancel one job by its id, whether it runs or waits; returns whether there was anything to cancel.

        Its caller gets a cancelled job; whatever else the caller's own token stands for goes on.
        """
        with self._lock:
            token = self._tokens.get(job)
        if token is None:
            return False
        token.cancel()
        return True

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
            worker.close()

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
            worker = self._take(spec)
        except JobError as error:
            return Crashed(job, 0, error.text)
        reusable = False
        try:
            talk = self._conversation(spec, worker, tell, cancel)
            end = talk.run()
            reusable = talk.reusable
            return end
        finally:
            if reusable and not spec.fresh:
                self._give_back(spec.heavy, worker)
            else:
                self._end(worker)

    def _conversation(self, spec: JobSpec, worker: _Worker, tell: OnEvent, cancel: CancelToken) -> Conversation:
        message = spec.message
        bounds = bounds_for(
            heavy=spec.heavy, inputs=message.inputs.values(), memory=spec.memory_bytes, output=spec.output_bytes
        )
        used = functools.partial(self.history.used, message.job)
        watch = Watch(worker.child.pid, bounds, Path(message.workdir), worker.scratch, used)
        return Conversation(
            worker.child,
            worker.lines,
            message,
            tell,
            cancel,
            watch,
            timeout_s=spec.timeout_s,
            silence_s=spec.silence_s,
        )

    def _take(self, spec: JobSpec) -> _Worker:
        message = spec.message
        # What builds firmware runs other people's tools, which keep files where they like.
        free = message.kind == "target"
        roof = None if free else scratch.roof_of(Path(message.workdir), alone=spec.fresh)
        while not spec.fresh:
            with self._lock:
                warm = self._warm[spec.heavy]
                worker = next((w for w in warm if w.roof == roof), None)
                if worker is None:
                    break
                warm.remove(worker)
                if worker.usable:
                    self._busy.add(worker)
                    return worker
            worker.close(0.0)
        worker = _Worker(roof)
        with self._lock:
            self._busy.add(worker)
        if self._closing.cancelled:
            self._end(worker)
            raise JobError("job.closed", "The studio is closing.", "Start it again.")
        return worker

    def _give_back(self, heavy: bool, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            warm = self._warm[heavy]
            keep = worker.usable and not self._closing.cancelled and self._max_warm > 0
            if keep:
                warm.append(worker)
            most = self._max_warm + (not heavy) if self._max_warm else 0
            leaving = [warm.pop(0) for _ in range(len(warm) - most)] if keep else [worker]
        for old in leaving:
            old.close(0.0)

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.close(0.0)


__all__ = ["Event", "JobRunner", "JobSpec", "OnEvent", "Started", "Terminal"]
