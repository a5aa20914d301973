"""Scores to detections, and detections against what was performed."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.detection import Detection, DetectionRule, Detector, match

CLASSES = ("wave", "tap", "idle")
HIGH, LOW = (0.96, 0.02, 0.02), (0.05, 0.05, 0.9)


def run(rows: list[tuple[float, ...]], rule: DetectionRule, step: float = 0.25) -> list[Detection]:
    detector = Detector(CLASSES, rule)
    found = (detector.feed(i * step, row) for i, row in enumerate(rows))
    return [d for d in found if d is not None]


def test_one_gesture_fires_once() -> None:
    detections = run([LOW] * 4 + [HIGH] * 5 + [LOW] * 4, DetectionRule(smooth=2, suppress_s=2.0))
    assert [d.label for d in detections] == ["wave"]


def test_it_fires_again_after_the_quiet_time() -> None:
    detections = run([HIGH] * 12, DetectionRule(smooth=1, suppress_s=1.0))
    assert [d.time_s for d in detections] == [0.0, 1.0, 2.0]


def test_background_never_fires_and_a_single_spike_is_smoothed_away() -> None:
    assert run([LOW] * 8, DetectionRule()) == []
    assert run([LOW, LOW, HIGH, LOW, LOW], DetectionRule(smooth=3)) == []


def test_a_threshold_of_one_class_holds_for_that_class_only() -> None:
    rule = DetectionRule(threshold=0.9, thresholds={"wave": 0.99}, smooth=1)
    assert run([HIGH], rule) == []
    assert [d.label for d in run([(0.02, 0.95, 0.03)], rule)] == ["tap"]


def test_match_tells_found_missed_repeated_and_wrong() -> None:
    performed = [(0.0, 2.0, "wave"), (4.0, 6.0, "tap"), (8.0, 10.0, "wave")]
    detections = [Detection(t, label, 0.9) for t, label in ((1.0, "wave"), (2.5, "wave"), (5.0, "wave"), (20.0, "tap"))]
    score = match(performed, detections)
    assert (score.found, score.missed, score.repeated, score.wrong) == (1, 2, 1, 2)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), max_size=40), st.floats(0, 5))
def test_two_detections_are_never_closer_than_the_quiet_time(rows: list[tuple[float, ...]], quiet: float) -> None:
    times = [d.time_s for d in run(rows, DetectionRule(threshold=0.3, smooth=1, suppress_s=quiet))]
    assert all(b - a >= quiet for a, b in itertools.pairwise(times))
