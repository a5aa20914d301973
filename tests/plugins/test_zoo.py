"""A zoo of bad plugins through the real door: each is a row with its reason, and nothing else is any different."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from motestudio.errors import JobError, PluginError
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.history import JobRecord
from motestudio.jobs.messages import Completed, Crashed, Failed, JobCancelled, RunStage, Terminal, TimedOut
from motestudio.jobs.runner import JobSpec
from motestudio.project.store import Project
from motestudio.studio import pipeline
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from support.projects import gesture_project

ZOO = Path(__file__).parent / "zoo"
MB = 1 << 20


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with Studio([ZOO]) as made:
        yield made


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, studio: Studio) -> Iterator[Project]:
    with gesture_project(tmp_path_factory.mktemp("home") / "wand") as made:
        pipeline.run(studio, made, Operation(), until="window")
        yield made


@pytest.fixture(scope="module")
def zoo(studio: Studio):
    return studio.registry


@dataclass
class Keeper:
    """Runs animals on a project, and looks afterwards whether all is as it was.

    Attributes:
        lines: of the last job.
    """

    studio: Studio
    project: Project
    lines: list[str]

    def run(self, animal: str, cancel=None, listen=None, **options: Any) -> Terminal:
        entry = self.studio.registry.stage(f"{animal}/stage")
        windows = next(p.parent for p in self.project.cache.folder.glob("*/samples.npy"))
        inputs = {"windows": windows, "project": self.project.folder, "home": self.project.folder.parent}
        workdir = self.project.cache.folder / f"draft-zoo-{uuid.uuid4().hex}"
        workdir.mkdir()
        stage = entry.manifest
        paths = {name: str(folder) for name, folder in inputs.items()}
        job = uuid.uuid4().hex
        message = RunStage(job, str(entry.folder), stage.id, stage.kind, stage.entry, 1, {}, paths, str(workdir), 1)

        def tell(event) -> None:
            if hasattr(event, "source"):
                self.lines.append(event.text)
            if listen is not None:
                listen(event)

        self.lines.clear()
        try:
            return self.studio.runner.run(JobSpec(stage.title, message, **options), tell, cancel)
        finally:
            self.project.cache.discard(workdir)

    def record(self, end: Terminal) -> JobRecord:
        record = self.studio.runner.history.record(end.job)
        assert record is not None
        return record

    def state(self) -> dict[str, str]:
        """Every file of the project and beside it, by its hash."""
        home = self.project.folder.parent
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in home.rglob("*") if p.is_file()}


@pytest.fixture
def keeper(studio: Studio, project: Project) -> Iterator[Keeper]:
    """Whatever an animal did: the project is the same to the last byte, nothing is left running, a good job runs."""
    made = Keeper(studio, project, [])
    before, threads = made.state(), threading.active_count()
    yield made
    assert made.state() == before
    good = made.run("fine")
    assert isinstance(good, Completed)
    assert made.record(good).state == "completed"
    workers = [p for p in psutil.Process().children() if "@worker" in p.cmdline()]
    assert len(workers) <= 1
    assert not [c for w in workers for c in w.children(recursive=True) if c.status() != psutil.STATUS_ZOMBIE]
    assert threading.active_count() <= threads + 4


def row(zoo, name):
    return next(r for r in zoo.rows if r.folder == ZOO / name)


def test_every_animal_is_a_row_and_the_shipped_plugins_are_there(zoo):
    found = {r.folder.name for r in zoo.rows if r.folder.parent == ZOO}
    assert found == {p.name for p in ZOO.iterdir() if (p / "plugin.toml").exists()}
    assert len(found) > 30
    shipped = [r for r in zoo.rows if r.origin == "shipped"]
    assert shipped
    assert {r.state for r in shipped} <= {"ok", "missing_requirement"}


@pytest.mark.parametrize(("name", "says"), [("bad-toml", "line 3"), ("not-text", "not UTF-8")])
def test_a_manifest_that_cannot_be_read_is_a_broken_row_with_the_place(zoo, name, says):
    bad = row(zoo, name)
    assert (bad.state, bad.manifest, bad.id) == ("broken", None, name)
    assert says in bad.reason


@pytest.mark.parametrize(("name", "version"), [("newer-api", "1.99"), ("other-major", "2.0")])
def test_another_api_is_refused_with_both_versions(zoo, name, version):
    refused = row(zoo, name)
    assert refused.state == "refused"
    assert version in refused.reason
    assert "has 1.0" in refused.reason


def test_a_missing_requirement_is_named_and_the_stage_can_still_be_shown(zoo):
    lacking = row(zoo, "missing-requirement")
    assert lacking.state == "missing_requirement"
    assert "a_package_that_is_nowhere" in lacking.reason
    entry = zoo.stage("missing-requirement/stage")
    assert entry.missing == ("a_package_that_is_nowhere",)


def test_asking_for_a_stage_of_a_bad_plugin_says_why(zoo):
    with pytest.raises(PluginError) as absent:
        zoo.stage("newer-api/stage")
    assert absent.value.code == "plugin.absent"
    assert "1.99" in absent.value.text


def test_nothing_is_imported_to_find_plugins(zoo):
    assert row(zoo, "import-error").state == "ok"
    assert not [name for name in sys.modules if name.startswith("zoo_")]


@pytest.mark.parametrize(
    ("animal", "code", "says"),
    [
        ("import-error", "stage.error", "not today"),
        ("missing-requirement", "stage.requirement", "a_package_that_is_nowhere"),
        ("nan-features", "feature.finite", ""),
        ("wrong-shapes", "feature.shape", "5"),
        ("wrong-type", "feature.type", ""),
        ("returns-nonsense", "stage.meta", "lock"),
        ("sys-exit", "stage.error", "enough"),
        ("writes-absolute", "stage.writes", "stray.txt"),
        ("writes-parent", "stage.writes", "stray.txt"),
        ("writes-project", "stage.writes", "project.toml"),
        ("writes-input", "stage.writes", "samples.npy"),
        ("deletes-inputs", "stage.writes", ""),
        ("floods-meta", "stage.meta", "4 MB"),
    ],
)
def test_what_it_did_is_the_reason_of_its_row(keeper, animal, code, says):
    end = keeper.run(animal)
    assert isinstance(end, Failed)
    assert end.code == code
    assert says in end.text
    record = keeper.record(end)
    assert (record.state, record.code, record.text) == ("failed", code, end.text)
    assert record.stage == f"{animal}/stage"


@pytest.mark.parametrize(
    ("animal", "code", "bounds"),
    [
        ("memory-hog", "stage.memory", {"memory_bytes": 200 * MB}),
        ("floods-disk", "stage.output", {}),
        ("announces-too-much", "stage.output", {}),
        ("fork-bomb", "stage.processes", {}),
    ],
)
def test_what_takes_too_much_is_ended_with_the_figure(keeper, animal, code, bounds):
    end = keeper.run(animal, **bounds)
    if animal == "announces-too-much" and isinstance(end, Failed) and end.code in ("disk.full", "stage.error"):
        return  # the file system knows no files as large as that: as good
    assert isinstance(end, Failed)
    assert end.code == code
    assert end.hint
    assert keeper.record(end).memory_peak > 0


@pytest.mark.parametrize(
    ("animal", "says"), [("segfault", "SIGSEGV"), ("os-exit", "exit status 3"), ("closes-channel", "channel")]
)
def test_what_takes_its_process_down_is_a_crash_with_the_way(keeper, animal, says):
    end = keeper.run(animal)
    assert isinstance(end, Crashed)
    assert says in keeper.record(end).text


@pytest.mark.parametrize("animal", ["endless-loop", "ignores-cancel"])
def test_what_does_not_end_is_cancelled_within_a_second(keeper, animal):
    cancel, asked = CancelToken(), []

    def listen(event):
        if getattr(event, "text", "") == "in":
            threading.Timer(0.05, lambda: (asked.append(time.monotonic()), cancel.cancel())).start()

    assert isinstance(keeper.run(animal, cancel, listen), JobCancelled)
    assert time.monotonic() - asked[0] < 1.0


def test_what_hangs_is_stopped_for_its_silence(keeper):
    end = keeper.run("hangs", silence_s=0.5)
    assert isinstance(end, TimedOut)
    assert "no sign of life" in keeper.record(end).text


def test_garbage_on_the_standard_streams_is_only_a_log(keeper):
    end = keeper.run("prints-garbage")
    assert isinstance(end, Completed)
    assert end.meta == {"printed": True}
    assert keeper.lines


def test_a_gigabyte_of_prints_takes_none_of_our_memory(keeper):
    before = psutil.Process().memory_info().rss
    end = keeper.run("floods-stdout")
    assert isinstance(end, Completed)
    assert end.meta["printed"] > 1e9
    assert any("left out" in line for line in keeper.lines)
    assert len(keeper.lines) < 20_000
    assert psutil.Process().memory_info().rss - before < 100 * MB


def test_what_cleans_up_quietly_gets_nothing_and_is_told_on(keeper):
    assert isinstance(keeper.run("deletes-quietly"), Completed)
    assert any("Kept from writing" in line for line in keeper.lines)


def test_forgotten_children_end_with_the_job(keeper):
    assert isinstance(keeper.run("leaves-children"), Completed)
    pids = [int(line.split()[1]) for line in keeper.lines if line.startswith("child ")]
    assert len(pids) == 20
    end = time.monotonic() + 3
    while time.monotonic() < end and (alive := [p for p in pids if _alive(p)]):
        time.sleep(0.02)
    assert not alive


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_a_worker_leaked_goes_with_it(keeper):
    first, second = (keeper.run("leaks", memory_bytes=250 * MB) for _ in range(2))
    assert first.meta["pid"] != second.meta["pid"] != os.getpid()


def test_in_a_pipeline_the_stage_fails_and_the_rest_stays(studio, project, keeper):
    good = project.config
    stages = tuple(
        replace(s, stage="nan-features/stage", params={}) if s.key == "features" else s for s in good.pipeline.stages
    )
    project.save(replace(good, pipeline=replace(good.pipeline, stages=stages)))
    try:
        with pytest.raises(JobError) as failed:
            pipeline.run(studio, project, Operation(), until="feature")
        assert failed.value.code == "feature.finite"
        assert not list(project.cache.folder.glob("draft-*"))
        found = {s.use.key: s.state for s in pipeline.status(studio, project)}
        assert (found["window"], found["features"]) == ("fresh", "stale")
    finally:
        project.save(good)
