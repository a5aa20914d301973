"""Runs a project's pipeline stage by stage through the cache: what has been computed is never computed again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from motestudio.domain.artifact import Artifact, ArtifactKey
from motestudio.domain.dataset import Dataset
from motestudio.domain.params import Value, complete
from motestudio.domain.pipeline import CHAIN, StageKind, StageUse
from motestudio.errors import AppError, PluginError
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.studio import dataset as dataset_verbs
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

INPUTS: Mapping[str, tuple[str, ...]] = {
    "window": ("dataset",),
    "feature": ("windows",),
    "model": ("features",),
    "compress": ("model", "features"),
    "convert": ("model", "features"),
    "evaluate": ("deployable", "features"),
}
"""What each kind reads, by the name of what flows."""

OUTPUT: Mapping[str, str] = {
    "window": "windows",
    "feature": "features",
    "model": "model",
    "compress": "model",
    "convert": "deployable",
    "evaluate": "evaluation",
}
"""What each kind makes."""

_SHARE = {"window": 1.0, "feature": 2.0, "model": 12.0, "compress": 8.0, "convert": 2.0, "evaluate": 2.0}
"""Share of the progress bar; from runs of the gesture template."""

State = Literal["fresh", "stale", "absent", "invalid"]


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A stage of the pipeline as it stands.

    Attributes:
        use: what the project says.
        entry: the plugin's stage, or None where it is absent.
        params: complete, empty where absent or invalid.
        state: fresh (in the cache), stale (to be computed), absent (no such plugin), invalid (bad parameters).
        artifact: where fresh.
        reason: why it is absent or invalid.
    """

    use: StageUse
    entry: StageEntry | None
    params: Mapping[str, Value]
    state: State
    artifact: Artifact | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """For people."""
        return self.entry.manifest.title if self.entry else self.use.stage


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a run of the pipeline gave.

    Attributes:
        dataset: what it was trained on.
        artifacts: by name of what flows: dataset, windows, features, model, deployable, evaluation.
        stages: artifact by stage key, in order.
        computed: keys of the stages that were not in the cache.
        seconds: by stage key; of this run.
    """

    dataset: Dataset
    artifacts: Mapping[str, Artifact]
    stages: Mapping[str, Artifact]
    computed: tuple[str, ...]
    seconds: Mapping[str, float]


@dataclass
class _Flow:
    """What has been made so far, and the hashes that identify it."""

    folders: dict[str, Path] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def resolve(studio: Studio, use: StageUse) -> tuple[StageEntry, dict[str, Value]]:
    """The plugin stage that a project means, and its complete parameters.

    Raises:
        PluginError: absent, or a parameter is not allowed.
    """
    entry = studio.registry.stage(use.stage)
    try:
        return entry, complete(entry.manifest.params, use.params)
    except PluginError as error:
        raise PluginError(error.code, f"Stage {use.key}: {error.text}", error.hint, error.data) from error


def check_order(studio: Studio, project: Project) -> None:
    """Refuse a pipeline whose stages cannot follow each other.

    Raises:
        PluginError: two stages are in an order in which nothing flows.
    """
    have = {"dataset"}
    for use in project.config.pipeline.stages:
        entry = studio.registry.stage(use.stage)
        kind = entry.manifest.kind
        if kind not in CHAIN:
            raise PluginError("pipeline.kind", f"Stage {use.key} is a {kind}, which no pipeline runs.", "Remove it.")
        if missing := [name for name in INPUTS[kind] if name not in have]:
            raise PluginError(
                "pipeline.order",
                f"Stage {use.key} needs {missing[0]}, and no stage before it makes them.",
                "Add the missing stage, or change the order.",
            )
        have.add(OUTPUT[kind])


def _key(entry: StageEntry, params: Mapping[str, Value], flow: _Flow, seed: int) -> ArtifactKey:
    kind = entry.manifest.kind
    inputs = {name: flow.hashes[name] for name in INPUTS[kind]}
    return ArtifactKey(
        OUTPUT[kind], entry.manifest.id, entry.manifest.implementation, entry.code_hash, params, inputs, seed
    )


def spans(kinds: Sequence[StageKind]) -> list[tuple[float, float]]:
    """The part of the progress bar that each stage of a run fills, 0..1."""
    total = sum(_SHARE[kind] for kind in kinds)
    made, behind = [], 0.0
    for kind in kinds:
        made.append((behind / total, (behind + _SHARE[kind]) / total))
        behind += _SHARE[kind]
    return made


def status(studio: Studio, project: Project, data: Dataset | None = None) -> list[StageStatus]:
    """How each stage stands, without running anything.

    Args:
        studio: plugins.
        project: whose pipeline.
        data: its dataset, where the caller has built it already.
    """
    flow = _Flow()
    with contextlib.suppress(AppError):
        flow.hashes["dataset"] = (data or dataset_verbs.build(project)[0]).sha256
    rows = []
    for use in project.config.pipeline.stages:
        try:
            entry, params = resolve(studio, use)
        except PluginError as error:
            state: State = "absent" if error.code.startswith("plugin.") else "invalid"
            entry_or_none = None if state == "absent" else studio.registry.stage(use.stage)
            rows.append(StageStatus(use, entry_or_none, {}, state, None, error.text))
            flow.hashes.clear()
            continue
        kind = entry.manifest.kind
        artifact = None
        if kind in INPUTS and all(name in flow.hashes for name in INPUTS[kind]):
            key = _key(entry, params, flow, project.config.pipeline.seed)
            artifact = project.cache.get(key)
            flow.hashes[OUTPUT[kind]] = key.hash
        rows.append(StageStatus(use, entry, params, "fresh" if artifact else "stale", artifact))
    return rows


def run(studio: Studio, project: Project, operation: Operation, *, until: StageKind | None = None) -> PipelineResult:
    """Run the pipeline, or its part up to a kind.

    Args:
        studio: plugins and workers.
        project: open for writing.
        operation: progress and cancel.
        until: the last kind to run; all where None.

    Returns:
        All artifacts, from the cache where they were there.

    Raises:
        AppError: what is wrong with data, pipeline or a stage.
        Cancelled: nothing half-written is kept.
    """
    operation.progress(0.0, "Reading the dataset")
    check_order(studio, project)
    data, recordings = dataset_verbs.build(project)
    made = {"dataset": dataset_verbs.materialise(project, data, recordings)}
    flow = _Flow({"dataset": made["dataset"].folder}, {"dataset": data.sha256})
    plan = [(use, *resolve(studio, use)) for use in project.config.pipeline.stages]
    if until is not None:
        last = CHAIN.index(until)
        plan = [row for row in plan if CHAIN.index(row[1].manifest.kind) <= last]
    shares = spans([entry.manifest.kind for _, entry, _ in plan])
    stages: dict[str, Artifact] = {}
    computed: list[str] = []
    seconds: dict[str, float] = {}
    for (use, entry, params), (low, high) in zip(plan, shares, strict=True):
        with operation.within(low, high) as part:
            artifact = _run_one(studio, project, part, use, entry, params, flow)
        name = OUTPUT[entry.manifest.kind]
        flow.folders[name], flow.hashes[name] = artifact.folder, artifact.key.hash
        stages[use.key] = made[name] = artifact
        seconds[use.key] = 0.0 if artifact.cached else artifact.seconds
        if not artifact.cached:
            computed.append(use.key)
    return PipelineResult(data, made, stages, tuple(computed), seconds)


def _run_one(
    studio: Studio,
    project: Project,
    operation: Operation,
    use: StageUse,
    entry: StageEntry,
    params: Mapping[str, Value],
    flow: _Flow,
) -> Artifact:
    key = _key(entry, params, flow, project.config.pipeline.seed)
    operation.part(use.key, entry.manifest.title)
    if found := project.cache.get(key):
        operation.done(use.key, f"{entry.manifest.title}: nothing to compute", 0.0)
        return found
    workdir = project.cache.begin(key)
    began = time.monotonic()
    try:
        inputs = {name: flow.folders[name] for name in INPUTS[entry.manifest.kind]}
        meta = run_stage(
            studio, entry, operation, params=params, inputs=inputs, workdir=workdir, seed=project.config.pipeline.seed
        )
        artifact = project.cache.commit(key, workdir, meta, time.monotonic() - began)
    except BaseException:
        project.cache.discard(workdir)
        raise
    operation.done(use.key, entry.manifest.title, artifact.seconds)
    return artifact
