"""The Live page by mouse and keyboard: a real model on a real virtual board."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from motestudio.project.store import Project
from motestudio.studio import deploy, run_store
from motestudio.studio.connect import connect, flash_folder
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.virtual import start_virtual_board

pytest.importorskip("pyqtgraph")

SIZES = [(1024, 640), (1440, 900), (3840, 2160)]
LOW = 0.3
"""A threshold that the little model of these tests passes on every gesture."""


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, key, modifier)


@pytest.fixture(scope="module")
def flashed_folder(trained_folder, tmp_path_factory):
    """The trained project, its model in the virtual board's flash."""
    from support import trained

    folder = shutil.copytree(trained_folder, tmp_path_factory.mktemp("flashed") / "wand")
    with Studio((trained.PLUGINS.parent,)) as studio, Project.open(folder) as project:
        built = deploy.generate_and_build(studio, project, run_store.latest(project), Operation())
        with connect(studio, project, "virtual") as session:
            deploy.flash(session, built, Operation())
    return folder


@pytest.fixture
def page(qtbot, window, context, tmp_path, flashed_folder):
    """The page, connected, over a copy of that project."""
    folder = shutil.copytree(flashed_folder, tmp_path / "wand", ignore=shutil.ignore_patterns("tails", "lock"))
    with qtbot.waitSignal(context.runs_changed, timeout=10000):
        context.open_project(folder)
    window.show_page("live")
    context.connect_device("virtual")
    made = window.pages["live"]
    qtbot.waitUntil(lambda: made.stream.streaming and made.scope is not None, timeout=20000)
    return made


@pytest.fixture
def running(qtbot, page, window):
    """Inference runs, and has for a moment."""
    for label in page.run.classes:
        page.run.set_threshold(label, LOW)
    page.scope.show_rule()
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.run.running and len(page.run.times) > 1, timeout=10000)
    return page


def drag(plot, to):
    """A move with the button held; QTest's own moves carry no button."""
    where = QPointF(to)
    kind, button, none = QEvent.Type.MouseMove, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    event = QMouseEvent(kind, where, plot.mapToGlobal(where), none, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot, event)


def detect(qtbot, page, window):
    before = len(page.run.found)
    press(window, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: len(page.run.found) > before, timeout=8000)
    return page.run.found[-1]


def test_without_a_board_it_leads_to_record_or_to_the_virtual_board(qtbot, project_window, assert_no_clipped_text):
    project_window.show_page("live")
    page = project_window.pages["live"]
    assert page.stack.currentWidget() is page.no_board
    assert_no_clipped_text(project_window)
    qtbot.mouseClick(page.no_board.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "record"
    project_window.show_page("live")
    qtbot.mouseClick(page.no_board.virtual, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.stream.connected, timeout=20000)
    # A fresh board holds no model.
    assert page.stack.currentWidget() is page.no_model
    qtbot.mouseClick(page.no_model.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "deploy"


def test_space_starts_inference_and_stops_it_and_so_does_leaving(qtbot, running, window):
    page = running
    assert page.stop_button.isVisible()
    assert window.rail.items["live"].accessibleName() == "Live, running"
    assert page.scope.score_plots[0]._host
    assert page.side.now.accessibleName().startswith("Now ")
    assert "ms" in page.side.latency.value.accessibleName()
    end = page.stream.reader.total / page.stream.group.rate_hz
    assert end - 1.5 < page.run.times[-1] <= end
    press(window, Qt.Key.Key_Space)
    assert not page.run.running
    seen = len(page.run.times)
    qtbot.wait(400)
    assert len(page.run.times) == seen
    assert page.start_button.isVisible()
    qtbot.mouseClick(page.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.run.running, timeout=5000)
    # Nobody looks at it any more: the board need not infer.
    window.show_page("record")
    assert not page.run.running
    window.show_page("live")
    assert page.start_button.isVisible()


def test_a_gesture_performed_by_key_is_flagged_and_listed(qtbot, running, window):
    found = detect(qtbot, running, window)
    page = running
    flags = page.scope.flags._blocks
    assert flags[-1].label == found.detection.label
    assert flags[-1].start == found.detection.time_s
    assert page.side.rows.rows[0].text().startswith(found.detection.label)
    assert not page.side.nothing.isVisible()
    seconds = page.stream.reader.total / page.stream.group.rate_hz
    assert seconds - 3 < found.detection.time_s <= seconds


def test_a_threshold_is_dragged_and_acts_at_once(qtbot, running, window):
    page = running
    detect(qtbot, page, window)
    label = page.run.found[-1].detection.label
    plot = page.scope.score_plots[page.run.classes.index(label)]
    handle = QPoint(plot.width() - 30, round(plot.y_of(LOW)))
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, handle)
    drag(plot, QPoint(handle.x(), round(plot.y_of(0.97))))
    assert page.run.rule.limit(label) == pytest.approx(0.97, abs=0.03)
    assert plot._effect.startswith("0.30 →")
    assert label in plot._effect
    assert "fewer" in plot._effect or "no change" in plot._effect
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, handle)
    kept = page.context.settings.get(page._rule_key(), {})
    assert kept["thresholds"][label] == page.run.rule.limit(label)
    assert page.run._monitor._detector.rule is page.run.rule
    before = page.run.rule.limit(label)
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(plot, Qt.Key.Key_Down)
    assert page.run.rule.limit(label) == pytest.approx(before - 0.01)


