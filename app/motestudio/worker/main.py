"""The worker program: takes jobs over its channel, one at a time, and ends each with exactly one terminal event.

Stages run in the main thread (some libraries insist on it); a second thread reads the channel for Cancel. What a
stage prints goes to the parent as log lines, never into the protocol. The only room that imports plugin code.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path

import msgspec

from motestudio.errors import AppError, Cancelled
from motestudio.jobs.channel import Channel, ChannelClosed, connect_to_parent
from motestudio.jobs.messages import (
    Completed,
    Failed,
    JobCancelled,
    RunStage,
    Started,
    Terminal,
    decode_command,
    encode,
)
from motestudio.worker.adapters import StageRun, run_stage
from motestudio.worker.context import WorkerContext
from motestudio.worker.loader import PluginLoader
from motestudio.worker.plain import plain

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Worker:
    """One worker process.

    Args:
        channel: to the parent.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._jobs: queue.SimpleQueue[RunStage | None] = queue.SimpleQueue()
        self._loader = PluginLoader()
        self._lock = threading.Lock()
        self._current: WorkerContext | None = None
        self._job = ""
        self._cancelled: set[str] = set()

    def serve(self) -> int:
        """Run jobs until the parent goes away; returns the exit status."""
        threading.Thread(target=self._read, name="mote-commands", daemon=True).start()
        while (message := self._jobs.get()) is not None:
            try:
                self._channel.send(encode(Started(message.job)))
                end = self._run(message)
                for stream in (sys.stdout, sys.stderr):
                    with contextlib.suppress(OSError, ValueError):
                        stream.flush()
                self._channel.send(encode(end))
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

    def _run(self, message: RunStage) -> Terminal:
        ctx = WorkerContext(self._channel, message.job, Path(message.workdir), message.seed)
        with self._lock:
            self._current, self._job = ctx, message.job
            if message.job in self._cancelled:
                ctx.cancel()
        try:
            return Completed(message.job, self._compute(message, ctx))
        except Cancelled:
            return JobCancelled(message.job)
        except AppError as error:
            return Failed(message.job, error.code, error.text, error.hint, traceback.format_exc())
        except BaseException as error:  # noqa: BLE001 - whatever a stage raises ends its job and nothing else
            return _failed(message.job, error)
        finally:
            ctx.end()
            with self._lock:
                self._current, self._job = None, ""
                self._cancelled.discard(message.job)

    def _compute(self, message: RunStage, ctx: WorkerContext) -> dict[str, object]:
        ctx.check_cancelled()
        stage = self._loader.stage(Path(message.plugin_dir), message.entry)
        inputs = {name: Path(folder) for name, folder in message.inputs.items()}
        run = StageRun(ctx, message.stage, message.implementation, message.params, inputs)
        meta: dict[str, object] = plain(run_stage(stage, message.kind, run))
        return meta


def _failed(job: str, error: BaseException) -> Failed:
    trace = "".join(traceback.format_exception(error))[-20_000:]
    if isinstance(error, MemoryError):
        return Failed(job, "stage.memory", "There is not enough memory.", "Use less data or a smaller model.", trace)
    if isinstance(error, OSError) and error.errno in _FULL:
        return Failed(job, "disk.full", "The disk is full.", "Free some space and run it again.", trace)
    text = f"{type(error).__name__}: {error}"[:2000]
    return Failed(job, "stage.error", text, "The log has the place in the stage's code.", trace)


def main(_argv: list[str]) -> int:
    """Serve jobs on the channel that the parent left in the environment."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Bytecode of plugins would go into their folders, which may be shared or read-only.
    sys.dont_write_bytecode = True
    try:
        channel = connect_to_parent(die_with_parent=True)
    except ChannelClosed:
        sys.stderr.write("This program is started by Mote Studio.\n")
        return 2
    code = Worker(channel).serve()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not the interpreter's own end: it would wait for threads that a stage left behind.
    os._exit(code)
