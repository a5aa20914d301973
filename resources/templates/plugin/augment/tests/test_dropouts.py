"""What the gaps are; the conformance kit checks what every augment stage must keep."""

import numpy as np
from my_plugin.dropouts import Dropouts

from motestudio.sdk import AugmentContext
from motestudio.sdk.testing import SIGNALS, edge_windows

PARAMS = {"most": 5, "longest_ms": 200.0, "fill": "hold", "together": True, "spare": ""}
SIGNAL = SIGNALS["motion"]


def altered(seed=1, **changed):
    windows = np.stack(list(edge_windows(SIGNAL).values()))
    targets = np.eye(2, dtype=np.float32)[np.arange(len(windows)) % 2]
    pool = windows[:0]
    context = AugmentContext(SIGNAL, ("wave", "idle"), np.random.default_rng(seed), pool, np.zeros(0, np.int16))
    after, member = Dropouts().augment(windows, targets, context, PARAMS | changed)
    assert member is targets or np.array_equal(member, targets)
    return windows, after


def test_a_gap_holds_the_value_before_it():
    before, after = altered()
    changed = (before != after).any(axis=2)
    assert changed.any()
    window, sample = np.argwhere(changed)[0]
    np.testing.assert_array_equal(after[window, sample], after[window, sample - 1])


def test_no_gaps_change_nothing():
    for nothing in ({"most": 0}, {"longest_ms": 0.0}):
        before, after = altered(**nothing)
        np.testing.assert_array_equal(before, after)


def test_a_spared_class_stays():
    before, after = altered(spare="idle")
    np.testing.assert_array_equal(before[1::2], after[1::2])
    assert (before[::2] != after[::2]).any()
