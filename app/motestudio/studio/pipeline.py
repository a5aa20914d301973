"""Runs a project's pipeline stage by stage through the cache: what has been computed is never computed again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from motestudio.domain.artifact import Artifact
from motestudio.domain.dataset import Dataset
from motestudio.domain.params import Value
from motestudio.domain.pipeline import CHAIN, FLOW, StageKind, StageUse
from motestudio.errors import AppError, PluginError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.studio import dataset as dataset_verbs
from motestudio.studio.chain import Flow, Input, check_order, check_runs, inputs_of, key_of, resolve
from motestudio.studio.feature_join import join
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

_SHARE = {
    "window": 1.0,
    "augment": 1.0,
    "feature": 2.0,
    "model": 12.0,
    "compress": 8.0,
    "convert": 2.0,
    "evaluate": 2.0,
}
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
    flow = Flow()
    with contextlib.suppress(AppError):
        flow.made["dataset"] = Input((data or dataset_verbs.build(project)[0]).sha256)
    rows = []
    for use in project.config.pipeline.stages:
        row, output = _stand(studio, project, use, flow)
        rows.append(row)
        if row.entry is None or row.state == "invalid":
            flow.clear()
        elif output is not None:
            flow.add(row.entry.manifest.kind, output)
    return rows


def _stand(studio: Studio, project: Project, use: StageUse, flow: Flow) -> tuple[StageStatus, Input | None]:
    """A stage as it stands, and what it gives or would give."""
    try:
        entry = studio.registry.stage(use.stage)
    except PluginError as error:
        return StageStatus(use, None, {}, "absent", None, error.text), None
    try:
        entry, params = resolve(studio, use)
        if entry.manifest.kind not in FLOW:
            return StageStatus(use, entry, params, "invalid", None, "No pipeline runs this kind of stage."), None
        inputs = inputs_of(project, entry, params, flow)
    except (PluginError, ProjectError) as error:
        state: State = "absent" if error.code == "plugin.implementation" else "invalid"
        return StageStatus(use, entry, {}, state, None, error.text), None
    except KeyError:
        return StageStatus(use, entry, params, "stale"), None
    key = key_of(entry, params, inputs, project.config.pipeline.seed)
    artifact = project.cache.get(key)
    return StageStatus(use, entry, params, "fresh" if artifact else "stale", artifact), Input(key.hash)


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
    check_order(studio, project.config.pipeline.stages)
    data, recordings = dataset_verbs.build(project)
    plan = [(use, *resolve(studio, use)) for use in project.config.pipeline.stages]
    for _, entry, params in plan:
        check_runs(project, entry, params)
    if until is not None:
        last = CHAIN.index(until)
        plan = [row for row in plan if CHAIN.index(row[1].manifest.kind) <= last]
    running = _Running(studio, project, dataset_verbs.materialise(project, data, recordings), data)
    shares = spans([entry.manifest.kind for _, entry, _ in plan])
    for (use, entry, params), (low, high) in zip(plan, shares, strict=True):
        with operation.within(low, high) as part:
            running.step(part, use, entry, params)
    return running.result()


class _Running:
    """One run of a pipeline on its way."""

    def __init__(self, studio: Studio, project: Project, dataset: Artifact, data: Dataset) -> None:
        self._studio, self._project, self._data = studio, project, data
        self._flow = Flow({"dataset": Input(data.sha256, dataset.folder)})
        self._made = {"dataset": dataset}
        self._stages: dict[str, Artifact] = {}
        self._features: list[Artifact] = []

    def step(self, operation: Operation, use: StageUse, entry: StageEntry, params: Mapping[str, Value]) -> None:
        """Run one stage, or take its output from the cache."""
        kind = entry.manifest.kind
        if "features" in FLOW[kind].inputs or "features" in entry.manifest.consumes:
            self._join(operation)
        inputs = inputs_of(self._project, entry, params, self._flow)
        if "features" in inputs:
            inputs["features"] = replace(inputs["features"], folder=self._made["features"].folder)
        artifact = self._run(operation, use, entry, params, inputs)
        self._flow.add(kind, Input(artifact.key.hash, artifact.folder))
        self._stages[use.key] = artifact
        if kind == "feature":
            self._features.append(artifact)
        if kind == "feature" and len(self._features) > 1:
            self._made.pop("features", None)  # until they are joined
        else:
            self._made[FLOW[kind].output] = artifact

    def result(self) -> PipelineResult:
        """What the run gave."""
        if self._features:
            self._join(Operation())
        computed = tuple(key for key, artifact in self._stages.items() if not artifact.cached)
        seconds = {key: 0.0 if a.cached else a.seconds for key, a in self._stages.items()}
        return PipelineResult(self._data, self._made, self._stages, computed, seconds)

    def _join(self, operation: Operation) -> None:
        if "features" not in self._made:
            self._made["features"] = join(self._project, self._features, operation)

    def _run(
        self,
        operation: Operation,
        use: StageUse,
        entry: StageEntry,
        params: Mapping[str, Value],
        inputs: Mapping[str, Input],
    ) -> Artifact:
        project, seed = self._project, self._project.config.pipeline.seed
        key = key_of(entry, params, inputs, seed)
        operation.part(use.key, entry.manifest.title)
        if found := project.cache.get(key):
            operation.done(use.key, f"{entry.manifest.title}: nothing to compute", 0.0)
            return found
        workdir = project.cache.begin(key)
        began = time.monotonic()
        try:
            folders = {name: one.folder for name, one in inputs.items() if one.folder is not None}
            meta = run_stage(self._studio, entry, operation, params=params, inputs=folders, workdir=workdir, seed=seed)
            artifact = project.cache.commit(key, workdir, meta, time.monotonic() - began)
        except BaseException:
            project.cache.discard(workdir)
            raise
        operation.done(use.key, entry.manifest.title, artifact.seconds)
        return artifact
