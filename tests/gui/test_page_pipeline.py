"""The Pipeline page: cards and flows, forms that save, runs followed and cancelled, a window before and after."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from motestudio.domain.pipeline import StageUse
from motestudio.gui.theme import theme
from motestudio.project.store import Project
from motestudio.studio import pipeline
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from support.projects import gesture_project

SLOW = """
id = "bench-slow"
name = "Slow"
version = "1.0.0"
api = "1.0"
[[stage]]
id = "window"
kind = "window"
title = "Slow windows"
entry = "slow:Slow"
help = "Takes its time."
[[stage.param]]
key = "fail"
type = "bool"
default = false
title = "Fail"
"""
SLOW_CODE = """
import time
from motestudio.errors import PluginError
class Slow:
    def run(self, ctx, inputs, params):
        if params["fail"]:
            raise PluginError("bench.tired", "It is tired.", "Let it rest.")
        for n in range(400):
            ctx.progress(n / 400, "waiting")
            time.sleep(0.05)
        return {}
"""


@pytest.fixture(scope="session")
def computed(tmp_path_factory):
    """A project with takes, its windows and features in the cache."""
    folder = tmp_path_factory.mktemp("pipeline") / "wand"
    with gesture_project(folder) as project, Studio() as studio:
        pipeline.run(studio, project, Operation(), until="feature")
    return folder


@pytest.fixture
def project(computed, tmp_path, monkeypatch):
    place = tmp_path / "plugins" / "bench-slow"
    place.mkdir(parents=True)
    (place / "plugin.toml").write_text(SLOW)
    (place / "slow.py").write_text(SLOW_CODE)
    monkeypatch.setenv("MOTE_PLUGIN_PATH", str(place.parent))
    folder = tmp_path / "wand"
    shutil.copytree(computed, folder)
    return Project.open(folder)


@pytest.fixture
def page(qtbot, window, context, project):
    context.adopt_project(project)
    window.show_page("pipeline")
    made = window.pages["pipeline"]
    qtbot.waitUntil(lambda: made.preview.frame is not None, timeout=10000)
    return made


def _states(page):
    return [card.facts.state_text for card in page.strip.cards.values()]


def _idle(qtbot, page):
    """Nothing is waiting to be read."""
    quiet = page.context.bridge
    qtbot.waitUntil(lambda: not quiet.running and not page._refresh_later.isActive(), timeout=10000)


def _choose(qtbot, page, key):
    """Click a card and wait for its form."""
    qtbot.mouseClick(page.strip.cards[key], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.form._tag.isVisible)
    qtbot.wait(20)


def _press(qtbot, window, key):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, key)


def _use(project, key, stage, **params):
    stages = tuple(StageUse(key, stage, 0, params) if s.key == key else s for s in project.config.pipeline.stages)
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))


def test_cards_and_flows_tell_what_is_in_the_cache(page):
    assert _states(page) == ["fresh", "fresh", "not run", "not run", "not run"]
    window, features = page.strip.cards["window"].facts, page.strip.cards["features"].facts
    assert window.title == "Window"
    assert window.summary.startswith("1.25 s, step 0.25 s")
    assert window.origin == "sliding 1.0"
    assert features.figures[0][0] == "host"
    assert features.figures[1][0] == "board"
    takes, windows = page.strip.arrows[0].accessibleName(), page.strip.arrows[1].accessibleName()
    assert takes.startswith("12 takes, 3 × int16, ")
    assert "130 × 3" in windows
    assert page.strip.arrows[3].accessibleName().endswith("stale")
    assert page.bar.facts.text == "5 stages: 2 fresh, 3 not run"
    assert page.strip.current == "features"


def test_click_and_arrow_keys_choose_a_stage(qtbot, page, window):
    _choose(qtbot, page, "model")
    assert set(page.form.form.fields) >= {"epochs", "batch"}
    _press(qtbot, window, Qt.Key.Key_Left)
    _press(qtbot, window, Qt.Key.Key_Left)
    assert page.strip.current == "window"
    _press(qtbot, window, Qt.Key.Key_Left)
    _press(qtbot, window, Qt.Key.Key_Left)
    assert page.strip.current == ""
    assert "split_by" in page.form.form.fields
    card = page.strip.cards["quantise"]
    card.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert card.isChecked()


def test_a_change_is_stale_at_once_saved_and_undone(qtbot, page, project, context):
    _choose(qtbot, page, "window")
    field = page.form.form.fields["positions"].field
    field.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert _states(page)[:2] == ["stale", "stale"]
    assert page.preview.stale.isVisible()
    assert context.stages["pipeline"] == "stale"
    assert page.form.form.fields["positions"].dot.isVisible()
    assert page.form._changes.text == "1 change  extra positions 2 to 3"
    qtbot.waitUntil(lambda: project.config.pipeline.find("window").params.get("positions") == 3)
    assert "positions = 3" in (project.folder / "project.toml").read_text()
    _idle(qtbot, page)
    assert _states(page)[:2] == ["stale", "stale"]
    context.undo()
    qtbot.waitUntil(lambda: _states(page)[:2] == ["fresh", "fresh"], timeout=5000)
    assert page.form.form.values["positions"] == 2
    assert not page.form.form.fields["positions"].dot.isVisible()


def test_reset_goes_back_to_what_was_computed(qtbot, page, project):
    _choose(qtbot, page, "features")
    was = page.form.form.values["remove_mean"]
    qtbot.mouseClick(page.form.form.fields["remove_mean"].field, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: project.config.pipeline.find("features").params.get("remove_mean") is not was)
    _idle(qtbot, page)
    qtbot.mouseClick(page.form.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _states(page)[1] == "fresh", timeout=5000)
    assert project.config.pipeline.find("features").params["remove_mean"] is was


def test_dragging_a_slider_is_one_step_of_undo(qtbot, page, project):
    _choose(qtbot, page, "features")
    slider = page.form.form.fields["gain"].slider
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(20):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    value = slider.value
    assert value > 1
    qtbot.waitUntil(lambda: project.undo.can_undo)
    assert project.config.pipeline.find("features").params["gain"] == value
    project.undo.undo()
    assert not project.undo.can_undo
    assert "gain" not in project.config.pipeline.find("features").params


def test_another_stage_of_the_same_kind_can_be_chosen(qtbot, page, project, context):
    _choose(qtbot, page, "features")
    choice = page.form.stage_choice
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: project.config.pipeline.find("features").stage == "mote-audio/logmel")
    _idle(qtbot, page)
    assert "bands" in page.form.form.fields
    assert _states(page)[1] == "not run"
    context.undo()
    qtbot.waitUntil(lambda: _states(page)[1] == "fresh", timeout=5000)


def test_run_to_here_computes_only_what_is_stale(qtbot, page, project, context):
    _choose(qtbot, page, "features")
    qtbot.mouseClick(page.form.form.fields["remove_mean"].field, Qt.MouseButton.LeftButton)
    before = page.preview.frame.features.copy()
    window_made = page._view.stage("window").shown.folder
    with qtbot.waitSignal(context.runs_changed, timeout=20000):
        qtbot.mouseClick(page.until, Qt.MouseButton.LeftButton)
        assert page.cancel.isVisible()
        assert not page.run_button.isEnabled()
    qtbot.waitUntil(lambda: _states(page)[:2] == ["fresh", "fresh"], timeout=5000)
    _idle(qtbot, page)
    assert page._view.stage("window").shown.folder == window_made
    after = page.preview.frame.features
    means = sorted(abs(part.mean(axis=0)).max() for part in (before, after))
    assert means[0] < means[1] / 100
    assert not page.preview.stale.isVisible()
    assert not page.until.isEnabled()
    assert page.run_button.isEnabled()


def test_progress_is_on_the_card_and_cancel_takes_less_than_a_second(qtbot, page, project, context):
    _use(project, "window", "bench-slow/window")
    context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[0] == "not run", timeout=5000)
    qtbot.mouseClick(page.run_button, Qt.MouseButton.LeftButton)
    card = page.strip.cards["window"]
    qtbot.waitUntil(lambda: card.facts.fraction > 0.01, timeout=15000)
    assert card.facts.state == "running"
    assert card.facts.state_text.endswith("%")
    assert context.stages["pipeline"] == "running"
    assert "1 running" in page.bar.facts.text
    began = time.monotonic()
    qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.follower.running is None, timeout=3000)
    assert time.monotonic() - began < 1.0
    _idle(qtbot, page)
    assert card.facts.state_text == "not run"
    assert not list(project.cache.folder.glob("draft-*"))
    assert not page.cancel.isVisible()


def test_a_stage_that_fails_says_why_on_its_card_and_in_the_banner(qtbot, page, project, context, window):
    _use(project, "window", "bench-slow/window", fail=True)
    context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[0] == "not run", timeout=5000)
    _choose(qtbot, page, "window")
    page.run()
    qtbot.waitUntil(lambda: _states(page)[0] == "failed", timeout=15000)
    _idle(qtbot, page)
    assert "It is tired." in window.banner.text.text()
    assert window.banner.hint.text() == "Let it rest."
    assert "It is tired." in page.form._reason.text()
    assert context.stages["pipeline"] == "failed"
    qtbot.mouseClick(page.form.form.fields["fail"].field, Qt.MouseButton.LeftButton)
    assert _states(page)[0] != "failed"


def test_an_absent_plugin_keeps_its_parameters_and_offers_no_form(qtbot, page, project, context):
    _use(project, "features", "gone/away", secret=7)
    context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[1] == "absent", timeout=5000)
    _choose(qtbot, page, "features")
    assert page.form.form is None
    assert "gone" in page.form._reason.text()
    assert project.config.pipeline.find("features").params == {"secret": 7}


def test_a_parameter_that_is_not_allowed_is_marked_in_its_place(qtbot, page, project, context):
    _use(project, "window", "mote-window/sliding", positions=999)
    context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[0] == "invalid", timeout=5000)
    _choose(qtbot, page, "window")
    field = page.form.form.fields["positions"]
    assert "999" in field.help.text()
    field.field.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(field.field, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: _states(page)[0] == "stale", timeout=5000)


def test_windows_are_stepped_through_by_button_and_key(qtbot, page, window):
    frame = page.preview.frame
    assert (frame.index, frame.samples.shape, frame.axes) == (0, (130, 3), ("time", "channel"))
    assert not page.preview.previous.isEnabled()
    qtbot.mouseClick(page.preview.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.preview.frame.index == 1)
    _press(qtbot, window, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: page.preview.frame.index == 2)
    assert page.preview.place.text().startswith("window 3 of ")
    assert page.preview.frame.take in page.preview.take.text
    _choose(qtbot, page, "window")
    qtbot.waitUntil(lambda: page.preview.frame.whole is not None)
    assert page.preview.frame.index == 2
    assert page.preview.before.title.text() == "Take"
    assert page.preview.before.words.text.startswith("208 samples × 3 channels")


def test_the_split_is_changed_in_the_datasets_form(qtbot, page, project):
    page.strip.dataset.click()
    choice = page.form.form.fields["split_by"].field
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: project.config.dataset.split_by == "subject")
    _idle(qtbot, page)
    assert "subject" in page.strip.dataset.accessibleName()
    assert _states(page)[0] == "stale"
    project.undo.undo()
    assert project.config.dataset.split_by == "take"


def test_a_project_without_takes_says_what_to_do(qtbot, project_window, context):
    project_window.show_page("pipeline")
    page = project_window.pages["pipeline"]
    qtbot.waitUntil(lambda: page.below.currentWidget() is page.empty, timeout=10000)
    assert not page.run_button.isEnabled()
    assert page.empty.virtual.isVisible()
    qtbot.waitUntil(lambda: context.stages.get("pipeline") == "none")
    page.strip.dataset.click()
    assert "at least two" in page.form._reason.text()
    qtbot.mouseClick(page.empty.action, Qt.MouseButton.LeftButton)
    assert project_window.current.key == "record"


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (3840, 2160)])
def test_everything_is_readable(qtbot, page, window, size, assert_no_clipped_text):
    theme().set_mode("dark")
    window.resize(*size)
    for key in page.strip.keys:
        page.strip.set_current(key)
        page._chosen(key)
        _idle(qtbot, page)
        assert_no_clipped_text(window)
