"""Runs a blocking studio verb in a thread and brings what it tells to the window's thread.

Every call ends exactly once: done, failed or cancelled. Callbacks run in the window's thread. Nothing here knows what
the verbs do, and no widget is touched from another thread.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, Signal, Slot

from motestudio.errors import AppError, Cancelled
from motestudio.studio.operation import Happening, Operation

State = Literal["running", "done", "failed", "cancelled"]
_LOG_LINES = 5000
_HISTORY = 50


class RunningOperation:
    """One call of a verb, running or over. Read it from the window's thread.

    Attributes:
        title: as the job strip shows it.
        quiet: the strip and the log show it only where it fails.
        operation: what the verb was handed; `operation.cancel` stops it.
        state: ``running`` until the one end.
        fraction: 0..1, negative while the verb has not said.
        text: what it does just now.
        result: what the verb returned.
        error: what it raised.
        details: traceback of an unexpected error.
        log: (seconds since the start, line).
    """

    def __init__(self, title: str, *, quiet: bool = False) -> None:
        self.title = title
        self.quiet = quiet
        self.operation = Operation()
        self.state: State = "running"
        self.fraction = -1.0
        self.text = ""
        self.result: Any = None
        self.error: BaseException | None = None
        self.details = ""
        self.log: deque[tuple[float, str]] = deque(maxlen=_LOG_LINES)
        self.started = time.monotonic()
        self.ended = 0.0
        self.wall_clock = time.strftime("%H:%M")

    @property
    def seconds(self) -> float:
        """How long it runs, or ran."""
        return (self.ended or time.monotonic()) - self.started

    @property
    def seconds_left(self) -> float | None:
        """An estimate, once there is something to estimate from."""
        if self.state != "running" or self.fraction < 0.03 or self.seconds < 2:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction

    def cancel(self) -> None:
        """Ask it to stop; the end comes as ``cancelled``."""
        self.operation.cancel.cancel()

    def _note(self, happening: Happening) -> None:
        if happening.kind == "progress":
            self.fraction = happening.fraction
            self.text = happening.text or self.text
        elif happening.kind == "part":
            self.text = happening.text
        if happening.kind in ("log", "part", "done") and happening.text:
            self.log.append((self.seconds, happening.text))


class _Call:
    """The thread's side: collects what happens and wakes the window at most once for all of it."""

    def __init__(self, bridge: Bridge, running: RunningOperation, fn: Callable[[Operation], Any]) -> None:
        self.running = running
        self.on_done: Callable[[Any], object] | None = None
        self.on_error: Callable[[BaseException], object] | None = None
        self.on_event: Callable[[Happening], object] | None = None
        self._bridge: Bridge | None = bridge
        self._link = threading.Lock()
        self._fn = fn
        self._lock = threading.Lock()
        self._waiting: list[Happening] = []
        self._end: tuple[State, Any, BaseException | None, str] | None = None
        self._woken = False
        running.operation.on_happening = self.put
        self.thread = threading.Thread(target=self._run, name=f"operation {running.title}", daemon=True)

    def put(self, happening: Happening) -> None:
        """Called in the verb's thread."""
        with self._lock:
            self._waiting.append(happening)
            wake = not self._woken
            self._woken = True
        if wake:
            self._wake()

    def take(self) -> tuple[list[Happening], tuple[State, Any, BaseException | None, str] | None]:
        """Called in the window's thread: everything since the last time, and the end where it came."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            self._woken = False
            return waiting, self._end

    def _run(self) -> None:
        end: tuple[State, Any, BaseException | None, str]
        try:
            end = ("done", self._fn(self.running.operation), None, "")
        except Cancelled:
            end = ("cancelled", None, None, "")
        except AppError as error:
            end = ("failed", None, error, "")
        except Exception as error:  # noqa: BLE001 - a bug of ours becomes a banner with its traceback, never a crash
            end = ("failed", None, error, traceback.format_exc())
        with self._lock:
            self._end = end
        self._wake()

    def abandon(self) -> None:
        """The window goes while the verb still runs: what it has to say, nobody hears.

        Its callbacks are let go of here: dropped last in the verb's thread, they would destroy widgets there.
        """
        with self._link:
            self._bridge = None
        self.on_done = self.on_error = self.on_event = None

    def _wake(self) -> None:
        # Under a lock of its own, so that the bridge is not destroyed while a thread is about to emit.
        with self._link:
            if self._bridge is not None:
                self._bridge.woken.emit(self)


class Bridge(QObject):
    """All running operations of the window.

    Signals:
        started(RunningOperation), changed(RunningOperation), finished(RunningOperation)
        failed(RunningOperation): an error that no `on_error` took.
        happened(RunningOperation, Happening): what any operation tells, for pages that follow another page's.
    """

    started = Signal(object)
    changed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    happened = Signal(object, object)
    woken = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: list[_Call] = []
        self.history: deque[RunningOperation] = deque(maxlen=_HISTORY)
        self.woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> list[RunningOperation]:
        """Operations that have not ended, oldest first."""
        return [call.running for call in self._calls]

    def run(
        self,
        title: str,
        fn: Callable[[Operation], Any],
        on_done: Callable[[Any], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_event: Callable[[Happening], object] | None = None,
        *,
        quiet: bool = False,
    ) -> RunningOperation:
        """Run `fn` in a thread of its own.

        Args:
            title: for the job strip.
            fn: a verb; handed the operation it reports to.
            on_done: called with its result.
            on_error: called with what it raised; without it the error is shown in the banner. Never for a cancel.
            on_event: called for everything it tells.
            quiet: keep it out of strip and log: reading something to show it.
        """
        running = RunningOperation(title, quiet=quiet)
        call = _Call(self, running, fn)
        call.on_done, call.on_error, call.on_event = on_done, on_error, on_event
        self._calls.append(call)
        if not quiet:
            self.history.append(running)
        self.started.emit(running)
        call.thread.start()
        return running

    @Slot(object)
    def _drain(self, call: _Call) -> None:
        if call not in self._calls:
            return
        waiting, end = call.take()
        for happening in waiting:
            call.running._note(happening)
            if call.on_event:
                call.on_event(happening)
            self.happened.emit(call.running, happening)
        if end is None:
            self.changed.emit(call.running)
            return
        self._calls.remove(call)
        call.thread.join(1.0)
        running = call.running
        running.ended = time.monotonic()
        running.state, running.result, running.error, running.details = end
        if running.details:
            running.log.extend((running.seconds, line) for line in running.details.splitlines())
        elif running.error:
            running.log.append((running.seconds, str(running.error)))
        self.finished.emit(running)
        if running.state == "done" and call.on_done:
            call.on_done(running.result)
        elif running.error is not None and call.on_error:
            call.on_error(running.error)
        elif running.error is not None:
            self.failed.emit(running)

    def close(self, seconds: float = 3.0) -> bool:
        """Cancel everything and wait for the threads; returns whether all ended in time."""
        calls, self._calls = self._calls, []
        for call in calls:
            call.running.cancel()
        deadline = time.monotonic() + seconds
        for call in calls:
            call.thread.join(max(0.0, deadline - time.monotonic()))
            call.abandon()
        return not any(call.thread.is_alive() for call in calls)
