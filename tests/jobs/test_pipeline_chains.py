"""Chains of stages through real workers: copies, features side by side, older implementations, earlier runs."""

from __future__ import annotations

import ctypes
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.pipeline import StageUse
from motestudio.errors import AppError, PluginError
from motestudio.firmware.builder import build_host
from motestudio.firmware.generator import generate
from motestudio.firmware.request import FirmwareRequest
from motestudio.project.store import Project
from motestudio.sdk import TEST, TRAIN, Deployable, FeatureSet, WindowSet
from motestudio.studio import pipeline, train
from motestudio.studio.feature_twin import feature_code
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from support import trained

SUPPORT = Path(trained.__file__).parent


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with Studio((SUPPORT,)) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(trained.make(tmp_path / "wand", takes=6, trained=False)) as made:
        yield made


@pytest.fixture
def twin_of(studio: Studio, project: Project, tmp_path: Path) -> Callable[[FeatureSet, np.ndarray], np.ndarray]:
    """Features of windows as a board would compute them, from the generated and compiled C code."""

    def compute(features: FeatureSet, windows: np.ndarray) -> np.ndarray:
        deployable = Deployable(
            b"TFL3", features.classes, features.signal, features.blocks, features.shape, 0.05, 0, 1 / 256, -128
        )
        code = feature_code(studio, project, deployable, Operation())
        request = FirmwareRequest("twin", studio.board("virtual"), deployable, ("SOFTMAX",), 4096, code)

        def run_compiler(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
            done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

        built = build_host(generate(tmp_path / "firmware", request), run_compiler, tmp_path / "core.so")
        library = ctypes.CDLL(str(built.image))
        out = np.zeros((len(windows), *features.shape), dtype=np.float32)
        for row, window in zip(out, windows, strict=True):
            raw = np.ascontiguousarray(window)
            library.mote_host_features_f32(ctypes.c_void_p(raw.ctypes.data), ctypes.c_void_p(row.ctypes.data))
        return out

    return compute


def use(stage: str, key: str = "", implementation: int = 0, **params: object) -> StageUse:
    return StageUse(key or stage.split("/")[1], stage, implementation, params)  # type: ignore[arg-type]


def chain(project: Project, after: str, *uses: StageUse) -> None:
    """Put stages behind the one with a key."""
    stages = list(project.config.pipeline.stages)
    at = 1 + [s.key for s in stages].index(after)
    put(project, [*stages[:at], *uses, *stages[at:]])


def put(project: Project, stages: list[StageUse]) -> None:
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=tuple(stages))))


def run(studio: Studio, project: Project, until: str = "feature") -> pipeline.PipelineResult:
    return pipeline.run(studio, project, Operation(), until=until)  # type: ignore[arg-type]


def test_copies_are_added_to_training_windows_only_and_originals_stay(studio: Studio, project: Project) -> None:
    before = WindowSet.load(run(studio, project, "window").artifacts["windows"].folder)
    chain(project, "window", use("chain/add", copies=2, counts=500))
    after = WindowSet.load(run(studio, project, "augment").artifacts["windows"].folder)
    n, train_rows = len(before), np.flatnonzero(before.splits == TRAIN)
    assert len(after) == n + 2 * len(train_rows)
    assert np.array_equal(after.samples[:n], before.samples)
    assert not after.augmented[:n].any()
    assert after.augmented[n:].all()
    expected = np.tile(before.samples[train_rows] + 500, (2, 1, 1))
    assert np.array_equal(after.samples[n:], expected)
    assert np.array_equal(after.labels[n:], np.tile(before.labels[train_rows], 2))
    assert after.targets is None


def test_a_second_stage_alters_the_copies_of_the_first_in_place(studio: Studio, project: Project) -> None:
    chain(project, "window", use("chain/add", counts=500), use("chain/add", "more", copies=0, counts=7, share=0.25))
    result = run(studio, project)
    windows = WindowSet.load(result.artifacts["windows"].folder)
    copies, originals = np.flatnonzero(windows.augmented), np.flatnonzero(~windows.augmented)
    train_rows = originals[windows.splits[originals] == TRAIN]
    assert np.array_equal(windows.samples[copies], windows.samples[train_rows] + 507)
    assert windows.targets is not None
    assert np.allclose(windows.targets.sum(axis=1), 1)
    # The hard labels of originals are still theirs alone; a copy belongs to the first class by a quarter.
    assert np.array_equal(windows.targets[originals].argmax(axis=1), windows.labels[originals])
    assert np.allclose(windows.targets[copies, 0][windows.labels[copies] != 0], 0.25)
    features = FeatureSet.load(result.artifacts["features"].folder)
    assert np.array_equal(features.augmented, windows.augmented)
    assert np.array_equal(features.targets_of(TRAIN), windows.targets_of(np.flatnonzero(windows.splits == TRAIN)))


def test_the_share_of_windows_that_are_copied_follows_probability_and_the_seed(studio, project: Project) -> None:
    chain(project, "window", use("chain/add", copies=10, probability=0.3))
    first = WindowSet.load(run(studio, project, "augment").artifacts["windows"].folder)
    chosen = first.augmented.sum() / (10 * ((first.splits == TRAIN) & ~first.augmented).sum())
    assert 0.15 < chosen < 0.45
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, seed=2)))
    second = WindowSet.load(run(studio, project, "augment").artifacts["windows"].folder)
    assert not np.array_equal(np.bincount(first.takes), np.bincount(second.takes))


