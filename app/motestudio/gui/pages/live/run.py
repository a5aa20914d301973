"""Inference on the board from start to stop: scores, detections, latencies of the last minute. No widgets here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.domain.classes import is_background
from motestudio.domain.detection import Detection, DetectionRule
from motestudio.errors import DeviceError
from motestudio.gui.board_stream import BoardStream
from motestudio.gui.context import AppContext
from motestudio.studio.live import LiveMonitor, TailClock, detections_by

HISTORY_S = 60.0
_POLL_MS = 80
_MOST_DETECTIONS = 200


@dataclass(slots=True)
class Found:
    """A detection of this session.

    Attributes:
        detection: when, what, how sure.
        kept: recording that keeps it for review, where the user said that it is wrong.
    """

    detection: Detection
    kept: str = ""


class LiveRun(QObject):
    """At most one monitor at a time.

    Signals:
        changed: started, stopped, or another board.
        updated: new inferences.
        detected(Found): something fired.

    Attributes:
        state: ``idle``, ``starting`` or ``running``.
        classes: of the model that runs or ran.
        rule: how scores become detections; change it through `set_threshold` and `set_rule`.
        times: seconds of the tail of the inferences of the last minute, shape (n,).
        scores: shape (n, classes).
        latencies_ms: measured by the board, shape (n,).
        found: detections, oldest first.
    """

    changed = Signal()
    updated = Signal()
    detected = Signal(object)

    def __init__(self, context: AppContext, stream: BoardStream) -> None:
        super().__init__(stream)
        self._context = context
        self._stream = stream
        self.state = "idle"
        self.classes: tuple[str, ...] = ()
        self.rule = DetectionRule()
        self._monitor: LiveMonitor | None = None
        self._seen = self._heard = 0
        self._before_drag: tuple[str, float, int] | None = None
        self.clear()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)
        stream.reader_changed.connect(self._ended)
        stream.lost.connect(self._ended)
        context.device_event.connect(self._event)

    def clear(self) -> None:
        """Forget what was seen."""
        self.times = np.zeros(0)
        self.scores = np.zeros((0, len(self.classes)))
        self.latencies_ms = np.zeros(0)
        self.found: list[Found] = []

    @property
    def running(self) -> bool:
        """Whether the board infers."""
        return self.state == "running"

    @property
    def per_second(self) -> float:
        """Inferences per second, over the last few; 0 where there are none."""
        recent = self.times[-20:]
        span = float(recent[-1] - recent[0]) if len(recent) > 1 else 0.0
        return (len(recent) - 1) / span if span > 0 else 0.0

    # Start and stop

    @Slot()
    def start(self) -> None:
        """Let the board infer what it streams."""
        session, reader = self._context.session, self._stream.reader
        if self.state != "idle" or session is None or reader is None or session.description.model is None:
            return
        self.state = "starting"
        self.classes = session.description.model.classes
        self.clear()
        rule = self.rule

        def work(_: Any) -> LiveMonitor:
            monitor = LiveMonitor(session, rule, clock=TailClock(reader))
            monitor.start()
            return monitor

        self._context.run_operation("Start inference on the board", work, self._begun, self._refused, quiet=True)
        self.changed.emit()

    def _begun(self, monitor: LiveMonitor) -> None:
        if self.state != "starting" or monitor.session is not self._context.session:
            self._stop(monitor)
            return
        self._monitor = monitor
        monitor.set_rule(self.rule)
        self._seen = self._heard = 0
        self.state = "running"
        self._timer.start()
        self.changed.emit()

    def _refused(self, error: BaseException) -> None:
        self.state = "idle"
        self.changed.emit()
        self._context.show_error(error)

    @Slot()
    def stop(self) -> None:
        """Let the board only stream again."""
        monitor = self._monitor
        self._ended()
        if monitor is not None:
            self._stop(monitor)

    def _stop(self, monitor: LiveMonitor) -> None:
        if monitor.session.connected:
            self._context.run_operation(
                "Stop inference on the board", lambda _: monitor.stop(), None, lambda _: None, quiet=True
            )

    @Slot()
    def _ended(self) -> None:
        self._monitor = None
        self._timer.stop()
        if self.state != "idle":
            self.state = "idle"
            self.changed.emit()

    @Slot(object)
    def _event(self, event: Any) -> None:
        if type(event).__name__ == "BoardEvent" and event.name == "infer_error" and self.state != "idle":
            self.stop()
            text = str(event.data.get("text", "The board stopped inferring."))
            hint = "Start again; where that does not help, deploy the model anew."
            self._context.show_error(DeviceError(str(event.data.get("code", "infer.failed")), text, hint))

    # What comes

    def _poll(self) -> None:
        monitor = self._monitor
        if monitor is None:
            return
        times, frames = monitor.since(self._seen)
        if frames:
            self._seen += len(frames)
            self.times = np.concatenate((self.times, times))
            self.scores = np.concatenate((self.scores, [f.scores for f in frames]))
            self.latencies_ms = np.concatenate((self.latencies_ms, [f.latency_us / 1000 for f in frames]))
            keep = self.times > self.times[-1] - HISTORY_S
            self.times, self.scores = self.times[keep], self.scores[keep]
            self.latencies_ms = self.latencies_ms[keep]
        for detection in monitor.detections(self._heard):
            self._heard += 1
            found = Found(detection)
            self.found = [*self.found[1 - _MOST_DETECTIONS :], found]
            self.detected.emit(found)
        if frames:
            self.updated.emit()

    # The rule

    def set_rule(self, rule: DetectionRule) -> None:
        """Use another rule at once."""
        self.rule = rule
        if self._monitor is not None:
            self._monitor.set_rule(rule)

    def set_threshold(self, label: str, threshold: float) -> None:
        """Move one class' threshold at once."""
        limits: Mapping[str, float] = {**self.rule.thresholds, label: threshold}
        self.set_rule(replace(self.rule, thresholds=limits))

    def effect(self, label: str, before: float, after: float) -> str:
        """What moving a threshold would have changed in the last minute, in words."""
        if self._before_drag is None or self._before_drag[:2] != (label, before):
            self._before_drag = (label, before, self._fired(label, before))
        change = self._fired(label, after) - self._before_drag[2]
        words = "no change" if not change else f"{abs(change)} {'more' if change > 0 else 'fewer'}"
        seconds = round(float(self.times[-1] - self.times[0])) if len(self.times) > 1 else 0
        return f"{before:.2f} → {after:.2f}   {label}: {words} in the last {seconds} s"

    def _fired(self, label: str, threshold: float) -> int:
        rule = replace(self.rule, thresholds={**self.rule.thresholds, label: threshold})
        rows = [tuple(row) for row in self.scores.tolist()]
        return sum(d.label == label for d in detections_by(rule, self.classes, self.times.tolist(), rows))

    def smoothed(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Scores averaged as the rule does, shape as `scores`."""
        n = max(1, self.rule.smooth)
        if n == 1 or not len(self.scores):
            return self.scores
        total = np.cumsum(np.vstack((np.zeros((1, self.scores.shape[1])), self.scores)), axis=0)
        last = np.arange(1, len(self.scores) + 1)
        first = np.maximum(0, last - n)
        means: np.ndarray[Any, np.dtype[np.float64]] = (total[last] - total[first]) / (last - first)[:, None]
        return means

    def stretches(self) -> list[tuple[float, float, str]]:
        """Where one class led above its threshold: (start, end, label), seconds of the tail."""
        means = self.smoothed()
        made: list[tuple[float, float, str]] = []
        if not len(means):
            return made
        step = 1.0 / (self.per_second or 1.0)
        best = means.argmax(axis=1)
        leads = means[np.arange(len(means)), best]
        for at, index, score in zip(self.times.tolist(), best.tolist(), leads.tolist(), strict=True):
            label = self.classes[index]
            if is_background(label) or score < self.rule.limit(label):
                continue
            if made and made[-1][2] == label and at - made[-1][1] < 1.5 * step:
                made[-1] = (made[-1][0], at, label)
            else:
                made.append((at - step, at, label))
        return made
