"""The pipeline through real workers: cached, cancelled, killed; without training packages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from motestudio.errors import Cancelled, JobError, PluginError
from motestudio.project.store import Project
from motestudio.studio import label, pipeline
from motestudio.studio.home import Studio
from motestudio.studio.operation import Happening, Operation
from support.projects import gesture_project

SLOW = """
import time
class Slow:
    def infer_output(self, signal, params):
        from motestudio.sdk import FeatureInfo
        return FeatureInfo((1,), ("feature",))
    def transform(self, windows, signal, params):
        time.sleep(60)
    def c_constants(self, signal, params):
        return {}
"""
MANIFEST = """
id = "slow"
name = "Slow"
version = "1.0.0"
api = "1.0"
[[stage]]
id = "slow"
kind = "feature"
title = "Slow"
entry = "slow_stage:Slow"
implementation = 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with gesture_project(tmp_path / "wand") as made:
        yield made


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    folder = tmp_path / "plugins" / "slow"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST)
    (folder / "slow_stage.py").write_text(SLOW)
    with Studio((tmp_path / "plugins",)) as made:
        yield made


def with_slow_features(project: Project) -> None:
    stages = tuple(
        replace(s, stage="slow/slow", params={}) if s.key == "features" else s for s in project.config.pipeline.stages
    )
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))


def drafts(project: Project) -> list[str]:
    return [p.name for p in project.cache.folder.glob("draft-*")]


def states(studio: Studio, project: Project) -> dict[str, str]:
    return {s.use.key: s.state for s in pipeline.status(studio, project)}


def test_nothing_is_computed_twice(studio: Studio, project: Project) -> None:
    first = pipeline.run(studio, project, Operation(), until="feature")
    assert first.computed == ("window", "features")
    second = pipeline.run(studio, project, Operation(), until="feature")
    assert second.computed == ()
    assert {n: a.key.hash for n, a in first.artifacts.items()} == {n: a.key.hash for n, a in second.artifacts.items()}
    assert states(studio, project)["features"] == "fresh"


def test_a_changed_label_makes_everything_stale(studio: Studio, project: Project) -> None:
    pipeline.run(studio, project, Operation(), until="feature")
    label.move(project, "wave-000", 0, start=10, count=100)
    assert set(states(studio, project).values()) == {"stale"}


def test_cancel_ends_a_stuck_stage_within_a_second(studio: Studio, project: Project) -> None:
    with_slow_features(project)
    operation = Operation()
    asked: list[float] = []

    def cancel_soon(happening: Happening) -> None:
        if happening.kind == "part" and happening.name == "features":
            threading.Timer(1.0, lambda: (asked.append(time.monotonic()), operation.cancel.cancel())).start()

    operation.on_happening = cancel_soon
    with pytest.raises(Cancelled):
        pipeline.run(studio, project, operation, until="feature")
    assert time.monotonic() - asked[0] < 1.0
    assert drafts(project) == []
    assert states(studio, project)["window"] == "fresh"
    assert states(studio, project)["features"] == "stale"


def test_a_killed_worker_leaves_nothing_half_written(studio: Studio, project: Project) -> None:
    with_slow_features(project)

    def kill_soon(happening: Happening) -> None:
        if happening.kind == "part" and happening.name == "features":
            threading.Timer(1.0, kill_workers).start()

    with pytest.raises(JobError) as died:
        pipeline.run(studio, project, Operation(kill_soon), until="feature")
    assert died.value.code == "job.crashed"
    assert drafts(project) == []
    assert states(studio, project)["features"] == "stale"


def kill_workers() -> None:
    for child in psutil.Process().children(recursive=True):
        if "@worker" in " ".join(child.cmdline()):
            child.kill()


def test_an_absent_plugin_leaves_the_project_readable(studio: Studio, project: Project) -> None:
    stages = tuple(
        replace(s, stage="gone/away", params={"x": 1}) if s.key == "features" else s
        for s in project.config.pipeline.stages
    )
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=stages)))
    row = next(s for s in pipeline.status(studio, project) if s.use.key == "features")
    assert row.state == "absent"
    assert row.reason
    assert dict(row.use.params) == {"x": 1}
    with pytest.raises(PluginError):
        pipeline.run(studio, project, Operation())


def test_stages_in_an_impossible_order_are_refused(studio: Studio, project: Project) -> None:
    stages = project.config.pipeline.stages
    turned = (stages[1], stages[0], *stages[2:])
    project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=turned)))
    with pytest.raises(PluginError) as refused:
        pipeline.run(studio, project, Operation())
    assert refused.value.code == "pipeline.order"


def test_segmenter_trims_takes_to_the_burst_and_one_undo_takes_all_back(studio: Studio, project: Project) -> None:
    names = [n for n in project.recordings.names() if n.startswith("wave")]
    assert label.trim(studio, project, names, Operation()) == len(names)
    for name in names:
        segment = project.recordings.load(name).segments[0]
        assert 208 // 3 - 30 <= segment.start <= 208 // 3 + 8
        assert segment.count < 150
    project.undo.undo()
    assert all(project.recordings.load(n).segments[0].count == 208 for n in names)
