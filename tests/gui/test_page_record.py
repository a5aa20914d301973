"""The Record page by mouse and keyboard, with real virtual boards: connect, record, discard, field mode, unplug."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.studio.takes import set_record
from motestudio.studio.virtual import start_virtual_board
from support.record_page import connect, open_page, press

pytest.importorskip("pyqtgraph")

SIZES = [(1024, 640), (1440, 900), (3840, 2160)]


@pytest.fixture
def page(project_window, context, qtbot):
    """The page over a fresh project whose takes are short."""
    return open_page(project_window, context, qtbot)


@pytest.fixture
def board(page, qtbot):
    """The page with its virtual board streaming."""
    return connect(page, qtbot)


def record(qtbot, page, key=Qt.Key.Key_Space):
    before = len(page.cards.summary.names)
    press(page.window(), key)
    qtbot.waitUntil(lambda: len(page.cards.summary.names) == before + 1 and not page.control.busy, timeout=8000)
    qtbot.waitUntil(lambda: page.form.last.card is not None, timeout=3000)


def test_without_a_board_ports_are_offered_the_virtual_one_first(qtbot, page, project_window, assert_no_clipped_text):
    assert page.stack.currentWidget() is page.connect_panel
    assert page.connect_panel.ports.rows[0].text() == "Virtual board"
    assert not page.form.button.isEnabled()
    for size in SIZES:
        project_window.resize(*size)
        qtbot.wait(20)
        assert_no_clipped_text(project_window)
    qtbot.mouseClick(page.connect_panel.button, Qt.MouseButton.LeftButton)
    assert not page.connect_panel.button.isEnabled()
    qtbot.waitUntil(lambda: page.stream.streaming, timeout=20000)
    assert page.stack.currentWidget() is page.board_view
    assert page.form.button.isEnabled()


def test_a_port_that_is_not_there_is_told_with_what_to_do(qtbot, page, project_window):
    with qtbot.waitSignal(page.context.error_wanted, timeout=20000):
        page.context.connect_device("/dev/no-such-port")
    assert project_window.banner.isVisible()
    assert project_window.banner.hint.text()
    assert page.connect_panel.button.isEnabled()


def test_space_records_what_the_digit_chose_and_the_board_performs_it(qtbot, board, project_window):
    press(project_window, Qt.Key.Key_2)
    assert board.form.label == "circle"
    record(qtbot, board)
    project = board.context.project
    recording = project.recordings.load("circle-anna-001")
    assert recording.complete
    assert recording.n_samples == round(0.6 * 104)
    assert [s.label for s in recording.segments] == ["circle"]
    assert board.form.count_of("circle") == (1, 20)
    assert board.form.fields.next.text() == "next: circle-anna-002"
    assert project_window.rail.items["record"].accessibleName() == "Record, fresh"
    bands = board.scope._bands
    assert [b.label for b in bands] == ["circle"]
    assert bands[0].end - bands[0].start == pytest.approx(0.6, abs=0.02)
    # The band lies where those samples are in the live tail.
    rate = board.stream.group.rate_hz
    first = round(bands[0].start * rate)
    tail, _ = board.stream.reader.window(first, recording.n_samples)
    assert (tail == project.recordings.samples(recording)).all()


def test_the_button_stops_and_what_there_is_is_kept(qtbot, board, project_window):
    set_record(board.context.project, seconds=30.0)
    board.context.project_changed.emit()
    button = board.form.button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.control.state == "recording" and board.control.samples > 20, timeout=5000)
    assert button.accessibleName().startswith("Stop, ")
    assert board.bar.title.text() == "Recording wave"
    assert board.scope.overlay.recording
    assert project_window.rail.items["record"].accessibleName() == "Record, running"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.form.last.card is not None, timeout=5000)
    assert 0 < board.context.project.recordings.load("wave-anna-001").seconds < 10
    assert board.bar.title.text() == "Record"
    assert not board.scope.overlay.recording


def test_space_calls_the_countdown_off(qtbot, board, project_window):
    set_record(board.context.project, countdown=5.0)
    board.context.project_changed.emit()
    press(project_window, Qt.Key.Key_Space)
    assert board.control.state == "countdown"
    qtbot.waitUntil(lambda: board.scope.overlay.countdown > 0)
    press(project_window, Qt.Key.Key_Space)
    assert board.control.state == "idle"
    assert board.scope.overlay.countdown == 0
    assert board.context.project.recordings.names() == []


def test_discard_moves_the_take_away_and_undo_brings_it_back(qtbot, board, project_window):
    record(qtbot, board)
    qtbot.mouseClick(board.form.last.discard, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not board.cards.summary.names, timeout=3000)
    assert board.form.last.card is None
    assert board.scope._bands == []
    press(project_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "wave-anna-001" in board.cards.summary.names, timeout=3000)
    assert board.form.last.card.name == "wave-anna-001"
    press(project_window, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not board.cards.summary.names, timeout=3000)


def test_field_mode_shows_plot_class_and_button_and_esc_leaves(qtbot, board, project_window, assert_no_clipped_text):
    press(project_window, Qt.Key.Key_F)
    field = board.field
    assert field.isVisible()
    assert field.geometry() == project_window.rect()
    assert not board.board_view.isVisible()
    project_window.resize(1024, 640)
    qtbot.wait(50)
    assert field.size() == project_window.size()
    assert_no_clipped_text(field)
    press(project_window, Qt.Key.Key_3)
    assert field.name.accessibleName().startswith("tap")
    record(qtbot, board)
    assert "tap-anna-001" in board.cards.summary.names
    press(project_window, Qt.Key.Key_Escape)
    assert board.field is None
    assert board.board_view.isVisible()


def test_settings_of_a_take_are_saved_and_keys_return_to_the_page(qtbot, page, project_window):
    form = page.form
    form.fields.seconds.setFocus()
    form.fields.seconds.selectAll()
    QTest.keyClicks(form.fields.seconds, "3.5")
    QTest.keyClick(form.fields.seconds, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.context.project.config.record.seconds == 3.5, timeout=3000)
    assert not form.fields.seconds.hasFocus()
    form.fields.template.setFocus()
    form.fields.template.selectAll()
    QTest.keyClicks(form.fields.template, "{class}_{what}")
    assert form.fields.template.property("invalid")
    assert "{class}" in form.fields.next.text()
    form.fields.template.selectAll()
    QTest.keyClicks(form.fields.template, "{subject}-{class}-{n:02}")
    assert form.fields.next.text() == "next: anna-wave-01"
    QTest.keyClick(form.fields.template, Qt.Key.Key_Return)
    template = "{subject}-{class}-{n:02}"
    qtbot.waitUntil(lambda: page.context.project.config.record.name_template == template, timeout=3000)
    form.fields.subject_edit.setFocus()
    form.fields.subject_edit.selectAll()
    QTest.keyClicks(form.fields.subject_edit, "ben")
    QTest.keyClick(form.fields.subject_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: form.fields.next.text() == "next: ben-wave-01", timeout=3000)


def test_a_class_is_added_by_name_and_taken_back(qtbot, page, project_window):
    qtbot.mouseClick(page.form.add_button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(page.form.class_field, "shake")
    QTest.keyClick(page.form.class_field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "shake" in page.form.names, timeout=3000)
    assert page.form.label == "shake"
    assert page.form.class_field.isHidden()
    press(project_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "shake" not in page.form.names, timeout=3000)


def test_pause_holds_the_picture_and_the_window_is_remembered(qtbot, board, project_window):
    press(project_window, Qt.Key.Key_P)
    qtbot.wait(60)
    held = board.scope.plot.view_range
    drawn = board.scope.plot.total
    qtbot.waitUntil(lambda: board.stream.reader.total > drawn + 30, timeout=3000)
    assert board.scope.plot.total == drawn
    assert board.scope.plot.view_range == held
    press(project_window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: board.scope.plot.total > drawn, timeout=3000)
    board.bar.windows.setFocus()
    QTest.keyClick(board.bar.windows, Qt.Key.Key_Right)
    start, end = board.scope.plot.view_range
    assert end - start == pytest.approx(30.0)
    assert board.context.settings.get("record_window", 0) == 30


def test_levels_measure_every_channel(qtbot, board):
    qtbot.waitUntil(lambda: "rms" in board.board_view.levels.meters[2].accessibleName(), timeout=3000)
    assert [m.accessibleName().split(":")[0] for m in board.board_view.levels.meters] == [
        "ax",
        "ay",
        "az",
        "gx",
        "gy",
        "gz",
    ]
    assert not any("dead" in m.accessibleName() for m in board.board_view.levels.meters)


def test_a_board_that_is_unplugged_keeps_what_was_recorded(qtbot, page, project_window, tmp_path):
    set_record(page.context.project, seconds=30.0)
    page.context.project_changed.emit()
    with start_virtual_board("nucleo-l476rg", flash_dir=tmp_path / "flash") as virtual:
        page.context.settings.set("reconnect_s", 0.0)
        page.context.connect_device(virtual.url)
        qtbot.waitUntil(lambda: page.stream.streaming, timeout=20000)
        press(project_window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: page.control.samples > 40, timeout=5000)
    qtbot.waitUntil(lambda: page.control.state == "idle", timeout=8000)
    qtbot.waitUntil(lambda: page.form.last.card is not None, timeout=3000)
    assert page.context.project.recordings.load("wave-anna-001").n_samples >= 40
    banner = project_window.banner
    assert banner.isVisible()
    assert "wave-anna-001" in banner.text.text()
    assert "kept" in banner.hint.text()
    assert banner.action.text() == "Reconnect"
    assert page.bar.reconnect.isVisible()
    assert not page.form.button.isEnabled()
    assert page.stack.currentWidget() is page.board_view


def test_no_text_is_cut_while_it_records(qtbot, board, project_window, assert_no_clipped_text):
    set_record(board.context.project, seconds=30.0)
    board.context.project_changed.emit()
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: board.control.samples > 20, timeout=5000)
    for size in SIZES:
        project_window.resize(*size)
        qtbot.wait(60)
        assert_no_clipped_text(project_window)
    press(project_window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not board.control.busy, timeout=5000)
    for size in SIZES:
        project_window.resize(*size)
        qtbot.wait(60)
        assert_no_clipped_text(project_window)
