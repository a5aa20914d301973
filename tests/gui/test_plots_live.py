"""Live plots: they draw when something arrives, and the past, the zoom, the cursors and the ranges obey the hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.plots.alignment import aligned
from motestudio.gui.plots.axes import default_axes
from motestudio.gui.plots.cursors import Cursors, read
from motestudio.gui.plots.level_stats import LevelStats
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.plot_title import PlotChannel
from motestudio.gui.plots.time_view import LONGEST_S, SHORTEST_S, TimeView
from motestudio.gui.plots.y_range import YRange
from support.pixels import drawn_rows
from support.streams import Arriving, imu, noise

LEFT = 40


def wheel(lane, x, steps, modifiers=Qt.KeyboardModifier.NoModifier, y=30.0):
    event = QWheelEvent(
        QPointF(x, y), lane.mapToGlobal(QPointF(x, y)), QPoint(), QPoint(0, round(120 * steps)),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(lane, event)


# What is on the screen


def arrived(shown, total, *, window):
    """A plot of so many seconds over 6,000 samples of motion of which `total` have arrived."""
    tail = Arriving(noise(6000))
    plot = shown(LiveSignalPlot([tail]))
    plot.set_window(window)
    tail.total = total
    plot.refresh()
    return tail, plot


def test_it_draws_by_timer_what_arrived_and_rests_where_nothing_does(qtbot, shown):
    tail = Arriving(noise(3000))
    live = shown(LiveSignalPlot([tail]), 700, 500)
    seen = []
    live.ticked.connect(lambda: seen.append(live.total))
    live.set_window(5)
    for total in (200, 900, 2600):
        tail.total = total
        qtbot.waitUntil(lambda total=total: bool(seen) and seen[-1] == total, timeout=2000)
    assert live.view_range[1] == pytest.approx(2600 / 104, abs=5 / 600)
    ticks_now, windows = len(seen), tail.windows
    qtbot.wait(120)
    assert len(seen) == ticks_now, "drawn though nothing arrived"
    assert tail.windows == windows
    live.set_paused(True)
    ticks_now = len(seen)
    tail.total = 2900
    qtbot.wait(60)
    assert len(seen) == ticks_now
    live.hide()
    assert not live._timer.isActive()


def test_a_moving_picture_reads_only_what_is_new(qtbot, shown):
    group = imu(20_000.0)
    tail = Arriving(noise(400_000), group)
    live = shown(LiveSignalPlot([tail]))
    live.set_window(10)
    tail.total = 300_000
    live.refresh()
    counts = []
    real = tail.window
    tail.window = lambda start, count: counts.append(count) or real(start, count)
    tail.total = 300_400
    live.refresh()
    assert 0 < sum(counts) < 5_000, "of 200,000 samples in view"


def test_axes_follow_the_units():
    assert default_axes(imu()) == [("Accelerometer", [0, 1, 2]), ("Gyroscope", [3, 4, 5])]
    audio = ChannelGroup("audio", 16000.0, (Channel("mic"),))
    assert default_axes(audio) == [("Audio", [0])]


def test_per_channel_and_spectrograms_are_lanes_of_their_own(shown):
    motion = Arriving(noise(1000))
    sound = Arriving(noise(40_000, 1), ChannelGroup("audio", 16000.0, (Channel("mic"),)))
    motion.total, sound.total = 1000, 40_000
    plot = shown(LiveSignalPlot([motion, sound]))
    assert [r.accessibleName() for r in plot.rows] == ["Accelerometer", "Gyroscope", "Audio", "Spectrum mic"]
    plot.set_layout(by_channel=True, spectrograms=False)
    assert [r.accessibleName() for r in plot.rows] == ["ax", "ay", "az", "gx", "gy", "gz", "mic"]
    assert plot.rows[4].channels[0].ink == "series:2", "a channel keeps its colour"


def test_another_layout_keeps_the_stretch_and_its_values(qtbot, shown):
    _, plot = arrived(shown, 5000, window=10)
    plot.go(-20)
    before = plot.view_range
    plot.set_layout(by_channel=True, spectrograms=True)
    assert plot.view_range == pytest.approx(before, abs=0.05)
    plot.zoom(3)
    middle = sum(before) / 2
    qtbot.waitUntil(lambda: plot.rows[5].title._value != "", timeout=2000)
    assert sum(plot.view_range) / 2 == pytest.approx(middle, abs=0.05)


# The past


def test_the_wheel_goes_into_the_past_and_a_double_click_comes_back(qtbot, shown):
    tail, plot = arrived(shown, 5000, window=10)
    lane = plot.lead
    end = plot.view_range[1]
    wheel(lane, 300, 2)
    assert plot.paused
    assert plot.view_range[1] == pytest.approx(end - 2, abs=0.1)
    tail.total = 5900
    qtbot.wait(60)
    assert plot.view_range[1] == pytest.approx(end - 2, abs=0.1), "it stays while samples arrive"
    QTest.mouseDClick(lane, Qt.MouseButton.LeftButton, pos=QPoint(300, 30))
    assert not plot.paused
    assert plot.view_range[1] == pytest.approx(5900 / 104, abs=0.1)


def test_scrolling_to_the_newest_follows_again_and_to_the_oldest_stays(shown):
    _, plot = arrived(shown, 6000, window=10)
    plot.to_oldest()
    assert plot.view_range[0] == pytest.approx(0.0, abs=0.1)
    wheel(plot.lead, 300, -100)
    assert not plot.paused


def test_ctrl_and_wheel_zoom_around_the_pointer(shown):
    _, plot = arrived(shown, 6000, window=10)
    plot.set_paused(True)
    lane = plot.lead
    at = lane.seconds_at(500)
    wheel(lane, 500, 3, Qt.KeyboardModifier.ControlModifier)
    start, end = plot.view_range
    assert end - start == pytest.approx(10 * 0.8**3, rel=0.02)
    assert lane.seconds_at(500) == pytest.approx(at, abs=0.05)


def test_a_held_picture_survives_another_size(qtbot, shown):
    tail, plot = arrived(shown, 5000, window=30)
    plot.go(-10)
    held = plot.view_range
    plot.resize(900, 500)
    tail.total = 5500

    def whole():
        lane = plot.lead
        return all(drawn_rows(lane, x, "series:3") for x in (LEFT + 20, lane.width() // 2, lane.width() - 20))

    qtbot.waitUntil(whole, timeout=2000)
    assert plot.view_range == pytest.approx(held, abs=0.1)


def test_a_drag_moves_the_past_under_the_hand(shown):
    _, plot = arrived(shown, 6000, window=10)
    lane = plot.lead
    at = lane.seconds_at(300)
    QTest.mousePress(lane, Qt.MouseButton.LeftButton, pos=QPoint(300, 30))
    QTest.mouseMove(lane, QPoint(400, 30))
    QTest.mouseRelease(lane, Qt.MouseButton.LeftButton, pos=QPoint(400, 30))
    assert lane.seconds_at(400) == pytest.approx(at, abs=0.1)


@given(
    st.floats(0.5, 100),
    st.tuples(st.floats(0, 1000), st.floats(0, 1000)).map(sorted),
    st.lists(st.floats(-500, 500), max_size=10),
)
def test_scrolling_never_leaves_what_there_is(seconds, ends, moves):
    oldest, newest = ends
    view = TimeView(seconds)
    for by in moves:
        view.scroll(by, oldest, newest)
        start, end = view.end(newest) - seconds, view.end(newest)
        if newest - oldest >= seconds:
            assert oldest - 1e-6 <= start
            assert end <= newest + 1e-6
        else:
            assert end == max(seconds, newest), "what is shorter than the view stands where it stood"
    view.scroll(1e9, oldest, newest)
    assert view.live
    view.scroll(-1.0, oldest, newest)
    assert not view.live
    view.release()
    assert view.live


@given(st.floats(0.5, 100), st.floats(0.2, 5), st.floats(0, 1))
def test_zoom_keeps_the_moment_under_the_pointer(seconds, factor, share):
    view = TimeView(seconds)
    view.hold(1e6)
    view.scroll(-2000, 0.0, 1e6)
    start = view.end(1e6) - seconds
    at = start + share * seconds
    view.zoom(factor, at, 0.0, 1e6)
    assert view.seconds == pytest.approx(max(SHORTEST_S, seconds * factor))
    assert (at - (view.end(1e6) - view.seconds)) / view.seconds == pytest.approx(share, abs=1e-6)


def test_how_long_ago_is_counted_from_the_last_that_is_seen():
    view = TimeView(12.0)
    view.hold(3.0)
    assert view.behind(3.0) == 0.0
    assert view.behind(5.5) == 2.5, "a stream that is shorter than the view"
    view.release()
    assert view.behind(60.0) == 0.0
    view.scroll(-7.0, 0.0, 60.0)
    assert view.behind(60.0) == 7.0
    assert view.behind(62.0) == 9.0
    view.scroll(1.0, 0.0, 62.0)
    assert view.behind(62.0) == 8.0


def test_zooming_out_ends_at_all_there_is_and_never_makes_the_view_shorter():
    view = TimeView(12.0)
    for _ in range(40):
        view.zoom(1.25, 0.0, 0.0, 3.0)
    assert view.seconds == LONGEST_S, "a minute, though three seconds have arrived"
    view = TimeView(12.0)
    view.hold(300.0)
    view.scroll(-1e9, 0.0, 300.0)
    for _ in range(40):
        view.zoom(1.25, 6.0, 0.0, 300.0)
        assert view.end(300.0) - view.seconds >= -1e-9
    assert view.seconds == 300.0


# Ranges and cursors


def test_a_range_grows_at_once_shrinks_late_and_stands_still_when_locked():
    y = YRange(32.0)
    y.follow(-1, 1, 0.0)
    assert y.low <= -1 < 1 <= y.high
    y.follow(-9, 9, 0.1)
    assert y.high >= 9
    y.follow(-1, 1, 0.2)
    wide = y.high
    y.follow(-1, 1, 3.0)
    assert y.high == wide
    y.follow(-1, 1, 6.0)
    assert y.high < wide
    y.locked = True
    y.follow(-30, 30, 7.0)
    assert y.high < 9
    y.unlock()
    y.follow(-30, 30, 7.1)
    assert y.high >= 30


def test_the_lock_beside_a_lane_keeps_its_range(qtbot, shown):
    tail = Arriving(np.concatenate([noise(2000) // 8, noise(2000)]))
    plot = shown(LiveSignalPlot([tail]))
    plot.set_window(5)
    tail.total = 2000
    plot.refresh()
    row = plot.rows[0]
    kept = (row.lane.y_range.low, row.lane.y_range.high)
    QTest.mouseClick(row.lock, Qt.MouseButton.LeftButton)
    tail.total = 4000
    plot.refresh()
    assert (row.lane.y_range.low, row.lane.y_range.high) == kept
    assert "follow" in row.lock.accessibleName()
    QTest.mouseClick(row.lock, Qt.MouseButton.LeftButton)
    plot.refresh(again=True)
    assert row.lane.y_range.high > kept[1]


def test_cursors_read_time_frequency_and_values():
    group = ChannelGroup("g", 100.0, (Channel("a", "V", 0.5),))
    tail = Arriving(np.arange(1000, dtype=np.int16)[:, None], group)
    tail.total = 1000
    cursors = Cursors()
    cursors.place((0.0, 9.0))
    cursors.at = [2.0, 2.5]
    facts = dict(read(cursors, [(tail, 0.0, [0], [PlotChannel("a", "series:1", 1)])]))
    assert facts["A"] == "2.0000 s"
    assert facts["1 / (B − A)"] == "2 Hz" or facts["1 / (B − A)"].startswith("2.0")
    assert facts["a"] == "+100.0 → +125.0 V (Δ +25.0)"


def test_cursors_come_into_view_and_stay_where_they_were_put():
    cursors = Cursors()
    cursors.place((0.0, 9.0))
    assert cursors.at == [3.0, 6.0]
    cursors.at = [3.0, 8.0]
    cursors.place((4.0, 10.0))
    assert cursors.at == [3.0, 8.0], "one of them is in view"
    cursors.place((20.0, 26.0))
    assert cursors.at == [22.0, 24.0]


def test_cursors_read_another_group_at_its_own_time():
    late = Arriving(np.arange(100, dtype=np.int16)[:, None], ChannelGroup("g", 10.0, (Channel("a", "V"),)), total=100)
    cursors = Cursors()
    cursors.at = [4.0, 6.0]
    channels = [PlotChannel("a", "series:1", 0)]
    assert dict(read(cursors, [(late, 1.5, [0], channels)]))["a"] == "+25 → +45 V (Δ +20)"
    assert "a" not in dict(read(cursors, [(late, -5.0, [0], channels)])), "B lies after what there is"
    cursors.at = [6.0, 4.0]
    facts = dict(read(cursors, []))
    assert facts["B − A"].startswith("−2")
    assert "1 / (B − A)" in facts
    cursors.at = [4.0, 4.0]
    assert "1 / (B − A)" not in dict(read(cursors, []))


def test_groups_lie_where_the_clock_of_the_board_says():
    lead, other = Arriving(noise(1000), imu(100.0), 1000), Arriving(noise(1000), imu(10.0), 20)
    # The other one began 3 s after the lead: its 20th sample came when the lead had 500.
    lead.last_block, other.last_block = (500, 7_000_000), (20, 7_000_000)
    assert aligned([lead, other], [0.0, 0.0], 0.01) == [0.0, pytest.approx(3.0)]
    other.last_block = (20, 7_004_000)
    assert aligned([lead, other], [0.0, 3.0], 0.01) == [0.0, 3.0], "less than a pixel is left alone"
    other.total = 0
    assert aligned([lead, other], [0.0, 0.0], 0.01) == [0.0, 0.0], "nothing has come yet"


def test_a_cursor_is_dragged(shown):
    _, plot = arrived(shown, 6000, window=10)
    plot.set_paused(True)
    plot.toggle_cursors()
    lane = plot.lead
    x = lane.x_of(plot.cursors.at[0])
    QTest.mousePress(lane, Qt.MouseButton.LeftButton, pos=QPoint(round(x), 40))
    QTest.mouseMove(lane, QPoint(round(x) + 60, 40))
    QTest.mouseRelease(lane, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 60, 40))
    assert lane.x_of(plot.cursors.at[0]) == pytest.approx(x + 60, abs=2)
    assert plot.cursor_line.isVisible()
    assert "A" in plot.cursor_line.accessibleName()


# Levels


def test_levels_of_known_signals():
    group = ChannelGroup("g", 100.0, tuple(Channel(c, "V", 0.001) for c in "abc"))
    samples = np.zeros((400, 3), np.int16)
    samples[:, 0] = 10_000 * np.sign(np.sin(np.arange(400)))
    samples[:, 1] = 777
    samples[50, 2], samples[60, 2] = 32767, -32768
    tail = Arriving(samples, group)
    stats = LevelStats(tail, 3)
    for total in range(20, 401, 20):
        tail.total = total
        stats.update(0.2)
    assert stats.rms[0] == pytest.approx(10.0, rel=0.02)
    assert stats.rms[1] == pytest.approx(0.777, rel=1e-3)
    assert stats.peaks[0] == pytest.approx(10_000 / 32_768, rel=1e-3)
    assert 0.2 < stats.peaks[2] < 0.5, "the peak of three seconds ago fades"
    assert stats.still.tolist() == [False, True, True]
    assert stats.clips.tolist() == [0, 0, 2]
