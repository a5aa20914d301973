"""The worker program: takes jobs over its channel, one at a time, and ends each with exactly one terminal event.

Stages run in the main thread (some libraries insist on it); a second thread reads the channel for Cancel. What a
stage prints goes to the parent as log lines, never into the protocol. The only room that imports plugin code.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import sys
import threading
import traceback
from pathlib import Path

import msgspec

from motestudio.errors import AppError, Cancelled
from motestudio.jobs import scratch as scratch_folders
from motestudio.jobs.channel import Channel, ChannelClosed
from motestudio.jobs.messages import (
    Completed,
    Failed,
    JobCancelled,
    RunStage,
    Started,
    decode_command,
    encode,
)
from motestudio.worker.adapters import run_stage
from motestudio.worker.context import WorkerContext, readable
from motestudio.worker.entry import enter
from motestudio.worker.guard import Guard, refusal_in
from motestudio.worker.landlock import confine
from motestudio.worker.loader import PluginLoader
from motestudio.worker.plain import plain
from motestudio.worker.stage_run import StageRun
from motestudio.worker.state import READER, ProcessState, reap

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Worker:
    """One worker process.

    Args:
        channel: to the parent.
        guard: installed.
        scratch: the worker's temporary folder; it stands there between jobs.
    """

    def __init__(self, channel: Channel, guard: Guard, scratch: Path) -> None:
        self._channel, self._guard, self._home = channel, guard, scratch
        self._state = ProcessState()
        self._jobs: queue.SimpleQueue[RunStage | None] = queue.SimpleQueue()
        self._loader = PluginLoader()
        self._lock = threading.Lock()
        self._current: WorkerContext | None = None
        self._job = ""
        self._cancelled: set[str] = set()

    def serve(self) -> int:
        """Run jobs until the parent goes away; returns the exit status."""
        threading.Thread(target=self._read, name=READER, daemon=True).start()
        while (message := self._jobs.get()) is not None:
            try:
                reap()
                self._channel.send(encode(Started(message.job)))
                end = self._run(message)
                for stream in (sys.stdout, sys.stderr):
                    with contextlib.suppress(OSError, ValueError, AttributeError):
                        stream.flush()
                self._channel.send(_encoded(end, spent=self._state.spent()))
            except ChannelClosed:
                break
        return 0

    def _read(self) -> None:
        try:
            while True:
                data = self._channel.recv()
                if data is None:
                    continue
                try:
                    command = decode_command(data)
                except msgspec.MsgspecError:
                    continue
                if isinstance(command, RunStage):
                    self._jobs.put(command)
                    continue
                with self._lock:
                    if self._current is not None and command.job == self._job:
                        self._current.cancel()
                    else:
                        self._cancelled.add(command.job)
        except ChannelClosed:
            self._jobs.put(None)
            with self._lock:
                if self._current is not None:
                    # Nobody is left to hear of the job, and its folder belongs to nobody: there is nothing to finish.
                    os._exit(0)

    def _run(self, message: RunStage) -> Completed | JobCancelled | Failed:
        ctx = WorkerContext(self._channel, message.job, Path(message.workdir), message.seed)
        with self._lock:
            self._current, self._job = ctx, message.job
            if message.job in self._cancelled:
                ctx.cancel()
        workdir = Path(message.workdir).resolve()
        try:
            os.chdir(workdir)  # what a stage writes to a relative path belongs there too
            self._guard.allow(workdir)
            return Completed(message.job, self._compute(message, ctx))
        except Cancelled:
            return JobCancelled(message.job)
        except BaseException as error:  # noqa: BLE001 - whatever a stage raises ends its job and nothing else
            return _failed(message.job, error)
        finally:
            self._tell_refused(ctx)
            self._guard.allow(None)
            os.chdir(self._home)
            ctx.end()
            with self._lock:
                self._current, self._job = None, ""
                self._cancelled.discard(message.job)

    def _tell_refused(self, ctx: WorkerContext) -> None:
        with contextlib.suppress(Cancelled):
            for refusal in self._guard.refused:
                ctx.tell_refused(refusal.path, refusal.action)

    def _compute(self, message: RunStage, ctx: WorkerContext) -> dict[str, object]:
        ctx.check_cancelled()
        stage = self._loader.stage(Path(message.plugin_dir), message.entry, message.paths)
        inputs = {name: Path(folder) for name, folder in message.inputs.items()}
        run = StageRun(ctx, message.stage, message.implementation, message.params, inputs)
        meta: dict[str, object] = plain(run_stage(stage, message.kind, run))
        return meta


def _failed(job: str, error: BaseException) -> Failed:
    trace = readable("".join(traceback.format_exception(error))[-20_000:], 20_000)
    if isinstance(error, AppError):
        return Failed(job, readable(error.code, 100), readable(error.text), readable(error.hint), trace)
    if (refusal := refusal_in(error)) is not None:
        text = f"It wanted to write outside its own folder ({refusal.action}): {readable(refusal.path)}"
        return Failed(job, "stage.writes", text, "Nothing was changed there. Report it to the stage's author.", trace)
    if isinstance(error, MemoryError):
        return Failed(job, "stage.memory", "There is not enough memory.", "Use less data or a smaller model.", trace)
    if isinstance(error, OSError) and error.errno in _FULL:
        return Failed(job, "disk.full", "The disk is full.", "Free some space and run it again.", trace)
    text = readable(f"{type(error).__name__}: {error}", 2000)
    return Failed(job, "stage.error", text, "The log has the place in the stage's code.", trace)


def _encoded(end: Completed | JobCancelled | Failed, *, spent: bool) -> bytes:
    if spent:
        end = msgspec.structs.replace(end, spent=True)
    try:
        return encode(end)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        text = readable(f"What the stage said of its output cannot be sent: {error}", 2000)
        return encode(Failed(end.job, "stage.meta", text, "Report it to the stage's author.", spent=spent))


def main(_argv: list[str]) -> int:
    """Serve jobs on the channel that the parent left in the environment."""
    entered = enter()
    if entered is None:
        return 2
    channel, scratch = entered
    if roof := os.environ.pop(scratch_folders.ROOF, ""):
        confine([scratch, Path(roof)])
    guard = Guard(scratch)
    guard.install()
    code = Worker(channel, guard, scratch).serve()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Not the interpreter's own end: it would wait for threads that a stage left behind.
    os._exit(code)
