"""Edits of a pipeline: what may stand where, keys, implementation numbers, undo, what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.domain.pipeline import StageUse
from motestudio.errors import PluginError, ProjectError
from motestudio.project.store import Project
from motestudio.studio import pipeline_edit, pipeline_places
from motestudio.studio.create import create
from motestudio.studio.home import Studio

AUGMENTS = """
id = "older"
name = "Older"
version = "1.0.0"
api = "1.0"
[[stage]]
id = "scale"
kind = "feature"
title = "Scale, again"
entry = "older:Scale"
implementation = 3
[[stage.older]]
implementation = 2
entry = "older:Scale"
[[stage.param]]
key = "gain"
type = "float"
default = 1.0
min = 0.0
max = 2.0
[[stage.param]]
key = "teacher"
type = "run"
default = ""
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins") / "older"
    folder.mkdir()
    (folder / "plugin.toml").write_text(AUGMENTS)
    (folder / "older.py").write_text("class Scale: pass\n")
    with Studio((folder,)) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path):
    with create(tmp_path / "wand", template_id="gesture") as made:
        yield made


def keys(project: Project) -> list[str]:
    return [s.key for s in project.config.pipeline.stages]


WHOLE = ["window", "features", "model", "quantise", "evaluate"]


def test_a_stage_is_added_where_its_kind_belongs_with_its_implementation(studio, project) -> None:
    use = pipeline_edit.add(studio, project, "older/scale", params={"gain": 0.5})
    assert use == StageUse("scale", "older/scale", 3, {"gain": 0.5})
    assert keys(project) == ["window", "features", "scale", *WHOLE[2:]]
    assert "implementation = 3" in (project.folder / "project.toml").read_text()
    again = pipeline_edit.add(studio, project, "older/scale", before="features")
    assert again.key == "scale-2"
    assert keys(project)[1] == "scale-2"
    project.undo.undo()
    project.undo.undo()
    assert keys(project) == WHOLE
    project.undo.redo()
    assert project.config.pipeline.find("scale").params == {"gain": 0.5}


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("mote-augment/noise", (1,)),
        ("mote-imu/scale", (1, 2)),
        ("mote-cnn/cnn", ()),
        ("mote-window/sliding", ()),
        ("mote-segment/energy", ()),
    ],
)
def test_places_are_those_that_the_types_allow(studio, project, stage, expected) -> None:
    assert pipeline_places.places(studio, project, stage) == expected


def test_only_what_may_be_added_is_offered(studio, project) -> None:
    offered = pipeline_places.addable(studio, project)
    assert {a.kind for a in offered} >= {"augment", "feature"}
    assert not {a.kind for a in offered} & {"window", "model", "convert", "evaluate", "segmenter", "importer"}
    kinds = [a.kind for a in offered]
    assert kinds == sorted(kinds, key=["augment", "feature", "compress"].index)
    for one in offered:
        assert one.places == pipeline_places.places(studio, project, one.entry.manifest.id)


@pytest.mark.parametrize("at", [0, 2, 5])
def test_a_stage_in_a_wrong_place_is_refused_and_nothing_is_saved(studio, project, at) -> None:
    before = (project.folder / "project.toml").read_bytes()
    with pytest.raises(PluginError) as refused:
        pipeline_edit.add(studio, project, "mote-augment/noise", at=at)
    assert refused.value.code == "pipeline.order"
    assert refused.value.hint
    assert (project.folder / "project.toml").read_bytes() == before
    assert not project.undo.can_undo


def test_a_second_model_is_refused(studio, project) -> None:
    with pytest.raises(PluginError, match="second model"):
        pipeline_edit.add(studio, project, "mote-cnn/dense", after="model")
    with pytest.raises(PluginError, match="second model"):
        pipeline_edit.duplicate(studio, project, "model")


def test_values_keys_and_neighbours_are_checked_before_anything_is_saved(studio, project) -> None:
    with pytest.raises(PluginError) as refused:
        pipeline_edit.add(studio, project, "older/scale", params={"gain": 9.0})
    assert refused.value.data["param"] == "gain"
    with pytest.raises(ProjectError) as gone:
        pipeline_edit.add(studio, project, "older/scale", params={"teacher": "run-009"})
    assert gone.value.data["param"] == "teacher"
    with pytest.raises(ProjectError, match="'model' already"):
        pipeline_edit.add(studio, project, "older/scale", key="model")
    with pytest.raises(ProjectError, match="no stage 'away'"):
        pipeline_edit.add(studio, project, "older/scale", after="away")
    with pytest.raises(PluginError, match="no plugin 'away'"):
        pipeline_edit.add(studio, project, "away/scale")
    assert keys(project) == WHOLE


