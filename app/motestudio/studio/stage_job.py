"""Runs one stage of a plugin as a job and turns its terminal event into a result or an error."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from motestudio.domain.params import Value
from motestudio.errors import Cancelled, JobError, MissingError
from motestudio.jobs.bounds import free_disk
from motestudio.jobs.messages import (
    Completed,
    Crashed,
    Event,
    Failed,
    JobCancelled,
    Log,
    Metric,
    Progress,
    RunStage,
    Terminal,
    TimedOut,
)
from motestudio.jobs.runner import JobSpec
from motestudio.plugins.compatibility import how_to_get
from motestudio.plugins.registry import StageEntry
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation

LIGHT_KINDS = frozenset({"segmenter", "importer", "exporter", "decoder", "target"})
"""Kinds that read and write and compute little; so do all that only ask a stage (``KIND:infer`` and such)."""
LIMITS_S = {"infer": 20.0, "preview": 10.0}
"""Longest time of what somebody waits for while editing, by what the kind ends in."""
FRESH_KINDS = frozenset({"evaluate"})
"""Kinds that can kill their process (TFLM on a bad model) and so never share one."""


def run_stage(
    studio: Studio,
    entry: StageEntry,
    operation: Operation,
    *,
    params: Mapping[str, Value],
    inputs: Mapping[str, Path],
    workdir: Path,
    seed: int = 1,
    kind: str = "",
) -> dict[str, Any]:
    """Run a stage in a worker process and wait for its end.

    Args:
        studio: for its runner.
        entry: the stage.
        operation: gets progress, metrics and log lines; cancels.
        params: complete.
        inputs: artifact folders by name.
        workdir: an empty folder for the outputs.
        seed: of every random draw.
        kind: another use of the stage than its own kind, such as ``feature:constants``.

    Returns:
        What the stage said of its output.

    Raises:
        MissingError: a package that the stage needs is not installed.
        JobError: it failed, crashed or timed out; with what the stage said of its parameters (``param`` in the data)
            where it was asked what it will give.
        Cancelled: the caller cancelled.
    """
    if entry.missing:
        raise MissingError(
            "stage.requirement",
            f"{entry.manifest.title} needs {', '.join(entry.missing)}, which is not installed.",
            how_to_get(entry.missing, entry.paths),
            {"missing": list(entry.missing)},
        )
    kind = kind or entry.manifest.kind
    message = RunStage(
        job=uuid.uuid4().hex,
        plugin_dir=str(entry.folder),
        stage=entry.manifest.id,
        kind=kind,
        entry=entry.manifest.entry,
        implementation=entry.manifest.implementation,
        params=dict(params),
        inputs={name: str(folder.absolute()) for name, folder in inputs.items()},
        workdir=str(workdir.absolute()),
        seed=seed,
        paths=tuple(str(path) for path in entry.paths),
    )
    spec = JobSpec(
        title=entry.manifest.title,
        message=message,
        heavy=kind not in LIGHT_KINDS and ":" not in kind,
        fresh=kind in FRESH_KINDS,
        # What is exported is not among the inputs, but in the project; the disk is the only bound.
        output_bytes=free_disk(workdir) if kind == "exporter" else None,
        quiet=kind.endswith((":infer", ":preview")),
    )

    if (limit := LIMITS_S.get(kind.rpartition(":")[2])) is not None:
        spec = replace(spec, timeout_s=limit)

    def tell(event: Event) -> None:
        if isinstance(event, Progress):
            # This runs in the runner's thread, which reacts to the token by itself.
            operation.report(event.fraction, event.text)
        elif isinstance(event, Metric):
            operation.metric(event.name, event.value, event.step)
        elif isinstance(event, Log):
            operation.log(event.text)

    meta = result_of(studio.runner.run(spec, tell, operation.cancel), entry.manifest.title)
    if kind.endswith(":infer") and isinstance(no := meta.get("refused"), dict):
        raise JobError(str(no["code"]), f"{entry.manifest.title}: {no['text']}", str(no["hint"]), no["data"])
    return meta


def result_of(end: Terminal, title: str) -> dict[str, Any]:
    """The meta of a completed job.

    Raises:
        JobError: it did not complete.
        Cancelled: it was cancelled.
    """
    if isinstance(end, Completed):
        return end.meta
    if isinstance(end, JobCancelled):
        raise Cancelled
    if isinstance(end, Failed):
        raise JobError(end.code, f"{title}: {end.text}", end.hint, {"traceback": end.traceback})
    if isinstance(end, Crashed):
        raise JobError(
            "job.crashed",
            f"{title}: the worker process died ({end.text}).",
            "Nothing was kept of this stage; the log has its last lines. Run it again.",
            {"exit_code": end.exit_code},
        )
    assert isinstance(end, TimedOut)
    raise JobError(
        "job.timed_out",
        f"{title}: {'no sign of life for' if end.silent else 'not done after'} {end.seconds:.0f} s, so it was stopped.",
        "Run it again; if it happens again, report it to the stage's author.",
    )
