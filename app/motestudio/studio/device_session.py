"""A connected board, as the studio holds it: blocking verbs and callbacks over a recorder process.

The port itself is the recorder's. Verbs may be called from any thread; callbacks come from the session's own thread
and must not call blocking verbs of the same session.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from motestudio.devices import recorder_messages as m
from motestudio.devices.baud import TooSlow, too_slow
from motestudio.devices.decoder_messages import ANYBODY, MOTE_LINK, Wish
from motestudio.devices.exchanges import hint_for
from motestudio.devices.link.description import description_from_map
from motestudio.devices.transports import LinePolicy
from motestudio.domain.board import BoardDescription
from motestudio.domain.recording import Facts
from motestudio.errors import AppError, Cancelled, DeviceError
from motestudio.jobs.cancel import CancelToken
from motestudio.studio.recorder_process import OnEvent, OnInference, RecorderProcess, Waiting, wait_for

WAIT_SECONDS = 30.0
"""How long a board that went is waited for, where nobody says otherwise."""

_CONNECT_SECONDS = 60.0
"""More than it takes to try all baud rates and to ask every decoder."""
_LOOK_SECONDS = 0.2
_SLACK_SECONDS = 30.0
_LOAD_SECONDS = 600.0


class DeviceSession:
    """Connects on construction.

    Args:
        url: of the port; see `devices.transports.open_transport`.
        baud: of a serial port; `devices.baud.AUTO` finds it out.
        tail_dir: where the live tails are kept while connected.
        lines: what becomes of a serial port's DTR and RTS; ``auto`` knows what is good for its chip.
        wait_s: how long to wait for a board that goes, so that a take goes on when it is back; 0 not to.
        on_event: gets every event of the recorder (`devices.recorder_messages`).
        on_log: gets each line that the recorder prints.
        wish: who shall read what the port sends; `studio.decoders.wish_for` makes one.
        recorder: one that was started before and is nobody's, which saves the time that starting one takes.

    Attributes:
        url: of the port; another one where the board came back elsewhere.
        baud: of a serial port, as asked for or found out; 0 where it is none.
        uart: whether that is the rate of a wire; False also where that is not known.
        wait_s: as given.
        description: what the board says of itself; renewed after a package is loaded and when it was away.
        tail_paths: a live tail for each channel group, for `devices.live_tail.LiveTailReader`.
        found: who reads what it sends.
        recorder: the process behind it.

    Raises:
        DeviceError: busy, gone, silent, and whatever else connecting can meet.
    """

    def __init__(
        self,
        url: str,
        baud: int = 115200,
        *,
        tail_dir: Path,
        lines: LinePolicy = "auto",
        wait_s: float = WAIT_SECONDS,
        on_event: OnEvent | None = None,
        on_log: Callable[[str], None] | None = None,
        wish: Wish = ANYBODY,
        recorder: RecorderProcess | None = None,
    ) -> None:
        self.url = url
        self.wait_s = wait_s
        self.recorder = recorder if recorder is not None and recorder.alive else RecorderProcess()
        self.recorder.url, self.recorder.on_event = url, on_event
        if on_log is not None:
            self.recorder.on_log = on_log
        try:
            self.recorder.send(m.Connect(url, baud, str(tail_dir), lines, wait_s, wish))
            connected = self.recorder.answer(m.Connected, _CONNECT_SECONDS, "connect")
            self.description: BoardDescription = description_from_map(connected.description)
            self.tail_paths = tuple(Path(p) for p in connected.tails)
            self.baud, self.uart, self.found = connected.baud, connected.uart, connected.found
            self.recorder.returned = self._returned
        except BaseException:
            self.close()
            raise

    @property
    def on_event(self) -> OnEvent | None:
        """Gets every event of the recorder; may be set at any time."""
        return self.recorder.on_event

    @on_event.setter
    def on_event(self, listener: OnEvent | None) -> None:
        self.recorder.on_event = listener

    @property
    def health(self) -> m.Health | None:
        """The latest figures, or None."""
        return self.recorder.health

    @property
    def lost(self) -> AppError | None:
        """Why the connection ended, or None while it holds."""
        return self.recorder.lost

    @property
    def connected(self) -> bool:
        """Whether the board is still there, or `away` for a moment."""
        return self.recorder.lost is None and not self.recorder.closed

    @property
    def away(self) -> bool:
        """Whether the board is gone and is waited for; requests are refused meanwhile (``device.away``)."""
        return self.recorder.away

    def too_slow(self, group: int | None = None) -> TooSlow | None:
        """Why the port cannot carry the board's signal, or None where it can or that is not known.

        Args:
            group: index of a channel group; None for all together.
        """
        if not self.uart or self.found.stage != MOTE_LINK:  # what other formats take is not known
            return None
        groups = self.description.groups
        return too_slow(groups if group is None else groups[group : group + 1], self.baud)

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
        reply = self._ask(lambda number: m.Request(number, op, values, blobs, timeout), timeout + _SLACK_SECONDS)
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
        groups: Sequence[int] = (0,),
    ) -> str:
        """Record a take of exactly `count` samples and wait until it is on the disk.

        Args:
            folder: of the recordings.
            name: of the take: of its recording, or of all of them where it has several channel groups.
            label: of the whole take; empty for none.
            facts: who, where and with what.
            count: samples of the first of the groups; the others get as many as are taken in that time.
            perform: what a virtual board shall do; begins a stream of its own for the take.
            rate: of that stream, times real time, 0 for as fast as it can.
            timeout: seconds for all of it, besides those for which the board is `away`.
            split: where the data's source prescribes it.
            groups: indices of the channel groups, the lead first.

        Returns:
            The name of the lead's recording.

        Raises:
            DeviceError: the board refused, was unplugged (what there was is saved; ``take.short``) or stopped.
            ProjectError: the disk is full, or the name is taken.
        """
        if count < 1:
            raise DeviceError("take.empty", "A take of no samples cannot be recorded.", "Make the take longer.")
        waiting = self.recorder.expect_take(name)
        try:
            self.start_take(folder, name, label, facts, count, perform=perform, rate=rate, split=split, groups=groups)
            saved = self._await_take(waiting, timeout)
        except DeviceError as error:
            if error.code == "device.timeout":
                with contextlib.suppress(AppError):
                    self.stop_take(keep=True)
            raise
        finally:
            self.recorder.forget_take(name)
        if saved.n_samples < count:
            raise DeviceError(
                "take.short",
                f"The take ended after {saved.n_samples} of {count} samples ({saved.reason}).",
                f"It is kept as {saved.name}; check the cable and record again.",
                {"recording": saved.name, "samples": saved.n_samples, "reason": saved.reason},
            )
        return saved.recordings[0]

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
        groups: Sequence[int] = (0,),
        since: int = -1,
        back_s: float = 0.0,
    ) -> None:
        """Begin a take and return; `TakeBegan`, then `TakeSaved` or `TakeFailed` come as events. See `record_take`.

        Args:
            folder: see there, like the others that are not here.
            name: likewise.
            label: likewise.
            facts: likewise.
            count: samples of the first of the groups; 0 until `stop_take`.
            perform: likewise.
            rate: likewise.
            split: likewise.
            groups: likewise.
            since: sample of the first group's live tail that the take begins at; negative for the next that arrives.
            back_s: begin so many seconds earlier, as far as the tail reaches; of a stream that runs.
        """
        about = self.description
        rates = [about.groups[g].rate_hz if 0 <= g < len(about.groups) else 1.0 for g in groups]
        past = since >= 0 or back_s > 0
        lead = groups[0] if groups else 0
        start: dict[str, Any] = {
            "group": lead,
            "count": count,
            "rate": rate,
            "perform": dict(perform) if perform else None,
        }
        if len(groups) > 1:
            start["groups"] = list(groups)
        self.recorder.send(
            m.StartTake(
                folder=str(folder),
                name=name,
                label=label,
                facts=asdict(facts),
                groups=tuple(groups),
                counts=tuple(max(1, round(count * r / rates[0])) for r in rates) if count else (),
                split=split,
                device={
                    "name": about.name,
                    "board": about.board_id,
                    "serial_number": about.serial_number,
                    "firmware": about.firmware,
                    "virtual": about.virtual,
                },
                # What has passed is in the stream that runs, not in a new one.
                start=None if past else start,
                start_if_idle=perform is None,
                since=since,
                back_s=back_s,
            )
        )

    def mark_label(self, label: str, first: int, last: int) -> None:
        """Label a stretch of the take that runs, in samples of its lead's live tail; `last` is one past the end."""
        self.recorder.send(m.MarkLabel(label, first, last))

    def unmark_label(self, label: str, first: int) -> None:
        """Take a label of the take that runs back."""
        self.recorder.send(m.UnmarkLabel(label, first))

    def stop_take(self, keep: bool = True) -> None:
        """End the take that runs; thrown away where not `keep`."""
        self.recorder.send(m.StopTake(keep))

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
        reply = self._ask(lambda number: m.LoadPackage(number, str(path)), _LOAD_SECONDS, on_progress, cancel)
        self.refresh()
        return str(reply.result["sha256"])

    def add_inference_listener(self, listener: OnInference) -> None:
        """Have the board's inferences handed to `listener`, on the session's thread."""
        self.recorder.inference.append(listener)

    def remove_inference_listener(self, listener: OnInference) -> None:
        """Stop that; one that is not there is no error."""
        with contextlib.suppress(ValueError):
            self.recorder.inference.remove(listener)

    def close(self) -> None:
        """Finish a take, let go of the board, end the recorder. May be called twice."""
        self.recorder.close()

    def __enter__(self) -> DeviceSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take_ended(self, waiting: Waiting[m.TakeSaved], timeout_s: float) -> m.TakeSaved | None:
        """The end of a take that was expected (`RecorderProcess.expect_take`), or None where it does not end in time.

        Raises:
            AppError: the take failed.
        """
        try:
            return wait_for(waiting, timeout_s, "record")
        except DeviceError as error:
            if error.code != "device.timeout":
                raise
            return None

    def _await_take(self, waiting: Waiting[m.TakeSaved], timeout_s: float) -> m.TakeSaved:
        """Wait for the end of a take; the time for which the board is away does not count."""
        deadline = time.monotonic() + timeout_s
        while True:
            saved = self.take_ended(waiting, _LOOK_SECONDS)
            if saved is not None:
                return saved
            if self.away:
                deadline += _LOOK_SECONDS
            elif time.monotonic() > deadline:
                wait_for(waiting, 0.0, "record")

    def _returned(self, event: m.Reconnected) -> None:
        self.url, self.description = event.url, description_from_map(event.description)

    def _ask(
        self,
        make: Callable[[int], m.Command],
        timeout_s: float,
        on_progress: Callable[[float], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> m.Reply:
        number, waiting = self.recorder.expect_reply(on_progress)
        command = make(number)
        op = command.op if isinstance(command, m.Request) else "load_package"
        try:
            self.recorder.send(command)
            reply = self._await_reply(waiting, number, op, timeout_s, cancel)
        finally:
            self.recorder.forget_reply(number)
        if reply.ok:
            return reply
        if reply.code == "cancelled":
            raise Cancelled
        raise m.to_error(reply.code, reply.text, reply.hint or hint_for(reply.code))

    def _await_reply(
        self, waiting: Waiting[m.Reply], number: int, op: str, timeout_s: float, cancel: CancelToken | None
    ) -> m.Reply:
        if cancel is None:
            return wait_for(waiting, timeout_s, op)
        deadline = time.monotonic() + timeout_s
        asked = False
        while True:
            if cancel.cancelled and not asked:
                asked = True
                self.recorder.send(m.CancelRequest(number))
            try:
                return wait_for(waiting, 0.05, op)
            except DeviceError as error:
                if error.code != "device.timeout" or time.monotonic() > deadline:
                    raise
