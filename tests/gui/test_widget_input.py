"""Widgets by mouse and keyboard, as a user meets them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.errors import DeviceError
from motestudio.gui.theme import theme
from motestudio.gui.widgets import (
    Banner,
    Button,
    CardFacts,
    ClassRow,
    ElidedText,
    EmptyState,
    LevelMeter,
    NumberField,
    RecordButton,
    RowList,
    Segmented,
    Slider,
    SliderField,
    StageCard,
    Toggle,
)


@pytest.fixture
def shown(qtbot):
    # Kept here: qtbot holds its widgets weakly.
    holders = []

    def show(*widgets, width=320):
        holder = QWidget()
        holders.append(holder)
        box = QVBoxLayout(holder)
        for widget in widgets:
            box.addWidget(widget)
        holder.resize(width, 80 * len(widgets))
        qtbot.addWidget(holder)
        holder.show()
        qtbot.waitExposed(holder)
        holder.activateWindow()
        qtbot.waitUntil(holder.isActiveWindow)
        return holder

    yield show
    holders.clear()


@pytest.mark.parametrize("kind", ["primary", "secondary", "outline", "link", "quiet"])
def test_button_clicks_by_mouse_and_space(qtbot, shown, kind):
    button = Button("Do it", kind)
    shown(button)
    clicks = []
    button.clicked.connect(lambda: clicks.append(1))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert len(clicks) == 2
    assert button.accessibleName() == "Do it"


def test_keyboard_focus_shows_a_ring_and_a_click_does_not(qtbot, shown):
    first, second = Button("First"), Button("Second")
    holder = shown(first, second)
    first.clearFocus()
    first.setFocus(Qt.FocusReason.TabFocusReason)
    with_ring = first.grab().toImage()
    assert first.ring_visible
    holder.focusNextChild()
    assert second.hasFocus()
    assert not first.ring_visible
    assert first.grab().toImage() != with_ring
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert first.hasFocus()
    assert not first.ring_visible


def test_a_ringed_button_keeps_space_from_the_page(qtbot, shown):
    button = Button("Do it")
    holder = shown(button)
    page, clicks = [], []
    QShortcut("Space", holder).activated.connect(lambda: page.append(1))
    button.clicked.connect(lambda: clicks.append(1))
    button.clearFocus()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert (page, clicks) == ([], [1])


def test_disabled_button_does_nothing(qtbot, shown):
    button = Button("Do it", "primary")
    shown(button)
    button.setEnabled(False)
    with qtbot.assertNotEmitted(button.clicked):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_record_button_turns_into_stop(qtbot, shown):
    button = RecordButton("Record wave")
    shown(button)
    idle = button.grab().toImage()
    button.set_running(True, "2.1 s  12 KB")
    assert button.accessibleName() == "Stop, 2.1 s  12 KB"
    assert button.grab().toImage() != idle
    button.set_running(False)
    assert button.accessibleName() == "Record wave"


def test_segmented_by_mouse_and_arrows(qtbot, shown):
    control = Segmented(["5 s", "12 s", "30 s"], 1, "Window")
    shown(control)
    seen = []
    control.changed.connect(seen.append)
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=QPoint(control.width() - 8, 12))
    qtbot.keyClick(control, Qt.Key.Key_Left)
    qtbot.keyClick(control, Qt.Key.Key_Left)
    qtbot.keyClick(control, Qt.Key.Key_Left)
    assert seen == [2, 1, 0]
    assert control.accessibleName() == "Window 5 s"


def test_toggle(qtbot, shown):
    toggle = Toggle("Snap to energy edges", True)
    shown(toggle)
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert not toggle.isChecked()
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert toggle.isChecked()


class TestNumberField:
    def make(self, shown):
        field = NumberField(3.0, minimum=0.5, maximum=10, step=0.5, decimals=1, unit="s", name="Length")
        shown(field)
        return field

    def test_typing_counts_on_enter_only(self, qtbot, shown):
        field = self.make(shown)
        seen = []
        field.value_changed.connect(seen.append)
        field.selectAll()
        qtbot.keyClicks(field, "4.5")
        assert seen == []
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert seen == [4.5]
        assert field.text() == "4.5"

    def test_nonsense_comes_back_as_it_was(self, qtbot, shown):
        field = self.make(shown)
        field.selectAll()
        qtbot.keyClicks(field, "abc")
        with qtbot.assertNotEmitted(field.value_changed):
            qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.text() == "3.0"

    def test_limits_hold(self, qtbot, shown):
        field = self.make(shown)
        field.selectAll()
        qtbot.keyClicks(field, "99")
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.value == 10

    def test_arrows_keys_and_marks_step(self, qtbot, shown):
        field = self.make(shown)
        qtbot.keyClick(field, Qt.Key.Key_Up)
        qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        assert field.value == 0.5
        qtbot.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(field.width() - 12, 6))
        assert field.value == 1.0
        assert "s" in field.accessibleName()

    def test_negative_numbers_have_a_true_minus_and_read_back(self, qtbot, shown):
        field = NumberField(-20, minimum=-80, maximum=0, unit="dB", name="Floor")
        shown(field)
        assert field.text() == "\u221220"
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.value == -20


def test_slider_and_field_move_together(qtbot, shown):
    both = SliderField("Floor", -20, minimum=-80, maximum=0, unit="dB")
    shown(both)
    seen = []
    both.value_changed.connect(seen.append)
    both.slider.setFocus()
    qtbot.keyClick(both.slider, Qt.Key.Key_Home)
    assert both.field.value == -80
    qtbot.keyClick(both.field, Qt.Key.Key_Up)
    assert both.slider.value == -79
    assert seen == [-80, -79]


def test_slider_jumps_to_the_pointer_and_snaps(qtbot, shown):
    slider = Slider(0, 10, 0, 2.5, "Step")
    shown(slider)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 10))
    assert slider.value == 5.0


def test_rows_are_chosen_by_mouse_arrows_and_enter(qtbot, shown):
    rows = [ClassRow(name, f"series:{4 + i}", str(i + 1)) for i, name in enumerate(("wave", "tap", "idle"))]
    rows[0].set_count(14, 20)
    rows_list = RowList()
    rows_list.set_rows(rows)
    shown(rows_list)
    seen = []
    rows_list.chosen.connect(seen.append)
    qtbot.mouseClick(rows[1], Qt.MouseButton.LeftButton)
    qtbot.keyClick(rows[1], Qt.Key.Key_Down)
    qtbot.keyClick(rows[0], Qt.Key.Key_Return)
    assert seen == [1, 2, 0]
    assert [r.isChecked() for r in rows] == [True, False, False]
    assert rows[0].accessibleName() == "wave, 14 of 20 takes"


def test_elided_text_tells_the_whole_in_its_tip(shown, assert_no_clipped_text):
    text = ElidedText("a take name that is far too long for its column")
    text.setMaximumWidth(60)
    holder = shown(text)
    text.grab()
    assert text.toolTip() == text.text
    with pytest.raises(AssertionError, match="far too long"):
        assert_no_clipped_text(holder)
    text.setMaximumWidth(400)
    text.resize(400, 20)
    text.grab()
    assert text.toolTip() == ""


def test_meter_tells_clips_and_death(shown):
    meter = LevelMeter("gz", "series:3", "°/s")
    shown(meter)
    meter.set_level(0.4, 0.9, "207", clips=2)
    assert meter.accessibleName() == "gz: 207 °/s rms, 2 clips"
    meter.set_level(0, 0, "0", dead=True)
    assert meter.accessibleName() == "gz: dead"


def test_card_shows_its_state(shown):
    card = StageCard(CardFacts("Spectrum", "32 x 16 bins", "imu-spectrum 2.0", "stale"))
    shown(card)
    stale = card.grab().toImage()
    card.set_facts(CardFacts("Spectrum", "32 x 16 bins", "imu-spectrum 2.0", "running", "57 %", fraction=0.57))
    assert card.accessibleName() == "Spectrum, 57 %"
    assert card.grab().toImage() != stale


def test_empty_state_has_one_way_out(qtbot, shown, assert_no_clipped_text):
    empty = EmptyState(
        "ph.tag", "Label", "Mark where each class begins and ends in what you recorded.", "Record a take"
    )
    holder = shown(empty, width=700)
    holder.resize(700, 400)
    assert_no_clipped_text(holder)
    with qtbot.waitSignal(empty.action.clicked):
        qtbot.mouseClick(empty.action, Qt.MouseButton.LeftButton)


def test_banner_says_what_to_do_and_does_it(qtbot, shown):
    banner = Banner()
    shown(banner, width=800)
    done = []
    error = DeviceError("device.busy", "Another program holds ttyACM0.", "Close it, then connect again.")
    banner.show_error(error, action="Try again", act=lambda: done.append(1))
    assert banner.isVisible()
    assert (banner.text.text(), banner.hint.text()) == (error.text, error.hint)
    assert not banner.copy.isVisible()
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert not banner.isVisible()


def test_banner_of_a_bug_offers_the_traceback(qtbot, shown, qapp):
    banner = Banner()
    shown(banner, width=800)
    banner.show_error(ZeroDivisionError("division by zero"), details="Traceback: line 7")
    assert banner.copy.isVisible()
    qtbot.mouseClick(banner.copy, Qt.MouseButton.LeftButton)
    assert qapp.clipboard().text() == "Traceback: line 7"


def test_widgets_repaint_in_the_other_theme(shown):
    widgets = [
        Button("Do it", "primary"),
        ClassRow("wave", "series:4"),
        Segmented(["a", "b"]),
        LevelMeter("ax", "series:1"),
    ]
    shown(*widgets)
    light = [w.grab().toImage() for w in widgets]
    theme().set_mode("dark")
    assert all(w.grab().toImage() != before for w, before in zip(widgets, light, strict=True))
