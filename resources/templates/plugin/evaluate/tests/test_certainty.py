"""What the figures say; the conformance kit runs a converted model where TensorFlow is installed."""

import numpy as np
from my_plugin.certainty import _figures

PARAMS = {"sure": 0.8, "worst": 10, "balanced": False, "ignore": ""}
SCORES = np.array([[0.9, 0.1], [0.6, 0.4], [0.85, 0.15], [0.1, 0.9]], np.float32)
LABELS = np.array([0, 0, 1, 1], np.int16)


def figures(**changed):
    return _figures(SCORES, LABELS, ("idle", "wave"), PARAMS | changed)


def test_right_and_sure():
    found = figures()
    assert (found["accuracy"], found["sure"], found["worst"]) == (0.75, 0.75, [2])
    assert found["confusion"] == [[2, 0], [1, 1]]
    assert found["accuracy_where_sure"] == 2 / 3


def test_an_ignored_class_does_not_count_for_sureness():
    assert figures(ignore="wave")["sure"] == 0.5
