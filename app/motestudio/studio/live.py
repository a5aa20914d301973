"""Live inference: the board streams and infers, this side turns its scores into detections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.board import InferenceFrame
from motestudio.domain.classes import is_background
from motestudio.domain.detection import Detection, DetectionRule, Detector, match
from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts, Recording
from motestudio.errors import DeviceError
from motestudio.project.recording_writer import RecordingWriter
from motestudio.project.store import Project
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Operation
from motestudio.studio.report import LiveTrace


@dataclass(frozen=True, slots=True)
class Performance:
    """Something a virtual board shall do in front of its own model.

    Attributes:
        label: class it belongs to.
        perform: ``{"gesture", "seed", "subject"}`` or ``{"clip": index}``.
        seconds: how long the stream runs for it.
    """

    label: str
    perform: Mapping[str, Any]
    seconds: float


class LiveMonitor:
    """Collects inferences of a session while it streams; safe to read from another thread.

    Args:
        session: connected to a board with a model.
        rule: how scores become detections.
        on_detection: called from the session's thread.
        clock: seconds of an inference, as of a `TailClock`; by the board's own count of samples where None.
    """

    def __init__(
        self,
        session: DeviceSession,
        rule: DetectionRule | None = None,
        on_detection: Callable[[Detection], None] | None = None,
        clock: Callable[[InferenceFrame], float] | None = None,
    ) -> None:
        model = session.description.model
        if model is None:
            raise DeviceError("device.no_model", "The board holds no model.", "Flash one first: mote firmware flash.")
        self.session = session
        self.classes = model.classes
        self.rate_hz = session.description.groups[0].rate_hz
        self._detector = Detector(model.classes, rule or DetectionRule())
        self._on_detection = on_detection
        self._clock = clock or (lambda frame: frame.sample_index / self.rate_hz)
        self._lock = threading.Lock()
        self._frames: list[InferenceFrame] = []
        self._times: list[float] = []
        self._detections: list[Detection] = []

    def set_rule(self, rule: DetectionRule) -> None:
        """Move thresholds while it runs."""
        self._detector.rule = rule

    def start(self) -> None:
        """Let the board infer while it streams."""
        self.session.add_inference_listener(self._take)
        self.session.request("infer_start")

    def stop(self) -> None:
        """Let the board only stream again."""
        self.session.request("infer_stop")
        self.session.remove_inference_listener(self._take)

    def _take(self, frames: Sequence[InferenceFrame]) -> None:
        fired = []
        with self._lock:
            for frame in frames:
                at = self._clock(frame)
                self._frames.append(frame)
                self._times.append(at)
                if found := self._detector.feed(at, frame.scores):
                    self._detections.append(found)
                    fired.append(found)
        if self._on_detection is not None:
            for found in fired:
                self._on_detection(found)

    def snapshot(self, since: int = 0) -> tuple[list[InferenceFrame], list[Detection]]:
        """Inferences from index `since`, and all detections."""
        with self._lock:
            return self._frames[since:], list(self._detections)

    def since(self, first: int) -> tuple[list[float], list[InferenceFrame]]:
        """Seconds and inferences from index `first`."""
        with self._lock:
            return self._times[first:], self._frames[first:]

    def detections(self, first: int = 0) -> list[Detection]:
        """Detections from index `first`."""
        with self._lock:
            return self._detections[first:]

    @property
    def count(self) -> int:
        """Inferences so far."""
        with self._lock:
            return len(self._frames)


class TailClock:
    """When an inference was, in seconds of the live tail, by the board's clock: whatever was streamed before.

    Args:
        tail: of the group that is inferred.
    """

    def __init__(self, tail: LiveTailReader) -> None:
        self._tail = tail

    def __call__(self, frame: InferenceFrame) -> float:
        """Seconds since the tail began, at the last sample of the inference's window."""
        return self.at(frame.device_time_us)

    def at(self, device_time_us: int) -> float:
        """Seconds since the tail began, at a time of the board's clock in the stream that runs."""
        index, time_us = self._tail.last_block
        for _ in range(3):  # the writer may be between the two words
            again = self._tail.last_block
            if again == (index, time_us):
                break
            index, time_us = again
        return index / self._tail.group.rate_hz + (device_time_us - time_us) / 1e6


def detections_by(
    rule: DetectionRule, classes: Sequence[str], times_s: Sequence[float], scores: Sequence[Sequence[float]]
) -> list[Detection]:
    """What a rule would have found in scores that are known: for showing what another threshold does."""
    detector = Detector(classes, rule)
    found = (detector.feed(at, row) for at, row in zip(times_s, scores, strict=True))
    return [d for d in found if d is not None]


