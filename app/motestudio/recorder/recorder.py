"""The recorder: takes the studio's commands, holds one board, records takes, tells what happens.

Commands come on one thread, the board's data on the link's; what both touch is behind one lock, held only for
moments. A take is finished whatever ends it: its count, the user, a studio that died, an unplugged board that does not
come back in time. Until then it stays open, and goes on with a gap.

Long because one lock guards all of it: what the studio wants, what the board does, and the take between them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from motestudio.devices import exchanges
from motestudio.devices.link.description import description_to_map
from motestudio.devices.link.frames import MAX_PAYLOAD
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
    Listen,
    LoadPackage,
    LoadProgress,
    Lost,
    MarkLabel,
    Reconnected,
    RecorderError,
    Reply,
    Request,
    StartTake,
    StopTake,
    UnmarkLabel,
    split_blobs,
)
from motestudio.devices.transports import gone, is_replay, stalled
from motestudio.domain.board import InferenceFrame
from motestudio.domain.signal import SampleBlock
from motestudio.errors import AppError, DeviceError
from motestudio.recorder.board import OpenBoard, Waiter, listen, open_board
from motestudio.recorder.disk import TakeDisk
from motestudio.recorder.link import BoardLink
from motestudio.recorder.space import DiskSpace
from motestudio.recorder.stream import GroupStream, StallWatch, open_streams
from motestudio.recorder.takes import Takes
from motestudio.recorder.wishes import Wishes

_HEALTH_SECONDS = 0.1
_PROGRESS_SECONDS = 0.05
_FAREWELL_SECONDS = 0.5
_RESUME_SECONDS = 3.0
_LOAD_SECONDS = 40.0


class Recorder:
    """One recorder process's state.

    Args:
        tell: takes events; called from several threads, must not block.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._link: BoardLink | None = None
        self._streams: list[GroupStream] = []
        disk = TakeDisk(tell, self._disk_failed)
        self._takes = Takes(disk, tell, lambda: self._damaged + (self._link.damaged if self._link else 0))
        self._wishes = Wishes()
        # A board that went: what it was, who waits for it, and whether it is back but does not stream again yet.
        self._board: OpenBoard | None = None
        self._wait_s = 0.0
        self._waiter: Waiter | None = None
        self._resuming = False
        self._stall = StallWatch()
        self._away_since = 0.0
        self._damaged = 0
        self._last_health = 0.0
        self._last_bytes = 0
        self._space = DiskSpace()

    def do(self, command: Command) -> None:
        """Carry out a command; answers go through `tell`."""
        try:
            if isinstance(command, Connect):
                self._connect(command)
            elif isinstance(command, Listen):
                self._free()
                self._tell(listen(command))
            elif isinstance(command, Disconnect):
                self.disconnect()
                self._tell(Disconnected())
            elif isinstance(command, StopTake):
                self._stop_take(keep=command.keep)
            elif isinstance(command, StartTake):
                self._start_take(command)
            elif isinstance(command, MarkLabel):
                with self._lock:
                    self._takes.mark(command)
            elif isinstance(command, UnmarkLabel):
                with self._lock:
                    self._takes.unmark(command.label, command.first)
            elif isinstance(command, Request):
                args = {**command.args, **command.blobs}
                self._wishes.asked(command.op, command.args)
                exchange = exchanges.exchange_for(command.op, args, self._max_payload())
                self._ask(exchange, command.op, args, command.id, command.timeout_s)
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
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.stop()
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
            if link is None or self._resuming or block.group >= len(self._streams):
                return
            arrival = self._streams[block.group].take(block, link.lost_frames)
            if arrival is None:
                return
            self._stall.block(time.monotonic())
            self._away_since = 0.0
            running = self._takes.current
            self._takes.add(block.group, arrival, block.samples)
            if running is not None and self._takes.current is None:
                whole = running.counts and self._takes.samples >= running.counts[0]
                self._after_take(stop=not (whole and link.stops_itself))

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
                if not self._resuming:
                    self._wishes.stopped()
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
            self._check_stall(link, now)
            running = self._takes.current
            self._takes.tick()
            if running is not None and self._takes.current is None:
                self._after_take(stop=True)
            count = link.received
            rate = (count - self._last_bytes) / past
            self._last_health, self._last_bytes = now, count
            take = self._takes.current
            groups = tuple(s.health(self._takes.samples_of(i)) for i, s in enumerate(self._streams))
            written = sum(g.rate_hz * s.group.frame_bytes for g, s in zip(groups, self._streams, strict=True))
            free, left = self._space.look(now, Path(take.folder) if take else None, written)
            health = Health(
                groups=groups,
                crc_errors=self._damaged + link.damaged,
                bytes_per_s=rate,
                streaming=self._wishes.streaming and not self._resuming,
                lead=self._wishes.lead if self._wishes.lead < len(groups) else 0,
                free_bytes=free,
                seconds_left=left,
            )
        self._tell(health)

    def _check_stall(self, link: BoardLink, now: float) -> None:
        """Let go of a board that stopped sending, where it is waited for: it is asked anew then.

        Raises:
            DeviceError: ``device.stalled``.
        """
        if self._wait_s > 0 and not (self._resuming or link.asking) and self._stall.stalled(now):
            if self._wishes.expects(self._have()):
                raise stalled(self._board.identity.url if self._board else "")
            self._stall.restart()

    def _have(self) -> int:
        """Samples of the board's stream that are here."""
        return self._takes.samples if self._wishes.owned else self._streams[self._wishes.lead].samples

    def on_gone(self, error: DeviceError) -> None:
        """See `link.Listener`: the board is waited for, and a take stays open."""
        with self._lock:
            link, self._link = self._link, None
            if link is None or self._board is None:
                return  # it was being disconnected
            self._damaged += link.damaged
            self._resuming = False
            # A decoder that broke would break again: its board is not what is missing.
            if self._wait_s > 0 and not error.code.startswith("decoder."):
                take = self._takes.current
                name = take.name if take is not None else ""
                self._tell(Lost(error.code, error.text, error.hint, self._wait_s, name))
                # A board that answers but sends nothing before it goes again has not been back.
                self._away_since = self._away_since or time.monotonic()
                self._waiter = Waiter(
                    self._board, self._away_since, self._wait_s, self._tell, self._found, self._not_found
                )
                self._waiter.start()
                return
        self._end(error)

    def _end(self, error: AppError) -> None:
        """The board is gone for good."""
        with self._lock:
            self._takes.end(error.code)
            link, self._link = self._link, None
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.stop()
        if link is not None:
            link.close()
        self._forget()
        self._tell(Disconnected(error.code, error.text, error.hint))

    # The waiter's side: called on its thread.

    def _not_found(self, waiter: Waiter, error: DeviceError | None) -> None:
        with self._lock:
            board = self._board
            if self._waiter is not waiter or board is None:
                return
            self._waiter = None
        self._end(error or gone(board.identity.url, f"it did not come back within {self._wait_s:g} s"))

    def _found(self, waiter: Waiter, board: OpenBoard) -> None:
        with self._lock:
            if self._waiter is not waiter:
                board.close()
                return
            self._waiter = None
            link = self._hold(board)
            steps = self._wishes.again(self._have())
            self._stall.restart()
            self._resuming = bool(steps)
        link.start()
        self._quieten(link, wait=False)
        back = Reconnected(board.identity.url, waiter.away_s, description_to_map(board.description))
        if not steps:
            self._away_since = 0.0
            self._tell(back)
        for step in steps:
            told = back if step is steps[-1] else None
            link.ask(exchanges.single(*step), partial(self._resumed, step[0], told), _RESUME_SECONDS)

    def _resumed(self, op: str, last: Reconnected | None, result: dict[str, Any] | AppError | None) -> None:
        """The board's answer to a request to go on with what it did; after the `last` one that is told."""
        if isinstance(result, AppError):
            if result.code in ("device.gone", "device.closed"):
                return  # that is told by `on_gone`, or was asked for
            if result.code == "device.timeout":
                # It fell silent again. This is the link's thread, as every answer is, and lets the board go.
                raise stalled(self._board.identity.url if self._board else "")
            if op == "start":
                self._end(result)
                return
            # Samples are worth having without inferences too.
            self._tell(BoardEvent("infer_error", {"code": result.code, "text": result.text}))
        if last is not None:
            with self._lock:
                self._resuming = False
                for stream in self._streams:
                    stream.resume()
            self._tell(last)

    # The studio's side.

    def _connect(self, command: Connect) -> None:
        self._free()
        board = open_board(command.url, command.baud, command.lines, command.wish)
        try:
            streams = open_streams(Path(command.tail_dir), board.description.groups)
        except BaseException:
            board.close()
            raise
        with self._lock:
            self._streams = streams
            # What was captured once does not come back.
            self._wait_s = 0.0 if is_replay(command.url) else command.wait_s
            self._wishes, self._resuming = Wishes(), False
            self._damaged = 0
            self._space = DiskSpace(Path(command.tail_dir))
            link = self._hold(board)
        # A studio that was killed may have left the board streaming.
        self._quieten(link, wait=False)
        tails = [str(s.tail_path) for s in streams]
        self._tell(Connected(description_to_map(board.description), tails, board.baud, board.uart, board.found))
        link.start()

    def _free(self) -> None:
        """See that no board is connected.

        Raises:
            DeviceError: one is.
        """
        if self._link is not None or self._waiter is not None:
            raise DeviceError("device.connected", "A board is connected already.", "Disconnect it first.")

    def _hold(self, board: OpenBoard) -> BoardLink:
        """Make an open board the one that is connected."""
        self._board = board
        self._link = board.link(self)
        self._last_health, self._last_bytes = time.monotonic(), self._link.received
        return self._link

    def _connected(self) -> BoardLink:
        """The link.

        Raises:
            DeviceError: there is none, or none now.
        """
        if self._link is not None:
            return self._link
        if self._waiter is not None:
            raise DeviceError("device.away", "The board is gone and is waited for.", "Plug it in again.")
        raise DeviceError("device.not_connected", "No board is connected.", "Connect one first.")

    def _forget(self) -> None:
        with self._lock:
            streams, self._streams = self._streams, []
            self._wishes.stopped()
        for stream in streams:
            stream.close()

    def _quieten(self, link: BoardLink, *, wait: bool = True) -> None:
        done = threading.Event()
        for op in ("infer_stop", "stop"):
            try:
                link.ask(exchanges.single(op, {}), lambda _: done.set(), _FAREWELL_SECONDS)
            except AppError:
                return
        if wait:
            done.wait(_FAREWELL_SECONDS)

    def _ask(self, exchange: exchanges.Exchange, op: str, args: dict[str, Any], number: int, timeout_s: float) -> None:
        def done(result: dict[str, Any] | AppError | None) -> None:
            if result is None:
                self._tell(Reply(number, False, code="cancelled", text="It was cancelled."))
            elif isinstance(result, AppError):
                if op == "start":
                    self._wishes.endless = False
                self._tell(Reply(number, False, code=result.code, text=result.text, hint=result.hint))
            else:
                self._note(op, args)
                values, blobs = split_blobs(result)
                self._tell(Reply(number, True, values, blobs))

        try:
            link = self._connected()
        except DeviceError as error:
            done(error)
        else:
            link.ask(exchange, done, timeout_s, token=number)

    def _note(self, op: str, args: dict[str, Any]) -> None:
        """Follow what an accepted request did to the stream; called before any later data is handed on."""
        with self._lock:
            self._wishes.accepted(op, args)
            if op == "start":
                self._stall.restart()
                for stream in self._streams:
                    stream.restart()
            elif op == "stop":
                self._takes.end_armed("stopped")

    def _max_payload(self) -> int:
        return self._board.description.max_payload if self._board else MAX_PAYLOAD

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

        exchange = exchanges.load_package(data, path.stem, progress, self._max_payload())
        self._ask(exchange, "load_package", {}, command.id, _LOAD_SECONDS)

    def _start_take(self, take: StartTake) -> None:
        with self._lock:
            try:
                link = self._connected()
            except DeviceError as error:
                self._takes.refuse(take, error.code, error.text, error.hint)
                return
            if self._takes.current is not None:
                self._takes.refuse(take, "take.busy", "A take is being recorded.", "End it first.")
                return
            if problem := self._wrong_groups(take):
                self._takes.refuse(take, "take.group", problem)
                return
            start = take.start
            if take.start_if_idle and self._wishes.endless and self._wishes.streaming:
                start = None
            if start is None and not self._wishes.streaming:
                self._takes.refuse(take, "take.idle", "The board is not streaming.", "Start the stream first.")
                return
            self._wishes.owned = start is not None
            self._takes.begin(take, self._streams, armed=start is None)
            if start is not None:
                self._wishes.endless = False
                self._start_stream(link, take, start)

    def _wrong_groups(self, take: StartTake) -> str:
        strange = [g for g in take.groups if not 0 <= g < len(self._streams)]
        if strange:
            return f"The board has no channel group {strange[0]}."
        if not take.groups or len(set(take.groups)) < len(take.groups):
            return "A take needs channel groups, each once."
        if take.counts and len(take.counts) != len(take.groups):
            return f"{len(take.counts)} lengths are given for {len(take.groups)} channel groups."
        return ""

    def _start_stream(self, link: BoardLink, take: StartTake, args: dict[str, Any]) -> None:
        def done(result: dict[str, Any] | AppError | None) -> None:
            with self._lock:
                if isinstance(result, dict):
                    self._note("start", args)
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
        owned, self._wishes.owned = self._wishes.owned, False
        if not (owned and stop):
            return

        def done(result: dict[str, Any] | AppError | None) -> None:
            if isinstance(result, dict):
                self._note("stop", {})

        if link is None:
            self._wishes.stopped()  # it is away, and shall be silent when it is back
        else:
            link.ask(exchanges.single("stop", {}), done, _FAREWELL_SECONDS)
