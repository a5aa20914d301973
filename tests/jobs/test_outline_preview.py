"""Shape and cost before anything runs, and previews of single windows, by real light workers."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from motestudio.domain.pipeline import StageUse
from motestudio.errors import AppError, JobError
from motestudio.project.store import Project
from motestudio.sdk.data import WindowSet
from motestudio.sdk.stages import FeatureInfo, ModelInfo, WindowInfo
from motestudio.studio import dataset, outline, pipeline, pipeline_edit, preview
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.outline import Outliner
from support.projects import gesture_project


@pytest.fixture(scope="module")
def studio():
    with Studio() as made:
        yield made


@pytest.fixture
def project(tmp_path):
    with gesture_project(tmp_path / "wand") as made:
        yield made


def add(studio: Studio, project: Project, *stages: str) -> None:
    for stage in stages:
        pipeline_edit.add(studio, project, stage)


def test_the_outline_says_what_the_run_then_gives(studio, project) -> None:
    pytest.importorskip("tensorflow", reason="a model is asked only where what it needs is installed")
    add(studio, project, "mote-augment/gain", "mote-imu/scale")
    seen = Outliner(studio).outline(project, Operation())
    made = pipeline.run(studio, project, Operation(), until="feature")
    windows = WindowSet.load(made.stages["gain"].folder)
    assert seen.windows == {"window": int((~windows.augmented).sum()), "gain": len(windows)}
    assert seen.total_windows == len(windows)
    assert seen.signal == windows.signal
    assert (list(seen.shape), list(seen.axes)) == (
        made.artifacts["features"].meta["shape"],
        made.artifacts["features"].meta["axes"],
    )
    kinds = [type(s.info) for s in seen.stages.values()]
    assert kinds[:5] == [WindowInfo, outline.AugmentInfo, FeatureInfo, FeatureInfo, ModelInfo]
    for key in ("features", "scale", "model"):
        stage = seen.stages[key]
        assert stage.error is None
        assert stage.latency is not None
        assert stage.latency.plus_minus > 0
    assert not list(project.cache.folder.glob("draft-*"))


def test_an_edited_number_asks_only_what_hangs_on_it(studio, project, monkeypatch) -> None:
    asked: list[str] = []
    real = outline.run_stage

    def counting(studio, entry, operation, **rest):
        asked.append(rest["kind"])
        return real(studio, entry, operation, **rest)

    monkeypatch.setattr(outline, "run_stage", counting)
    outliner = Outliner(studio)
    given = outliner.given(project)
    outliner.outline(project, Operation(), given=given)
    assert asked == ["window:infer", "feature:infer", "model:infer"]
    outliner.outline(project, Operation(), given=given)
    assert len(asked) == 3
    asked.clear()
    began = time.monotonic()
    outliner.outline(project, Operation(), given=given, changes={"features": {"gain": 2.0}})
    # The shape is the same, so the model's answer is known.
    assert asked == ["feature:infer"]
    assert time.monotonic() - began < 1.0
    asked.clear()
    longer = outliner.outline(project, Operation(), given=given, changes={"window": {"window_s": 1.5}})
    assert asked == ["window:infer", "feature:infer", "model:infer"]
    assert longer.shape[0] == 156


def test_a_refusal_stands_at_its_stage_with_its_parameter_and_ends_the_way(studio, project) -> None:
    pipeline_edit.choose(studio, project, "features", "mote-audio/logmel")
    seen = Outliner(studio).outline(project, Operation(), changes={"features": {"frame_ms": 2.0}})
    error = seen.errors["features"]
    assert error.text
    assert error.hint
    assert not error.text.startswith("Log-mel")
    assert seen.stages["window"].info is not None
    assert seen.stages["model"].info is None
    assert seen.stages["model"].error is None
    assert seen.shape == ()


def test_a_value_that_the_table_refuses_is_placed_too(studio, project) -> None:
    seen = Outliner(studio).outline(project, Operation(), changes={"window": {"window_s": -1.0}})
    assert seen.errors["window"].data["param"] == "window_s"
    assert [k for k, s in seen.stages.items() if s.info is not None] == []


def test_a_model_says_why_features_do_not_suit_it(studio, project) -> None:
    pipeline_edit.choose(studio, project, "features", "mote-imu/statistics")
    seen = Outliner(studio).outline(project, Operation())
    assert set(seen.errors) == {"model"}
    assert seen.errors["model"].hint


def test_stages_that_are_absent_end_the_way_and_no_takes_leave_all_open(studio, project, tmp_path) -> None:
    stages = tuple(replace(s, stage="gone/away") if s.key == "window" else s for s in project.config.pipeline.stages)
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    seen = Outliner(studio).outline(project, Operation())
    assert set(seen.errors) == {"window"}
    assert seen.signal is None
    with gesture_project(tmp_path / "empty", takes=0) as empty:
        nothing = Outliner(studio).outline(empty, Operation())
        assert nothing.errors == {}
        assert nothing.total_windows == 0


def test_candidates_tell_their_cost_or_why_they_do_not_suit(studio, project) -> None:
    entries = studio.registry.stages("feature")
    told = Outliner(studio).candidates(project, entries, Operation())
    assert set(told) == {e.manifest.id for e in entries}
    assert isinstance(told["mote-imu/statistics"].info, FeatureInfo)
    assert all(s.info is not None or s.error is not None for s in told.values())


@pytest.fixture
def windows(studio, project) -> WindowSet:
    return WindowSet.load(pipeline.run(studio, project, Operation(), until="window").artifacts["windows"].folder)


def test_a_window_is_previewed_as_the_run_computes_it(studio, project, windows) -> None:
    pipeline_edit.set_params(studio, project, "features", {"gain": 3.0})
    use = project.config.pipeline.find("features")
    values, axes = preview.features(studio, use, windows, 5, Operation())
    made = pipeline.run(studio, project, Operation(), until="feature").artifacts["features"]
    computed = np.load(made.folder / "features.npy")
    np.testing.assert_array_equal(values, computed[5])
    assert axes == ("time", "channel")


def test_a_take_is_cut_as_the_run_cuts_it(studio, project, windows) -> None:
    data, _ = dataset.build(project)
    given = Outliner(studio).given(project)
    use = replace(project.config.pipeline.find("window"), params={"window_s": 1.25, "step_s": 0.25, "positions": 0})
    cut = preview.cut(studio, project, use, given, data, 3, Operation())
    assert set(cut.takes.tolist()) == {3}
    assert cut.classes[int(cut.labels[0])] == data.takes[3].label
    theirs = windows.samples[(windows.takes == 3)]
    assert all(any(np.array_equal(one, other) for other in theirs) for one in cut.samples)


def test_an_altered_copy_changes_with_the_seed_and_never_the_original(studio, windows) -> None:
    use = StageUse("noise", "mote-augment/noise", 0, {"copies": 0, "probability": 0.0})
    before = np.array(windows.samples[2])
    one = preview.altered(studio, use, windows, 2, Operation(), seed=1)
    two = preview.altered(studio, use, windows, 2, Operation(), seed=2)
    again = preview.altered(studio, use, windows, 2, Operation(), seed=1)
    assert one.samples.shape == (1, *before.shape)
    assert not np.array_equal(one.samples[0], before)
    assert not np.array_equal(one.samples, two.samples)
    np.testing.assert_array_equal(one.samples, again.samples)
    np.testing.assert_array_equal(windows.samples[2], before)


def test_a_preview_that_is_refused_says_why(studio, windows) -> None:
    use = StageUse("mel", "mote-audio/logmel", 0, {"frame_ms": 2.0})
    with pytest.raises(JobError) as refused:
        preview.features(studio, use, windows, 0, Operation())
    assert refused.value.hint
    with pytest.raises(AppError):
        preview.features(studio, StageUse("x", "gone/away"), windows, 0, Operation())


def test_a_stage_that_breaks_while_it_is_asked_is_no_refusal(project, tmp_path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "plugin.toml").write_text(
        'id = "broken"\nname = "Broken"\nversion = "1.0.0"\napi = "1.0"\n'
        '[[stage]]\nid = "one"\nkind = "feature"\ntitle = "Broken"\nentry = "broken:One"\n'
    )
    (folder / "broken.py").write_text("class One:\n    def infer_output(self, signal, params):\n        return 1 / 0\n")
    with Studio((folder,)) as studio:
        pipeline_edit.add(studio, project, "broken/one")
        seen = Outliner(studio).outline(project, Operation())
    assert seen.errors == {}
    assert "ZeroDivisionError" in seen.stages["one"].fault
    assert not seen.stages["one"].refused
    assert seen.shape == ()
