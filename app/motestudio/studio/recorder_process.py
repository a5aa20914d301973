"""The recorder process as the studio sees it: started, spoken to, and its events brought to whoever waits for them.

No verb of the user's is here; those are `device_session`'s.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import msgspec

from motestudio.devices import recorder_messages as m
from motestudio.domain.board import InferenceFrame
from motestudio.errors import AppError, DeviceError
from motestudio.jobs.channel import ChannelClosed
from motestudio.jobs.launcher import spawn

_T = TypeVar("_T")
_A = TypeVar("_A", m.Connected, m.Listened)
Waiting = queue.SimpleQueue[_T | AppError]
"""Where the one answer to a question arrives: the answer, or the error instead of it."""

OnEvent = Callable[[m.Event], None]
OnInference = Callable[[Sequence[InferenceFrame]], None]
_CLOSE_SECONDS = 5.0


def wait_for(waiting: Waiting[_T], timeout_s: float, op: str) -> _T:
    """Wait for an answer.

    Raises:
        AppError: that came instead of it; ``device.timeout`` where nothing came.
    """
    try:
        item = waiting.get(timeout=max(timeout_s, 0.001))
    except queue.Empty:
        text = f"The board did not finish {op!r} in time."
        raise DeviceError("device.timeout", text, "Connect again.", {"op": op}) from None
    if isinstance(item, AppError):
        raise item
    return item


def _ignore(_: str) -> None:
    return None


class RecorderProcess:
    """One recorder and the thread that reads its events.

    It may be started before anybody knows which board it is for: a new process takes longer than a board to answer.

    Args:
        on_log: gets each line that it prints.

    Attributes:
        child: the process.
        url: of the board, for what is said when it ends.
        on_event: gets every event.
        on_log: as given; another one may take its place.
        inference: get the board's inferences.
        connecting: where the answer to `Connect` or `Listen` arrives.
        health: the latest figures, or None.
        lost: why the connection to the board ended, or None.
        away: the board is gone and is waited for.
        returned: told of a board that came back, before `on_event`.
        closed: whether `close` was called.
    """

    def __init__(self, on_log: Callable[[str], None] = _ignore) -> None:
        self.on_event: OnEvent | None = None
        self.on_log = on_log
        self.inference: list[OnInference] = []
        self.connecting: Waiting[m.Connected | m.Listened] = queue.SimpleQueue()
        self.health: m.Health | None = None
        self.lost: AppError | None = None
        self.away = False
        self.returned: Callable[[m.Reconnected], None] | None = None
        self.closed = False
        self.url = ""
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._replies: dict[int, Waiting[m.Reply]] = {}
        self._progress: dict[int, Callable[[float], None]] = {}
        self._takes: dict[str, Waiting[m.TakeSaved]] = {}
        self.child = spawn("recorder", on_log=self._log)
        assert self.child.channel is not None
        self._channel = self.child.channel
        self._thread = threading.Thread(target=self._run, name="device-session", daemon=True)
        self._thread.start()

    def _log(self, line: str) -> None:
        self.on_log(line)

    @property
    def alive(self) -> bool:
        """Whether the process runs and can be spoken to."""
        return not self.closed and self.lost is None and self.child.poll() is None

    def send(self, command: m.Command) -> None:
        """Send a command.

        Raises:
            AppError: the board or the recorder is gone.
        """
        if self.lost is not None and not isinstance(command, m.Shutdown):
            raise self.lost
        try:
            self._channel.send(m.encode(command))
        except ChannelClosed:
            raise self.lost or self._dead() from None

    def answer(self, kind: type[_A], timeout_s: float, op: str) -> _A:
        """Wait for the answer to `Connect` or `Listen`.

        Raises:
            AppError: that came instead of it; ``device.timeout`` where nothing came.
        """
        found = wait_for(cast("Waiting[_A]", self.connecting), timeout_s, op)
        if not isinstance(found, kind):
            raise DeviceError("recorder.message", f"The recorder answered with {type(found).__name__}.")
        return found

    def expect_reply(self, on_progress: Callable[[float], None] | None = None) -> tuple[int, Waiting[m.Reply]]:
        """A number for a request, and where its reply will arrive."""
        waiting: Waiting[m.Reply] = queue.SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._replies[number] = waiting
            if on_progress is not None:
                self._progress[number] = on_progress
        return number, waiting

    def forget_reply(self, number: int) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._replies.pop(number, None)
            self._progress.pop(number, None)

    def expect_take(self, name: str) -> Waiting[m.TakeSaved]:
        """Where the end of a take will arrive."""
        waiting: Waiting[m.TakeSaved] = queue.SimpleQueue()
        with self._lock:
            self._takes[name] = waiting
        return waiting

    def forget_take(self, name: str) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._takes.pop(name, None)

    def close(self) -> None:
        """Let it finish what it does, then end it. May be called twice."""
        if self.closed:
            return
        with contextlib.suppress(AppError):
            self.send(m.Shutdown())
        self.closed = True
        # It finishes and says so; closing the channel first would lose its last words.
        self.child.wait(_CLOSE_SECONDS)
        self.child.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            while True:
                data = self._channel.recv(None)
                if data is not None:
                    with contextlib.suppress(msgspec.DecodeError):
                        self._take(m.decode_event(data))
        except ChannelClosed:
            if not self.closed:
                error = self._dead()
                self._lose(error, takes_too=True)
                self._tell(m.Disconnected(error.code, error.text, error.hint))

    def _take(self, event: m.Event) -> None:
        if isinstance(event, m.Health):
            self.health = event
        elif isinstance(event, m.Reply):
            self._reply(event)
        elif isinstance(event, m.Inference):
            self._infer(event)
        elif isinstance(event, m.LoadProgress):
            with self._lock:
                progress = self._progress.get(event.id)
            if progress is not None:
                progress(event.fraction)
        elif isinstance(event, m.TakeSaved | m.TakeFailed):
            self._end_take(event)
        elif isinstance(event, m.Connected | m.Listened):
            self.connecting.put(event)
        elif isinstance(event, m.RecorderError):
            self.connecting.put(m.to_error(event.code, event.text, event.hint, event.data))
        elif isinstance(event, m.Lost | m.Reconnected):
            self.away = isinstance(event, m.Lost)
            if isinstance(event, m.Reconnected) and self.returned is not None:
                self.returned(event)
        elif isinstance(event, m.Disconnected) and event.code:
            # Takes are left waiting: the recorder still finishes them.
            self._lose(m.to_error(event.code, event.text, event.hint), takes_too=False)
        self._tell(event)

    def _reply(self, event: m.Reply) -> None:
        with self._lock:
            waiting = self._replies.get(event.id)
        if waiting is not None:
            waiting.put(event)

    def _infer(self, event: m.Inference) -> None:
        frames = [
            InferenceFrame(f.sample_index, f.device_time_us, tuple(f.output), f.scale, f.zero_point, f.latency_us)
            for f in event.frames
        ]
        for listener in list(self.inference):
            listener(frames)

    def _end_take(self, event: m.TakeSaved | m.TakeFailed) -> None:
        with self._lock:
            waiting = self._takes.pop(event.name, None)
        if waiting is None:
            return
        if isinstance(event, m.TakeSaved):
            waiting.put(event)
        else:
            data = {"recording": event.name, "samples": event.kept_samples}
            waiting.put(m.to_error(event.code, event.text, event.hint, data))

    def _lose(self, error: AppError, *, takes_too: bool) -> None:
        """Whoever waits for the board waits in vain."""
        self.lost, self.away = error, False
        with self._lock:
            replies, self._replies = list(self._replies.values()), {}
            takes = list(self._takes.values()) if takes_too else []
        for reply in replies:
            reply.put(error)
        for take in takes:
            take.put(error)
        self.connecting.put(error)

    def _tell(self, event: m.Event) -> None:
        if self.on_event is not None:
            self.on_event(event)

    def _dead(self) -> DeviceError:
        return DeviceError("device.recorder", f"The recorder of {self.url} ended unexpectedly.", "Connect again.")