def test_features_side_by_side_are_joined_and_the_board_computes_the_same(studio, project: Project, twin_of) -> None:
    chain(project, "features", use("chain/mean"), use("chain/mean", "again"))
    result = run(studio, project)
    features = FeatureSet.load(result.artifacts["features"].folder)
    assert [b.key for b in features.blocks] == ["scale", "mean", "mean-2"]
    assert features.axes == ("feature",)
    parts = [FeatureSet.load(result.stages[k].folder).values for k in ("features", "mean", "again")]
    assert np.array_equal(features.values, np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1))
    assert result.artifacts["features"].meta["info"]["shape"] == [features.values.shape[1]]
    windows = WindowSet.load(result.artifacts["windows"].folder)
    assert np.array_equal(twin_of(features, windows.samples[:20]), features.values[:20])


def test_features_with_the_same_axes_lie_beside_each_other(studio, project: Project, twin_of) -> None:
    chain(project, "features", use("mote-imu/scale", "twice", gain=2.0))
    result = run(studio, project)
    features = FeatureSet.load(result.artifacts["features"].folder)
    windows = WindowSet.load(result.artifacts["windows"].folder)
    assert features.axes == ("time", "channel")
    assert features.shape == (windows.signal.window_samples, 12)
    assert np.array_equal(features.values[..., 6:], 2 * features.values[..., :6])
    assert np.array_equal(twin_of(features, windows.samples[:20]), features.values[:20])


def test_one_changed_feature_stage_leaves_the_others_in_the_cache(studio: Studio, project: Project) -> None:
    chain(project, "features", use("chain/mean"))
    run(studio, project)
    assert [s.state for s in pipeline.status(studio, project)][:3] == ["fresh"] * 3
    stages = [replace(s, params={"gain": 3.0}) if s.key == "features" else s for s in project.config.pipeline.stages]
    put(project, stages)
    states = {s.use.key: s.state for s in pipeline.status(studio, project)}
    assert (states["window"], states["features"], states["mean"]) == ("fresh", "stale", "fresh")
    assert run(studio, project).computed == ("features",)


def test_a_run_of_the_whole_chain_trains_converts_and_evaluates(studio, project: Project) -> None:
    pytest.importorskip("tflite_micro", reason="the test's own converter writes with its schema")
    chain(project, "window", use("chain/add", counts=20))
    chain(project, "features", use("mote-imu/scale", "twice", gain=2.0))
    chain(project, "model", use("chain/shrink"))
    done = train.train(studio, project, Operation())
    assert done.metrics["accuracy"] > 0.8
    assert [s["key"] for s in done.facts["stages"]][:4] == ["window", "add", "features", "twice"]
    windows = WindowSet.load(project.cache.folder_of(done.artifact("windows")))
    outputs = np.load(done.folder / "outputs.npy")
    assert len(outputs) == int(((windows.splits == TEST) & ~windows.augmented).sum())


def test_a_stage_is_given_the_run_that_its_parameter_names(studio: Studio, project: Project) -> None:
    pytest.importorskip("tflite_micro", reason="the test's own converter writes with its schema")
    first = train.train(studio, project, Operation())
    chain(project, "model", use("chain/shrink", teacher=first.id))
    result = run(studio, project, "compress")
    given = json.loads((result.stages["shrink"].folder / "given.json").read_text())
    assert given["teacher"] == first.id
    put(project, [replace(s, params={"teacher": "run-077"}) if s.key == "shrink" else s for s in stages_of(project)])
    status = next(s for s in pipeline.status(studio, project) if s.use.key == "shrink")
    assert (status.state, "run-077" in status.reason) == ("invalid", True)
    with pytest.raises(AppError) as refused:
        run(studio, project, "compress")
    assert refused.value.code == "run.unknown"


def stages_of(project: Project) -> list[StageUse]:
    return list(project.config.pipeline.stages)


def test_an_old_project_computes_what_it_computed(studio: Studio, project: Project) -> None:
    put(project, [s for s in stages_of(project) if s.key == "window"])
    chain(project, "window", use("chain/mean", "old", implementation=1), use("chain/mean", "new", implementation=2))
    result = run(studio, project)
    old, new = (FeatureSet.load(result.stages[k].folder) for k in ("old", "new"))
    assert np.array_equal(old.values, np.float32(0.5) * new.values)
    assert (old.blocks[0].implementation, new.blocks[0].implementation) == (1, 2)


def test_an_implementation_that_the_plugin_has_not_is_kept_and_said(studio: Studio, project: Project) -> None:
    chain(project, "window", use("chain/mean", implementation=7))
    status = next(s for s in pipeline.status(studio, project) if s.use.key == "mean")
    assert status.state == "absent"
    assert "implementation 7" in status.reason
    with pytest.raises(PluginError) as refused:
        run(studio, project)
    assert refused.value.code == "plugin.implementation"
    assert "Update the plugin" in refused.value.hint


@pytest.mark.parametrize(
    ("keys", "wrong", "code"),
    [
        (["features", "window"], "features", "pipeline.order"),
        (["window", "model", "features"], "model", "pipeline.order"),
        (["window", "features", "add"], "add", "pipeline.order"),
        (["window", "features", "model", "again"], "again", "pipeline.order"),
        (["window", "other"], "other", "pipeline.order"),
        (["trim"], "trim", "pipeline.kind"),
    ],
)
def test_stages_that_cannot_follow_each_other_are_refused_by_name(studio, project, keys, wrong, code) -> None:
    known = {s.key: s for s in stages_of(project)}
    known |= {"add": use("chain/add"), "again": use("mote-imu/scale", "again")}
    known |= {"trim": use("mote-segment/energy", "trim"), "other": use("mote-window/sliding", "other")}
    put(project, [known[k] for k in keys])
    with pytest.raises(PluginError) as refused:
        run(studio, project)
    assert (refused.value.code, refused.value.data["key"]) == (code, wrong)
    assert refused.value.hint