def keep_for_review(
    project: Project, session: DeviceSession, tail: LiveTailReader, stretch: tuple[float, float], said: Detection | None
) -> Recording:
    """Keep a stretch of the live tail as a recording whose label waits for review; undoable.

    Args:
        project: open for writing.
        session: the board that it came from.
        tail: holds about a minute.
        stretch: start and end, seconds of the tail.
        said: what was detected, or None where something was missed.

    Raises:
        DeviceError: the stretch is no longer, or not yet, in the tail.
        ProjectError: it cannot be written.
    """
    rate = tail.group.rate_hz
    first = max(0, round(stretch[0] * rate))
    samples, begin = tail.window(first, max(1, round(stretch[1] * rate) - first))
    if not len(samples):
        raise DeviceError(
            "tail.gone", "That stretch is no longer in memory.", "Mark within a minute; the live tail holds no more."
        )
    index, time_us = tail.last_block
    about = session.description
    label = said.label if said else "missed"
    text = f"Marked wrong in Live: the board said {said.label} ({said.score:.2f})." if said else "Missed in Live."
    sticky = project.config.record
    facts = Facts(sticky.subject, sticky.session, about.serial_number or about.name, sticky.site, text)
    made_by = f"live/{about.model.name if about.model else about.name}"
    # What was missed has no label to propose.
    segments = [Segment(0, len(samples), said.label, "proposed", made_by, round(said.score, 4), text)] if said else []
    store = project.recordings
    writer = RecordingWriter(
        store.folder,
        store.next_name("review-{class}-{n:03}", label),
        tail.group,
        facts,
        segments=segments,
        device={"name": about.name, "board": about.board_id, "serial_number": about.serial_number},
    )
    try:
        at_us = max(0, time_us + round((begin - index) / rate * 1e6))
        writer.append(samples, at_us, time.time_ns() // 1000)
        kept = writer.finish()
    except BaseException:
        writer.abort()
        raise
    project.undo.push(f"keep {kept.name}", lambda: store.delete(kept.name), lambda: store.restore(kept.name))
    return kept


def play(
    session: DeviceSession,
    performances: Sequence[Performance],
    operation: Operation,
    *,
    rule: DetectionRule | None = None,
    gap_s: float = 1.0,
    rate: float = 0.0,
) -> LiveTrace:
    """Let a virtual board perform one thing after the other and watch its own model see it.

    Args:
        session: connected to a virtual board that holds a model.
        performances: in order.
        operation: progress and cancel.
        rule: how scores become detections.
        gap_s: of rest between two performances.
        rate: times real time, 0 for as fast as it can.

    Returns:
        The whole session, with what was found and what was wrong.
    """
    monitor = LiveMonitor(session, rule)
    group = session.description.groups[0]
    model = session.description.model
    assert model is not None
    monitor.start()
    position = 0
    performed: list[tuple[float, float, str]] = []
    tail = LiveTailReader(session.tail_paths[0])
    parts: list[np.ndarray[Any, np.dtype[np.int16]]] = []

    def run(count: int, perform: Mapping[str, Any] | None) -> None:
        nonlocal position
        begin = tail.total
        session.request("start", count=count, rate=rate, perform=dict(perform) if perform else None, carry_on=True)
        _wait(lambda: tail.total >= begin + count, 30 + 3 * count / group.rate_hz, operation)
        parts.append(tail.window(begin, count)[0])
        position += count

    try:
        run(model.window_samples, None)
        for index, one in enumerate(performances):
            operation.progress(index / len(performances), f"{one.label}, {index + 1} of {len(performances)}")
            count = max(1, round(one.seconds * group.rate_hz))
            if not is_background(one.label):  # which never fires: it can only be got wrong
                performed.append((position / group.rate_hz, (position + count) / group.rate_hz, one.label))
            run(count, {"seconds": one.seconds} | dict(one.perform))
            run(max(1, round(gap_s * group.rate_hz)), None)
        _wait(lambda: _settled(monitor), 5.0, operation)
    finally:
        monitor.stop()
    frames, detections = monitor.snapshot()
    score = match(performed, detections)
    operation.progress(1.0, f"{score.found} of {len(performed)} found, {score.wrong} wrong")
    samples = np.concatenate(parts) if parts else tail.latest(0)[0]
    return LiveTrace(
        group=group,
        samples=samples,
        times_s=np.array([f.sample_index / group.rate_hz for f in frames]),
        scores=np.array([f.scores for f in frames]).reshape(len(frames), len(model.classes)),
        detections=tuple(detections),
        performed=tuple(performed),
        score=score,
    )


def _settled(monitor: LiveMonitor) -> bool:
    """No inference came for a moment: the last samples have been looked at."""
    before = monitor.count
    time.sleep(0.1)
    return monitor.count == before


def _wait(until: Callable[[], bool], timeout_s: float, operation: Operation) -> None:
    limit = time.monotonic() + timeout_s
    while not until():
        operation.check()
        if time.monotonic() > limit:
            raise DeviceError("device.silent", "The board stopped sending.", "Check the cable and connect again.")
        time.sleep(0.002)
