"""A zoo of bad plugins through the real door: each is a row with its reason or a job that ends, never a crash."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from motestudio.errors import PluginError
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.messages import Completed, Crashed, Failed, JobCancelled, RunStage
from motestudio.jobs.runner import JobRunner, JobSpec
from motestudio.plugins.registry import Registry

ZOO = Path(__file__).parent / "zoo"


@pytest.fixture(scope="module")
def zoo():
    return Registry.discover([ZOO])


@pytest.fixture
def run(zoo, tmp_path):
    with JobRunner() as runner:

        def start(plugin, cancel=None, listen=None):
            entry = zoo.stage(f"{plugin}/stage")
            workdir = tmp_path / uuid.uuid4().hex
            workdir.mkdir()
            stage = entry.manifest
            job = uuid.uuid4().hex
            message = RunStage(job, str(entry.folder), stage.id, stage.kind, stage.entry, 1, {}, {}, str(workdir), 1)
            return runner.run(JobSpec(stage.title, message), listen, cancel)

        yield start


def row(zoo, name):
    return next(r for r in zoo.rows if r.folder == ZOO / name)


def test_every_animal_is_a_row_and_the_shipped_plugins_are_there(zoo):
    found = {r.folder.name for r in zoo.rows if r.folder.parent == ZOO}
    assert found == {p.name for p in ZOO.iterdir() if (p / "plugin.toml").exists()}
    assert len(found) == 9
    shipped = [r for r in zoo.rows if r.origin == "shipped"]
    assert shipped
    assert {r.state for r in shipped} <= {"ok", "missing_requirement"}


def test_bad_toml_is_a_broken_row_with_the_line(zoo):
    bad = row(zoo, "bad-toml")
    assert (bad.state, bad.manifest) == ("broken", None)
    assert "line 3" in bad.reason


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
    import sys

    assert row(zoo, "import-error").state == "ok"
    assert not [name for name in sys.modules if name.startswith("zoo_")]


def test_import_errors_fail_the_job_with_the_reason(run):
    end = run("import-error")
    assert isinstance(end, Failed)
    assert "not today" in end.text
    end = run("missing-requirement")
    assert (end.code, "a_package_that_is_nowhere" in end.text) == ("stage.requirement", True)
    assert isinstance(run("fine"), Completed)


def test_an_endless_loop_is_cancelled(run):
    cancel = CancelToken()

    def listen(event):
        if getattr(event, "text", "") == "in":
            threading.Timer(0.05, cancel.cancel).start()

    assert isinstance(run("endless-loop", cancel, listen), JobCancelled)
    assert isinstance(run("fine"), Completed)


def test_garbage_on_the_standard_streams_is_only_a_log(run):
    lines = []
    end = run("prints-garbage", listen=lambda e: lines.append(e.text) if hasattr(e, "source") else None)
    assert isinstance(end, Completed)
    assert end.meta == {"printed": True}
    assert lines


def test_a_segfault_takes_only_its_worker_down(run):
    end = run("segfault")
    assert isinstance(end, Crashed)
    assert "SIGSEGV" in end.text
    assert isinstance(run("fine"), Completed)
