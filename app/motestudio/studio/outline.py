"""Shape and cost of every stage before anything runs: asks each what it will give, in a light worker, and remembers.

An answer depends on the plugin's code, the parameters and what comes in, and on nothing else: so editing a number asks
only the stages behind it anew. Computes no windows, features or models.
"""

from __future__ import annotations

import json
import math
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from motestudio.analysis.costs import Estimate, cycles_per_mac, latency_ms, model_spread
from motestudio.domain.artifact import Artifact
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ModelGraph
from motestudio.domain.params import Value
from motestudio.domain.pipeline import StageUse
from motestudio.errors import AppError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureBlock, SignalInfo, joined_shape
from motestudio.sdk.stages import FeatureInfo, ModelInfo, WindowInfo
from motestudio.studio import dataset as dataset_verbs
from motestudio.studio.chain import resolve
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

_REMEMBERED = 1000
_NO_OPS = ModelGraph((), (), (), (), 0, 0)
_UNTRAINED = 0.2
"""What else is unknown of a model's latency while its operators are not, as a share of it."""


@dataclass(frozen=True, slots=True)
class AugmentInfo:
    """What an augment stage will add.

    Attributes:
        originals: training windows that it may copy.
        added: altered copies, on average where it takes a share of the windows only.
        altered: copies of earlier augment stages that it alters in place.
    """

    originals: int
    added: int
    altered: int = 0


Info = WindowInfo | AugmentInfo | FeatureInfo | ModelInfo


@dataclass(frozen=True, slots=True)
class StageOutline:
    """What a stage will give, or why it cannot say.

    Attributes:
        key: of the stage.
        kind: of the stage, empty where its plugin is absent.
        info: by its kind; None for kinds that cannot say before they run.
        latency: milliseconds of one window on the board; features and models only.
        ram: bytes on the board, besides what all firmware needs.
        flash: likewise.
        error: the stage's own word against its parameters or input, or what is missing on this computer.
        fault: why it could not say anything, which need not keep it from running; empty where it could.
    """

    key: str
    kind: str = ""
    info: Info | None = None
    latency: Estimate | None = None
    ram: int = 0
    flash: int = 0
    error: AppError | None = None
    fault: str = ""

    @property
    def refused(self) -> bool:
        """Whether it will not run as it is."""
        return self.error is not None and self.error.code != "stage.requirement"


@dataclass(frozen=True, slots=True)
class Outline:
    """A pipeline before it runs.

    Attributes:
        stages: by key.
        signal: of the windows, where it is known.
        windows: originals and added copies that flow out of each window or augment stage, by its key.
        shape: of a window's joined features; empty where they are not known.
        axes: names of its axes.
    """

    stages: Mapping[str, StageOutline] = field(default_factory=dict)
    signal: SignalInfo | None = None
    windows: dict[str, int] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    axes: tuple[str, ...] = ()

    @property
    def errors(self) -> dict[str, AppError]:
        """What stages said against their parameters, by key."""
        return {key: stage.error for key, stage in self.stages.items() if stage.error is not None}

    @property
    def total_windows(self) -> int:
        """That reach the features."""
        return next(reversed(self.windows.values()), 0)


@dataclass(frozen=True, slots=True)
class Given:
    """What a pipeline begins with: its dataset, written down for the first stage, or None; and how many classes."""

    dataset: Artifact | None
    classes: int


@dataclass
class _Way:
    """What is known on the way through a pipeline."""

    given: Given
    signal: SignalInfo | None = None
    train: int = 0
    copies: int = 0
    windows: dict[str, int] = field(default_factory=dict)
    features: list[FeatureInfo] = field(default_factory=list)
    all_features: bool = True

    @property
    def shape(self) -> tuple[tuple[int, ...], tuple[str, ...]]:
        if not self.features or not self.all_features:
            return (), ()
        return joined_shape([FeatureBlock("", "", 0, {}, f.shape, f.axes) for f in self.features])


