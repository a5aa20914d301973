"""The frame as a user drives it: rail, palette, help, log, job strip, folding, errors."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import Qt

from motestudio.errors import ProjectError
from motestudio.gui.app import ErrorCatcher
from motestudio.gui.commands import Command, fuzzy, ranked
from motestudio.gui.frame.header import LinkFacts
from motestudio.gui.page import OTHER_PAGES, WORK_PAGES
from motestudio.gui.theme import theme

SIZES = [(1024, 640), (1440, 900), (2560, 1440)]
KEYS = [s.key for s in (*WORK_PAGES, *OTHER_PAGES)]


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.ControlModifier):
    window.activateWindow()
    qtbot.keyClick(window, key, modifier)


def test_without_a_project_only_start_plugins_and_settings_open(qtbot, window):
    assert window.current.key == "start"
    for spec in WORK_PAGES:
        item = window.rail.items[spec.key]
        assert not item.isEnabled()
        window.show_page(spec.key)
        assert window.current.key == "start"
    qtbot.mouseClick(window.rail.items["settings"], Qt.MouseButton.LeftButton)
    assert window.current.key == "settings"


def test_ctrl_digits_walk_through_the_work(qtbot, project_window):
    for n, spec in enumerate(WORK_PAGES):
        press(qtbot, project_window, Qt.Key(Qt.Key.Key_1 + n))
        assert project_window.current.key == spec.key
        assert project_window.rail.items[spec.key].isChecked()
        assert sum(i.isChecked() for i in project_window.rail.items.values()) == 1


def test_rail_by_mouse_and_its_dots(qtbot, project_window, context):
    qtbot.mouseClick(project_window.rail.items["train"], Qt.MouseButton.LeftButton)
    assert project_window.current.key == "train"
    context.set_stage("train", "running")
    assert project_window.rail.items["train"].accessibleName() == "Train, running"
    context.set_stage("train", "failed")
    assert project_window.rail.items["train"].accessibleName() == "Train, failed"


@pytest.mark.parametrize("size", SIZES)
def test_no_text_is_cut_without_a_project(window, size, assert_no_clipped_text, qtbot):
    window.resize(*size)
    for key in ("start", "plugins", "settings"):
        window.show_page(key)
        qtbot.wait(20)
        assert_no_clipped_text(window)


@pytest.mark.parametrize("size", SIZES)
def test_no_text_of_the_frame_is_cut_with_a_project_and_a_board(project_window, size, assert_no_clipped_text, settle):
    window = project_window
    window.resize(*size)
    facts = (("104.0", "Hz"), ("0.3", "ms jitter"), ("12,004", "lost"))
    window.header.board.set_facts(LinkFacts("NUCLEO-L476RG", True, "fresh", facts))
    window.show_page("settings")
    window.context.set_stage("record", "fresh")
    settle()
    assert_no_clipped_text(window)
    parts = [window.header.breadcrumb, window.header.search, window.header.board]
    for left, right in itertools.pairwise(parts):
        assert left.geometry().right() < right.geometry().left()


def test_no_text_is_cut_at_200_percent(tmp_path):
    env = {"QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    import os

    command = [
        sys.executable,
        "-m",
        "motestudio.gui.shoot",
        str(tmp_path),
        "--page",
        "start",
        "--page",
        "settings",
        "--check",
    ]
    result = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("*.png"))) == 8


def test_palette_finds_and_does(qtbot, window):
    press(qtbot, window, Qt.Key.Key_K)
    palette = window.palette_overlay
    assert palette.isVisible()
    qtbot.waitUntil(palette.field.hasFocus)
    qtbot.keyClicks(palette.field, "gosett")
    assert palette.shown[0].title == "Go to Settings"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.current.key == "settings"


def test_palette_arrows_and_escape(qtbot, window):
    qtbot.mouseClick(window.header.search, Qt.MouseButton.LeftButton)
    palette = window.palette_overlay
    qtbot.keyClicks(palette.field, "theme")
    titles = [c.title for c in palette.shown]
    assert {"Light theme", "Dark theme"} <= set(titles)
    for _ in range(titles.index("Dark theme")):
        qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert theme().dark
    assert window.context.settings.get("theme", "") == "dark"
    press(qtbot, window, Qt.Key.Key_K)
    qtbot.keyClicks(palette.field, "qqqq")
    assert palette.shown == []
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_fuzzy_prefers_word_starts():
    commands = [Command(t, t, print) for t in ("Open project", "Go to Live", "Use the virtual board", "Show the log")]
    assert ranked("vb", commands)[0].title == "Use the virtual board"
    assert ranked("gl", commands)[0].title == "Go to Live"
    assert [c.title for c in ranked("", commands)] == [c.title for c in commands]
    assert fuzzy("xyz", "Open project") is None


def test_f1_shows_the_pages_help_and_hides_it(qtbot, project_window, assert_no_clipped_text):
    project_window.show_page("settings")
    press(qtbot, project_window, Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    assert project_window.inspector.help is not None
    assert project_window.inspector.isVisible()
    assert_no_clipped_text(project_window)
    press(qtbot, project_window, Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    assert project_window.inspector.help is None


def test_strip_shows_cancels_and_remembers(qtbot, window, context):
    go = threading.Event()

    def work(operation):
        operation.progress(0.57, "epoch 34 of 60")
        while not go.is_set():
            operation.cancel.wait(0.02)
            operation.check()

    strip = window.strip
    context.run_operation("Train", work)
    qtbot.waitUntil(strip.cancel.isVisible, timeout=3000)
    assert strip.title.text() == "Train"
    assert strip.text.text == "epoch 34 of 60"
    assert strip.percent.accessibleName() == "57 %"
    with qtbot.waitSignal(context.bridge.finished, timeout=1000):
        qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    assert strip.title.text() == "Nothing running"
    assert strip.result.text == "Train: cancelled"


def test_short_operations_do_not_flicker(qtbot, window, context):
    with qtbot.waitSignal(context.bridge.finished):
        context.run_operation("Blink", lambda _: None)
    assert window.strip.title.text() == "Nothing running"
    assert "Blink" not in window.strip.result.text


def test_an_error_is_a_banner_with_its_hint_and_the_log_has_it(qtbot, window, context):
    def fail(_):
        raise ProjectError("project.broken", "project.toml is broken at line 3.", "Mend the line, then open it again.")

    with qtbot.waitSignal(context.bridge.failed):
        context.run_operation("Open wand", fail)
    assert window.banner.isVisible()
    assert window.banner.hint.text() == "Mend the line, then open it again."
    assert window.strip.result.text == "Open wand: failed"
    qtbot.mouseClick(window.strip.log, Qt.MouseButton.LeftButton)
    assert window.log.isVisible()
    assert "line 3" in window.log.lines.toPlainText()
    qtbot.mouseClick(window.log.close_button, Qt.MouseButton.LeftButton)
    assert not window.log.isVisible()


def test_nothing_uncaught_takes_the_window_along(qtbot, window, context):
    catcher = ErrorCatcher()
    catcher.install(context)
    try:
        sys.excepthook(ValueError, ValueError("a bug"), None)
        qtbot.waitUntil(window.banner.isVisible)
        assert "a bug" in window.banner.text.text()
        window.banner.dismiss()
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        qtbot.waitUntil(window.banner.isVisible)
        assert "ZeroDivisionError" in window.banner.text.text()
    finally:
        catcher.remove()


def test_closing_the_project_goes_back_to_the_start(qtbot, project_window, context):
    project_window.show_page("label")
    context.close_project()
    assert project_window.current.key == "start"
    assert "No project open" in project_window.header.breadcrumb.accessibleName()


def test_inspector_folds_and_stays_folded(qtbot, project_window, context):
    from motestudio.gui.widgets import Column, Text

    column = Column()
    column.add(Text("words"))
    project_window.inspector.set_inspector(column)
    qtbot.waitUntil(lambda: project_window.inspector.width() == theme().size("inspector"))
    press(qtbot, project_window, Qt.Key.Key_I)
    assert project_window.inspector.folded
    qtbot.waitUntil(lambda: project_window.inspector.width() < 40)
    assert context.settings.get("inspector_folded", False) is True
    qtbot.mouseClick(project_window.inspector.edge, Qt.MouseButton.LeftButton)
    assert not project_window.inspector.folded


def test_frame_has_the_sizes_of_the_design(project_window):
    assert project_window.header.height() == 44
    assert project_window.strip.height() == 28
    assert project_window.header.mapTo(project_window, project_window.header.rect().topLeft()).x() == 72


def test_start_needs_neither_plots_nor_numpy():
    script = (
        "import sys, os; os.environ['QT_QPA_PLATFORM']='offscreen'\n"
        "from motestudio.gui.app import make_application, make_window\n"
        "make_application(); w = make_window(); w.show()\n"
        "heavy = {'pyqtgraph', 'scipy', 'numpy', 'qtawesome', 'tensorflow'} & set(sys.modules)\n"
        "w.close(); sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_palette_finds_takes_and_settings(qtbot, trained_window):
    window = trained_window
    press(qtbot, window, Qt.Key.Key_K)
    qtbot.keyClicks(window.palette_overlay.field, "circle-002")
    assert [c.title for c in window.palette_overlay.shown] == ["circle-002"]
    qtbot.keyClick(window.palette_overlay.field, Qt.Key.Key_Return)
    label = window.pages["label"]
    assert window.current is label
    qtbot.waitUntil(
        lambda: label.session.target is not None and label.session.target.name == "circle-002", timeout=8000
    )
    # Another one, now that the page has been read.
    window.context.show_take("wave-001")
    qtbot.waitUntil(lambda: label.session.target.name == "wave-001", timeout=3000)
    qtbot.waitUntil(lambda: not window.context.bridge.running, timeout=5000)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    press(qtbot, window, Qt.Key.Key_K)
    qtbot.waitUntil(window.palette_overlay.isVisible)
    qtbot.keyClicks(window.palette_overlay.field, "micro")
    assert [c.title for c in window.palette_overlay.shown] == ["Folder of TensorFlow Lite Micro"]
    qtbot.keyClick(window.palette_overlay.field, Qt.Key.Key_Return)
    assert window.current is window.pages["settings"]
