"""The Pipeline page: cards and flows, forms that save, runs followed and cancelled, a window before and after."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from motestudio.domain.pipeline import StageUse
from motestudio.gui.theme import theme
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureSet
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
[[stage]]
id = "picky"
kind = "feature"
title = "Picky"
entry = "slow:Picky"
implementation = 2
[[stage.older]]
implementation = 1
entry = "slow:Picky"
[[stage.param]]
key = "width"
type = "int"
default = 100
min = 1
max = 1000
title = "Width"
help = "Of a picky stage."
"""
SLOW_CODE = """
import time
import numpy as np
from motestudio.sdk import FeatureInfo, PluginError, WindowInfo
from motestudio.sdk.data import SignalInfo
from motestudio.domain.signal import Channel, ChannelGroup
class Picky:
    def infer_output(self, signal, params):
        if params["width"] > signal.window_samples:
            text = f"{params['width']} samples are wider than a window."
            raise PluginError("picky.width", text, f"At most {signal.window_samples}.", {"param": "width"})
        return FeatureInfo((params["width"],), ("feature",), 100, 10, 1000)
    def transform(self, windows, signal, params):
        self.infer_output(signal, params)
        return np.ascontiguousarray(windows[:, : params["width"], 0]).astype(np.float32)
    def c_constants(self, signal, params):
        return {}
class Slow:
    def infer_output(self, dataset, params, seed):
        group = dataset["group"]
        channels = tuple(Channel(**c) for c in group["channels"])
        signal = SignalInfo(ChannelGroup(group["name"], group["rate_hz"], channels), 130, 26)
        return WindowInfo(signal, {"train": 8, "validation": 2, "test": 2})
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
    _idle(qtbot, made)
    return made


def _states(page):
    return [card.facts.state_text for card in page.strip.cards.values()]


def _idle(qtbot, page):
    """Nothing is waiting to be read."""
    quiet = page.context.bridge
    waits = (
        page.editor._later.isActive,
        page._refresh_later.isActive,
        lambda: page.outliner.waiting,
        lambda: page.previewer.waiting,
    )
    qtbot.waitUntil(lambda: not quiet.running and not any(w() for w in waits), timeout=20000)


def _choose(qtbot, page, key):
    """Click a card and wait for its form."""
    qtbot.mouseClick(page.strip.cards[key], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.form._key == key and page.form._tag.isVisible())
    qtbot.wait(20)


def _press(qtbot, window, key, modifiers=Qt.KeyboardModifier.NoModifier):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, key, modifiers)


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
    assert "±" in features.figures[1][1]
    takes, windows = page.strip.arrows[0].accessibleName(), page.strip.arrows[1].accessibleName()
    assert takes.startswith("12 takes, 3 × int16, ")
    assert "130 × 3" in windows
    assert page.strip.arrows[3].accessibleName().endswith("stale")
    assert page.bar.facts.text.startswith("5 stages: 2 fresh, 3 not run")
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
    assert context.stages["pipeline"] == "stale"
    assert page.form.form.fields["positions"].dot.isVisible()
    assert page.form._changes.text == "1 change  extra positions 2 to 3"
    qtbot.waitUntil(page.preview.live.isVisible, timeout=5000)
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
    choice.setCurrentIndex(choice.findText("Statistics"))
    choice.activated.emit(choice.currentIndex())
    qtbot.waitUntil(lambda: project.config.pipeline.find("features").stage == "mote-imu/statistics")
    assert project.config.pipeline.find("features").implementation >= 1
    _idle(qtbot, page)
    assert "mean" in page.form.form.fields
    assert _states(page)[1] == "not run"
    # It was told before it ran: by the card, and by the model that cannot take such features.
    assert page.strip.cards["features"].facts.figures[-1][0] == "board"
    assert _states(page)[2] == "refused"
    assert "axes" in page.obstacle.text()
    assert not page.run_button.isEnabled()
    context.undo()
    qtbot.waitUntil(lambda: _states(page)[1] == "fresh", timeout=5000)


def test_run_to_here_computes_only_what_is_stale(qtbot, page, project, context):
    _choose(qtbot, page, "features")
    qtbot.mouseClick(page.form.form.fields["remove_mean"].field, Qt.MouseButton.LeftButton)
    _idle(qtbot, page)
    before = np.array(FeatureSet.load(page._view.stage("features").shown.folder).values[0])
    window_made = page._view.stage("window").shown.folder
    with qtbot.waitSignal(context.runs_changed, timeout=20000):
        qtbot.mouseClick(page.until, Qt.MouseButton.LeftButton)
        assert page.cancel.isVisible()
        assert not page.run_button.isEnabled()
    qtbot.waitUntil(lambda: _states(page)[:2] == ["cached", "fresh"], timeout=5000)
    _idle(qtbot, page)
    assert page._view.stage("window").shown.folder == window_made
    after = page.preview.frame.features
    assert not page.preview.live.isVisible()
    means = sorted(abs(part.mean(axis=0)).max() for part in (before, after))
    assert means[0] < means[1] / 100
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
    assert page.preview.before.words.text == f"208 samples × 3 channels, {len(page.preview.frame.cuts)} windows"


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


def _keys(project):
    return [s.key for s in project.config.pipeline.stages]


def _arrange(qtbot, page, project, *uses):
    """Another pipeline, by (key, stage) or (key, stage, params)."""
    stages = tuple(StageUse(u[0], u[1], 0, u[2] if len(u) > 2 else {}) for u in uses)
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    page.context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: list(page.strip.cards) == [u[0] for u in uses], timeout=10000)
    _idle(qtbot, page)


WINDOW, FEATURES, MODEL = ("window", "mote-window/sliding"), ("features", "mote-imu/scale"), ("model", "mote-cnn/cnn")
MOVE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
QUANTISE, EVALUATE = ("quantise", "mote-int8/ptq"), ("evaluate", "mote-evaluate/tflm")


def test_a_stage_is_added_by_the_plus_where_it_may_stand_and_undone(qtbot, page, project, context, window):
    plus = [adder.place for adder in page.strip.adders]
    assert plus == [1, 2, 3]
    before_features = page.strip.adders[0]
    assert before_features.accessibleName() == "Add a stage after Window"
    qtbot.mouseClick(before_features, Qt.MouseButton.LeftButton)
    assert page.adder.isVisible()
    assert {row.addable.kind for row in page.adder.rows} == {"augment", "feature"}
    _idle(qtbot, page)
    qtbot.keyClicks(page.adder.field, "noise")
    qtbot.waitUntil(lambda: page.adder.rows[0].told is not None, timeout=10000)
    assert "windows" in page.adder.rows[0].accessibleName()
    qtbot.keyClick(page.adder.field, Qt.Key.Key_Return)
    assert _keys(project)[:3] == ["window", "noise", "features"]
    assert project.config.pipeline.find("noise").implementation >= 1
    qtbot.waitUntil(lambda: page.strip.current == "noise", timeout=5000)
    _idle(qtbot, page)
    assert "copies" in page.form.form.fields
    assert page.strip.cards["noise"].facts.figures[0][0] == "copies"
    assert "windows" in page.strip.arrows[2].accessibleName()
    context.undo()
    qtbot.waitUntil(lambda: "noise" not in page.strip.cards, timeout=5000)


def test_what_does_not_suit_says_so_before_it_is_added(qtbot, page, window):
    _press(qtbot, window, Qt.Key.Key_A)
    assert page.adder.field.hasFocus()
    rows = {row.addable.entry.manifest.id: row for row in page.adder.rows}
    qtbot.waitUntil(lambda: rows["mote-audio/logmel"].told is not None, timeout=20000)
    assert rows["mote-audio/logmel"].told.error is not None
    assert rows["mote-imu/statistics"].told.latency.plus_minus > 0
    qtbot.keyClick(page.adder.field, Qt.Key.Key_Escape)
    assert not page.adder.isVisible()


def test_delete_removes_the_chosen_stage_and_the_gap_is_filled_where_it_is(qtbot, page, project, context, window):
    _choose(qtbot, page, "model")
    _press(qtbot, window, Qt.Key.Key_Delete)
    assert _keys(project) == ["window", "features", "quantise", "evaluate"]
    qtbot.waitUntil(lambda: len(page.strip.gaps) == 1, timeout=5000)
    _idle(qtbot, page)
    assert page.strip.current == "quantise"
    gap = page.strip.gaps[0]
    assert gap.text() == "Add a model stage"
    assert page.obstacle.text().startswith("Cannot run. Stage quantise needs model")
    assert not page.run_button.isEnabled()
    qtbot.mouseClick(gap, Qt.MouseButton.LeftButton)
    assert {row.addable.kind for row in page.adder.rows} == {"model"}
    qtbot.keyClick(page.adder.field, Qt.Key.Key_Return)
    assert len(_keys(project)) == 5
    qtbot.waitUntil(lambda: not page.strip.gaps, timeout=5000)
    for _ in range(2):
        context.undo()
    qtbot.waitUntil(lambda: "model" in page.strip.cards, timeout=5000)


def test_delete_in_the_form_is_the_fields_own(qtbot, page, project, window):
    _choose(qtbot, page, "features")
    field = page.form.form.fields["gain"].field
    field.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    slider = page.form.form.fields["gain"].slider
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(slider, Qt.Key.Key_Delete)
    assert "features" in _keys(project)


def test_feature_stages_stand_above_each_other_and_are_moved_by_key_and_by_drag(qtbot, page, project, window):
    _arrange(qtbot, page, project, WINDOW, FEATURES, ("a", "mote-imu/scale"), ("b", "mote-imu/scale"), MODEL)
    column = [page.strip.cards[k].geometry() for k in ("features", "a", "b")]
    assert len({g.left() for g in column}) == 1
    assert column[0].bottom() < column[1].top() < column[2].top()
    assert "104 × 9" in page.strip.arrows[2].accessibleName()
    _choose(qtbot, page, "a")
    _press(qtbot, window, Qt.Key.Key_Left)
    assert page.strip.current == "features"
    _press(qtbot, window, Qt.Key.Key_Right, MOVE)
    assert _keys(project)[1:4] == ["a", "features", "b"]
    qtbot.waitUntil(lambda: list(page.strip.cards)[1] == "a", timeout=5000)
    _idle(qtbot, page)
    assert page.strip.current == "features"
    _drag(qtbot, page.strip.cards["b"], page.strip.cards["a"])
    assert _keys(project)[1:4] == ["b", "a", "features"]
    project.undo.undo()
    project.undo.undo()
    assert _keys(project)[1:4] == ["features", "a", "b"]


def _drag(qtbot, card, target):
    """From the middle of a card to the upper edge of another."""
    start = card.rect().center()
    end = card.mapFromGlobal(target.mapToGlobal(QPoint(target.width() // 2, 2)))
    qtbot.mousePress(card, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.3, 0.7, 1.0):
        qtbot.mouseMove(card, start + (end - start) * part)
        QApplication.processEvents()
    qtbot.mouseRelease(card, Qt.MouseButton.LeftButton, pos=end)


def test_a_move_that_types_do_not_allow_says_why(qtbot, page, project, window):
    _choose(qtbot, page, "model")
    _press(qtbot, window, Qt.Key.Key_Left, MOVE)
    assert "needs features" in window.banner.text.text()
    assert _keys(project)[2] == "model"
    _drag(qtbot, page.strip.cards["model"], page.strip.cards["window"])
    assert _keys(project)[2] == "model"


def test_a_stage_is_copied_with_its_parameters(qtbot, page, project, window):
    _choose(qtbot, page, "features")
    _press(qtbot, window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert _keys(project)[1:3] == ["features", "features-2"]
    qtbot.waitUntil(lambda: page.strip.current == "features-2", timeout=5000)


def test_the_preview_follows_the_form_before_anything_runs(qtbot, page, project):
    _choose(qtbot, page, "features")
    before = page.preview.frame.features.copy()
    slider = page.form.form.fields["gain"].slider
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    gain = slider.value
    qtbot.waitUntil(lambda: not np.array_equal(page.preview.frame.features, before), timeout=5000)
    np.testing.assert_allclose(page.preview.frame.features, before * gain, rtol=1e-5, atol=1e-6)
    assert page.preview.live.isVisible()
    assert page.previewer.milliseconds < 2000
    _idle(qtbot, page)
    np.testing.assert_allclose(page.preview.frame.features, before * gain, rtol=1e-5, atol=1e-6)


def test_windows_are_cut_anew_while_the_window_form_is_edited(qtbot, page, project):
    _choose(qtbot, page, "window")
    _idle(qtbot, page)
    field = page.form.form.fields["window_s"].field
    field.setFocus(Qt.FocusReason.TabFocusReason)
    field.selectAll()
    qtbot.keyClicks(field, "1.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.preview.frame.samples.shape == (156, 3), timeout=5000)
    assert page.preview.place.text().endswith("take 1 of 12")
    _idle(qtbot, page)
    assert "156 × 3" in page.strip.arrows[1].accessibleName()
    for _ in range(len(page.preview.frame.cuts)):
        qtbot.mouseClick(page.preview.next, Qt.MouseButton.LeftButton)
        _idle(qtbot, page)
    assert page.preview.place.text().startswith("window 1 of ")
    assert page.preview.place.text().endswith("take 2 of 12")
    qtbot.mouseClick(page.preview.previous, Qt.MouseButton.LeftButton)
    _idle(qtbot, page)
    assert page.preview.place.text().endswith("take 1 of 12")


def test_an_augment_stage_shows_an_altered_copy_and_another_one(qtbot, page, project):
    _arrange(qtbot, page, project, WINDOW, ("noise", "mote-augment/noise"), FEATURES, MODEL, QUANTISE, EVALUATE)
    _choose(qtbot, page, "noise")
    _idle(qtbot, page)
    first = page.preview.frame.altered.copy()
    assert first.shape == page.preview.frame.samples.shape
    assert not np.array_equal(first, page.preview.frame.samples)
    assert page.preview.shuffle.isVisible()
    qtbot.mouseClick(page.preview.shuffle, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not np.array_equal(page.preview.frame.altered, first), timeout=5000)
    _choose(qtbot, page, "features")
    _idle(qtbot, page)
    assert not page.preview.shuffle.isVisible()


def test_what_a_stage_refuses_stands_at_its_field_and_nothing_is_lost(qtbot, page, project):
    _use(project, "features", "bench-slow/picky")
    page.context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[1] == "not run", timeout=10000)
    _choose(qtbot, page, "features")
    _idle(qtbot, page)
    field = page.form.form.fields["width"]
    field.field.setFocus(Qt.FocusReason.TabFocusReason)
    field.field.selectAll()
    qtbot.keyClicks(field.field, "900")
    qtbot.keyClick(field.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "wider than a window" in field.help.text(), timeout=5000)
    _idle(qtbot, page)
    assert "At most 130." in page.form.form.fields["width"].help.text()
    assert page.form.form.values["width"] == 900
    assert project.config.pipeline.find("features").params["width"] == 900
    assert _states(page)[1] == "refused"
    assert not page.run_button.isEnabled()
    assert "wider than a window" in page.preview.after.blocks[0].reason.text()
    _choose(qtbot, page, "features")
    field = page.form.form.fields["width"]
    field.field.setFocus(Qt.FocusReason.TabFocusReason)
    field.field.selectAll()
    qtbot.keyClicks(field.field, "90")
    qtbot.keyClick(field.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _states(page)[1] == "not run", timeout=5000)
    _idle(qtbot, page)
    assert field.help.text() == "Of a picky stage."
    assert "features" not in page.outliner.outline.errors


def test_an_older_implementation_is_updated(qtbot, page, project):
    stages = tuple(
        replace(s, stage="bench-slow/picky", implementation=1, params={}) if s.key == "features" else s
        for s in project.config.pipeline.stages
    )
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    page.context.pipeline_changed.emit()
    qtbot.waitUntil(lambda: _states(page)[1] == "not run", timeout=10000)
    _choose(qtbot, page, "features")
    button = page.form.update_button
    assert button.text() == "Update to implementation 2"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert project.config.pipeline.find("features").implementation == 2
    qtbot.waitUntil(lambda: page.form.update_button is None, timeout=5000)


def test_what_the_cache_had_is_told_after_a_run(qtbot, page, project, context):
    _choose(qtbot, page, "features")
    assert "cache saves" in page.bar.facts.text
    qtbot.mouseClick(page.form.form.fields["remove_mean"].field, Qt.MouseButton.LeftButton)
    _idle(qtbot, page)
    with qtbot.waitSignal(context.runs_changed, timeout=20000):
        qtbot.mouseClick(page.until, Qt.MouseButton.LeftButton)
    _idle(qtbot, page)
    assert _states(page)[:2] == ["cached", "fresh"]
    assert page.strip.cards["window"].facts.figures[0][0] == "saved"


def test_ten_stages_scroll_under_the_keys(qtbot, page, project, window, assert_no_clipped_text):
    augments = [(f"n{i}", "mote-augment/noise") for i in range(6)]
    _arrange(qtbot, page, project, WINDOW, *augments, FEATURES, MODEL, QUANTISE, EVALUATE)
    window.resize(1024, 640)
    bar = page.strip.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    page.strip.set_current("window")
    page.strip.setFocus()
    for _ in range(10):
        _press(qtbot, window, Qt.Key.Key_Right)
    assert page.strip.current == "evaluate"
    assert bar.value() > bar.maximum() - 60
    _idle(qtbot, page)
    assert_no_clipped_text(window)


def test_an_empty_pipeline_is_begun_from_the_page(qtbot, page, project, window):
    _arrange(qtbot, page, project)
    assert page.below.currentWidget() is page.no_stages
    assert [g.gap.kind for g in page.strip.gaps] == ["window", "feature", "model", "convert", "evaluate"]
    qtbot.mouseClick(page.no_stages.action, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(page.adder.field, "sliding")
    qtbot.keyClick(page.adder.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.below.currentWidget() is page.preview, timeout=10000)
    assert _keys(project) == ["sliding"]
