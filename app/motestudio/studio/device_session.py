"""A connected board, as the studio holds it: a recorder process behind blocking verbs and callbacks.

The port itself is the recorder's. Verbs may be called from any thread; callbacks come from the session's own thread
and must not call blocking verbs of the same session.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from motestudio.devices import recorder_messages as m
from motestudio.devices.exchanges import hint_for
from motestudio.devices.link.description import description_from_map
from motestudio.domain.board import BoardDescription, InferenceFrame
from motestudio.domain.recording import Facts
from motestudio.errors import AppError, Cancelled, DeviceError
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.channel import ChannelClosed
from motestudio.jobs.launcher import spawn

_T = TypeVar("_T")
OnEvent = Callable[[m.Event], None]
OnInference = Callable[[Sequence[InferenceFrame]], None]
_CONNECT_SECONDS = 15.0
_CLOSE_SECONDS = 5.0
_SLACK_SECONDS = 5.0


def _ignore(_: Any) -> None:
    return None


class DeviceSession:
    """Connects on construction.

    Args:
        url: of the port; see `devices.transports.open_transport`.
        baud: of a serial port.
        tail_dir: where the live tails are kept while connected.
        on_event: gets every event of the recorder (`devices.recorder_messages`).
        on_log: gets each line that the recorder prints.

    Attributes:
        url: of the port.
        description: what the board says of itself; renewed after a package is loaded.
        tail_paths: a live tail for each channel group, for `devices.live_tail.LiveTailReader`.
        health: the latest figures, or None.
        lost: why the connection ended, or None while it holds.

    Raises:
        DeviceError: busy, gone, silent, and whatever else connecting can meet.
    """

    def __init__(
        self,
        url: str,
        baud: int = 115200,
        *,
        tail_dir: Path,
        on_event: OnEvent | None = None,
        on_log: Callable[[str], None] = _ignore,
    ) -> None:
        self.url = url
        self.on_event = on_event
        self.health: m.Health | None = None
        self.lost: AppError | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._replies: dict[int, queue.SimpleQueue[m.Reply | AppError]] = {}
        self._progress: dict[int, Callable[[float], None]] = {}
        self._takes: dict[str, queue.SimpleQueue[m.TakeSaved | AppError]] = {}
        self._connecting: queue.SimpleQueue[m.Connected | AppError] = queue.SimpleQueue()
        self._listeners: list[OnInference] = []
        self._closed = False
        self._child = spawn("recorder", on_log=on_log)
        assert self._child.channel is not None
        self._channel = self._child.channel
        self._thread = threading.Thread(target=self._run, name="device-session", daemon=True)
        self._thread.start()
        try:
            self._send(m.Connect(url, baud, str(tail_dir)))
            connected = _wait(self._connecting, _CONNECT_SECONDS, "connect")
            self.description: BoardDescription = description_from_map(connected.description)
            self.tail_paths = tuple(Path(p) for p in connected.tails)
        except BaseException:
            self.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether the board is still there."""
        return self.lost is None and not self._closed

    def request(self, op: str, timeout: float = 5.0, **args: Any) -> dict[str, Any]:
        """Ask the board and wait for the result.

        Args:
            op: of the link.
            timeout: seconds for each exchange on the link.
            **args: plain values; bytes are allowed at the top level.

        Raises:
            DeviceError: it refuses, does not answer or is gone.
        """
        values, blobs = m.split_blobs(args)
        reply = self._ask(lambda number: m.Request(number, op, values, blobs, timeout), timeout + _SLACK_SECONDS * 6)
        return {**reply.result, **reply.blobs}

    def refresh(self) -> BoardDescription:
        """Ask the board anew what it is, and keep the answer."""
        self.description = description_from_map(self.request("describe"))
        return self.description

    def record_take(
        self,
        folder: Path,
        name: str,
        label: str,
        facts: Facts,
        count: int,
        *,
        perform: Mapping[str, Any] | None = None,
        rate: float = 1.0,
        timeout: float = 60.0,
        split: str = "",
        group: int = 0,
    ) -> str:
        """Record a take of exactly `count` samples and wait until it is on the disk.

        Args:
            folder: of the recordings.
            name: of the recording.
            label: of the whole take; empty for none.
            facts: who, where and with what.
            count: samples.
            perform: what a virtual board shall do; begins a stream of its own for the take.
            rate: of that stream, times real time, 0 for as fast as it can.
            timeout: seconds for all of it.
            split: where the data's source prescribes it.
            group: index of the channel group.

        Returns:
            The recording's name.

        Raises:
            DeviceError: the board refused, was unplugged (what there was is saved; ``take.short``) or stopped.
            ProjectError: the disk is full, or the name is taken.
        """
        if count < 1:
            raise DeviceError("take.empty", "A take of no samples cannot be recorded.", "Make the take longer.")
        waiting = self._begin_take(folder, name, label, facts, count, perform, rate, split, group)
        try:
            saved = _wait(waiting, timeout, "record")
        except DeviceError as error:
            if error.code == "device.timeout":
                with contextlib.suppress(AppError):
                    self.stop_take(keep=True)
            raise
        finally:
            with self._lock:
                self._takes.pop(name, None)
        if saved.n_samples < count:
            raise DeviceError(
                "take.short",
                f"The take ended after {saved.n_samples} of {count} samples ({saved.reason}).",
                f"It is kept as {saved.name}; check the cable and record again.",
                {"recording": saved.name, "samples": saved.n_samples, "reason": saved.reason},
            )
        return saved.name

    def start_take(
        self,
        folder: Path,
        name: str,
        label: str,
        facts: Facts,
        count: int = 0,
        *,
        perform: Mapping[str, Any] | None = None,
        rate: float = 1.0,
        split: str = "",
        group: int = 0,
    ) -> None:
        """Begin a take and return; `TakeSaved` or `TakeFailed` comes as an event. See `record_take`.

        Args:
            count: samples; 0 until `stop_take`.
        """
        self._begin_take(folder, name, label, facts, count, perform, rate, split, group)

    def stop_take(self, keep: bool = True) -> None:
        """End the take that runs; thrown away where not `keep`."""
        self._send(m.StopTake(keep))

    def load_package(
        self, path: Path, on_progress: Callable[[float], None] | None = None, cancel: CancelToken | None = None
    ) -> str:
        """Send a package to the board, which checks it.

        Args:
            path: of the package file.
            on_progress: told the fraction, 0..1.
            cancel: gives up between two pieces; the board keeps the package it had.

        Returns:
            SHA-256 of the package as the board computed it from its own flash, equal to the file's.

        Raises:
            FlashError: the board refuses or holds something else.
            DeviceError: it is gone.
            Cancelled: by `cancel`.
        """
        reply = self._ask(lambda number: m.LoadPackage(number, str(path)), 600.0, on_progress, cancel)
        self.refresh()
        return str(reply.result["sha256"])

    def add_inference_listener(self, listener: OnInference) -> None:
        """Have the board's inferences handed to `listener`, on the session's thread."""
        with self._lock:
            self._listeners = [*self._listeners, listener]

    def remove_inference_listener(self, listener: OnInference) -> None:
        """Stop that; one that is not there is no error."""
        with self._lock:
            self._listeners = [known for known in self._listeners if known != listener]

    def close(self) -> None:
        """Finish a take, let go of the board, end the recorder. May be called twice."""
        if self._closed:
            return
        with contextlib.suppress(AppError):
            self._send(m.Shutdown())
        self._closed = True
        # The recorder finishes and says so; closing the channel first would lose its last words.
        self._child.wait(_CLOSE_SECONDS)
        self._child.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> DeviceSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin_take(
        self,
        folder: Path,
        name: str,
        label: str,
        facts: Facts,
        count: int,
        perform: Mapping[str, Any] | None,
        rate: float,
        split: str,
        group: int,
    ) -> queue.SimpleQueue[m.TakeSaved | AppError]:
        about = self.description
        waiting: queue.SimpleQueue[m.TakeSaved | AppError] = queue.SimpleQueue()
        with self._lock:
            self._takes[name] = waiting
        self._send(
            m.StartTake(
                folder=str(folder),
                name=name,
                label=label,
                facts=asdict(facts),
                group=group,
                count=count,
                split=split,
                device={
                    "name": about.name,
                    "board": about.board_id,
                    "serial_number": about.serial_number,
                    "firmware": about.firmware,
                    "virtual": about.virtual,
                },
                start={"group": group, "count": count, "rate": rate, "perform": dict(perform) if perform else None},
                start_if_idle=perform is None,
            )
        )
        return waiting

    def _ask(
        self,
        make: Callable[[int], m.Command],
        timeout_s: float,
        on_progress: Callable[[float], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> m.Reply:
        number = next(self._numbers)
        waiting: queue.SimpleQueue[m.Reply | AppError] = queue.SimpleQueue()
        with self._lock:
            self._replies[number] = waiting
            if on_progress is not None:
                self._progress[number] = on_progress
        command = make(number)
        op = command.op if isinstance(command, m.Request) else "load_package"
        try:
            self._send(command)
            reply = self._await_reply(waiting, number, op, timeout_s, cancel)
        finally:
            with self._lock:
                self._replies.pop(number, None)
                self._progress.pop(number, None)
        if reply.ok:
            return reply
        if reply.code == "cancelled":
            raise Cancelled
        raise m.to_error(reply.code, reply.text, reply.hint or hint_for(reply.code))

    def _await_reply(
        self,
        waiting: queue.SimpleQueue[m.Reply | AppError],
        number: int,
        op: str,
        timeout_s: float,
        cancel: CancelToken | None,
    ) -> m.Reply:
        if cancel is None:
            return _wait(waiting, timeout_s, op)
        deadline = time.monotonic() + timeout_s
        asked = False
        while True:
            if cancel.cancelled and not asked:
                asked = True
                self._send(m.CancelRequest(number))
            try:
                return _wait(waiting, 0.05, op)
            except DeviceError as error:
                if error.code != "device.timeout" or time.monotonic() > deadline:
                    raise

    def _send(self, command: m.Command) -> None:
        if self.lost is not None and not isinstance(command, m.Shutdown):
            raise self.lost
        try:
            self._channel.send(m.encode(command))
        except ChannelClosed:
            raise self.lost or _dead(self.url) from None

    def _run(self) -> None:
        try:
            while True:
                data = self._channel.recv(None)
                if data is None:
                    continue
                try:
                    event = m.decode_event(data)
                except msgspec.DecodeError:
                    continue
                self._take(event)
        except ChannelClosed:
            if not self._closed:
                self._lose(_dead(self.url))
                self._tell(m.Disconnected("device.recorder", "The recorder process ended.", "Connect again."))

    def _take(self, event: m.Event) -> None:
        if isinstance(event, m.Health):
            self.health = event
        elif isinstance(event, m.Reply):
            with self._lock:
                waiting = self._replies.get(event.id)
            if waiting is not None:
                waiting.put(event)
        elif isinstance(event, m.Inference):
            frames = [
                InferenceFrame(f.sample_index, f.device_time_us, tuple(f.output), f.scale, f.zero_point, f.latency_us)
                for f in event.frames
            ]
            for listener in self._listeners:
                listener(frames)
        elif isinstance(event, m.LoadProgress):
            with self._lock:
                progress = self._progress.get(event.id)
            if progress is not None:
                progress(event.fraction)
        elif isinstance(event, m.TakeSaved | m.TakeFailed):
            self._end_take(event)
        elif isinstance(event, m.Connected):
            self._connecting.put(event)
        elif isinstance(event, m.RecorderError):
            self._connecting.put(m.to_error(event.code, event.text, event.hint, event.data))
        elif isinstance(event, m.Disconnected) and event.code:
            self._lose(m.to_error(event.code, event.text, event.hint))
        self._tell(event)

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

    def _lose(self, error: AppError) -> None:
        """Everything that waits for the board waits in vain. Takes do not: the recorder still finishes them."""
        self.lost = error
        dead = error.code == "device.recorder"
        with self._lock:
            replies, self._replies = list(self._replies.values()), {}
            takes = list(self._takes.values()) if dead else []
        for reply in replies:
            reply.put(error)
        for take in takes:
            take.put(error)
        self._connecting.put(error)

    def _tell(self, event: m.Event) -> None:
        if self.on_event is not None:
            self.on_event(event)


def _wait(waiting: queue.SimpleQueue[_T | AppError], timeout_s: float, op: str) -> _T:
    try:
        item = waiting.get(timeout=timeout_s)
    except queue.Empty:
        raise DeviceError(
            "device.timeout", f"The board did not finish {op!r} in time.", "Connect again.", {"op": op}
        ) from None
    if isinstance(item, AppError):
        raise item
    return item


def _dead(url: str) -> DeviceError:
    return DeviceError("device.recorder", f"The recorder of {url} ended unexpectedly.", "Connect again.")
