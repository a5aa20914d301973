"""A runner with real workers, and jobs of stages that go wrong."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from motestudio.jobs.messages import Event, RunStage, Terminal
from motestudio.jobs.runner import JobRunner, JobSpec

PROBE = Path(__file__).parent / "probe_plugin"


@dataclass
class Bench:
    """Runs probe stages and remembers the events."""

    runner: JobRunner
    folder: Path
    events: list[Event] = field(default_factory=list)

    def spec(self, stage: str, params: dict | None = None, *, plugin: Path = PROBE, **options) -> JobSpec:
        entry = stage if ":" in stage else f"probe_stages:{stage}"
        workdir = self.folder / uuid.uuid4().hex
        workdir.mkdir()
        message = RunStage(
            job=uuid.uuid4().hex,
            plugin_dir=str(plugin),
            stage="probe/probe",
            kind=options.pop("kind", "model"),
            entry=entry,
            implementation=1,
            params=params or {},
            inputs=options.pop("inputs", {}),
            workdir=str(workdir),
            seed=11,
        )
        return JobSpec(stage, message, **options)

    def run(self, stage: str, params: dict | None = None, *, cancel=None, **options) -> Terminal:
        self.events = []
        return self.runner.run(self.spec(stage, params, **options), self.events.append, cancel)

    @property
    def lines(self) -> list[str]:
        return [e.text for e in self.events if hasattr(e, "source")]


@pytest.fixture
def bench(tmp_path):
    threads, children = set(threading.enumerate()), _children()
    with JobRunner() as runner:
        yield Bench(runner, tmp_path)
    left = [t for t in threading.enumerate() if t not in threads]
    for thread in left:
        thread.join(2.0)
    assert not [t for t in left if t.is_alive()]
    assert _children() <= children


def _children() -> set[int]:
    return {p.pid for p in psutil.Process().children(recursive=True)}
