"""Which windows are calibrated with; the conformance kit converts a model where TensorFlow is installed."""

from types import SimpleNamespace

import numpy as np
import pytest
from my_plugin.integers import _rows

from motestudio.sdk import TEST, TRAIN, PluginError

FEATURES = SimpleNamespace(
    classes=("idle", "wave"),
    labels=np.array([0, 1, 0, 1, 0, 1]),
    splits=np.array([TRAIN, TRAIN, TRAIN, TRAIN, TEST, TEST]),
    original=np.array([True, True, True, False, True, True]),
)
PARAMS = {"calibration": 100, "choose": "random", "leave_out": ""}


def test_only_original_training_windows():
    assert _rows(FEATURES, PARAMS, 1).tolist() == [0, 1, 2]
    assert _rows(FEATURES, PARAMS | {"leave_out": "idle"}, 1).tolist() == [1]
    assert len(_rows(FEATURES, PARAMS | {"calibration": 2}, 1)) == 2


def test_nothing_to_calibrate_with():
    empty = SimpleNamespace(**{**vars(FEATURES), "splits": np.full(6, TEST)})
    with pytest.raises(PluginError):
        _rows(empty, PARAMS, 1)
