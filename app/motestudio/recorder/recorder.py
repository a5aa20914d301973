"""The recorder: takes the studio's commands, holds one board, records takes, tells what happens.

Commands come on one thread, the board's data on the link's; what both touch is behind one lock, held only for
moments. A take is finished whatever ends it: its count, the user, an unplugged board, a studio that died.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from motestudio.devices import exchanges
from motestudio.devices.client import BoardClient
from motestudio.devices.link.description import description_to_map
from motestudio.devices.link.protocol import Event as LinkEvent
from motestudio.devices.recorder_messages import (
    BoardEvent,
    CancelRequest,
    Command,
    Connect,
    Connected,
    Disconnect,
    Disconnected,
    Event,
    Health,
    Inference,
    InferenceRow,
    LoadPackage,
    LoadProgress,
    RecorderError,
    Reply,
    Request,
    StartTake,
    StopTake,
    split_blobs,
)
from motestudio.devices.transports import open_transport
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock
from motestudio.errors import AppError, DeviceError
from motestudio.recorder.disk import TakeDisk
from motestudio.recorder.link import Link
from motestudio.recorder.stream import GroupStream
from motestudio.recorder.takes import Takes

_HEALTH_SECONDS = 0.1
_PROGRESS_SECONDS = 0.05
_FAREWELL_SECONDS = 0.5
_LOAD_SECONDS = 40.0


class Recorder:
    """One recorder process's state.

    Args:
        tell: takes events; called from several threads, must not block.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._streams: list[GroupStream] = []
        disk = TakeDisk(tell, self._disk_failed)
        self._takes = Takes(disk, tell, lambda: self._link.damaged if self._link else 0)
        # What the board does by its own account, and what it was last asked to do: between the two lies the link.
        self._streaming = False
        self._endless = False
        self._owns_stream = False
        self._last_health = 0.0
        self._last_bytes = 0
        self._shown_group = 0

    def do(self, command: Command) -> None:
        """Carry out a command; answers go through `tell`."""
        try:
            if isinstance(command, Connect):
                self._connect(command)
            elif isinstance(command, Disconnect):
                self.disconnect()
                self._tell(Disconnected())
            elif isinstance(command, StopTake):
                self._stop_take(keep=command.keep)
            elif isinstance(command, StartTake):
                self._start_take(command)
            elif isinstance(command, Request):
                args = {**command.args, **command.blobs}
                if command.op in ("start", "stop"):
                    self._endless = command.op == "start" and not command.args.get("count")
                self._ask(exchanges.exchange_for(command.op, args), command.op, command.id, command.timeout_s)
            elif isinstance(command, LoadPackage):
                self._load(command)
            elif isinstance(command, CancelRequest) and self._link is not None:
                self._link.cancel(command.id)
        except AppError as error:
            self._tell(RecorderError(error.code, error.text, error.hint, error.data))

    def disconnect(self, reason: str = "shutdown") -> None:
        """Finish a take, ask the board to be quiet, let go of the port."""
        with self._lock:
            self._takes.end(reason)
            link, self._link = self._link, None
        if link is not None:
            self._quieten(link)
            link.close()
        self._forget()

    def close(self) -> None:
        """Disconnect and write what is still to be written."""
        self.disconnect()
        self._takes.close()

    # The link's side: called on its thread.

    def on_block(self, block: SampleBlock) -> None:
        """See `link.Listener`."""
        with self._lock:
            link = self._link
            if link is None or block.group >= len(self._streams):
                return
            follows = self._streams[block.group].take(block, link.session.stats.lost_frames)
            if follows is None:
                return
            self._shown_group = block.group
            running = self._takes.current
            self._takes.add(block, follows)
            if running is not None and self._takes.current is None:
                # A board that was asked for so many samples stops by itself after them.
                self._after_take(stop=self._takes.samples < running.count)

    def on_inference(self, frames: list[InferenceFrame]) -> None:
        """See `link.Listener`."""
        rows = [
            InferenceRow(f.sample_index, f.device_time_us, list(f.output), f.scale, f.zero_point, f.latency_us)
            for f in frames
        ]
        self._tell(Inference(rows))

    def on_event(self, event: LinkEvent) -> None:
        """See `link.Listener`."""
        if event.name == "stopped":
            with self._lock:
                self._streaming = self._endless = False
                self._takes.end_armed("stopped")
        data, _ = split_blobs(event.data)
        self._tell(BoardEvent(event.name, data))

    def on_tick(self) -> None:
        """See `link.Listener`."""
        now = time.monotonic()
        past = now - self._last_health
        if past < _HEALTH_SECONDS:
            return
        with self._lock:
            link = self._link
            if link is None or not self._streams:
                return
            stream = self._streams[self._shown_group]
            timing = stream.meter.measure()
            count = link.session.stats.bytes
            rate = (count - self._last_bytes) / past
            self._last_health, self._last_bytes = now, count
            health = Health(
                rate_hz=timing.rate_hz,
                jitter_ms=timing.jitter_ms,
                lost=stream.lost,
                crc_errors=link.damaged,
                samples=stream.samples,
                bytes_per_s=rate,
                recording_samples=self._takes.samples if self._takes.current else 0,
                streaming=self._streaming,
                group=self._shown_group,
            )
        self._tell(health)

    def on_gone(self, error: DeviceError) -> None:
        """See `link.Listener`."""
        with self._lock:
            self._takes.end(error.code)
            self._link = None
        self._forget()
        self._tell(Disconnected(error.code, error.text, error.hint))

    # The studio's side.

    def _connect(self, command: Connect) -> None:
        if self._link is not None:
            raise DeviceError("device.connected", "A board is connected already.", "Disconnect it first.")
        transport = open_transport(command.url, command.baud)
        try:
            client = BoardClient(transport, 0 if "://" in command.url else command.baud)
            description = client.describe()
            streams = self._make_tails(Path(command.tail_dir), list(description.groups))
        except BaseException:
            transport.close()
            raise
        link = Link(transport, client.session, self)
        with self._lock:
            self._streams, self._link = streams, link
            self._streaming, self._shown_group = False, 0
            self._last_health, self._last_bytes = time.monotonic(), client.session.stats.bytes
        # A studio that was killed may have left the board streaming.
        self._quieten(link, wait=False)
        self._tell(Connected(description_to_map(description), [str(s.tail_path) for s in streams]))
        link.start()

    def _make_tails(self, folder: Path, groups: list[Any]) -> list[GroupStream]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.tail"):
                owner = old.name.split("-")[0]
                if owner.isdigit() and int(owner) != os.getpid() and not psutil.pid_exists(int(owner)):
                    old.unlink(missing_ok=True)
            return [
                GroupStream(group, folder / f"{os.getpid()}-{index}-{time.monotonic_ns()}.tail")
                for index, group in enumerate(groups)
            ]
        except OSError as error:
            text = f"The live view cannot be written to {folder}: {error.strerror}."
            raise DeviceError("tail.unwritable", text, "Free some space or check the folder's rights.") from error

    def _forget(self) -> None:
        with self._lock:
            streams, self._streams = self._streams, []
            self._streaming = False
        for stream in streams:
            stream.close()

    def _quieten(self, link: Link, *, wait: bool = True) -> None:
        done = threading.Event()
        for op in ("infer_stop", "stop"):
            try:
                link.ask(exchanges.single(op, {}), lambda _: done.set(), _FAREWELL_SECONDS)
            except AppError:
                return
        if wait:
            done.wait(_FAREWELL_SECONDS)

    def _ask(self, exchange: exchanges.Exchange, op: str, number: int, timeout_s: float) -> None:
        def done(result: dict[str, Any] | AppError | None) -> None:
            if result is None:
                self._tell(Reply(number, False, code="cancelled", text="It was cancelled."))
            elif isinstance(result, AppError):
                if op == "start":
                    self._endless = False
                self._tell(Reply(number, False, code=result.code, text=result.text, hint=result.hint))
            else:
                self._note(op)
                values, blobs = split_blobs(result)
                self._tell(Reply(number, True, values, blobs))

        link = self._link
        if link is None:
            error = DeviceError("device.not_connected", "No board is connected.", "Connect one first.")
            done(error)
        else:
            link.ask(exchange, done, timeout_s, token=number)

    def _note(self, op: str) -> None:
        """Follow what an accepted request did to the stream; called before any later data is handed on."""
        with self._lock:
            if op == "start":
                self._streaming = True
                for stream in self._streams:
                    stream.restart()
            elif op == "stop":
                self._streaming = False
                self._takes.end_armed("stopped")

    def _load(self, command: LoadPackage) -> None:
        path = Path(command.path)
        try:
            data = path.read_bytes()
        except OSError as error:
            text = f"{path.name} cannot be read: {error.strerror}."
            self._tell(Reply(command.id, False, code="flash.file", text=text, hint="Generate the firmware again."))
            return
        told = 0.0

        def progress(fraction: float) -> None:
            nonlocal told
            now = time.monotonic()
            if fraction >= 1.0 or now - told > _PROGRESS_SECONDS:
                told = now
                self._tell(LoadProgress(command.id, fraction))

        exchange = exchanges.load_package(data, path.stem, progress)
        self._ask(exchange, "load_package", command.id, _LOAD_SECONDS)

    def _start_take(self, take: StartTake) -> None:
        with self._lock:
            link = self._link
            if link is None:
                self._takes.refuse(take, "device.not_connected", "No board is connected.", "Connect one first.")
                return
            if self._takes.current is not None:
                self._takes.refuse(take, "take.busy", "A take is being recorded.", "End it first.")
                return
            if not 0 <= take.group < len(self._streams):
                self._takes.refuse(take, "take.group", f"The board has no channel group {take.group}.")
                return
            start = take.start
            if take.start_if_idle and self._endless and self._streaming:
                start = None
            if start is None and not self._streaming:
                self._takes.refuse(take, "take.idle", "The board is not streaming.", "Start the stream first.")
                return
            self._takes.begin(take, self._streams[take.group].group, armed=start is None)
            self._owns_stream = start is not None
            if start is not None:
                self._endless = False
                self._start_stream(link, take, start)

    def _start_stream(self, link: Link, take: StartTake, args: dict[str, Any]) -> None:
        def done(result: dict[str, Any] | AppError | None) -> None:
            with self._lock:
                if isinstance(result, dict):
                    self._note("start")
                    self._takes.arm(take)
                else:
                    error = result or DeviceError("device.closed", "The connection was closed.")
                    self._takes.fail(take, error.code, error.text, error.hint)

        link.ask(exchanges.single("start", args), done, 5.0)

    def _stop_take(self, *, keep: bool) -> None:
        with self._lock:
            self._takes.end("asked", keep=keep)
            self._after_take(stop=True)

    def _disk_failed(self, name: str) -> None:
        """The disk thread gave a take up; called before that is told, so that the next one may begin at once."""
        with self._lock:
            if self._takes.abandon(name):
                self._after_take(stop=True)

    def _after_take(self, *, stop: bool) -> None:
        """Where the stream was started for the take alone and would go on, stop it."""
        link = self._link
        owned, self._owns_stream = self._owns_stream, False

        def done(result: dict[str, Any] | AppError | None) -> None:
            if isinstance(result, dict):
                self._note("stop")

        if owned and stop and link is not None:
            link.ask(exchanges.single("stop", {}), done, _FAREWELL_SECONDS)
