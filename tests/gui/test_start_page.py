"""The start page: templates, recent projects, missing tools, boards."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from motestudio.gui.data import BoardCard, RecentCard, StartData, ToolCard, load, templates
from motestudio.gui.pages.start.parts import BoardRow, MissingRow, RecentRow


@pytest.fixture
def start(qtbot, window):
    page = window.pages["start"]
    page._later.stop()
    cards = tuple(
        RecentCard(
            Path(f"/projects/{name}"),
            name,
            "~/bench",
            "NUCLEO-L476RG",
            "41 takes",
            verdict,
            ink,
            ("fresh",) * 7,
            ram,
            "3 Nov",
        )
        for name, verdict, ink, ram in (
            ("wand", "fits, 96.1 %", "text_secondary", (35000.0, 98304.0)),
            ("pump-3", "RAM 6.0 KB short", "bad", (137000.0, 131072.0)),
            ("door", "not trained", "text_muted", None),
            ("yes-no", "not trained", "text_muted", None),
            ("old", "not trained", "text_muted", None),
        )
    )
    page._show(
        StartData(
            templates(),
            cards,
            (ToolCard("Arm GCC", "building for STM32", "", "sudo apt-get install gcc-arm-none-eabi"),),
            (ToolCard("TensorFlow worker", "training", "2.21.0", ""),),
            (
                BoardCard("Virtual board", "plays motions", "virtual"),
                BoardCard("ttyACM0", "in use", "/dev/ttyACM0", "minicom holds it."),
            ),
            1,
        )
    )
    return page


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (1920, 1200)])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_everything_is_readable(start, window, size, mode, assert_no_clipped_text, qtbot):
    from motestudio.gui.theme import theme

    theme().set_mode(mode)
    window.resize(*size)
    qtbot.wait(30)
    assert_no_clipped_text(window)


def test_templates_are_chosen_one_at_a_time(qtbot, start):
    assert start.template == "gesture"
    tile = start._tiles[1]
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    assert start.template == tile.card.id == "keyword"
    tile.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(start._tiles[2], Qt.Key.Key_Space)
    assert start.template == "vibration"


def test_new_project_from_the_form(qtbot, start, window, context, home):
    qtbot.mouseClick(start.new, Qt.MouseButton.LeftButton)
    assert start.form.isVisible()
    qtbot.waitUntil(start.form.name.hasFocus)
    qtbot.keyClicks(start.form.name, "bench wand")
    assert start.form.folder.text() == str(home / "mote" / "bench-wand")
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        qtbot.keyClick(start.form.name, Qt.Key.Key_Return)
    assert context.project.config.name == "bench wand"
    assert window.current.key == "record"
    assert (home / "mote" / "bench-wand" / "project.toml").is_file()


def test_a_project_without_a_name_is_not_made(qtbot, start):
    qtbot.mouseClick(start.new, Qt.MouseButton.LeftButton)
    start.form.name.clear()
    with qtbot.assertNotEmitted(start.form.wanted):
        qtbot.keyClick(start.form.name, Qt.Key.Key_Return)
    assert start.form.name.toolTip() == "A project needs a name."


def test_recent_projects_show_few_and_then_all(qtbot, start):
    assert len(start.findChildren(RecentRow)) == 4
    qtbot.mouseClick(start._recent_head.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len([r for r in start.findChildren(RecentRow) if r.isVisible()]) == 5)


def test_a_recent_project_opens_by_click(qtbot, start, window, context, home):
    from motestudio.studio.create import create

    folder = home / "real"
    create(folder, template_id="gesture", name="real").close()
    card = RecentCard(folder, "real", "~", "", "", "not trained", "text_muted", ("none",) * 7, None, "today")
    start._show(StartData(templates(), (card,)))
    row = start.findChildren(RecentRow)[-1]
    with qtbot.waitSignal(context.project_changed, timeout=10000):
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert context.project.folder == folder
    assert "real" in window.windowTitle()


def test_a_missing_tool_gives_its_fix(qtbot, start, window, qapp):
    from motestudio.gui.widgets import Button

    row = start.findChildren(MissingRow)[-1]
    qtbot.mouseClick(row.findChild(Button), Qt.MouseButton.LeftButton)
    assert qapp.clipboard().text() == "sudo apt-get install gcc-arm-none-eabi"
    assert window.banner.isVisible()


def test_a_busy_board_says_why(qtbot, start, window):
    from motestudio.gui.widgets import Button

    busy = next(r for r in start.findChildren(BoardRow) if r.card.busy and r.isVisible())
    qtbot.mouseClick(busy.findChild(Button), Qt.MouseButton.LeftButton)
    assert window.banner.text.text() == "minicom holds it."


def test_loading_reads_projects_and_survives_a_broken_one(home):
    from motestudio.project.recent import RecentProjects
    from motestudio.studio.create import create

    for name in ("good", "broken"):
        create(home / name, template_id="gesture", name=name).close()
        RecentProjects().add(home / name, name)
    (home / "broken" / "project.toml").write_text("[board\n")
    cards = {card.name: card for card in load().recent}
    assert cards["good"].verdict == "not trained"
    assert cards["good"].takes == "0 takes"
    assert cards["broken"].verdict_ink == "bad"
    assert cards["broken"].verdict
