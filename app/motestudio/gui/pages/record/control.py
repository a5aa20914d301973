"""A take from the first key press to the disk: countdown, start, stop, what the recorder tells. No widgets here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.errors import AppError
from motestudio.gui.board_stream import BoardStream
from motestudio.gui.context import AppContext
from motestudio.studio.record import TakePlan, begin_take, performance_of

_TICK_MS = 50
_GIVE_UP_S = 4.0
_SEEDS = 1 << 31
GOOD_ENDS = ("count", "asked")


@dataclass(frozen=True, slots=True)
class EndedTake:
    """What the recorder said of a take that is on the disk; see `TakeSaved`."""

    name: str
    label: str
    n_samples: int
    lost: int
    reason: str


class TakeControl(QObject):
    """At most one take at a time.

    Signals:
        changed: `state` or what is shown of it.
        saved(EndedTake): a take is on the disk, whole or what there was of it.

    Attributes:
        state: ``idle``, ``countdown``, ``starting``, ``recording`` or ``saving``.
        label: class of the take that runs.
        name: its name, once it has one.
        remaining: seconds of the countdown left.
        samples: recorded so far.
        first: index in the live tail of its first sample, about; -1 before the first arrives.
    """

    changed = Signal()
    saved = Signal(object)

    def __init__(self, context: AppContext, stream: BoardStream) -> None:
        super().__init__(stream)
        self._context = context
        self._stream = stream
        self.state = "idle"
        self.label = self.name = ""
        self.remaining = 0.0
        self.samples = 0
        self.first = -1
        self._plan: TakePlan | None = None
        self._deadline = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        context.device_event.connect(self._event)
        context.device_changed.connect(self._reset)
        stream.lost.connect(self._lost)

    @property
    def busy(self) -> bool:
        """Whether a take runs in any way."""
        return self.state != "idle"

    @property
    def running(self) -> bool:
        """Whether the board is being recorded."""
        return self.state in ("starting", "recording", "saving")

    def toggle(self, plan: TakePlan, countdown_s: float) -> None:
        """What the big button does: begin, call off the countdown, or stop and keep."""
        if self.state == "countdown":
            self._reset()
        elif self.state == "recording":
            self.stop()
        elif self.state == "idle" and self._stream.connected:
            self._plan, self.label, self.name = plan, plan.label, ""
            self.samples, self.first = 0, -1
            self._deadline = time.monotonic() + countdown_s
            self._set("countdown")
            self._timer.start()
            self._tick()

    def stop(self, *, keep: bool = True) -> None:
        """End the take that runs before its time."""
        session = self._context.session
        if self.state not in ("recording", "starting") or session is None:
            return
        try:
            session.stop_take(keep)
        except AppError as error:
            self._context.show_error(error)
        self._deadline = time.monotonic() + _GIVE_UP_S
        self._set("saving")

    def _set(self, state: str) -> None:
        self.state = state
        if state == "idle":
            self._timer.stop()
            self.remaining = 0.0
        self.changed.emit()

    @Slot()
    def _reset(self) -> None:
        if self.busy:
            self._set("idle")

    def _tick(self) -> None:
        now = time.monotonic()
        if self.state == "countdown":
            self.remaining = max(0.0, self._deadline - now)
            if self.remaining <= 0:
                self._start()
            else:
                self.changed.emit()
        elif self.state == "saving" and now > self._deadline:
            self._set("idle")

    def _start(self) -> None:
        project, session, plan = self._context.project, self._context.session, self._plan
        if project is None or session is None or plan is None:
            self._set("idle")
            return
        self._set("starting")
        subject = plan.subject or project.config.record.subject
        perform = performance_of(session, plan.label, subject, time.time_ns() % _SEEDS)
        full = TakePlan(plan.label, plan.seconds, perform, plan.subject, plan.session)
        self._context.run_operation(
            f"Record {plan.label}", lambda _: begin_take(project, session, full), self._begun, self._refused, quiet=True
        )

    def _begun(self, name: str) -> None:
        if self.state == "starting":
            self.name = name
            self._set("recording")

    def _refused(self, error: BaseException) -> None:
        session = self._context.session
        if self.running and self.samples and (session is None or not session.connected):
            # The board went after the take had begun: the recorder keeps what there is, and says so in a moment.
            self._lost()
        elif self.running:
            self._set("idle")
        if session is None or session.connected:  # where the board is gone, the banner says so already
            self._context.show_error(error)

    @Slot()
    def _lost(self) -> None:
        if self.state == "countdown":
            self._set("idle")
        elif self.running:
            self._deadline = time.monotonic() + _GIVE_UP_S
            self._set("saving")

    @Slot(object)
    def _event(self, event: Any) -> None:
        kind = type(event).__name__
        if not self.running:
            return
        if kind == "Health" and event.of_lead.recording_samples:
            self.samples = int(event.of_lead.recording_samples)
            reader = self._stream.reader
            if self.first < 0 and reader is not None:
                self.first = max(0, reader.total - self.samples)
            self.changed.emit()
        elif kind == "TakeSaved":
            self._set("idle")
            self.saved.emit(
                EndedTake(str(event.name), self.label, int(event.n_samples), int(event.lost), str(event.reason))
            )
        elif kind == "TakeFailed":
            self._set("idle")
            if event.code != "take.discarded":
                kept = f" {event.kept_samples} samples are kept as {event.name}." if event.kept_samples else ""
                self._context.show_message(event.text + kept, event.hint, "bad")
