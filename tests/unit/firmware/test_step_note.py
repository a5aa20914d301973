"""A step that costs a board a whole window of RAM is told, with steps that would not."""

import pytest

from motestudio.firmware.feature_code import FeatureCode, step_note, streaming
from motestudio.sdk.data import FeatureBlock


def feature(hop: int) -> FeatureCode:
    return FeatureCode(FeatureBlock("f", "mote-audio/logmel", 1, {}, (49, 12), ("time", "band")), {}, (), hop)


def test_step_that_is_no_multiple_of_the_hop_is_told_with_those_that_are():
    note = step_note([feature(320)], 16_000, 4_000)
    assert "every 4,000 samples" in note
    assert "3,840 or 4,160" in note
    for step in (3_840, 4_160):
        assert streaming([feature(320)], 16_000, step)
        assert step_note([feature(320)], 16_000, step) == ""


@pytest.mark.parametrize(
    ("hops", "window", "step", "told"),
    [
        ((320, 480), 16_000, 1_000, "960 or 1,920"),
        ((320,), 400, 100, "With 320 it would not"),
        ((320,), 300, 100, "computes them anew."),
        ((0,), 16_000, 4_000, ""),  # works on whole windows in any case
        ((320, 0), 16_000, 4_000, ""),
        ((320,), 16_000, 17_000, ""),  # windows share nothing
        ((), 100, 10, ""),
    ],
)
def test_only_where_another_step_would_help(hops: tuple[int, ...], window: int, step: int, told: str):
    note = step_note([feature(hop) for hop in hops], window, step)
    assert told in note
    assert bool(note) == bool(told)
