"""The Analyse page: verdict, linked map, table and inspector, boards, measuring on the virtual board."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from motestudio.gui.theme import theme
from motestudio.gui.widgets import FactRow


@pytest.fixture
def page(qtbot, trained_window):
    trained_window.show_page("analyse")
    made = trained_window.pages["analyse"]
    qtbot.waitUntil(lambda: made._data is not None, timeout=10000)
    return made


def _row_at(table, index):
    return QPoint(120, 32 + 22 * index + 11)


def test_a_project_without_runs_says_what_the_page_is_for(qtbot, project_window, context):
    project_window.show_page("analyse")
    page = project_window.pages["analyse"]
    qtbot.waitUntil(lambda: not context.bridge.running)
    assert page.stack.currentIndex() == 0
    assert page.inspector is None
    assert not page.measure.isVisible()
    qtbot.mouseClick(page.empty.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "train"


def test_the_verdict_has_all_four_figures_with_what_they_rest_on(page):
    assert page.verdict.words.text() == "Fits NUCLEO-L476RG"
    assert "features included, CMSIS-NN at 80 MHz" in page.verdict.basis.text()
    assert "24 held-out windows" in page.verdict.basis.text()
    names = {name: f.accessibleName() for name, f in page.verdict.figures.items()}
    assert names["ram"].startswith("RAM ")
    assert names["ram"].endswith("KB, of 96 KB")
    assert "±" in names["ram"]
    assert names["latency"].endswith("ms, of 100 ms")
    assert "mJ" in names["energy"]


def test_held_part_and_tensors_add_up_to_the_arena_of_the_ram_budget(page):
    data = page._data
    arena = dict(data.report.verdict.budget("ram").parts)["Arena"]
    assert data.held_bytes + data.report.plan.head_bytes == round(arena)


def test_a_click_in_the_table_marks_map_and_inspector(qtbot, page):
    peak = page._data.report.plan.peak_op
    other = (peak + 1) % len(page._data.report.graph.ops)
    qtbot.mouseClick(page.table, Qt.MouseButton.LeftButton, pos=_row_at(page.table, other))
    assert page.map._op == other
    assert page.details.head.note.text() == f"op {other}"
    assert page.details.title.text() == page._data.report.graph.ops[other].title
    assert page.table.accessibleName().startswith(f"Layers: op {other}, ")


def test_pointing_shows_an_operator_and_leaving_goes_back(qtbot, page):
    kept = page.table.current
    other = len(page._data.report.graph.ops) - 1
    page.table.hovered.emit(other)
    assert page.map._op == other
    assert page.details.head.note.text() == f"op {other}"
    page.table.hovered.emit(-1)
    assert page.map._op == kept
    assert page.details.head.note.text() == f"op {kept}"


def test_arrows_walk_through_the_layers(qtbot, page):
    page.table.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.table, Qt.Key.Key_Home)
    assert page.table.current == 0
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    assert page.table.current == page.map._op == 1
    QTest.keyClick(page.table, Qt.Key.Key_End)
    assert page.table.current == len(page._data.report.graph.ops) - 1
    page.map.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.map, Qt.Key.Key_Left)
    assert page.table.current == len(page._data.report.graph.ops) - 2


def test_another_board_is_judged_and_can_become_the_projects(qtbot, page, context):
    picker = page.details.picker
    qtbot.mouseClick(picker.more, Qt.MouseButton.LeftButton)
    assert len(picker.rows.rows) == len(context.studio.boards) - 1
    small = next(r for r in picker.rows.rows if isinstance(r, FactRow) and "G071" in r.text())
    assert not page.details.adopt.isVisible()
    qtbot.mouseClick(small, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page._data.board.id == "nucleo-g071rb")
    assert page.verdict.figures["ram"].accessibleName().endswith("of 36 KB")
    assert context.project.config.board == "nucleo-l476rg"
    qtbot.mouseClick(page.details.adopt, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: context.project.config.board == "nucleo-g071rb")
    qtbot.waitUntil(lambda: page._data.own and page._data.board.id == "nucleo-g071rb")
    context.undo()
    qtbot.waitUntil(lambda: context.project.config.board == "nucleo-l476rg")
    qtbot.waitUntil(lambda: page._data.board.id == "nucleo-l476rg")


def test_a_board_that_is_too_small_says_by_how_much(qtbot, page):
    page.details.picker.chosen.emit("nucleo-f072rb")
    qtbot.waitUntil(lambda: page._data.board.id == "nucleo-f072rb")
    data = page._data
    if data.report.verdict.fits:
        pytest.fail("the smallest board was expected to be too small")
    assert page.verdict.words.text() == "Does not fit NUCLEO-F072RB"
    assert "of RAM short: estimate" in page.verdict.basis.text()


def test_measuring_without_a_board_offers_the_virtual_one(qtbot, page, trained_window, context):
    qtbot.mouseClick(page.measure, Qt.MouseButton.LeftButton)
    banner = trained_window.banner
    assert banner.text.text() == "No board is connected."
    assert banner.action.text() == "Use the virtual board"
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    # It connects, and finds that the board holds no model: the banner offers to put it there.
    qtbot.waitUntil(lambda: banner.isVisible() and "holds no model" in banner.text.text(), timeout=20000)
    qtbot.waitUntil(page.measure.isEnabled)
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    assert not page.measure.isEnabled()
    qtbot.waitUntil(page.strip.isVisible, timeout=30000)
    kept = page._data.measured
    assert kept.check.tested == 24
    assert kept.virtual
    assert f"{kept.check.equal} of 24 held-out windows equal bit for bit" in page.strip.text.text()
    assert "this computer's time" in page.strip.note.text()
    assert page.measure.isEnabled()
    saved = json.loads((page._data.run.folder / "measured.json").read_text())
    assert saved["board_name"] == context.session.description.name
    # The virtual board's time never stands as the target's.
    assert "±" in page.verdict.figures["latency"].accessibleName()


def test_a_board_that_vanishes_in_the_middle_is_told(qtbot, page, trained_window, virtual_board):
    page.verbs.measure(page._data.run, flash=True)
    virtual_board.close()
    qtbot.waitUntil(page.measure.isEnabled, timeout=20000)
    assert trained_window.banner.isVisible()


def test_a_run_whose_model_is_gone_is_told(qtbot, trained_window, context):
    (context.project.folder / "runs" / "run-001" / "model.tflite").write_bytes(b"broken")
    trained_window.show_page("analyse")
    qtbot.waitUntil(trained_window.banner.isVisible)
    assert trained_window.pages["analyse"].stack.currentIndex() == 0


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (3840, 2160)])
def test_everything_is_readable(page, trained_window, size, assert_no_clipped_text, qtbot):
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        trained_window.resize(*size)
        qtbot.wait(30)
        assert_no_clipped_text(trained_window)
