"""The Settings page: every setting is applied at once, kept, and the same after a restart."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from motestudio.gui.context import AppContext
from motestudio.gui.pages.settings import BAUDS
from motestudio.gui.settings import Settings
from motestudio.gui.theme import theme
from support import trained


@pytest.fixture
def page(qtbot, window, context):
    window.show_page("settings")
    made = window.pages["settings"]
    qtbot.waitUntil(lambda: bool(made.about.rows))
    return made


def _kept(tmp_path):
    return Settings(tmp_path / "window.json")


def test_the_theme_switches_live_and_is_kept(qtbot, page, context, tmp_path):
    page.modes.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.modes, Qt.Key.Key_Right)
    assert theme().mode == "dark"
    assert theme().dark
    assert _kept(tmp_path).get("theme", "") == "dark"
    QTest.keyClick(page.modes, Qt.Key.Key_Left)
    assert theme().mode == "light"
    # The palette's command shows here, too.
    theme().set_mode("dark")
    assert page.modes.current == 2


def test_speed_and_port_are_kept_and_used_to_connect(qtbot, page, context, project_window, tmp_path):
    page.baud.setFocus()
    QTest.keyClick(page.baud, Qt.Key.Key_Down)
    index = page.baud.currentIndex()
    page.baud.activated.emit(index)
    assert _kept(tmp_path).get("baud", 0) == BAUDS[index] == 230400
    context.settings.set("port", "/dev/ttyNOBODY")
    page.activated()
    qtbot.waitUntil(lambda: "not there now" in page.port.currentText())
    # A project without a port of its own connects to it: here it is not there, and the banner names it.
    context.connect_device()
    qtbot.waitUntil(project_window.banner.isVisible, timeout=20000)
    assert "ttyNOBODY" in project_window.banner.text.text()
    page.port.activated.emit(0)
    assert _kept(tmp_path).get("port", "x") == ""


def test_the_folder_of_new_projects_is_proposed_on_the_start_page(qtbot, page, window, context, tmp_path):
    page.projects.field.setText(str(tmp_path / "bench"))
    QTest.keyClick(page.projects.field, Qt.Key.Key_Return)
    window.show_page("start")
    start = window.pages["start"]
    qtbot.mouseClick(start.new, Qt.MouseButton.LeftButton)
    assert start.form.folder.text().startswith(str(tmp_path / "bench"))


def test_a_folder_without_tflm_is_marked_and_kept(qtbot, page, context, tmp_path, monkeypatch):
    chosen = tmp_path / "tflm"
    chosen.mkdir()
    monkeypatch.setattr("motestudio.gui.pages.settings.fields.QFileDialog.getExistingDirectory", lambda *_: str(chosen))
    qtbot.mouseClick(page.tflm.choose, Qt.MouseButton.LeftButton)
    assert _kept(tmp_path).get("tflm_dir", "") == str(chosen)
    assert "no tensorflow/lite/micro" in page.tflm.field.toolTip()
    (chosen / "tensorflow" / "lite" / "micro").mkdir(parents=True)
    page._check_folders()
    assert page.tflm.field.toolTip() == ""


def test_a_plugin_folder_is_looked_into_at_once_and_can_be_put_back(
    qtbot, page, window, context, tmp_path, monkeypatch
):
    folder = str(trained.PLUGINS)
    monkeypatch.setattr("motestudio.gui.pages.settings.fields.QFileDialog.getExistingDirectory", lambda *_: folder)

    def known():
        return any(r.manifest is not None and r.manifest.id == "linear" for r in context.studio.registry.rows)

    assert not known()
    with qtbot.waitSignal(context.pipeline_changed):
        qtbot.mouseClick(page.plugins.add, Qt.MouseButton.LeftButton)
    assert known()
    assert _kept(tmp_path).get("plugin_dirs", []) == [folder]
    with qtbot.waitSignal(context.pipeline_changed):
        qtbot.mouseClick(page.plugins.buttons[0], Qt.MouseButton.LeftButton)
    assert not known()
    with qtbot.waitSignal(context.pipeline_changed):
        qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    assert known()
    # A window that starts later finds it, too.
    later = AppContext(_kept(tmp_path))
    assert any(r.manifest is not None and r.manifest.id == "linear" for r in later.studio.registry.rows)
    later.close()


def test_versions_are_read_and_copied(qtbot, page):
    names = dict(page.about.rows)
    assert names["Mote Studio"]
    assert names["PySide6"]
    assert "TensorFlow Lite Micro" in names
    qtbot.mouseClick(page.about.copy, Qt.MouseButton.LeftButton)
    assert f"PySide6 {names['PySide6']}" in QGuiApplication.clipboard().text()


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (3840, 2160)])
def test_everything_is_readable(page, window, size, assert_no_clipped_text, qtbot):
    page.plugins.set_folders(["/somewhere/that/is/not/there"])
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        window.resize(*size)
        qtbot.wait(30)
        assert_no_clipped_text(window)
