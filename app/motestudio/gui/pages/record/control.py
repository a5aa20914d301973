"""Takes from the key to the disk: countdown, level, start, stop, repeat, what the recorder tells. No widgets here.

Long because it is one machine of states; every way into it and out of it stands here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.errors import AppError
from motestudio.gui.board_stream import BoardStream
from motestudio.gui.context import AppContext
from motestudio.studio.record import TakePlan, begin_take, performance_of
from motestudio.studio.trigger import LevelTrigger

_TICK_MS = 50
_GIVE_UP_S = 4.0
_FADE = 0.93
"""What is left of a level a tick later: a jolt can be read for about a second."""
_SEEDS = 1 << 31
GOOD_ENDS = ("count", "asked", "device.end")


@dataclass(frozen=True, slots=True)
class Pace:
    """When takes begin; see `studio.take_runs.Pace`.

    Attributes:
        countdown: seconds before a take.
        pause: seconds between two.
        level: begin when the signal does, as a share of full scale; 0 not to.
        run_up: seconds before that moment that belong to the take.
        takes: how many, one after the other; 0 until the user stops.
    """

    countdown: float = 0.0
    pause: float = 0.0
    level: float = 0.0
    run_up: float = 0.0
    takes: int = 1


@dataclass(frozen=True, slots=True)
class EndedTake:
    """What the recorder said of a take that is on the disk; see `TakeSaved`.

    Attributes:
        name: of the lead's recording.
        take: of the take.
        label: its class, empty for none.
        n_samples: of the lead.
        lost: samples missing in all of it.
        reason: why it ended.
    """

    name: str
    take: str
    label: str
    n_samples: int
    lost: int
    reason: str


class TakeControl(QObject):
    """At most one take at a time.

    Signals:
        changed: `state` or what is shown of it.
        began(TakeBegan): the first samples of a take are known.
        saved(EndedTake): a take is on the disk, whole or what there was of it.

    Attributes:
        state: ``idle``, ``pause``, ``countdown``, ``armed`` (waits for the signal), ``starting``, ``recording`` or
            ``saving``.
        label: class of the take that runs.
        name: its name, once it has one.
        remaining: seconds of the countdown, or of the pause, left.
        samples: recorded so far, of the lead.
        first: index in the lead's live tail of its first sample; -1 before the first arrives.
        made: takes of this run that are on the disk.
    """

    changed = Signal()
    began = Signal(object)
    saved = Signal(object)

    def __init__(self, context: AppContext, stream: BoardStream) -> None:
        super().__init__(stream)
        self._context = context
        self.stream = stream
        self.state = "idle"
        self.label = self.name = ""
        self.remaining = 0.0
        self.samples = self.made = 0
        self.first = -1
        self.pace = Pace()
        self._plan: TakePlan | None = None
        self._trigger: LevelTrigger | None = None
        self._reached = 0.0
        self._seen = 0
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

    @property
    def waiting(self) -> bool:
        """Whether a take will begin by itself."""
        return self.state in ("pause", "countdown", "armed")

    @property
    def at_rest(self) -> bool:
        """While `armed`: whether the signal is at rest, so that the next motion begins the take."""
        return self._trigger is not None and self._trigger.armed

    @property
    def heard(self) -> tuple[float, float]:
        """While `armed`: how far the signal was from its rest of late, and the level at which the take begins."""
        return self._reached, self.pace.level

    @property
    def can_keep(self) -> bool:
        """Whether the last seconds can be made a take."""
        return self.stream.streaming and not self.busy

    def toggle(self, plan: TakePlan, pace: Pace) -> None:
        """What the big button does: begin, call off what waits, or stop and keep."""
        if self.waiting:
            self.call_off()
        elif self.state == "recording":
            self.stop()
        elif self.state == "idle" and self.stream.connected:
            self.pace, self.made = pace, 0
            self._begin(plan)

    def call_off(self) -> None:
        """What waits does not begin; takes of this run that are on the disk stay."""
        if self.waiting:
            self._set("idle")

    def keep_last(self, seconds: float) -> None:
        """Make the last seconds of what was only watched a take without a class."""
        if self.state == "idle" and self.stream.connected:
            self.pace, self.made = Pace(), 0
            self._plan = TakePlan("", seconds, back_s=seconds)
            self.label, self.name, self.samples, self.first = "", "", 0, -1
            self._timer.start()
            self._start()

    def stop(self, *, keep: bool = True) -> None:
        """End the take that runs before its time, and the run of takes with it."""
        session = self._context.session
        self.pace = replace(self.pace, takes=1)
        if self.state not in ("recording", "starting") or session is None:
            return
        try:
            session.stop_take(keep)
        except AppError as error:
            self._context.show_error(error)
        self._deadline = time.monotonic() + _GIVE_UP_S
        self._set("saving")

    def _begin(self, plan: TakePlan) -> None:
        self._plan, self.label, self.name = plan, plan.label, ""
        self.samples, self.first = 0, -1
        self._deadline = time.monotonic() + self.pace.countdown
        self._set("countdown")
        self._timer.start()
        self._tick()

    def _set(self, state: str) -> None:
        self.state = state
        if state == "idle":
            self._timer.stop()
            self.remaining = 0.0
            self._trigger = None
        self.changed.emit()

    @Slot()
    def _reset(self) -> None:
        if self.busy:
            self._set("idle")

    def _tick(self) -> None:
        now = time.monotonic()
        if self.state in ("countdown", "pause"):
            self.remaining = max(0.0, self._deadline - now)
            if self.remaining > 0:
                self.changed.emit()
            elif self.state == "pause" and self._plan is not None:
                self._begin(self._plan)
            else:
                self._ready()
        elif self.state == "armed":
            self._listen()
        elif self.state == "saving" and now > self._deadline:
            self._set("idle")

    def _ready(self) -> None:
        """The countdown is over: begin, or wait for the signal."""
        reader = self.stream.reader
        if self.pace.level <= 0 or reader is None:
            self._start()
            return
        self._trigger, self._seen = LevelTrigger(reader.group, self.pace.level), reader.total
        self.remaining = self._reached = 0.0
        self._set("armed")

    def _listen(self) -> None:
        reader, trigger, plan = self.stream.reader, self._trigger, self._plan
        if reader is None or trigger is None or plan is None:
            self._set("idle")
            return
        samples, first = reader.window(self._seen, reader.total - self._seen)
        self._seen = first + len(samples)
        fired = trigger.feed(samples, first) if len(samples) else None
        if fired is not None:
            self._plan = replace(plan, since=max(0, fired - round(self.pace.run_up * reader.group.rate_hz)))
            self._start()
            self._plan = plan
        else:
            self._reached = max(trigger.reached, _FADE * self._reached)
            self.changed.emit()

    def _start(self) -> None:
        project, session, plan = self._context.project, self._context.session, self._plan
        if project is None or session is None or plan is None:
            self._set("idle")
            return
        self.remaining = 0.0
        self._set("starting")
        subject = plan.subject or project.config.record.subject
        perform = performance_of(session, plan.label, subject, time.time_ns() % _SEEDS)
        full = replace(plan, perform=perform if plan.since < 0 and not plan.back_s else None)
        what = f"Record {plan.label}".rstrip()
        self._context.run_operation(
            what, lambda _: begin_take(project, session, full), self._begun, self._refused, quiet=True
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
        if self.waiting:
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
            self.changed.emit()
        elif kind == "TakeBegan":
            self.first = int(event.parts[0].first)
            self.began.emit(event)
            self.changed.emit()
        elif kind == "TakeSaved":
            self._saved(str(event.name), event.recordings, event)
        elif kind == "TakeFailed":
            self._set("idle")
            if event.code != "take.discarded":
                kept = f" {event.kept_samples} samples are kept as {event.name}." if event.kept_samples else ""
                self._context.show_message(event.text + kept, event.hint, "bad")

    def _saved(self, take: str, recordings: Sequence[str], event: Any) -> None:
        self.made += 1
        reason = str(event.reason)
        again = reason in GOOD_ENDS and self._plan is not None and not self._plan.back_s
        again = again and (self.pace.takes == 0 or self.made < self.pace.takes) and self.stream.connected
        name = str(recordings[0]) if recordings else take
        ended = EndedTake(name, take, self.label, int(event.n_samples), int(event.lost), reason)
        if again:
            self._deadline = time.monotonic() + self.pace.pause
            self.remaining = self.pace.pause
            self.samples, self.first = 0, -1
            self._set("pause")
        else:
            self._set("idle")
        self.saved.emit(ended)
