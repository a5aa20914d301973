"""The Deploy page: target, toolchain, the generated project with its diffs, build and flash, what goes wrong."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.gui.pages.deploy.copy_line import CopyLine
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Text
from motestudio.studio.analyse import use_board


@pytest.fixture
def page(qtbot, trained_window):
    trained_window.show_page("deploy")
    made = trained_window.pages["deploy"]
    qtbot.waitUntil(lambda: made._data is not None and made.sources._project is not None, timeout=20000)
    return made


def _build(qtbot, page):
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.verbs._running is None, timeout=60000)


def test_a_project_without_runs_says_what_the_page_is_for(qtbot, project_window, context):
    project_window.show_page("deploy")
    page = project_window.pages["deploy"]
    qtbot.waitUntil(lambda: not context.bridge.running)
    assert page.stack.currentIndex() == 0
    assert not page.start.isVisible()
    qtbot.mouseClick(page.empty.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "train"


def test_the_target_and_what_is_missing_with_its_fix_to_copy(qtbot, page, context):
    assert page.target.board.text() == "NUCLEO-L476RG"
    assert page.target.state.text() == "No board is connected."
    assert "of 96 KB" in page.target.figures["ram"].accessibleName()
    names = [text.text() for text in page.target.computer.findChildren(Text)]
    assert {"TFLM interpreter", "C compiler"} <= set(names)
    assert "cmake" not in names, "the virtual board needs none"
    assert not page.target.computer.findChildren(CopyLine)
    assert not page.target.through.isVisible()


def test_the_preview_writes_nothing_and_shows_every_file(qtbot, page, context):
    assert not (context.project.folder / "firmware").exists()
    assert "files to write" in page.sources.note.accessibleName()
    page.sources.select("model/labels.c")
    assert "wave" in page.sources.text.toPlainText()
    assert page.sources.title.text.startswith("model/labels.c")
    page.sources.tree.setFocus()
    QTest.keyClick(page.sources.tree, Qt.Key.Key_Down)
    assert page.sources.current_path not in ("", "model/labels.c")


def test_build_and_flash_to_the_virtual_board_then_go_live(qtbot, page, trained_window, virtual_board, context):
    qtbot.waitUntil(lambda: "virtual" in page.target.state.text())
    assert page.target.held.text() == "Holds no model yet."
    _build(qtbot, page)
    assert [row.dot.state for row in page.steps.rows.values()] == ["fresh"] * 3
    assert "hash read back and equal" in page.steps.rows["flash"].text.text()
    qtbot.waitUntil(page.live.isVisible)
    assert "verified by its hash" in page.target.held.text()
    log = page.steps.log.toPlainText()
    assert "mote_host.c" in log
    package = next(x for x in log.splitlines() if x.startswith("package "))
    assert f"board   {package.split()[1]}" in log
    assert not page.start.isVisible()
    trained_window.activateWindow()
    qtbot.waitUntil(trained_window.isActiveWindow)
    QTest.keyClick(trained_window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert trained_window.current.key == "live"


def test_without_a_board_the_virtual_one_is_started_and_flashed(qtbot, page, context):
    assert context.session is None
    _build(qtbot, page)
    assert [row.dot.state for row in page.steps.rows.values()] == ["fresh"] * 3
    qtbot.waitUntil(page.live.isVisible, timeout=30000)
    assert context.session.description.virtual


def test_a_file_edited_by_hand_shows_its_diff_and_is_kept(qtbot, page, context):
    _build(qtbot, page)
    path = context.project.folder / "firmware" / "nucleo-l476rg" / "model" / "labels.c"
    path.write_text(path.read_text() + "/* mine */\n")
    page.activated()
    qtbot.waitUntil(lambda: bool(page.sources._project.edited))
    page.sources.select("model/labels.c")
    assert "-/* mine */" in page.sources.text.toPlainText()
    assert "kept beside it as .orig" in page.sources.title.text
    _build(qtbot, page)
    assert path.with_name("labels.c.orig").read_text().endswith("/* mine */\n")


def test_a_model_that_does_not_fit_is_not_built_and_leads_to_analyse(qtbot, page, trained_window, context):
    use_board(context.studio, context.project, "nucleo-f072rb")
    context.project_changed.emit()
    qtbot.waitUntil(lambda: page._data.board.id == "nucleo-f072rb")
    assert not page.start.isEnabled()
    assert "of RAM short: nothing is built or sent." in page.target.reason.text()
    qtbot.mouseClick(page.target.analyse, Qt.MouseButton.LeftButton)
    assert trained_window.current.key == "analyse"


def test_a_compiler_that_refuses_is_told_with_file_and_line(qtbot, page, trained_window, monkeypatch, tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\necho "core/mote_host.c:7:1: error: no such thing" >&2\nexit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("MOTE_CC", str(compiler))
    _build(qtbot, page)
    assert page.steps.rows["build"].dot.state == "failed"
    assert "core/mote_host.c:7" in page.steps.rows["build"].text.text()
    assert "no such thing" in trained_window.banner.text.text()
    assert page.start.isEnabled()


def test_flashing_that_is_cancelled_says_that_the_old_model_is_kept(qtbot, page, trained_window, virtual_board):
    page.verbs.step.connect(lambda key, *_: page.verbs.cancel() if key == "flash" else None)
    _build(qtbot, page)
    assert page.steps.rows["flash"].dot.state == "stale"
    assert trained_window.banner.text.text() == "Flashing was cancelled."
    assert "keeps the model it had" in trained_window.banner.hint.text()
    assert page.start.isEnabled()


def test_a_board_that_vanishes_while_flashing_is_told(qtbot, page, trained_window, virtual_board):
    page.verbs.step.connect(lambda key, *_: virtual_board.recorder.close() if key == "flash" else None)
    _build(qtbot, page)
    assert page.steps.rows["flash"].dot.state == "failed"
    assert trained_window.banner.isVisible()
    assert "keeps the model it had" in trained_window.banner.hint.text()


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (3840, 2160)])
def test_everything_is_readable(page, trained_window, size, assert_no_clipped_text, qtbot):
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        trained_window.resize(*size)
        qtbot.wait(30)
        assert_no_clipped_text(trained_window)


def test_a_package_that_is_tampered_with_is_refused_and_the_old_one_kept(qtbot, page, virtual_board, monkeypatch):
    _build(qtbot, page)
    held = virtual_board.request("package_hash")["sha256"]
    load = virtual_board.load_package

    def tampered(path, *args):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return load(path, *args)

    monkeypatch.setattr(virtual_board, "load_package", tampered)
    qtbot.waitUntil(page.again.isVisible)
    qtbot.mouseClick(page.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.verbs._running is None, timeout=60000)
    assert page.steps.rows["flash"].dot.state == "failed"
    assert virtual_board.request("package_hash")["sha256"] == held
