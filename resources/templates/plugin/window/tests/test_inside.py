"""Where windows lie; the conformance kit checks that run gives what infer_output announces."""

from my_plugin.inside import Inside

PARAMS = {"window_s": 1.0, "step_s": 0.5, "most": 0, "begin": "start", "full_test": True, "leave_out": ""}
DATASET = {
    "group": {"name": "imu", "rate_hz": 100.0, "channels": [{"name": "x"}]},
    "classes": ["idle", "wave"],
    "recordings": {"r": {"data": "", "n_samples": 1000}},
    "takes": [
        {"recording": "r", "start": 0, "count": 300, "label": "wave", "split": "train"},
        {"recording": "r", "start": 300, "count": 99, "label": "idle", "split": "train"},
        {"recording": "r", "start": 400, "count": 200, "label": "idle", "split": "test"},
    ],
}


def counts(**changed):
    return dict(Inside().infer_output(DATASET, PARAMS | changed, 1).windows)


def test_windows_stay_inside_and_short_takes_give_none():
    assert counts() == {"train": 5, "validation": 0, "test": 3}


def test_a_limit_per_take_spares_the_test_split():
    assert counts(most=2) == {"train": 2, "validation": 0, "test": 3}
    assert counts(most=2, full_test=False)["test"] == 2


def test_a_class_can_be_left_out():
    assert counts(leave_out="idle") == {"train": 5, "validation": 0, "test": 0}
