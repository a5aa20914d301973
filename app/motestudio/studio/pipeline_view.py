"""A pipeline as a whole, for the window: dataset, stages with their last outputs, what flows, what the board pays.

Reads the project, the cache and model files; runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motestudio.analysis.costs import Estimate, latency_ms
from motestudio.analysis.tflite_reader import read_graph
from motestudio.analysis.verdict import report
from motestudio.domain.artifact import Artifact
from motestudio.domain.board import BoardFile
from motestudio.domain.dataset import Dataset
from motestudio.domain.model_report import ArenaUse, Budget, ModelGraph
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.project.store import Project
from motestudio.sdk.stages import FeatureInfo
from motestudio.studio import dataset as dataset_verbs
from motestudio.studio.home import Studio
from motestudio.studio.pipeline import StageStatus, status

_NO_OPS = ModelGraph((), (), (), (), 0, 0)


@dataclass(frozen=True, slots=True)
class DatasetView:
    """The dataset before the first stage.

    Attributes:
        data: None where there is none yet.
        reason: why there is none.
        hint: what to do about it.
        recordings: how many there are, labelled or not.
        group: of the takes' recordings.
        nbytes: of the takes' samples.
    """

    data: Dataset | None
    reason: str = ""
    hint: str = ""
    recordings: int = 0
    group: ChannelGroup | None = None
    nbytes: int = 0


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage with its output.

    Attributes:
        status: as `pipeline.status` tells it.
        shown: its output, or the last that it gave where it is stale.
        nbytes: of the output's data.
        latency: milliseconds of one window on the board; features and models only.
        missing: modules that it needs and that are not installed.
    """

    status: StageStatus
    shown: Artifact | None
    nbytes: int = 0
    latency: Estimate | None = None
    missing: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Kind of the stage, empty where its plugin is absent."""
        return self.status.entry.manifest.kind if self.status.entry else ""

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the stage said of the output that is shown."""
        return self.shown.meta if self.shown else {}


@dataclass(frozen=True, slots=True)
class PipelineView:
    """Everything on the Pipeline page.

    Attributes:
        name: of the project's template, or of the project.
        board: for people, empty where the project names none that is known.
        budgets: RAM, flash, latency and energy of the shown model on that board; empty without a model.
    """

    name: str
    dataset: DatasetView
    stages: tuple[StageView, ...]
    board: str = ""
    budgets: tuple[Budget, ...] = ()

    def stage(self, key: str) -> StageView | None:
        """The stage with this key."""
        return next((s for s in self.stages if s.status.use.key == key), None)

    def of_kind(self, kind: str) -> StageView | None:
        """The last stage of a kind."""
        return next((s for s in reversed(self.stages) if s.kind == kind), None)


def view(studio: Studio, project: Project) -> PipelineView:
    """Read everything; reads every recording's facts, so call it beside the window."""
    dataset = _dataset(project)
    rows = status(studio, project, dataset.data)
    board = studio.boards.get(project.config.board)
    stages = [_stage(project, row) for row in rows]
    budgets: tuple[Budget, ...] = ()
    if board is not None:
        stages, budgets = _costs(project, board, stages)
    name = project.config.template or project.config.name
    return PipelineView(name, dataset, tuple(stages), board.name if board else "", budgets)


def _dataset(project: Project) -> DatasetView:
    try:
        data, recordings = dataset_verbs.build(project)
    except AppError as error:
        return DatasetView(None, error.text, error.hint, len(project.recordings.names()))
    group = recordings[0].group
    samples = sum(t.count for t in data.takes)
    return DatasetView(data, "", "", len(recordings), group, samples * group.frame_bytes)


def _stage(project: Project, row: StageStatus) -> StageView:
    shown = row.artifact or project.cache.newest(row.use.stage)
    nbytes = 0
    for name in shown.files if shown else ():
        # The data itself, not its index: what a person would copy.
        if name.endswith((".npy", ".tflite", ".keras")) and shown is not None:
            path = shown.folder / name
            nbytes += path.stat().st_size if path.is_file() else 0
    return StageView(row, shown, nbytes, None, row.entry.missing if row.entry else ())


def _costs(project: Project, board: BoardFile, stages: list[StageView]) -> tuple[list[StageView], tuple[Budget, ...]]:
    """Add what the board pays for features and model, estimated from the last outputs."""
    feature = next((_feature(s) for s in stages if s.kind == "feature"), None)
    convert = next((s for s in stages if s.kind == "convert" and s.shown), None)
    graph: ModelGraph | None = None
    if convert is not None and convert.shown is not None:
        try:
            graph = read_graph((convert.shown.folder / "model.tflite").read_bytes())
        except (OSError, AppError):
            graph = None
    made = []
    for stage in stages:
        latency = None
        if stage.kind == "feature" and feature is not None:
            latency = latency_ms(_NO_OPS, board, feature)
        elif stage.kind == "convert" and graph is not None:
            latency = latency_ms(graph, board)
        made.append(StageView(stage.status, stage.shown, stage.nbytes, latency, stage.missing))
    if graph is None:
        return made, ()
    arena = next((_arena(s.meta.get("arena")) for s in stages if s.kind == "evaluate"), None)
    window, step = _window_bytes(stages)
    verdict = report(graph, board, arena=arena, feature=feature, window_bytes=window, step_bytes=step).verdict
    return made, verdict.budgets


def _feature(stage: StageView) -> FeatureInfo | None:
    info = stage.meta.get("info")
    if not isinstance(info, Mapping):
        return None
    return FeatureInfo(
        tuple(info["shape"]), tuple(info["axes"]), int(info["ram_bytes"]), int(info["flash_bytes"]), int(info["macs"])
    )


def _arena(measured: Any) -> ArenaUse | None:
    if isinstance(measured, Mapping) and measured.get("total"):
        items = tuple((str(k), int(v)) for k, v in measured.get("items", ()))
        return ArenaUse(int(measured["total"]), int(measured["head"]), int(measured["tail"]), items, "tflite-micro")
    return None


def _window_bytes(stages: list[StageView]) -> tuple[int, int]:
    for stage in stages:
        signal = stage.meta.get("signal")
        if isinstance(signal, Mapping):
            frame = 2 * len(signal["group"]["channels"])
            return int(signal["window_samples"]) * frame, int(signal["step_samples"]) * frame
    return 0, 0
