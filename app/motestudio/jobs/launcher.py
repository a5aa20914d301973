"""The only place that starts processes: the studio's own programs with a channel, and other people's programs.

Every process gets a session of its own, so that it and all that it starts can be ended together; what a process
prints becomes log lines. Nothing here knows what the processes are for.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from motestudio.errors import Cancelled, JobError, MissingError
from motestudio.jobs import environment as environments
from motestudio.jobs import tree
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.channel import Channel, ChannelClosed, Offer
from motestudio.jobs.lifeline import Lifeline
from motestudio.jobs.lines import LineReader

OnLine = Callable[[str], None]
_CONNECT_S = 30.0
_LINES_PER_SECOND = 500
_MAX_OUTPUT = 8 * 1024 * 1024
_children: weakref.WeakSet[Child] = weakref.WeakSet()


def _ignore(_: str) -> None:
    return None


class Child:
    """A running process. Close it, or use it in a ``with`` block; at the latest it ends with this process.

    Attributes:
        channel: to one of our own programs; None for others.
        argv: what was started.
        lifeline: of one of our own programs; None for others.
    """

    def __init__(self, process: subprocess.Popen[bytes], argv: Sequence[str], on_line: OnLine, limit: int) -> None:
        self._process = process
        self.argv = tuple(argv)
        self.channel: Channel | None = None
        self.lifeline: Lifeline | None = None
        self._swept = False
        self._lines = LineReader(_pipe(process), on_line, max_per_second=limit)
        _children.add(self)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that it printed."""
        return tuple(self._lines.last)

    @property
    def exit_text(self) -> str:
        """How it ended, in words: ``SIGSEGV`` or ``exit status 3``; empty while it runs."""
        code = self.poll()
        return "" if code is None else environments.describe_exit(code)

    def poll(self) -> int | None:
        """The exit status (negative: minus the signal), or None while it runs."""
        return self._process.poll()

    @property
    def running(self) -> bool:
        """Whether it runs. The system is asked too: `poll` knows nothing while another thread waits for the end."""
        if self.poll() is not None:
            return False
        try:
            return bool(psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None where it still runs after `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def flush_lines(self, timeout: float) -> bool:
        """After its end: wait until all that it printed was handed on."""
        return self._lines.join(timeout)

    def tell_left_out(self) -> None:
        """Say how many of its lines were left out because they were too many, if any."""
        self._lines.tell_left_out()

    def terminate_children(self) -> int:
        """Kill what it started and left behind, but not itself; returns how many those were."""
        found = tree.descendants(self.pid)
        tree.kill(found)
        return len(found)

    def terminate_tree(self, grace_s: float = 0.3) -> None:
        """End it and all that it started: ask, and after `grace_s` seconds kill."""
        if self._swept:
            return
        found = tree.descendants(self.pid)
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self._process.terminate()
            for process in found:
                with contextlib.suppress(psutil.Error):
                    process.terminate()
            if grace_s > 0:
                self.wait(grace_s)
        if self.poll() is None:
            found += tree.descendants(self.pid)
            with contextlib.suppress(OSError):
                self._process.kill()
        tree.kill(found)
        tree.kill_session(self.pid)
        tree.kill_stragglers(self.pid)
        # Once it is reaped its id may become somebody else's, so this is never done twice.
        self._swept = self.wait(5.0) is not None

    def close(self, grace_s: float = 0.3) -> None:
        """Close the channel, give it `grace_s` seconds to end by itself, end it with all that it started."""
        if self.channel is not None:
            self.channel.close()
            self.wait(grace_s)
        self.terminate_tree(grace_s)
        if self.lifeline is not None:
            self.lifeline.close()
        # Only somebody who left the session can still hold the pipe; its reader then ends with this process.
        self._lines.join(0.3)
        _children.discard(self)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spawn(
    role: str, args: Sequence[str] = (), *, on_log: OnLine = _ignore, env: Mapping[str, str] | None = None
) -> Child:
    """Start one of the studio's own programs.

    Args:
        role: ``worker``, ``recorder``, ``decoder``, ``virtual-board`` or ``engine``.
        args: its further arguments.
        on_log: gets each line that it prints; called from another thread.
        env: added to its environment.

    Returns:
        The running program with its channel open.

    Raises:
        JobError: it could not be started, or ended before it took its channel.
    """
    argv = environments.own_command(role, list(args))
    offer = Offer()
    try:
        environment = environments.for_own(env) | offer.environment
        child = Child(_popen(argv, None, environment, None, offer.pass_fds), argv, on_log, _LINES_PER_SECOND)
    except BaseException:
        offer.close()
        offer.lifeline.close()
        raise
    child.lifeline = offer.lifeline
    try:
        child.channel = offer.accept(_CONNECT_S, lambda: child.poll() is None)
    except ChannelClosed:
        child.close(0.0)
        said = child.last_lines[-1:] or ("it said nothing",)
        raise JobError(
            "job.start", f"The {role} process did not start ({child.exit_text}): {said[0]}", "Try again; see the log."
        ) from None
    return child


def spawn_program(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    on_line: OnLine = _ignore,
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start a long-lived program of somebody else's, with a cleaned environment.

    Raises:
        MissingError: there is no such program.
    """
    environment = environments.for_stranger(env)
    return Child(_popen(argv, cwd, environment, None), argv, on_line, _LINES_PER_SECOND)


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended.

    Attributes:
        exit_code: 0 where it did what it should; negative: minus the signal.
        output: stdout and stderr in the order they were written; of very much, the last 8 MB.
    """

    exit_code: int
    output: str


def run_program(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    timeout_s: float = 600.0,
    on_line: OnLine = _ignore,
    cancel: CancelToken | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
) -> ProgramResult:
    """Run a program of somebody else's to its end, with a cleaned environment.

    Args:
        argv: program and arguments; no shell.
        cwd: where it runs.
        timeout_s: after that it is ended with all that it started.
        on_line: gets each line as it is printed; called from another thread.
        cancel: ends it, within a second.
        env: added to its environment.
        stdin: what it can read; nothing where None.

    Raises:
        MissingError: there is no such program.
        JobError: it took longer than `timeout_s`.
        Cancelled: by `cancel`.
    """
    kept = _Tail(on_line)
    process = _popen(argv, cwd, environments.for_stranger(env), stdin)
    with Child(process, argv, kept.line, 0) as child:
        feeder = _feed(process, stdin)
        end = time.monotonic() + timeout_s
        while child.wait(0.02 if cancel else max(0.0, min(1.0, end - time.monotonic()))) is None:
            if cancel is not None and cancel.cancelled:
                child.terminate_tree(0.3)
                raise Cancelled
            if time.monotonic() >= end:
                child.terminate_tree(0.3)
                name = Path(argv[0]).name
                raise JobError("program.timed_out", f"{name} did not end within {timeout_s:g} s.", "Try again.")
        # A daemon that it left behind may hold the pipe open for ever.
        if not child.flush_lines(1.0):
            child.terminate_tree(0.0)
            child.flush_lines(1.0)
        if feeder is not None:
            feeder.join(1.0)
    return ProgramResult(process.returncode, kept.text)


class _Tail:
    """Keeps the last megabytes of output and passes lines on."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._lines: list[str] = []
        self._size = 0

    def line(self, text: str) -> None:
        self._lines.append(text)
        self._size += len(text) + 1
        if self._size > 2 * _MAX_OUTPUT:
            while self._size > _MAX_OUTPUT:
                half = len(self._lines) // 2 or 1
                self._size -= sum(len(line) + 1 for line in self._lines[:half])
                del self._lines[:half]
        self._on_line(text)

    @property
    def text(self) -> str:
        return "\n".join(self._lines)[-_MAX_OUTPUT:]


def _feed(process: subprocess.Popen[bytes], data: bytes | None) -> threading.Thread | None:
    pipe = process.stdin
    if pipe is None or data is None:
        return None

    def write() -> None:
        with contextlib.suppress(OSError, ValueError), pipe:
            pipe.write(data)

    thread = threading.Thread(target=write, name="mote-stdin", daemon=True)
    thread.start()
    return thread


def _popen(
    argv: Sequence[str],
    cwd: Path | None,
    environment: Mapping[str, str],
    stdin: bytes | None,
    pass_fds: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options |= {"start_new_session": True, "pass_fds": pass_fds}
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
    except (FileNotFoundError, PermissionError) as error:
        if cwd is not None and not Path(cwd).is_dir():
            raise JobError("program.folder", f"The folder {cwd} does not exist.", "Create it.") from error
        name = Path(argv[0]).name
        raise MissingError(
            "program.missing",
            f"The program {name} cannot be run on this computer.",
            f"Install {name}.",
            {"program": name},
        ) from error
    except OSError as error:
        short = error.errno in (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
        hint = "Close other programs and try again." if short else "Check the installation."
        raise JobError("job.start", f"{Path(argv[0]).name} cannot be started: {error.strerror}.", hint) from error


def _pipe(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return process.stdout


@atexit.register
def _close_all() -> None:
    for child in list(_children):
        child.terminate_tree(0.2)