class Outliner:
    """Asks stages and remembers the answers. Any thread may; one per window or command.

    Args:
        studio: plugins and workers.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._known: OrderedDict[str, dict[str, Any] | AppError] = OrderedDict()
        self._lock = threading.Lock()

    def given(self, project: Project) -> Given:
        """What a project's pipeline begins with; reads every recording's facts, so keep it while they stay."""
        try:
            data, recordings = dataset_verbs.build(project)
            return Given(dataset_verbs.materialise(project, data, recordings), len(data.classes))
        except ProjectError:
            return Given(None, len(project.config.classes))

    def outline(
        self,
        project: Project,
        operation: Operation,
        *,
        given: Given | None = None,
        changes: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> Outline:
        """What every stage of a project's pipeline will give.

        Args:
            project: open for writing.
            operation: cancels.
            given: from `given`, where the caller kept it.
            changes: parameters by stage key that are not saved yet.

        Raises:
            Cancelled: the caller cancelled.
        """
        way = _Way(given or self.given(project))
        board = self._studio.boards.get(project.config.board)
        stages = {}
        for use in project.config.pipeline.stages:
            operation.check()
            used = replace(use, params={**use.params, **(changes or {}).get(use.key, {})})
            stages[use.key] = self._stage(used, way, board, operation, project.config.pipeline.seed)
        shape, axes = way.shape
        return Outline(stages, way.signal, way.windows, shape, axes)

    def candidates(
        self, project: Project, entries: Sequence[StageEntry], operation: Operation, *, given: Given | None = None
    ) -> dict[str, StageOutline]:
        """What stages would give with their defaults if they were added, by full id; those that can say so.

        Raises:
            Cancelled: the caller cancelled.
        """
        way = _Way(given or self.given(project))
        board = self._studio.boards.get(project.config.board)
        seed = project.config.pipeline.seed
        for use in project.config.pipeline.stages:
            operation.check()
            self._stage(use, way, board, operation, seed)
        made = {}
        for entry in entries:
            operation.check()
            known = replace(way, windows=dict(way.windows), features=list(way.features))
            use = StageUse("", entry.manifest.id)
            made[entry.manifest.id] = self._stage(use, known, board, operation, seed)
        return made

    def _stage(
        self, use: StageUse, way: _Way, board: BoardFile | None, operation: Operation, seed: int
    ) -> StageOutline:
        try:
            entry, params = resolve(self._studio, use)
        except AppError as error:
            kind = _kind(self._studio, use)
            _lost(way, kind)
            return StageOutline(use.key, kind, error=error)
        kind = entry.manifest.kind
        try:
            if kind == "window":
                return StageOutline(use.key, kind, self._windows(use.key, entry, params, way, operation, seed))
            if kind == "augment":
                return StageOutline(use.key, kind, _augmented(use.key, params, way))
            if kind == "feature" and way.signal is not None:
                return _feature(use.key, self._features(entry, params, way, operation), board)
            if kind == "model" and way.shape[0]:
                return _model(use.key, self._model(entry, params, way, operation), board)
        except AppError as error:
            _lost(way, kind)
            if _is_fault(error):
                return StageOutline(use.key, kind, fault=error.text)
            return StageOutline(use.key, kind, error=error)
        return StageOutline(use.key, kind)

    def _windows(
        self, key: str, entry: StageEntry, params: Mapping[str, Value], way: _Way, operation: Operation, seed: int
    ) -> WindowInfo | None:
        dataset = way.given.dataset
        if dataset is None:
            return None
        meta = self._ask(entry, params, {"dataset": dataset.key.hash}, {"dataset": dataset.folder}, operation, seed)
        info = WindowInfo(SignalInfo.from_json(meta["signal"]), {k: int(v) for k, v in meta["windows"].items()})
        way.signal, way.train = info.signal, info.windows.get("train", 0)
        way.windows[key] = sum(info.windows.values())
        return info

    def _features(self, entry: StageEntry, params: Mapping[str, Value], way: _Way, operation: Operation) -> FeatureInfo:
        assert way.signal is not None
        body = {"signal": way.signal.to_json()}
        meta = self._ask(entry, params, body, {"signal": ("signal.json", body)}, operation)
        info = feature_info(meta["info"])
        way.features.append(info)
        return info

    def _model(self, entry: StageEntry, params: Mapping[str, Value], way: _Way, operation: Operation) -> ModelInfo:
        shape, axes = way.shape
        body = {"shape": list(shape), "axes": list(axes), "n_classes": way.given.classes}
        meta = self._ask(entry, params, body, {"request": ("shape.json", body)}, operation)
        return ModelInfo(**{k: int(v) for k, v in meta["info"].items()})

    def _ask(
        self,
        entry: StageEntry,
        params: Mapping[str, Value],
        asked: Mapping[str, Any],
        inputs: Mapping[str, Path | tuple[str, Mapping[str, Any]]],
        operation: Operation,
        seed: int = 1,
    ) -> dict[str, Any]:
        """The stage's answer, from memory where it was asked the same before.

        Args:
            entry: the stage.
            params: complete.
            asked: what its inputs hold; with code and parameters it decides the answer.
            inputs: folders, or a file's name with what to write into it.
            operation: cancels.
            seed: of the pipeline.
        """
        manifest = entry.manifest
        identity = (manifest.id, manifest.implementation, entry.code_hash, dict(params), asked, seed)
        key = json.dumps(identity, sort_keys=True)
        with self._lock:
            found = self._known.get(key)
        if found is None:
            found = self._answer(entry, params, inputs, operation, seed)
            # A worker that died may live the next time.
            if not isinstance(found, AppError) or not found.code.startswith("job."):
                self._remember(key, found)
        if isinstance(found, AppError):
            raise found
        return found

    def _remember(self, key: str, answer: dict[str, Any] | AppError) -> None:
        with self._lock:
            self._known[key] = answer
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _answer(
        self,
        entry: StageEntry,
        params: Mapping[str, Value],
        inputs: Mapping[str, Path | tuple[str, Mapping[str, Any]]],
        operation: Operation,
        seed: int,
    ) -> dict[str, Any] | AppError:
        with tempfile.TemporaryDirectory(prefix="mote-outline-", ignore_cleanup_errors=True) as place:
            folders = {}
            for name, content in inputs.items():
                if isinstance(content, Path):
                    folders[name] = content
                    continue
                folders[name] = Path(place) / name
                folders[name].mkdir()
                (folders[name] / content[0]).write_text(json.dumps(content[1]), encoding="utf-8")
            workdir = Path(place) / "out"
            workdir.mkdir()
            kind = f"{entry.manifest.kind}:infer"
            # Progress of a question is nobody's: only the cancel is handed on.
            quiet = Operation(cancel=operation.cancel)
            try:
                return run_stage(
                    self._studio, entry, quiet, params=params, inputs=folders, workdir=workdir, seed=seed, kind=kind
                )
            except AppError as error:
                error.text = error.text.removeprefix(f"{entry.manifest.title}: ")
                return error


def feature_info(info: Mapping[str, Any]) -> FeatureInfo:
    """A feature stage's word as it comes from a worker or stands in an artifact."""
    numbers = {name: int(info.get(name, 0)) for name in ("ram_bytes", "flash_bytes", "macs", "hop_samples")}
    shape, axes = tuple(int(n) for n in info["shape"]), tuple(str(a) for a in info["axes"])
    return FeatureInfo(shape, axes, **numbers, exact=bool(info.get("exact")))