def test_w_keeps_what_was_wrong_for_review_and_undo_takes_it_back(qtbot, running, window):
    page = running
    found = detect(qtbot, page, window)
    press(window, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: found.kept.startswith("review-"), timeout=5000)
    project = page.context.project
    recording = project.recordings.load(found.kept)
    assert recording.complete
    assert [(s.label, s.origin) for s in recording.segments] == [(found.detection.label, "proposed")]
    assert recording.seconds == pytest.approx(1.25 + 0.5 + 0.75, abs=0.3)
    assert "board said" in recording.facts.note
    assert page.side.review.isVisible()
    assert "1 wrong take" in page.side.review_text.text()
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not found.kept, timeout=5000)
    assert not page.side.review.isVisible()
    assert not any(n.startswith("review-") for n in project.recordings.names())


def test_other_axis_rule_fields_and_what_was_missed(qtbot, page, window):
    for label in page.run.classes:
        page.run.set_threshold(label, 0.99)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.run.times) > 1, timeout=10000)
    page.axis.setFocus()
    QTest.keyClick(page.axis, Qt.Key.Key_Right)
    assert page.scope.signal.rows[0].channels[0].name == "x"
    assert page.scope.signal.rows[0].accessibleName() == "Gyroscope"
    page.side.smooth.setFocus()
    QTest.keyClick(page.side.smooth, Qt.Key.Key_Up)
    assert page.run.rule.smooth == 4
    assert page.context.settings.get(page._rule_key(), {})["smooth"] == 4
    qtbot.mouseClick(page.wrong_button, Qt.MouseButton.LeftButton)
    names = page.context.project.recordings.names
    qtbot.waitUntil(lambda: "review-missed-001" in names(), timeout=5000)
    assert page.context.project.recordings.load("review-missed-001").segments == ()


def test_the_past_is_looked_at_while_the_board_goes_on(qtbot, running, window):
    scope, mark = running.scope, running.scope.mark
    assert not mark.isVisible()
    for _ in range(8):
        press(window, Qt.Key.Key_Plus)
    qtbot.waitUntil(lambda: scope.signal.newest > 3.5, timeout=10000)
    for _ in range(5):
        press(window, Qt.Key.Key_Left)
    end, newest = scope.view[1], scope.signal.newest
    assert mark.text().endswith(" s ago")
    assert mark.isVisible()
    qtbot.waitUntil(lambda: scope.signal.newest > newest + 0.5, timeout=5000)
    assert running.run.running
    assert scope.view[1] == end
    assert all(plot._view == scope.view for plot in scope.score_plots), "scores stand under their signal"
    running.axis.set_current(1)
    assert scope.view[1] == pytest.approx(end, abs=0.05)
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    assert scope.view[1] > end + 0.5
    assert not mark.isVisible()
    press(window, Qt.Key.Key_Left)
    assert mark.isVisible()
    press(window, Qt.Key.Key_End)
    assert not mark.isVisible()


def test_no_text_is_cut_while_it_runs(qtbot, running, window, assert_no_clipped_text):
    detect(qtbot, running, window)
    for size in SIZES:
        window.resize(*size)
        qtbot.wait(60)
        assert_no_clipped_text(window)


def test_a_board_that_is_unplugged_ends_the_run(qtbot, window, context, tmp_path, flashed_folder):
    folder = shutil.copytree(flashed_folder, tmp_path / "wand", ignore=shutil.ignore_patterns("tails", "lock"))
    with qtbot.waitSignal(context.runs_changed, timeout=10000):
        context.open_project(folder)
    window.show_page("live")
    page = window.pages["live"]
    flash = flash_folder(context.project)
    with start_virtual_board("nucleo-l476rg", flash_dir=flash) as virtual:
        context.settings.set("reconnect_s", 0.0)
        context.connect_device(virtual.url)
        qtbot.waitUntil(lambda: page.stream.streaming and page.scope is not None, timeout=20000)
        press(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: len(page.run.times) > 0, timeout=10000)
    qtbot.waitUntil(lambda: not page.run.running, timeout=8000)
    assert window.banner.isVisible()
    assert window.banner.action.text() == "Reconnect"
    assert page.reconnect.isVisible()
    assert not page.start_button.isEnabled()
    assert page.stack.currentWidget() is page.board_view
