"""The Plugins page: good and bad plugins, their stages, looking again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from motestudio.gui.pages.plugins import rows
from motestudio.gui.theme import theme

GOOD = """
id = "bench-good"
name = "Bench"
version = "0.1.0"
api = "1.0"
[[stage]]
id = "level"
kind = "feature"
title = "Level"
entry = "level:Level"
help = "Loudness over time."
[[stage.param]]
key = "hop_s"
type = "float"
title = "Hop"
default = 0.5
min = 0.1
max = 2.0
unit = "s"
help = "Time between two levels."
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


@pytest.fixture
def page(qtbot, places, window):
    window.show_page("plugins")
    made = window.pages["plugins"]
    qtbot.waitUntil(lambda: bool(made.list.rows), timeout=5000)
    return made


def _words(page):
    return [label.text() for label in page.details.widget().findChildren(QLabel)]


def test_bad_plugins_come_first_with_their_reason(page):
    states = {rows.name_of(row): row.state for row in page._rows[:3]}
    assert states == {"bad": "broken", "newer": "refused", "Bench": "missing_requirement"}
    assert "8 ready   3 with a problem" in page.bar.facts.text
    page._choose([rows.name_of(r) for r in page._rows].index("bad"))
    assert "version" in page.details.widget().reason.text()
    page._choose([rows.name_of(r) for r in page._rows].index("Bench"))
    assert "not installed: not_there" in page.details.widget().reason.text()


def test_arrow_keys_walk_and_stages_show_their_parameters(qtbot, page, window):
    page.list.rows[0].setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(3):
        qtbot.keyClick(page.list.rows[page.list.current], Qt.Key.Key_Down)
    assert page.list.current == 3
    names = [rows.name_of(r) for r in page._rows]
    qtbot.mouseClick(page.list.rows[names.index("Windows")], Qt.MouseButton.LeftButton)
    words = _words(page)
    assert "Sliding window" in words
    assert "0.01 to 30 s" in words
    assert "noise, zero" in words
    assert any("ring buffer" in w for w in words)


def test_a_plugin_that_was_mended_is_found_again(qtbot, page, places, context):
    (places / "bad" / "plugin.toml").write_text(GOOD)
    (places / "bad" / "level.py").write_text("")
    qtbot.mouseClick(page.rescan, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "9 ready" in page.bar.facts.text, timeout=5000)
    assert context.studio.registry.stage("bench-good/level").manifest.title == "Level"
    assert page._rows[page.list.current].folder == places / "bad"


def test_open_folder_asks_the_system(qtbot, page, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "motestudio.gui.pages.plugins.QDesktopServices.openUrl", lambda url: asked.append(url.toLocalFile()) or True
    )
    qtbot.mouseClick(page.details.widget().open, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.folder, Qt.MouseButton.LeftButton)
    assert asked[0] == str(page._rows[0].folder)
    assert asked[1].endswith("plugins")


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_everything_is_readable(qtbot, page, window, size, assert_no_clipped_text):
    theme().set_mode("dark")
    window.resize(*size)
    for index in range(len(page._rows)):
        page.list.set_current(index)
        page._choose(index)
        qtbot.wait(10)
        assert_no_clipped_text(page)
