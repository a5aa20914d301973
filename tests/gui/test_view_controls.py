"""The plots' buttons and keys: past and live, zoom, lanes, ranges and cursors, in front of a stream that goes on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.gui.pages.record.view_controls import ViewControls
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.widgets import PageBar, TextField
from support.streams import Arriving, noise

RATE = 100.0
MOTION = ChannelGroup("imu", RATE, tuple(Channel(f"a{c}", "g", 4 / 32768) for c in "xyz"))
SOUND = ChannelGroup("audio", 16_000.0, (Channel("mic"),))
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def stream(group, seconds, arrived):
    return Arriving(noise(round(seconds * group.rate_hz), len(group.channels)), group, round(arrived * group.rate_hz))


class Scope(QWidget):
    """As little of a scope as the controls know."""

    def __init__(self, *readers):
        super().__init__()
        self.plot = LiveSignalPlot(readers)
        box = QVBoxLayout(self)
        box.addWidget(self.plot)
        self.plot.set_window(10.0)


class Host(QWidget):
    """A page with its bar and the shortcuts of its commands, as the window makes them."""

    def __init__(self, context):
        super().__init__()
        self.bar = PageBar("Record")
        self.controls = ViewControls(context, self)
        for widget in self.controls.widgets:
            self.bar.add_action(widget)
        self.field = TextField(name="Note")
        self.box = QVBoxLayout(self)
        self.box.addWidget(self.bar)
        self.box.addWidget(self.field)
        self.shortcuts = []
        for command in self.controls.commands():
            if command.shortcut:
                shortcut = QShortcut(QKeySequence(command.shortcut), self)
                shortcut.activated.connect(lambda c=command: c.run() if c.enabled() else None)
                self.shortcuts.append(shortcut)

    def add(self, *readers):
        scope = Scope(*readers)
        self.box.insertWidget(1, scope, 1)
        return scope

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.activateWindow()
        QTest.qWaitForWindowActive(self)
        QTest.keyClick(self, key, modifiers)


@pytest.fixture
def host(qtbot, context):
    made = Host(context)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


@pytest.fixture
def motion():
    return stream(MOTION, seconds=60, arrived=50)


@pytest.fixture
def plot(qtbot, host, motion):
    scope = host.add(motion)
    host.controls.attach([scope])
    qtbot.waitUntil(lambda: scope.plot.view_range[1] > 0, timeout=2000)
    return scope.plot


def close_to(expected):
    return pytest.approx(expected, abs=0.05)


def test_keys_go_through_time_and_back_to_live(host, plot):
    assert plot.view_range[1] == close_to(50)
    for key, end in (
        (Qt.Key.Key_Left, 49),
        (Qt.Key.Key_Left, 48),
        (Qt.Key.Key_Right, 49),
        (Qt.Key.Key_PageUp, 39),
        (Qt.Key.Key_PageUp, 29),
        (Qt.Key.Key_PageDown, 39),
        (Qt.Key.Key_Home, 10),
        (Qt.Key.Key_PageUp, 10),
        (Qt.Key.Key_End, 50),
    ):
        host.press(key)
        assert plot.view_range == (close_to(end - 10), close_to(end)), key
    assert not plot.paused


def test_going_forward_to_the_newest_follows_again(host, plot, motion):
    host.press(Qt.Key.Key_PageUp)
    host.press(Qt.Key.Key_PageDown)
    assert not plot.paused
    motion.total += 200
    plot.refresh()
    assert plot.view_range[1] == close_to(52)


def test_plus_and_minus_zoom(host, plot):
    host.press(Qt.Key.Key_Plus)
    host.press(Qt.Key.Key_Plus)
    start, end = plot.view_range
    assert end - start == close_to(10 * 0.8**2)
    assert end == close_to(50), "live stays live"
    host.press(Qt.Key.Key_Minus)
    assert plot.view_range[1] - plot.view_range[0] == close_to(8)


def test_the_mark_says_how_long_ago_and_a_click_goes_live(qtbot, host, plot, motion):
    mark = host.controls.live_mark
    assert mark.text() == "Live"
    assert host.controls.live
    with qtbot.waitSignal(host.controls.changed):
        host.press(Qt.Key.Key_PageUp)
    assert mark.text() == "10.0 s ago"
    assert not host.controls.live
    motion.total += 240
    qtbot.waitUntil(lambda: mark.text() == "12.4 s ago", timeout=2000)
    assert plot.view_range[1] == close_to(40), "held while the stream goes on"
    width = mark.width()
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    assert plot.view_range[1] == close_to(52.4)
    assert mark.text() == mark.accessibleName() == "Live"
    assert mark.width() == width


def test_a_long_time_ago_fits(host, plot, motion, assert_no_clipped_text):
    host.controls.live_mark.set_behind(59 * 60 + 59.0)
    assert host.controls.live_mark.text() == "59 min 59 s ago"
    assert_no_clipped_text(host.controls.live_mark)


def test_the_lanes_are_chosen_by_click_or_space_and_remembered(qtbot, context, host, plot):
    assert [r.accessibleName() for r in plot.rows] == ["Accelerometer"]
    with qtbot.waitSignal(host.controls.changed):
        qtbot.mouseClick(host.controls.per_channel, Qt.MouseButton.LeftButton)
    assert [r.accessibleName() for r in plot.rows] == ["ax", "ay", "az"]
    assert context.settings.get("record_by_channel", False) is True
    other = Host(context)
    qtbot.addWidget(other)
    assert other.controls.per_channel.isChecked()
    host.controls.per_channel.setFocus()
    QTest.keyClick(host.controls.per_channel, Qt.Key.Key_Space)
    assert [r.accessibleName() for r in plot.rows] == ["Accelerometer"]


def test_a_scope_that_comes_later_has_the_same_lanes(qtbot, host, plot, motion):
    host.controls.per_channel.click()
    front = host.add(motion)
    host.controls.attach([SimpleNamespace(plot=plot, isVisible=lambda: False), front])
    assert len(front.plot.rows) == 3
    qtbot.waitUntil(front.isVisible, timeout=2000)
    host.press(Qt.Key.Key_PageUp)
    assert front.plot.paused
    assert not plot.paused, "keys act on what is in front"


def test_spectrograms_are_offered_for_sound_only(qtbot, context, host, plot, motion):
    assert host.controls.per_channel.isVisible()
    assert not host.controls.spectrogram.isVisible()
    scope = host.add(motion, stream(SOUND, 4, 3))
    host.controls.attach([scope])
    assert host.controls.spectrogram.isVisible()
    assert scope.plot.rows[-1].accessibleName() == "Spectrum mic"
    qtbot.mouseClick(host.controls.spectrogram, Qt.MouseButton.LeftButton)
    assert scope.plot.rows[-1].accessibleName() == "Audio"
    assert context.settings.get("record_spectrogram", True) is False


def test_without_a_scope_nothing_is_shown_and_nothing_can_be_done(host, plot):
    host.controls.attach([])
    assert not any(widget.isVisible() for widget in host.controls.widgets)
    assert not any(command.enabled() for command in host.controls.commands())
    host.press(Qt.Key.Key_PageUp)
    assert not plot.paused
    assert host.controls.live


def test_cursors_by_keys(host, plot):
    host.press(Qt.Key.Key_Left, SHIFT)
    assert not plot.cursor_line.isVisible()
    host.press(Qt.Key.Key_C)
    assert plot.cursor_line.isVisible()
    lane = plot.lead
    a, b = (lane.x_of(at) for at in plot.cursors.at)
    host.press(Qt.Key.Key_Left, CTRL)
    host.press(Qt.Key.Key_Left, SHIFT)
    assert lane.x_of(plot.cursors.at[1]) == pytest.approx(b - 11, abs=0.1)
    host.press(Qt.Key.Key_X)
    host.press(Qt.Key.Key_Right, CTRL)
    host.press(Qt.Key.Key_Right, SHIFT)
    assert lane.x_of(plot.cursors.at[0]) == pytest.approx(a + 11, abs=0.1)
    assert lane.x_of(plot.cursors.at[1]) == pytest.approx(b - 11, abs=0.1)
    assert f"A {plot.cursors.at[0]:.4f} s" in plot.cursor_line.accessibleName()
    for _ in range(200):
        host.press(Qt.Key.Key_Left, CTRL)
    assert plot.cursors.at[0] == close_to(plot.view_range[0]), "a cursor stays in view"
    host.press(Qt.Key.Key_C)
    assert not plot.cursor_line.isVisible()


def test_y_keeps_all_ranges_as_they_stand_or_lets_them_follow(qtbot, host, plot, motion):
    host.controls.per_channel.click()
    qtbot.waitUntil(lambda: all(r.lane.last is not None for r in plot.rows), timeout=2000)
    plot.rows[1].toggle_lock()
    before = [(r.lane.y_range.low, r.lane.y_range.high) for r in plot.rows]
    host.press(Qt.Key.Key_Y)
    assert [r.locked for r in plot.rows] == [True] * 3
    motion.samples[5000:5600] = 30_000
    motion.total = 5600
    plot.refresh(again=True)
    assert [(r.lane.y_range.low, r.lane.y_range.high) for r in plot.rows] == before
    host.press(Qt.Key.Key_Y)
    assert [r.locked for r in plot.rows] == [False] * 3
    assert all(r.lane.y_range.high > high for r, (_, high) in zip(plot.rows, before, strict=True))


def test_a_field_keeps_its_keys(host, plot):
    host.press(Qt.Key.Key_C)
    at = list(plot.cursors.at)
    host.field.setFocus()
    QTest.keyClicks(host.field, "xyc-+c")
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End):
        QTest.keyClick(host.field, key)
    QTest.keyClick(host.field, Qt.Key.Key_Left, SHIFT)
    QTest.keyClick(host.field, Qt.Key.Key_Left, CTRL)
    assert host.field.text() == "xyc-+c"
    assert host.field.cursorPosition() < 6
    assert plot.cursors.on
    assert plot.cursors.at == at
    assert plot.cursors.active == 1
    assert not plot.paused
    assert not any(r.locked for r in plot.rows)


def test_buttons_lose_their_words_where_the_bar_is_narrow(qtbot, host, plot, assert_no_clipped_text):
    wide = host.controls.per_channel.width()
    assert_no_clipped_text(host)
    host.resize(700, 600)
    qtbot.waitUntil(lambda: host.controls.per_channel.width() < wide)
    assert host.controls.per_channel.width() == host.controls.per_channel.height()
    assert host.controls.per_channel.accessibleName() == "Per channel"
    assert_no_clipped_text(host)