def test_removing_the_only_model_leaves_a_gap_that_says_where_one_belongs(studio, project) -> None:
    assert pipeline_places.gaps(studio, project) == ()
    pipeline_edit.remove(studio, project, "model")
    (gap,) = pipeline_places.gaps(studio, project)
    assert (gap.kind, gap.place, gap.blocks) == ("model", 2, True)
    assert gap.text == "Stage quantise needs model, and no stage before it makes one."
    assert gap.hint == "Add a model stage before it."
    assert pipeline_places.places(studio, project, "mote-cnn/cnn") == (2,)
    project.undo.undo()
    assert keys(project) == WHOLE


def test_a_pipeline_that_only_ends_early_can_run_and_says_what_it_lacks(studio, project) -> None:
    for key in ("evaluate", "quantise"):
        pipeline_edit.remove(studio, project, key)
    gaps = pipeline_places.gaps(studio, project)
    assert [(g.kind, g.place, g.blocks) for g in gaps] == [("convert", 3, False), ("evaluate", 3, False)]


def test_an_empty_pipeline_is_filled_in_any_order(studio, project) -> None:
    for key in WHOLE:
        pipeline_edit.remove(studio, project, key)
    for stage in ("mote-int8/ptq", "mote-imu/scale", "mote-window/sliding", "mote-cnn/dense"):
        pipeline_edit.add(studio, project, stage)
    assert keys(project) == ["sliding", "scale", "dense", "ptq"]


def test_moving_goes_where_types_allow_and_back(studio, project) -> None:
    pipeline_edit.add(studio, project, "older/scale")
    assert pipeline_places.moves(studio, project)["scale"] == (1,)
    assert pipeline_places.moves(studio, project)["model"] == ()
    assert pipeline_edit.move(studio, project, "scale", 1) == 1
    assert keys(project)[:3] == ["window", "scale", "features"]
    with pytest.raises(PluginError, match="needs features"):
        pipeline_edit.move(studio, project, "model", 1)
    project.undo.undo()
    assert keys(project)[:3] == ["window", "features", "scale"]


def test_a_copy_stands_behind_its_original(studio, project) -> None:
    pipeline_edit.set_params(studio, project, "features", {"gain": 2.0})
    assert pipeline_edit.duplicate(studio, project, "features").key == "features-2"
    assert pipeline_edit.duplicate(studio, project, "features-2").key == "features-3"
    assert keys(project)[1:4] == ["features", "features-2", "features-3"]
    assert project.config.pipeline.find("features-3").params == {"gain": 2.0}


def test_an_older_implementation_is_updated_and_keeps_what_is_still_allowed(studio, project) -> None:
    pipeline_edit.add(studio, project, "older/scale")
    stages = tuple(
        replace(s, implementation=2, params={"gain": 0.5, "away": 1}) if s.key == "scale" else s
        for s in project.config.pipeline.stages
    )
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    use = pipeline_edit.update(studio, project, "scale")
    assert (use.implementation, use.params) == (3, {"gain": 0.5})
    project.undo.undo()
    assert project.config.pipeline.find("scale").implementation == 2


def test_choosing_keeps_common_parameters_and_the_newest_implementation(studio, project) -> None:
    pipeline_edit.set_params(studio, project, "features", {"gain": 1.5})
    use = pipeline_edit.choose(studio, project, "features", "older/scale")
    assert use == StageUse("features", "older/scale", 3, {"gain": 1.5})
    with pytest.raises(PluginError, match="Choose another feature"):
        pipeline_edit.choose(studio, project, "features", "mote-cnn/cnn")


def test_stages_whose_plugin_is_absent_can_be_worked_around(studio, project) -> None:
    stages = tuple(replace(s, stage="gone/away") if s.key == "features" else s for s in project.config.pipeline.stages)
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    assert pipeline_places.gaps(studio, project) == ()
    pipeline_edit.add(studio, project, "older/scale", after="features")
    pipeline_edit.remove(studio, project, "features")
    assert keys(project) == ["window", "scale", "model", "quantise", "evaluate"]


def test_a_file_in_a_wrong_order_can_be_mended_step_by_step(studio, project) -> None:
    old = project.config.pipeline.stages
    project.save(
        replace(project.config, pipeline=replace(project.config.pipeline, stages=(old[2], *old[:2], *old[3:])))
    )
    pipeline_edit.set_params(studio, project, "window", {"step_s": 0.5})
    pipeline_edit.move(studio, project, "model", 2)
    assert keys(project) == WHOLE
