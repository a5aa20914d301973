"""The Train page: live curves through a real worker, runs, confusion, comparison, what can go wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from motestudio.gui.theme import theme
from motestudio.studio import pipeline_edit


@pytest.fixture
def page(qtbot, trained_window):
    trained_window.show_page("train")
    made = trained_window.pages["train"]
    qtbot.waitUntil(lambda: made._data is not None and bool(made._data.rows), timeout=10000)
    return made


@pytest.fixture
def second_run(trained_folder, context, page, qtbot):
    """Another run beside the first, with another parameter and other figures."""
    folder = context.project.runs_dir
    shutil.copytree(folder / "run-001", folder / "run-002")
    path = folder / "run-002" / "metrics.json"
    facts = json.loads(path.read_text())
    model = next(s for s in facts["stages"] if s["key"] == "model")
    model["params"]["hidden"] = 48
    facts["metrics"] |= {"accuracy": 0.99, "model_bytes": 40000}
    path.write_text(json.dumps(facts))
    context.runs_changed.emit()
    qtbot.waitUntil(lambda: len(page._data.rows) == 2)
    return "run-002"


def _set(context, **values):
    pipeline_edit.set_params(context.studio, context.project, "model", values)


def test_a_project_without_takes_says_what_is_missing(qtbot, project_window, context):
    project_window.show_page("train")
    page = project_window.pages["train"]
    qtbot.waitUntil(lambda: page._data.problem is not None)
    assert page.stack.currentIndex() == 0
    assert "labelled takes of 0 class(es)" in page.empty.sentence.text()
    assert not page.start.isVisible()
    qtbot.mouseClick(page.empty.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "record"


def test_the_run_shows_its_curves_confusion_and_accuracies(page):
    row = page._data.row
    assert list(page.curves.values) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert len(page.curves.values["loss"]) == row.run.metrics["epochs"]
    counts = row.run.metrics["confusion"]
    right = sum(counts[i][i] for i in range(len(counts)))
    assert page.confusion.accessibleName() == f"Confusion matrix: {right} of {sum(map(sum, counts))} right"
    assert f"{row.accuracy * 100:.1f} %" in page.table.accessibleName().replace("%", " %")
    assert "fits" in page.table.accessibleName()


def test_the_split_and_what_is_held_out_are_shown(page):
    facts = page._data.row.run.facts
    assert page.details.split_text.text().startswith(f"By take: {len(facts['held_out'])} takes held out")
    assert facts["held_out"][0] in page.details.groups.text()
    test = sum(facts["counts"]["test"].values())
    assert f"Test {test}" in page.details.table.accessibleName()


def test_training_draws_curves_as_they_come_and_ends_with_a_new_run(qtbot, page, context, trained_window):
    _set(context, hidden=32, epochs=15, pause_s=0.05)
    page.activated()
    qtbot.waitUntil(lambda: page._data.epochs == 15)
    trained_window.activateWindow()
    qtbot.waitUntil(trained_window.isActiveWindow)
    QTest.keyClick(trained_window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.cancel.isVisible()
    assert not page.start.isVisible()
    assert context.stages["train"] == "running"
    qtbot.waitUntil(lambda: 2 <= len(page.curves.values.get("loss", ())) < 15, timeout=20000)
    assert page.curves.plots["loss"]._x_end == 15
    qtbot.waitUntil(lambda: page.follower.running is None, timeout=30000)
    qtbot.waitUntil(lambda: len(page._data.rows) == 2)
    assert page._data.row.run.id == "run-002"
    assert len(page.curves.values["loss"]) == 15
    assert page.start.isVisible()
    assert context.stages["train"] != "running"


def test_a_cancelled_training_keeps_nothing(qtbot, page, context):
    _set(context, hidden=33, epochs=1000, pause_s=0.05)
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.curves.values.get("loss", ())) > 1, timeout=20000)
    qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.follower.running is None, timeout=10000)
    qtbot.waitUntil(page.start.isVisible)
    assert [r.run.id for r in page._data.rows] == ["run-001"]
    assert page._data.row.run.metrics["epochs"] == len(page.curves.values["loss"])


def test_training_without_a_change_says_so(qtbot, page, trained_window):
    # The project was copied to another folder: that is another data set, so the first one here is a new run.
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.follower.running is None and len(page._data.rows) == 2, timeout=20000)
    assert not trained_window.banner.isVisible()
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(trained_window.banner.isVisible, timeout=20000)
    assert trained_window.banner.text.text().startswith("Nothing has changed since run-002")
    qtbot.mouseClick(trained_window.banner.action, Qt.MouseButton.LeftButton)
    assert trained_window.current.key == "pipeline"


def test_a_stage_that_is_not_there_is_told(qtbot, page, context, trained_window):
    config = context.project.config
    stages = config.pipeline.stages
    gone = tuple(replace(s, stage="nobody/nothing") if s.key == "model" else s for s in stages)
    context.project.save(replace(config, pipeline=replace(config.pipeline, stages=gone)))
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(trained_window.banner.isVisible, timeout=20000)
    assert "nobody" in trained_window.banner.text.text()
    assert page.start.isVisible()


def test_runs_are_chosen_in_table_and_plot_and_compared(qtbot, page, context, second_run):
    assert page._data.row.run.id == "run-002"
    assert page.details.other.currentText() == "run-001"
    words = [w.accessibleName() for w in page.details._rows]
    assert words == ["model.hidden: 24 → 48"]
    page.table.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page._data.row.run.id == "run-001")
    assert context.run_id == "run-001"
    assert page.details.other.currentText() == "run-002"
    page.pareto._choose(1)
    qtbot.waitUntil(lambda: page._data.row.run.id == "run-002")
    top = QPoint(40, round(page.table.row_y(0)) + 10)
    qtbot.mouseClick(page.table, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, pos=top)
    assert page._data.row.run.id == "run-002"
    assert page._other == 0
    qtbot.mouseClick(page.table, Qt.MouseButton.LeftButton, pos=top)
    qtbot.waitUntil(lambda: page._data.row.run.id == "run-001")


def test_a_cell_of_the_confusion_shows_its_windows(qtbot, page):
    counts = page._data.row.run.metrics["confusion"]
    page.confusion.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.confusion, Qt.Key.Key_Down)
    assert page.confusion.current == (0, 0)
    view = page.details.errors
    qtbot.waitUntil(lambda: view.title.text() != "")
    assert view.title.text() == "wave, recognised"
    assert len(view._windows) == min(8, counts[0][0])
    assert len(view._plots) == 2
    qtbot.mouseClick(view.rows.rows[-1], Qt.MouseButton.LeftButton)
    assert view._plots[0].accessibleName().startswith(view._windows[-1].recording)


def test_an_emptied_cache_is_told_where_the_windows_would_be(qtbot, page, context):
    context.project.cache.clear()
    page.confusion._choose(0, 0)
    qtbot.waitUntil(lambda: "no longer in the cache" in page.details.errors.hint.text())


def test_many_runs_are_shown_without_delay(qtbot, page, context):
    folder = context.project.runs_dir
    for number in range(2, 61):
        shutil.copytree(folder / "run-001", folder / f"run-{number:03}")
    context.runs_changed.emit()
    qtbot.waitUntil(lambda: len(page._data.rows) == 60, timeout=10000)
    assert page._data.row.run.id == "run-060"


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (3840, 2160)])
def test_everything_is_readable(page, second_run, trained_window, size, assert_no_clipped_text, qtbot):
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        trained_window.resize(*size)
        qtbot.wait(30)
        assert_no_clipped_text(trained_window)
