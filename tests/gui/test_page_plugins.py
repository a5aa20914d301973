"""The Plugins page: good and bad plugins, their stages, search, tests, looking again, trust; by mouse and keyboard."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from motestudio.domain.params import Param, ShownIf
from motestudio.gui.context import AppContext
from motestudio.gui.pages.plugins import rows
from motestudio.gui.pages.plugins.new_plugin import NewPlugin
from motestudio.gui.settings import Settings
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Tag
from motestudio.plugins import trust

ZOO = Path(__file__).parent.parent / "plugins" / "zoo"
LINEAR = Path(__file__).parent.parent / "support" / "linear_plugin"
LEFT = Qt.MouseButton.LeftButton

GOOD = """
id = "bench-good"
name = "Bench"
version = "0.1.0"
api = "1.0"
description = "Levels for the bench."
author = "Anna"
license = "MIT"
homepage = "https://example.org/bench"
[[stage]]
id = "level"
kind = "feature"
title = "Level"
entry = "level:Level"
implementation = 2
help = "Loudness over time."
[[stage.older]]
implementation = 1
entry = "level:Old"
[[stage.param]]
key = "kind"
type = "choice"
default = "rms"
title = "Kind"
choices = ["rms", "peak"]
help = "What is measured."
[[stage.param]]
key = "hop_s"
type = "float"
title = "Hop"
default = 0.5
min = 0.1
max = 2.0
unit = "s"
help = "Time between two levels."
shown_if = { key = "kind", equals = "rms" }
"""
BOARD = """
name = "Bench board"
chip = "STM32L476"
core = "cortex-m4f"
clock_hz = 80_000_000
ram_bytes = 98_304
flash_bytes = 1_048_576
kernels = "cmsis-nn"
"""


def _plugin(folder, manifest, module="level.py"):
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(manifest)
    (folder / module).write_text("")


@pytest.fixture
def places(tmp_path, monkeypatch):
    place = tmp_path / "plugins"
    _plugin(place / "bad", 'id = "bad"\nname = "Bad"\nversion = 1\napi = "1.0"\n')
    _plugin(place / "newer", 'id = "newer"\nname = "Newer"\nversion = "2.0"\napi = "9.0"\n')
    lacking = GOOD.replace("bench-good", "lacking").replace('help = "Loud', 'requires = ["not_there"]\nhelp = "Loud', 1)
    _plugin(place / "lacking", lacking)
    monkeypatch.setenv("MOTE_PLUGIN_PATH", str(place))
    return place


def _open(qtbot, window):
    window.show_page("plugins")
    made = window.pages["plugins"]
    qtbot.waitUntil(lambda: bool(made.list.rows), timeout=10000)
    return made


@pytest.fixture
def page(qtbot, places, window):
    return _open(qtbot, window)


@pytest.fixture
def project(qtbot, window, context, tmp_path):
    """A project that brings a plugin of its own, open."""
    from support.projects import gesture_project

    folder = tmp_path / "wand"
    gesture_project(folder, takes=1).close()
    shutil.copytree(LINEAR, folder / "plugins" / "linear")
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        context.open_project(folder)
    return folder


def _words(page):
    return [label.text() for label in page.detail.findChildren(QLabel)]


def _choose(qtbot, page, plugin):
    index = [p.row.id for p in page.list.shown].index(plugin)
    page.list.area.ensureWidgetVisible(page.list.rows[index])
    qtbot.mouseClick(page.list.rows[index], LEFT)
    return page.detail


def test_bad_plugins_come_first_with_their_reason(qtbot, page):
    states = {rows.name_of(plugin): plugin.row.state for plugin in page.list.shown[:3]}
    assert states == {"bad": "broken", "newer": "refused", "Bench": "missing_requirement"}
    shipped = sum(p.row.origin == "shipped" for p in page.list.shown)
    assert page.bar.facts.text == f"{shipped} ready   3 with a problem"
    assert "version" in _choose(qtbot, page, "bad").reason.text()
    assert "written for plugin API 9.0" in _choose(qtbot, page, "newer").reason.text()
    reason = _choose(qtbot, page, "lacking").reason.text()
    assert "Not installed: not_there" in reason
    assert "pip install" in reason
    names = [row.accessibleName() for row in page.list.rows[:3]]
    assert names[0] == "bad, broken, folder, plugin.toml cannot be used"
    assert names[1] == "Bench, 0.1.0, incomplete, folder, 1 stage"


def test_the_whole_zoo_is_listed_and_nothing_of_it_runs(qtbot, window, monkeypatch, assert_no_clipped_text):
    monkeypatch.setenv("MOTE_PLUGIN_PATH", str(ZOO))
    page = _open(qtbot, window)
    animals = {p.name for p in ZOO.iterdir() if (p / "plugin.toml").exists()}
    assert animals <= {p.row.folder.name for p in page.list.shown}
    qtbot.mouseClick(
        page.list.filter, LEFT, pos=page.list.filter.rect().center() + page.list.filter.rect().center() / 3
    )
    assert {p.row.folder.name for p in page.list.shown} == {
        "bad-toml",
        "missing-requirement",
        "newer-api",
        "not-text",
        "other-major",
    }
    for index in range(len(page.list.shown)):
        qtbot.mouseClick(page.list.rows[index], LEFT)
        assert page.detail.reason.text()
        assert_no_clipped_text(page)
    assert window.context.studio.runner.history.records() == []


def test_a_stage_shows_what_it_is_needs_and_takes(qtbot, page, places):
    (places / "lacking" / "boards").mkdir()
    (places / "lacking" / "boards" / "bench-one.toml").write_text(BOARD)
    qtbot.mouseClick(page.rescan, LEFT)
    qtbot.waitUntil(lambda: any(p.boards for p in page.list.shown), timeout=10000)
    detail = _choose(qtbot, page, "lacking")
    words = _words(page)
    for said in ("Loudness over time.", "Anna", "MIT", "0.1.0, for plugin API 1.0", "Levels for the bench."):
        assert said in words
    for said in ("Hop", "hop_s", "0.1 to 2 s", "number", "0.5 s", "rms, peak", "choice", "Bench board", "bench-one"):
        assert said in words
    assert "Time between two levels.\nShown while Kind is rms." in words
    assert "STM32L476, 80 MHz" in words
    section = detail.sections[0]
    tags = [w.accessibleName() for w in section.findChildren(Tag)]
    for said in ("implementation 2; 1 still runs", "no C: desk only", "not_there: not installed", "2 parameters"):
        assert said in tags
    # Folds by the keyboard.
    assert section.table.isVisible()
    section.head.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(section.head, Qt.Key.Key_Return)
    assert not section.table.isVisible()
    qtbot.keyClick(section.head, Qt.Key.Key_Space)
    assert section.table.isVisible()


def test_arrow_keys_walk_and_stages_show_their_parameters(qtbot, page, window):
    window.activateWindow()
    # The list has the keyboard as soon as the page is shown.
    qtbot.waitUntil(page.list.rows[0].hasFocus, timeout=5000)
    for _ in range(3):
        qtbot.keyClick(page.list.rows[page.list.list.current], Qt.Key.Key_Down)
    assert page.list.list.current == 3
    _choose(qtbot, page, "mote-window")
    words = _words(page)
    assert "0.01 to 30 s" in words
    assert "noise, zero" in words
    assert any("ring buffer" in w for w in words)


def test_search_finds_stages_and_parameters(qtbot, window, page):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(page.list.field.hasFocus)
    qtbot.keyClicks(page.list.field, "snr")
    assert [p.row.id for p in page.list.shown] == ["mote-augment"]
    opened = [s.stage.id for s in page.detail.sections if s.head.open]
    assert set(opened) == {"mote-augment/noise", "mote-augment/background"}
    qtbot.keyClicks(page.list.field, " nobody")
    assert page.list.shown == []
    assert page.list.nothing.isVisible()
    page.list.field.clear()
    assert len(page.list.shown) > 8
    # The plugin that was looked at stays the chosen one.
    assert page.detail.plugin.row.id == "mote-augment"


def test_a_plugin_that_was_mended_is_found_again(qtbot, page, places, context):
    (places / "bad" / "plugin.toml").write_text(GOOD)
    (places / "bad" / "level.py").write_text("")
    _choose(qtbot, page, "bad")
    good = int(page.bar.facts.text.split()[0])
    qtbot.mouseClick(page.rescan, LEFT)
    qtbot.waitUntil(lambda: f"{good + 1} ready" in page.bar.facts.text, timeout=5000)
    assert context.studio.registry.stage("bench-good/level").manifest.title == "Level"
    assert page.detail.plugin.row.folder == places / "bad"


def test_folder_path_and_home_page(qtbot, page, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "motestudio.gui.pages.plugins.QDesktopServices.openUrl", lambda url: asked.append(url.toString()) or True
    )
    detail = _choose(qtbot, page, "lacking")
    qtbot.mouseClick(detail.open, LEFT)
    qtbot.mouseClick(page.folder, LEFT)
    qtbot.mouseClick(detail.home, LEFT)
    assert asked[0].endswith(str(detail.plugin.row.folder))
    assert asked[1].endswith("plugins")
    assert asked[2] == "https://example.org/bench"
    qtbot.mouseClick(detail.copy, LEFT)
    assert QGuiApplication.clipboard().text() == str(detail.plugin.row.folder)
    # A manifest may name anything; only web pages are opened.
    page._open_page("file:///etc/passwd")
    assert len(asked) == 3


def test_the_conformance_kit_runs_beside_the_window(qtbot, window, page, assert_no_clipped_text):
    detail = _choose(qtbot, page, "mote-window")
    qtbot.mouseClick(detail.test, LEFT)
    assert not detail.test.isEnabled()
    test = page.tests.of(detail.plugin.row.folder)
    qtbot.waitUntil(lambda: test.running is None, timeout=60000)
    assert test.counts.endswith("passed")
    assert "manifest" in _words(page)
    assert detail.test.isEnabled()
    assert window.strip.result.text == f"Test Windows: {test.counts}"
    assert_no_clipped_text(page)
    qtbot.mouseClick(detail.result.copy, LEFT)
    assert "no writes elsewhere" in QGuiApplication.clipboard().text()
    # It stays with the plugin until it is closed.
    _choose(qtbot, page, "bad")
    assert not page.detail.result.isVisible()
    detail = _choose(qtbot, page, "mote-window")
    assert detail.result.isVisible()
    qtbot.mouseClick(detail.result.close_button, LEFT)
    assert not detail.result.isVisible()
    detail = _choose(qtbot, page, "bad")
    qtbot.mouseClick(detail.test, LEFT)
    qtbot.waitUntil(lambda: page.tests.of(detail.plugin.row.folder).running is None, timeout=10000)
    assert page.tests.of(detail.plugin.row.folder).counts == "1 failed"


def test_a_test_is_cancelled(qtbot, page):
    detail = _choose(qtbot, page, "mote-augment")
    qtbot.mouseClick(detail.test, LEFT)
    test = page.tests.of(detail.plugin.row.folder)
    qtbot.waitUntil(lambda: len(test.rows) >= 2, timeout=20000)
    qtbot.mouseClick(detail.result.stop, LEFT)
    qtbot.waitUntil(lambda: test.running is None, timeout=10000)
    assert test.text == "cancelled"
    assert detail.test.isEnabled()


def test_a_projects_own_plugins_wait_for_trust(qtbot, window, context, project, assert_no_clipped_text):
    bar = window.trust_bar
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    assert "brings its own code" in bar.text.text()
    window.resize(1024, 640)
    assert_no_clipped_text(window)
    qtbot.mouseClick(bar.look, LEFT)
    page = window.pages["plugins"]
    assert window.current is page
    qtbot.waitUntil(page.notice.isVisible, timeout=5000)
    assert not bar.isVisible()
    detail = _choose(qtbot, page, "linear")
    assert detail.plugin.row.state == "untrusted"
    assert not detail.test.isEnabled()
    page.test()
    assert page.tests.of(detail.plugin.row.folder) is None
    assert_no_clipped_text(window)
    with qtbot.waitSignal(context.pipeline_changed, timeout=5000):
        qtbot.mouseClick(page.notice.action, LEFT)
    assert trust.is_trusted(project)
    assert context.studio.registry.stage("linear/network").manifest.title
    qtbot.waitUntil(lambda: page.detail.plugin.row.state == "ok", timeout=5000)
    assert page.notice.action.text() == "Stop trusting"
    with qtbot.waitSignal(context.pipeline_changed, timeout=5000):
        qtbot.mouseClick(page.notice.action, LEFT)
    assert not trust.is_trusted(project)
    qtbot.waitUntil(lambda: page.detail.plugin.row.state == "untrusted", timeout=5000)
    # The message undoes it, as every message of this window does.
    with qtbot.waitSignal(context.pipeline_changed, timeout=5000):
        qtbot.mouseClick(window.banner.action, LEFT)
    assert trust.is_trusted(project)


def test_no_code_of_an_untrusted_project_runs_by_a_test(qtbot, window, context, tmp_path):
    """Not even that of a plugin that is listed for another reason than trust."""
    from support.projects import gesture_project

    folder = tmp_path / "wand"
    gesture_project(folder, takes=1).close()
    _plugin(folder / "plugins" / "again", GOOD.replace("bench-good", "mote-window"))
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        context.open_project(folder)
    page = _open(qtbot, window)
    qtbot.waitUntil(lambda: any(p.row.origin == "project" for p in page.list.shown), timeout=5000)
    plugin = next(p for p in page.list.shown if p.row.origin == "project")
    assert plugin.row.state == "shadowed"
    page.list.pick(page.list.shown.index(plugin))
    assert not page.detail.test.isEnabled()
    page.test()
    assert page.tests.of(plugin.row.folder) is None


def test_the_bar_trusts_goes_and_comes_with_the_project(qtbot, window, context, project):
    bar = window.trust_bar
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    qtbot.mouseClick(bar.close_button, LEFT)
    window.show_page("record")
    assert not bar.isVisible()
    context.close_project()
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        context.open_project(project)
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    with qtbot.waitSignal(context.pipeline_changed, timeout=5000):
        qtbot.mouseClick(bar.action, LEFT)
    qtbot.wait(200)
    assert not bar.isVisible()
    context.close_project()
    qtbot.waitUntil(lambda: context.studio.project_dir is None, timeout=5000)
    assert all(row.origin != "project" for row in context.studio.registry.rows)
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        context.open_project(project)
    qtbot.wait(300)
    assert not bar.isVisible()
    assert context.studio.registry.stage("linear/network")


def test_a_new_plugin_is_written_found_and_passes(qtbot, window, page, home, assert_no_clipped_text):
    qtbot.mouseClick(page.new, LEFT)
    form = page.details.widget()
    assert isinstance(form, NewPlugin)
    assert not page.new.isEnabled()
    assert not form.write.isEnabled()
    form.kind.setCurrentText("Augment stage")
    qtbot.keyClicks(form.name, "json")
    assert form.path.text().endswith("plugins/json")
    qtbot.mouseClick(form.write, LEFT)
    qtbot.waitUntil(form.problem.isVisible, timeout=5000)
    assert "Python" in form.problem.text()
    assert_no_clipped_text(page)
    form.name.clear()
    assert not form.problem.isVisible()
    qtbot.keyClicks(form.name, "Bench Level")
    qtbot.keyClick(form.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.detail is not None and page.detail.plugin.row.id == "bench-level", timeout=10000)
    folder = page.detail.plugin.row.folder
    assert (folder / "plugin.toml").is_file()
    assert page.detail.plugin.row.origin == "user"
    assert page.detail.plugin.row.state == "ok"
    qtbot.mouseClick(page.detail.test, LEFT)
    test = page.tests.of(folder)
    qtbot.waitUntil(lambda: test.running is None, timeout=60000)
    assert "failed" not in test.counts, test.report


def test_the_form_goes_by_escape(qtbot, window, page):
    _choose(qtbot, page, "mote-window")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    form = page.details.widget()
    assert isinstance(form, NewPlugin)
    qtbot.waitUntil(form.name.hasFocus)
    # Arrows choose in the form; they do not walk the list behind it.
    form.kind.setFocus()
    before = form.kind.currentIndex()
    qtbot.keyClick(form.kind, Qt.Key.Key_Down)
    assert form.kind.currentIndex() == before + 1
    qtbot.keyClick(form.name, Qt.Key.Key_Escape)
    assert page.detail.plugin.row.id == "mote-window"


def test_safe_mode_is_told(qtbot, places, tmp_path):
    from motestudio.gui.app import make_window

    context = AppContext(Settings(tmp_path / "safe.json"), safe_mode=True)
    window = make_window(context)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    page = _open(qtbot, window)
    assert page.notice.isVisible()
    assert "Safe mode" in page.notice.text.text()
    assert {p.row.origin for p in page.list.shown} == {"shipped"}
    context.close()


def test_folders_that_the_window_was_started_with_are_looked_into(qtbot, tmp_path):
    context = AppContext(Settings(tmp_path / "dirs.json"), plugin_dirs=[ZOO])
    assert context.studio.registry.stage("fine/stage")
    context.close()


def test_words_of_parameters():
    kind = Param("kind", "choice", "rms", "Kind", choices=("rms", "peak"))
    run = Param("teacher", "run", "", "Teacher", shown_if=ShownIf("kind", "peak"))
    assert rows.range_of(run) == "any run"
    assert rows.default_of(run)
    assert rows.condition_of(run, (kind, run)) == "Shown while Kind is peak."
    assert rows.range_of(Param("n", "int", 3, minimum=1)) == "from 1"
    assert rows.default_of(Param("gain", "float", -0.5, unit="dB")) == "−0.5 dB"


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_everything_is_readable(qtbot, page, window, size, assert_no_clipped_text):
    theme().set_mode("dark")
    window.resize(*size)
    for index in range(len(page.list.shown)):
        page.list.pick(index)
        for section in page.detail.sections:
            if not section.head.open:
                section.toggle()
        qtbot.wait(10)
        assert_no_clipped_text(page)
