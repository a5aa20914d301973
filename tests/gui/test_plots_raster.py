"""Live plots: what is painted is what arrived, column for column and row for row."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.plots.columns import Columns
from motestudio.gui.plots.lane import RULER_HEIGHT, Region
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.raster import column_edges, extremes, joined, paint_few, paint_spans
from motestudio.gui.plots.spectrum_lane import SpectrumLane
from motestudio.gui.widgets import text_width
from support.pixels import drawn_rows
from support.streams import Arriving, imu, noise

LEFT = 40


@settings(deadline=None)
@given(
    st.integers(0, 400), st.integers(1, 3), st.floats(0.3, 40), st.integers(-5, 60), st.integers(1, 40),
    st.integers(0, 2**31),
)  # fmt: skip
def test_a_column_holds_the_extremes_of_its_samples(count, channels, per_column, first, columns, seed):
    samples = np.random.default_rng(seed).integers(-32768, 32768, (count, channels)).astype(np.int16)
    edges = column_edges(first, first + columns, per_column)
    low, high, there = extremes(samples, edges)
    for i in range(columns):
        part = samples[max(0, edges[i]) : max(0, edges[i + 1])]
        assert there[i] == bool(len(part))
        if len(part):
            assert np.array_equal(low[i], part.min(axis=0))
            assert np.array_equal(high[i], part.max(axis=0))


@settings(deadline=None)
@given(st.lists(st.integers(0, 120), min_size=1, max_size=12), st.floats(2.0, 9.0), st.integers(5, 40))
def test_columns_read_piece_by_piece_are_those_read_at_once(arrivals, per_column, width):
    tail = Arriving(noise(2000))
    piecewise = Columns(tail)
    last = width
    for count in arrivals:
        tail.total = min(len(tail.samples), tail.total + count)
        last = max(width, int(tail.total / per_column) + 1)
        piecewise.read(last - width, last, tail.total, per_column)
    fresh = Columns(tail)
    fresh.read(last - width, last, tail.total, per_column)
    # What is not complete yet is read again when it is.
    done = np.arange(last - width, min(last, int(tail.total / per_column))) % width
    np.testing.assert_array_equal(piecewise.low[done], fresh.low[done])
    np.testing.assert_array_equal(piecewise.high[done], fresh.high[done])


def test_a_sensor_that_is_turned_round_keeps_low_under_high():
    tail = Arriving(noise(500, 1), ChannelGroup("g", 100.0, (Channel("a", "g", -0.001, 0.5),)))
    tail.total = 500
    columns = Columns(tail)
    columns.read(0, 50, 500, 10.0)
    assert (columns.low <= columns.high).all()
    assert columns.high[0, 0] == pytest.approx(tail.samples[:10].min() * -0.001 + 0.5, abs=1e-5)


@settings(deadline=None)
@given(st.integers(1, 7), st.integers(0, 2**31))
def test_few_columns_are_painted_as_many_are(columns, seed):
    rng = np.random.default_rng(seed)
    low = np.sort(rng.uniform(-1, 1, (columns, 2)).astype(np.float32), axis=1)
    high = low + rng.uniform(0, 0.5, (columns, 2)).astype(np.float32)
    low[rng.random(columns) < 0.2] = np.nan
    high[np.isnan(low)] = np.nan
    a, b = 20.0, 15.0
    many = np.zeros((41, columns), np.uint32)
    lows, highs = joined(low, high)
    for channel, colour in enumerate((1, 2)):
        good = ~np.isnan(lows[:, channel])
        top, bottom = np.full(columns, 1, np.intp), np.zeros(columns, np.intp)
        top[good] = np.rint(a - b * highs[good, channel]).astype(np.intp)
        bottom[good] = np.rint(a - b * lows[good, channel]).astype(np.intp)
        paint_spans(many, top, bottom, colour)
    few = np.zeros_like(many)
    paint_few(few, low.tolist(), high.tolist(), (1, 2), (a, b), 0)
    # A float32 beside a float64 may round to the next row.
    assert (few != many).sum() <= 2 * columns


def test_spans_are_painted_from_row_to_row_and_no_further():
    pixels = np.zeros((5, 6), np.uint32)
    top = np.array([1, 0, -1, 4, 3, 5], np.intp)
    bottom = np.array([2, 0, 9, 4, 1, -1], np.intp)
    paint_spans(pixels, top, bottom, 7)
    expected = """
    .xx...
    x.x...
    x.x...
    ..x...
    ..xx..
    """
    wanted = [line.strip().replace(" ", "") for line in expected.split("\n") if line.strip()]
    assert ["".join(".x"[bool(p)] for p in row) for row in pixels] == wanted
    assert set(pixels.ravel().tolist()) == {0, 7}


def test_a_flank_is_closed_and_a_hole_stays_open():
    nan = np.nan
    low = np.array([[0.0], [5.0], [nan], [1.0], [2.0]], np.float32)
    high = np.array([[1.0], [6.0], [nan], [1.0], [3.0]], np.float32)
    lows, highs = joined(low, high)
    np.testing.assert_array_equal(lows[:, 0], [0, 1, nan, 1, 1])
    np.testing.assert_array_equal(highs[:, 0], [1, 6, nan, 1, 3])


# What is on the screen


def test_a_step_is_drawn_where_it_is(qtbot, shown):
    group = ChannelGroup("g", 1000.0, (Channel("a", "V", 1.0),))
    samples = np.zeros((20_000, 1), np.int16)
    samples[15_000:] = 1000
    tail = Arriving(samples, group)
    plot = shown(LiveSignalPlot([tail]))
    plot.set_window(10)
    tail.total = 20_000
    plot.refresh()
    lane = plot.lead
    before, after = (drawn_rows(lane, lane.x_of(t), "series:1") for t in (13.0, 17.0))
    y = lane.value_at(before[len(before) // 2])
    assert y == pytest.approx(0.0, abs=30)
    assert lane.value_at(after[len(after) // 2]) == pytest.approx(1000.0, abs=30)
    flank = drawn_rows(lane, lane.x_of(15.0), "series:1") or drawn_rows(lane, lane.x_of(15.0) + 1, "series:1")
    assert len(flank) > (before[0] - after[0]) * 0.9, "a steep flank is a line, not two dots"


@pytest.mark.parametrize("hz", [1000.0, 2640.0, 6400.0])
@pytest.mark.parametrize("height", [260, 700])
def test_a_tone_is_brightest_in_its_row_at_any_height(shown, hz, height):
    rate = 16_000.0
    tone = (8000 * np.sin(2 * np.pi * hz * np.arange(160_000) / rate)).astype(np.int16)[:, None]
    hiss = np.random.default_rng(2).normal(0, 20, tone.shape).astype(np.int16)
    tail = Arriving(tone + hiss, ChannelGroup("audio", rate, (Channel("mic"),)))
    plot = shown(LiveSignalPlot([tail]), 700, height)
    tail.total = 160_000
    plot.refresh()
    (lane,) = [lane for lane in plot.lanes if isinstance(lane, SpectrumLane)]
    image = lane.grab().toImage()
    at = lane.width() // 2
    darkness = [image.pixelColor(at, y).lightness() for y in range(lane.height() - RULER_HEIGHT)]
    rows = len(darkness)
    loudest = int(np.argmin(darkness))
    assert (rows - loudest - 0.5) / rows * rate / 2 == pytest.approx(hz, abs=1.5 * max(rate / 512, rate / 2 / rows))
    assert darkness[loudest] < 100, "the dark end of the scale in the light theme"
    assert np.median(darkness) > 230, "hiss is as good as silent"


def test_numbers_beside_a_lane_fit_and_are_at_least_two(shown):
    for scale, peak in ((4 / 32768, 1), (1.0, 32_000), (100.0, 3_000_000), (0.5 / 32768, 0.4)):
        group = ChannelGroup("x", 100.0, (Channel("a", "V", scale),))
        samples = np.round(peak / scale * np.sin(np.arange(2000) / 20)).astype(np.int16)[:, None]
        tail = Arriving(samples, group)
        tail.total = 2000
        plot = shown(LiveSignalPlot([tail]), 600, 130)
        plot.refresh(again=True)
        words = [words for _, words in plot.lead.numbers()]
        assert len(words) >= 2, (peak, words)
        assert max(text_width(w, "caption") for w in words) <= LEFT - 8, words


def test_a_column_without_samples_leaves_a_hole(shown):
    tail = Arriving(noise(6000, 1), ChannelGroup("g", 1000.0, (Channel("a", "V", 0.001),)))
    plot = shown(LiveSignalPlot([tail]))
    plot.set_window(10)
    real = tail.window
    # What came before the third second is lost, as when a ring has turned.
    tail.window = lambda start, count: real(max(start, 3000), max(0, count - max(0, 3000 - start)))
    tail.total = 6000
    plot.refresh(again=True)
    lane = plot.lead
    for seconds, there in ((1.0, False), (2.9, False), (3.1, True), (5.9, True), (6.2, False), (9.0, False)):
        assert bool(drawn_rows(lane, lane.x_of(seconds), "series:1")) is there, seconds


def largest_difference(one, other):
    """Of two pictures of one size, in 255ths of lightness."""
    a, b = (np.frombuffer(i.constBits(), np.uint8).reshape(i.height(), i.width(), 4).astype(int) for i in (one, other))
    return int(np.abs(a[..., :3] - b[..., :3]).mean(axis=2).max())


# Where lines bend their smooth edges reach a little into what is painted already.
@pytest.mark.parametrize(
    ("rate", "seconds", "begin", "end", "tolerance"),
    [(104.0, 30.0, 40, 75, 0), (3300.0, 12.0, 40, 75, 0), (104.0, 2.0, 40, 75, 64), (104.0, 30.0, 1, 20, 0)],
)
def test_what_is_painted_bit_by_bit_is_what_is_painted_at_once(shown, rate, seconds, begin, end, tolerance):
    tail = Arriving(noise(round(rate * 80)), imu(rate))
    plot = shown(LiveSignalPlot([tail]), 700, 320)
    plot.set_window(seconds)
    plot.set_regions([Region(41.0, 42.5, "series:4")])
    tail.total = round(rate * begin)
    plot.refresh()
    plot.toggle_locks()
    for total in np.linspace(begin, end, 400):
        tail.total = round(rate * total)
        plot.refresh()
    for lane in plot.lanes:
        bit_by_bit = lane.grab().toImage()
        lane.forget()
        plot.refresh(again=True)
        at_once = lane.grab().toImage()
        assert largest_difference(at_once, bit_by_bit) <= tolerance


def test_many_channels_find_room_under_each_other(qtbot, shown):
    group = ChannelGroup("all", 100.0, tuple(Channel(f"c{i}", "V", 0.001) for i in range(12)))
    tail = Arriving(noise(3000, 12), group, 3000)
    plot = shown(LiveSignalPlot([tail]), 560, 380)
    plot.set_layout(by_channel=True, spectrograms=True)
    qtbot.waitUntil(lambda: all(row.lane.last is not None for row in plot.rows), timeout=2000)
    places = [row.geometry() for row in plot.rows]
    assert all(above.bottom() < below.top() for above, below in itertools.pairwise(places))
    assert places[-1].bottom() < plot.height(), "the ruler under the last is in view"
    for row in plot.rows:
        middle = row.lane.x_of(sum(plot.view_range) / 2)
        assert drawn_rows(row.lane, middle, row.channels[0].ink), row.accessibleName()
        assert row.rect().contains(row.title.geometry())
