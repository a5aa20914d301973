"""What the Train page shows, read beside the window. No Qt, nothing is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from motestudio.domain.model_report import Verdict
from motestudio.errors import AppError
from motestudio.project.store import Project
from motestudio.studio import analyse, dataset, run_store
from motestudio.studio.home import Studio

Curves = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the table; None for what it does not know.

    Attributes:
        verdict: against the project's board; None where the model cannot be read.
    """

    run: run_store.Run
    accuracy: float | None
    take_accuracy: float | None
    model_bytes: int | None
    arena_bytes: int | None
    verdict: Verdict | None

    @property
    def created(self) -> str:
        """Short, in local time."""
        try:
            at = datetime.fromisoformat(self.run.created).astimezone()
        except ValueError:
            return self.run.created
        today = datetime.now().astimezone().date()
        return f"today {at:%H:%M}" if at.date() == today else f"{at.day} {at:%b} {at:%H:%M}"


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """How the takes were split.

    Attributes:
        by: ``take``, ``subject``, ``session`` or ``device``.
        held_out: groups of the test split.
        counts: takes by split, then by class.
        classes: in output order.
    """

    by: str
    held_out: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainData:
    """Everything on the page.

    Attributes:
        rows: runs, oldest first.
        current: index of the run in question, -1 without runs.
        curves: of that run, by name.
        best_epoch: of that run, from 0; -1 where unknown.
        split: of that run, or of the dataset as it is.
        problem: why nothing can be trained, or None.
        epochs: that the model stage will run at most, 0 where it does not say.
    """

    rows: tuple[RunRow, ...] = ()
    current: int = -1
    curves: Curves = field(default_factory=dict)
    best_epoch: int = -1
    split: SplitFacts | None = None
    problem: AppError | None = None
    epochs: int = 0

    @property
    def row(self) -> RunRow | None:
        """The run in question."""
        return self.rows[self.current] if 0 <= self.current < len(self.rows) else None


def load(studio: Studio, project: Project, run_id: str, known: Mapping[tuple[str, str], RunRow]) -> TrainData:
    """Read runs and dataset.

    Args:
        studio: knows board and plugins.
        project: whose runs.
        run_id: the newest where empty or gone.
        known: rows that were read before, by run and board: a run never changes.
    """
    runs = run_store.runs(project)
    board = project.config.board
    rows = tuple(known.get((r.id, board)) or _row(studio, project, r) for r in runs)
    ids = [r.id for r in runs]
    current = ids.index(run_id) if run_id in ids else len(ids) - 1
    now, problem = _dataset(project)
    if current < 0:
        return TrainData(split=now, problem=problem, epochs=_epochs(studio, project))
    run = runs[current]
    split = SplitFacts(
        str(run.facts.get("split_by", "")),
        tuple(run.facts.get("held_out", ())),
        run.facts.get("counts", {}),
        tuple(run.facts.get("classes", ())),
    )
    curves, best = analyse.history(run), analyse.best_epoch(run)
    return TrainData(rows, current, curves, best, split, problem, _epochs(studio, project))


def _row(studio: Studio, project: Project, run: run_store.Run) -> RunRow:
    metrics = run.metrics
    arena = metrics.get("arena")
    try:
        verdict = analyse.verdict(studio, project, run)
    except (AppError, OSError):
        verdict = None
    return RunRow(
        run,
        _number(metrics.get("accuracy")),
        _number(metrics.get("take_accuracy")),
        _whole(metrics.get("model_bytes")),
        _whole(arena.get("total")) if isinstance(arena, Mapping) else None,
        verdict,
    )


def _dataset(project: Project) -> tuple[SplitFacts | None, AppError | None]:
    try:
        made, _ = dataset.build(project)
    except AppError as error:
        return None, error
    return SplitFacts(
        made.split_by, made.held_out, {name: dict(row) for name, row in made.counts().items()}, made.classes
    ), None


def _epochs(studio: Studio, project: Project) -> int:
    for use in project.config.pipeline.stages:
        try:
            stage = studio.registry.stage(use.stage).manifest
        except AppError:
            continue
        if stage.kind == "model":
            default = next((p.default for p in stage.params if p.key == "epochs"), 0)
            return _whole(use.params.get("epochs", default)) or 0
    return 0


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def percent(value: float | None) -> tuple[str, str]:
    """An accuracy as ("93.9", "%")."""
    return ("–", "") if value is None else (f"{value * 100:.1f}", "%")


def shown(value: object) -> str:
    """A parameter's value, short."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
