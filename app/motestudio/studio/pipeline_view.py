"""A pipeline as a whole, for the window: dataset, stages with their last outputs, what flows, what the board pays.

Reads the project, the cache and model files, and writes the dataset down for whoever asks stages what they will give;
runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from motestudio.analysis.costs import Estimate, latency_ms
from motestudio.analysis.tflite_reader import read_graph
from motestudio.analysis.verdict import report
from motestudio.domain.artifact import Artifact
from motestudio.domain.board import BoardFile
from motestudio.domain.dataset import Dataset
from motestudio.domain.model_report import Budget, ModelGraph
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.sdk.stages import FeatureInfo
from motestudio.studio import dataset as dataset_verbs
from motestudio.studio.analyse import arena_of
from motestudio.studio.home import Studio
from motestudio.studio.outline import Given, feature_info
from motestudio.studio.pipeline import StageStatus, status
from motestudio.studio.pipeline_places import Addable, Gap, addable, gaps, moves

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
        newer: number of the plugin's newest implementation where the project keeps an older one, else 0.
    """

    status: StageStatus
    shown: Artifact | None
    nbytes: int = 0
    latency: Estimate | None = None
    missing: tuple[str, ...] = ()
    newer: int = 0

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
        gaps: stages that are missing.
        addable: stages that may be added, with their places.
        moves: to which positions each stage may be moved, by its key.
        entries: stages by kind, for choosing another one.
        given: what the first stage gets, for an `Outliner`.
    """

    name: str
    dataset: DatasetView
    stages: tuple[StageView, ...]
    board: str = ""
    budgets: tuple[Budget, ...] = ()
    gaps: tuple[Gap, ...] = ()
    addable: tuple[Addable, ...] = ()
    moves: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    entries: Mapping[str, tuple[StageEntry, ...]] = field(default_factory=dict)
    given: Given = field(default_factory=lambda: Given(None, 0))

    @property
    def saved_seconds(self) -> float:
        """How long this computer would take for what is in the cache."""
        return sum(s.status.artifact.seconds for s in self.stages if s.status.artifact is not None)

    def stage(self, key: str) -> StageView | None:
        """The stage with this key."""
        return next((s for s in self.stages if s.status.use.key == key), None)

    def of_kind(self, kind: str) -> StageView | None:
        """The last stage of a kind."""
        return next((s for s in reversed(self.stages) if s.kind == kind), None)


def view(studio: Studio, project: Project) -> PipelineView:
    """Read everything; reads every recording's facts, so call it beside the window."""
    dataset, given = _dataset(project)
    rows = status(studio, project, dataset.data)
    board = studio.boards.get(project.config.board)
    used = [row.use.stage for row in rows]
    stages = [_stage(project, row, alone=used.count(row.use.stage) == 1) for row in rows]
    budgets: tuple[Budget, ...] = ()
    if board is not None:
        stages, budgets = _costs(project, board, stages)
    name = project.config.template or project.config.name
    return PipelineView(
        name,
        dataset,
        tuple(stages),
        board.name if board else "",
        budgets,
        gaps(studio, project),
        addable(studio, project),
        moves(studio, project),
        _by_kind(studio),
        given,
    )


def _by_kind(studio: Studio) -> dict[str, tuple[StageEntry, ...]]:
    found: dict[str, tuple[StageEntry, ...]] = {}
    for entry in studio.registry.stages():
        found[entry.manifest.kind] = (*found.get(entry.manifest.kind, ()), entry)
    return found


def _dataset(project: Project) -> tuple[DatasetView, Given]:
    try:
        data, recordings = dataset_verbs.build(project)
    except AppError as error:
        nothing = DatasetView(None, error.text, error.hint, len(project.recordings.names()))
        return nothing, Given(None, len(project.config.classes))
    group = recordings[0].group
    samples = sum(t.count for t in data.takes)
    given = Given(dataset_verbs.materialise(project, data, recordings), len(data.classes))
    return DatasetView(data, "", "", len(recordings), group, samples * group.frame_bytes), given


def _stage(project: Project, row: StageStatus, *, alone: bool) -> StageView:
    # Of a stage that is used twice, nobody knows whose output the newest one is.
    shown = row.artifact or (project.cache.newest(row.use.stage) if alone else None)
    nbytes = 0
    for name in shown.files if shown else ():
        # The data itself, not its index: what a person would copy.
        if name.endswith((".npy", ".tflite", ".keras")) and shown is not None:
            path = shown.folder / name
            nbytes += path.stat().st_size if path.is_file() else 0
    entry = row.entry
    if entry is None:
        return StageView(row, shown, nbytes)
    newest = next((s.implementation for s in entry.plugin.stages if s.id == row.use.stage), 0)
    older = row.use.implementation not in (0, newest)
    return StageView(row, shown, nbytes, None, entry.missing, newest if older else 0)


def _costs(project: Project, board: BoardFile, stages: list[StageView]) -> tuple[list[StageView], tuple[Budget, ...]]:
    """Add what the board pays for features and model, estimated from the last outputs."""
    feature = _together([info for s in stages if s.kind == "feature" and (info := _feature(s)) is not None])
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
        if stage.kind == "feature" and (own := _feature(stage)) is not None:
            latency = latency_ms(_NO_OPS, board, own)
        elif stage.kind == "convert" and graph is not None:
            latency = latency_ms(graph, board)
        made.append(replace(stage, latency=latency))
    if graph is None:
        return made, ()
    arena = next((arena_of(s.meta.get("arena")) for s in stages if s.kind == "evaluate"), None)
    window, step = _window_bytes(stages)
    verdict = report(graph, board, arena=arena, feature=feature, window_bytes=window, step_bytes=step).verdict
    return made, verdict.budgets


def _feature(stage: StageView) -> FeatureInfo | None:
    info = stage.meta.get("info")
    return feature_info(info) if isinstance(info, Mapping) and "shape" in info else None


def _together(infos: Sequence[FeatureInfo]) -> FeatureInfo | None:
    """What several feature stages cost on a board; shape and axes are the first's."""
    if not infos:
        return None
    costs = {name: sum(getattr(i, name) for i in infos) for name in ("ram_bytes", "flash_bytes", "macs")}
    return replace(infos[0], **costs)


def _window_bytes(stages: list[StageView]) -> tuple[int, int]:
    for stage in stages:
        signal = stage.meta.get("signal")
        if isinstance(signal, Mapping):
            frame = 2 * len(signal["group"]["channels"])
            return int(signal["window_samples"]) * frame, int(signal["step_samples"]) * frame
    return 0, 0