def model_latency(info: ModelInfo, board: BoardFile) -> Estimate:
    """Milliseconds of an inference of a model of which only the work is known."""
    value = info.macs * cycles_per_mac(board) / board.clock_hz * 1e3
    return Estimate(value, value * math.hypot(model_spread(board), _UNTRAINED), (("Model", value),))


def _augmented(key: str, params: Mapping[str, Value], way: _Way) -> AugmentInfo | None:
    if way.signal is None:
        return None
    copies, share = int(params.get("copies", 1)), float(params.get("probability", 1.0))
    added = round(way.train * copies * share)
    altered = round(way.copies * share) if not copies else 0
    way.windows[key] = next(reversed(way.windows.values()), 0) + added
    way.copies += added
    return AugmentInfo(way.train, added, altered)


def _feature(key: str, info: FeatureInfo, board: BoardFile | None) -> StageOutline:
    latency = latency_ms(_NO_OPS, board, info) if board is not None else None
    return StageOutline(key, "feature", info, latency, info.ram_bytes, info.flash_bytes)


def _model(key: str, info: ModelInfo, board: BoardFile | None) -> StageOutline:
    latency = model_latency(info, board) if board is not None else None
    return StageOutline(key, "model", info, latency, info.ram_bytes, info.flash_bytes)


def _is_fault(error: AppError) -> bool:
    """Whether the question went wrong, rather than being answered by the stage."""
    return error.code.startswith(("job.", "stage.")) and error.code != "stage.requirement"


def _lost(way: _Way, kind: str) -> None:
    """Nothing that hangs on this stage can be known."""
    if kind in ("window", "augment", ""):
        way.signal = None
    if kind in ("window", "feature", ""):
        way.all_features = False


def _kind(studio: Studio, use: StageUse) -> str:
    try:
        return studio.registry.stage(use.stage).manifest.kind
    except AppError:
        return ""


__all__ = ["AugmentInfo", "Info", "Outline", "Outliner", "StageOutline", "feature_info", "model_latency"]
