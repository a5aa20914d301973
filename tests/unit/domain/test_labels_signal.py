"""Segments and signals: order, cuts, units."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motestudio.domain.labels import Segment, clipped, in_order
from motestudio.domain.pipeline import Pipeline, StageUse
from motestudio.domain.signal import Channel, ChannelGroup

segments = st.lists(
    st.builds(Segment, st.integers(0, 200), st.integers(1, 100), st.sampled_from(["wave", "tap"])), max_size=20
)


@given(segments, st.integers(0, 250))
def test_cut_segments_lie_inside_in_order_and_lose_nothing_that_fits(rows, n):
    cut = clipped(rows, n)
    assert all(s.end <= n for s in cut)
    assert list(cut) == sorted(cut, key=lambda s: (s.start, s.end, s.label))
    assert len(cut) == sum(s.start < n for s in rows)
    assert Counter(s for s in rows if s.end <= n) <= Counter(cut)
    assert in_order(cut) == cut


@given(segments)
def test_two_segments_overlap_where_they_share_a_sample(rows):
    for a in rows:
        for b in rows:
            assert a.overlaps(b) == bool(set(range(a.start, a.end)) & set(range(b.start, b.end)))


@pytest.mark.parametrize(("start", "count"), [(-1, 5), (0, 0), (3, -2)])
def test_an_impossible_segment_cannot_be_made(start, count):
    with pytest.raises(ValueError, match="wave"):
        Segment(start, count, "wave")


def test_raw_counts_become_physical_units():
    group = ChannelGroup("imu", 104.0, (Channel("ax", "g", 0.001), Channel("t", "°C", 0.01, 25.0)))
    raw = np.array([[1000, -500], [-32768, 0]], dtype=np.int16)
    assert group.to_physical(raw).tolist() == [[1.0, 20.0], [-32.768, 25.0]]
    assert group.frame_bytes == 4
    assert group.channels[0].full_scale == pytest.approx(32.768)


@pytest.mark.parametrize(("rate", "channels"), [(0.0, 1), (-5.0, 1), (float("nan"), 1), (100.0, 0)])
def test_a_group_without_rate_or_channels_cannot_be_made(rate, channels):
    with pytest.raises(ValueError, match="imu"):
        ChannelGroup("imu", rate, (Channel("ax"),) * channels)


def test_a_stage_is_found_by_its_key():
    pipeline = Pipeline((StageUse("a", "p/x"), StageUse("b", "p/x")))
    assert pipeline.find("b").key == "b"
    with pytest.raises(KeyError):
        pipeline.find("c")
