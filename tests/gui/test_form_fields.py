"""Forms from parameter tables: widgets by type, ranges, reset, dots, problems in place, conditions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from motestudio.domain.params import Param, ShownIf
from motestudio.gui.form_numbers import Scale, ValueField
from motestudio.gui.forms import ParamForm, difference_words
from motestudio.gui.widgets import Choice, SectionHeader, TextField, Toggle

TABLE = (
    Param("frame", "int", 32, "Frame length", 16, 128, 1, unit="samples", group="Frames", help="Length of a frame."),
    Param("rate", "float", 0.003, "Learning rate", 0.000001, 1.0, 0.001, group="Frames"),
    Param("window", "choice", "hann", "Window", choices=("hann", "none"), group="Frames"),
    Param("log", "bool", True, "Log power", group="Level"),
    Param("floor", "float", -20.0, "Floor", -80.0, 0.0, 1.0, unit="dB", group="Level", shown_if=ShownIf("log", True)),
    Param("note", "text", "", "Note", group="Words", shown_if=ShownIf("window", "none")),
    Param("free", "int", 5, "Free"),
)


@pytest.fixture
def form(qtbot):
    made = ParamForm(TABLE)
    made.said = []
    made.changed.connect(lambda key, value: made.said.append((key, value)))
    qtbot.addWidget(made)
    made.setFixedWidth(241)
    made.resize(241, 900)
    made.show()
    return made


def _type(qtbot, field, text):
    field.setFocus(Qt.FocusReason.TabFocusReason)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_widgets_follow_the_table(form):
    kinds = {key: type(field.field) for key, field in form.fields.items()}
    assert kinds["frame"] is ValueField
    assert kinds["window"] is Choice
    assert kinds["log"] is Toggle
    assert kinds["note"] is TextField
    assert form.fields["frame"].slider is not None
    assert form.fields["free"].slider is None
    assert form.values == {p.key: p.default for p in TABLE}
    assert form.fields["frame"].field.accessibleName() == "Frame length, samples"
    assert form.fields["frame"].slider.accessibleName() == "Frame length"
    heads = [w.title.text() for w in form.findChildren(SectionHeader)]
    assert heads == ["Frames", "Level", "Words"]


def test_help_is_under_the_field_and_in_its_tool_tip(form):
    field = form.fields["frame"]
    assert field.help.isVisible()
    assert field.help.text() == field.field.toolTip() == "Length of a frame."


def test_typing_stepping_and_sliding_say_the_value(qtbot, form):
    frame = form.fields["frame"]
    _type(qtbot, frame.field, "40")
    qtbot.keyClick(frame.field, Qt.Key.Key_Up)
    frame.slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(frame.slider, Qt.Key.Key_Right)
    qtbot.mouseClick(frame.slider, Qt.MouseButton.LeftButton, pos=QPoint(frame.slider.width() - 1, 10))
    assert form.said == [("frame", 40), ("frame", 41), ("frame", 42), ("frame", 128)]
    assert all(isinstance(value, int) for _, value in form.said)
    assert frame.field.text() == "128"


def test_small_numbers_keep_their_digits(qtbot, form):
    _type(qtbot, form.fields["rate"].field, "0.0005")
    assert form.said == [("rate", 0.0005)]
    assert form.fields["rate"].field.text() == "0.0005"


def test_a_wrong_text_stays_with_its_reason_until_it_is_mended(qtbot, form):
    frame = form.fields["frame"]
    _type(qtbot, frame.field, "500")
    assert form.said == []
    assert frame.field.text() == "500"
    assert frame.help.text() == "It must be from 16 to 128 samples."
    assert frame.help.property("ink") == "bad"
    form.set_values({"frame": 32})
    assert frame.help.property("ink") == "bad"
    _type(qtbot, frame.field, "many")
    assert "number" in frame.help.text()
    qtbot.keyClick(frame.field, Qt.Key.Key_Escape)
    assert frame.field.text() == "32"
    assert frame.help.text() == "Length of a frame."
    _type(qtbot, frame.field, "64")
    assert form.said == [("frame", 64)]


def test_toggle_choice_and_text(qtbot, form):
    qtbot.keyClick(form.fields["log"].field, Qt.Key.Key_Space)
    choice = form.fields["window"].field
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    note = form.fields["note"].field
    assert note.isVisible()
    _type(qtbot, note, "bench")
    assert form.said == [("log", False), ("window", "none"), ("note", "bench")]


def test_fields_show_only_under_their_condition(qtbot, form):
    assert form.fields["floor"].isVisible()
    assert not form.fields["note"].isVisible()
    qtbot.mouseClick(form.fields["log"].field, Qt.MouseButton.LeftButton)
    assert not form.fields["floor"].isVisible()
    assert form.values["floor"] == -20.0


def test_reset_goes_back_to_the_default(qtbot, form):
    frame = form.fields["frame"]
    assert not frame.reset.isVisible()
    _type(qtbot, frame.field, "40")
    assert frame.reset.isVisible()
    assert frame.reset.accessibleName() == "Reset Frame length to 32 samples"
    frame.reset.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(frame.reset, Qt.Key.Key_Space)
    assert form.said[-1] == ("frame", 32)
    assert frame.slider.value == 32
    assert not frame.reset.isVisible()


def test_a_dot_marks_what_differs_from_the_saved_value(form):
    assert form.differences() == []
    form.set_saved({"frame": 8, "log": True})
    assert form.fields["frame"].dot.isVisible()
    assert form.fields["frame"].dot.accessibleName() == "was 8 samples"
    assert not form.fields["log"].dot.isVisible()
    ((param, saved, value),) = form.differences()
    assert difference_words(param, saved, value) == "frame length 8 to 32"


def test_a_value_that_is_not_allowed_shows_the_default_and_says_why(form):
    form.set_values({"frame": 4000, "window": "bell"})
    assert form.values["frame"] == 32
    assert "4000" in form.fields["frame"].help.text()
    assert "hann, none" in form.fields["window"].help.text()
    assert form.said == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    low=st.sampled_from([0.0, 0.001, 1.0, -80.0]),
    span=st.floats(0.5, 1e6),
    step=st.sampled_from([0.001, 0.05, 1.0, 100.0]),
    share=st.floats(0, 1),
)
def test_every_place_on_a_slider_is_an_allowed_value(low, span, step, share):
    param = Param("x", "float", low, minimum=low, maximum=low + span, step=step)
    scale = Scale(param)
    value = scale.value(share)
    assert param.check(value) == value
    assert -1e-9 <= scale.share(value) <= 1 + 1e-9
    assert low <= scale.moved(value, 1) <= low + span
    assert scale.value(0.0) <= scale.value(1.0)


def test_a_run_is_chosen_by_id_or_none_at_all(qtbot):
    param = Param("teacher", "run", "", "Teacher")
    form = ParamForm([param], {"teacher": "run-009"}, runs={"run-003": "94.1 %", "run-001": "90.0 %"})
    qtbot.addWidget(form)
    form.show()
    choice = form.fields["teacher"].field
    assert [choice.itemText(n) for n in range(choice.count())] == [
        "none",
        "run-003  94.1 %",
        "run-001  90.0 %",
        "run-009  gone",
    ]
    assert choice.currentData() == "run-009"
    with qtbot.waitSignal(form.changed) as said:
        choice.setFocus()
        qtbot.keyClick(choice, Qt.Key.Key_Home)
        qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert said.args == ["teacher", ""]
    assert form.values == {"teacher": "run-003"}
    assert difference_words(param, "", "run-003") == "teacher none to run-003"


def test_what_the_stage_refuses_stands_at_its_field_until_it_is_taken_back(qtbot, form):
    form.set_refusals({"frame": "A frame is longer than the window. Make it shorter.", "note": "Too long."})
    assert form.fields["frame"].help.text().startswith("A frame is longer")
    assert form.fields["note"].isVisible()
    form.set_values({"frame": 100})
    assert form.fields["frame"].help.text().startswith("A frame is longer")
    assert form.values["frame"] == 100
    form.set_refusals({})
    assert form.fields["frame"].help.text() == "Length of a frame."
    assert not form.fields["note"].isVisible()
