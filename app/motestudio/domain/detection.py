"""From a stream of class scores to detections: smooth, compare with a threshold, then stay quiet for a while.

The C core does the same in ``mote_post.c``; thresholds can be moved while a board runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from motestudio.domain.classes import is_background


@dataclass(frozen=True, slots=True)
class DetectionRule:
    """How scores become detections; background classes never fire.

    Attributes:
        threshold: a class fires when its smoothed score reaches this.
        thresholds: of single classes, where they differ.
        smooth: inferences averaged.
        suppress_s: seconds after a detection in which nothing fires.
    """

    threshold: float = 0.75
    thresholds: Mapping[str, float] = field(default_factory=dict)
    smooth: int = 3
    suppress_s: float = 1.5

    def limit(self, name: str) -> float:
        """Threshold of a class."""
        return self.thresholds.get(name, self.threshold)


@dataclass(frozen=True, slots=True)
class Detection:
    """A class that fired.

    Attributes:
        time_s: when, on the clock of the scores.
        label: the class.
        score: smoothed score at that moment.
    """

    time_s: float
    label: str
    score: float


class Detector:
    """Feeds on scores in order of time.

    Args:
        classes: in output order.
        rule: may be replaced at any time through `rule`.
    """

    def __init__(self, classes: Sequence[str], rule: DetectionRule) -> None:
        self.classes = tuple(classes)
        self.rule = rule
        self._recent: deque[Sequence[float]] = deque(maxlen=64)
        self._quiet_until = float("-inf")

    def feed(self, time_s: float, scores: Sequence[float]) -> Detection | None:
        """Take one inference.

        Args:
            time_s: end of its window.
            scores: one per class, 0..1.

        Returns:
            The class that fires, or None.
        """
        self._recent.append(scores)
        if time_s < self._quiet_until:
            return None
        recent = list(self._recent)[-max(1, self.rule.smooth) :]
        means = [sum(column) / len(recent) for column in zip(*recent, strict=True)]
        order = sorted(range(len(means)), key=means.__getitem__, reverse=True)
        best = order[0]
        name = self.classes[best]
        if is_background(name) or means[best] < self.rule.limit(name):
            return None
        self._quiet_until = time_s + self.rule.suppress_s
        return Detection(time_s, name, means[best])


@dataclass(frozen=True, slots=True)
class Score:
    """How detections compare with what was really performed.

    Attributes:
        found: performed things detected under their name.
        missed: performed things that were not.
        repeated: further detections of a thing that was found already.
        wrong: detections under another name, or of nothing.
    """

    found: int
    missed: int
    repeated: int
    wrong: int


def match(
    performed: Sequence[tuple[float, float, str]], detections: Sequence[Detection], slack_s: float = 1.0
) -> Score:
    """Compare detections with what was really performed.

    Args:
        performed: (start, end, label) in seconds.
        detections: what fired.
        slack_s: a detection may come this much after the end.
    """
    found: set[int] = set()
    repeated = wrong = 0
    for detection in detections:
        hits = [
            index
            for index, (start, end, label) in enumerate(performed)
            if label == detection.label and start <= detection.time_s <= end + slack_s
        ]
        if not hits:
            wrong += 1
        elif fresh := [index for index in hits if index not in found]:
            found.add(fresh[0])
        else:
            repeated += 1
    return Score(len(found), len(performed) - len(found), repeated, wrong)
