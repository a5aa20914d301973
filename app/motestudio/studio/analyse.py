"""What a run's model costs on a board: the report behind the Analyse page and `mote analyse`."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from motestudio.analysis.costs import model_spread, op_ms
from motestudio.analysis.planner import plan as plan_memory
from motestudio.analysis.scratch import reference_scratch
from motestudio.analysis.tflite_reader import read_graph
from motestudio.analysis.verdict import Limits, assess, report
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ArenaUse, Budget, ModelReport, Verdict
from motestudio.domain.units import format_bytes
from motestudio.project.store import Project
from motestudio.sdk.deployable import Deployable
from motestudio.sdk.stages import FeatureInfo
from motestudio.studio.home import Studio
from motestudio.studio.run_store import Run

__all__ = [
    "ModelReport",
    "OpTimes",
    "amount",
    "analyse",
    "best_epoch",
    "every_board",
    "facts",
    "history",
    "one_line",
    "op_times",
    "shortfall",
    "use_board",
    "verdict",
]


def analyse(studio: Studio, project: Project, run: Run, *, board: str = "") -> ModelReport:
    """Read the run's model and assess it against a board.

    Args:
        studio: knows the boards.
        project: its budgets count where `board` is its own.
        run: whose model.
        board: id of another board file; the project's where empty.

    Raises:
        ProjectError: the model cannot be read, or there is no such board.
    """
    target: BoardFile = studio.board(board or project.config.board)
    deployable = Deployable.load(run.folder)
    graph = read_graph(deployable.model)
    own = not board or board == project.config.board
    budget = project.config.budget
    limits = Limits(
        ram_bytes=budget.ram_bytes if own else 0,
        flash_bytes=budget.flash_bytes if own else 0,
        latency_ms=budget.latency_ms,
        energy_mj=budget.energy_mj,
    )
    signal = deployable.signal
    return report(
        graph,
        target,
        arena=arena_of(run.metrics.get("arena")),
        limits=limits,
        feature=_feature(project, run),
        window_bytes=signal.window_samples * signal.group.frame_bytes,
        step_bytes=signal.step_samples * signal.group.frame_bytes,
    )


def every_board(studio: Studio, project: Project, run: Run) -> list[Verdict]:
    """The run's model against every board known, the ones it fits first, then by latency.

    Raises:
        ProjectError: the model cannot be read.
    """
    verdicts = _verdicts(project, run, tuple(studio.boards.values()))
    return sorted(verdicts, key=lambda v: (not v.fits, v.budget("latency").used))


def verdict(studio: Studio, project: Project, run: Run) -> Verdict:
    """The run's model against the project's board; quicker than `analyse`, which also looks for advice.

    Raises:
        ProjectError: the model cannot be read.
    """
    return _verdicts(project, run, (studio.board(project.config.board),))[0]


def _verdicts(project: Project, run: Run, boards: Sequence[BoardFile]) -> list[Verdict]:
    deployable = Deployable.load(run.folder)
    graph = read_graph(deployable.model)
    plan = plan_memory(graph, reference_scratch(graph))
    arena, feature = arena_of(run.metrics.get("arena")), _feature(project, run)
    window = deployable.signal.window_samples * deployable.signal.group.frame_bytes
    step = deployable.signal.step_samples * deployable.signal.group.frame_bytes
    budget = project.config.budget
    limits = Limits(latency_ms=budget.latency_ms, energy_mj=budget.energy_mj)
    own = replace(limits, ram_bytes=budget.ram_bytes, flash_bytes=budget.flash_bytes)
    return [
        assess(graph, plan, arena, b, own if b.id == project.config.board else limits, feature, window, step)
        for b in boards
    ]


def use_board(studio: Studio, project: Project, board_id: str) -> str:
    """Make a board the project's; undoable. Returns its name.

    Raises:
        ProjectError: there is no such board.
    """
    name, before = studio.board(board_id).name, project.config.board
    if before != board_id:
        _save_board(project, board_id)
        project.undo.push(
            f"board {name}", partial(_save_board, project, before), partial(_save_board, project, board_id)
        )
    return name


def _save_board(project: Project, board_id: str) -> None:
    project.save(replace(project.config, board=board_id))


def arena_of(measured: Any) -> ArenaUse | None:
    """TFLM's own account in what an evaluation said, where it has one."""
    if not isinstance(measured, Mapping) or not measured.get("total"):
        return None
    items = tuple((str(k), int(v)) for k, v in measured.get("items", ()))
    total, head, tail, needed = (int(measured.get(name, 0)) for name in ("total", "head", "tail", "needed"))
    return ArenaUse(total, head, tail, items, f"tflite-micro on {platform.machine()}", needed)


def _feature(project: Project, run: Run) -> FeatureInfo | None:
    """What the feature twin costs, by the run, or by the cache for a run that did not keep it."""
    info = run.metrics.get("feature_info")
    if not isinstance(info, Mapping) and (folder := project.cache.folder_of(run.artifact("features"))):
        info = project.cache.meta_of(folder).get("info")
    if not isinstance(info, Mapping):
        return None
    return FeatureInfo(
        tuple(info["shape"]), tuple(info["axes"]), int(info["ram_bytes"]), int(info["flash_bytes"]), int(info["macs"])
    )


def history(run: Run) -> dict[str, Sequence[float]]:
    """Training curves by name, a value an epoch; empty where the model stage kept none.

    ``history.json`` holds ``{"epochs": [{"loss": 1.7, "val_loss": 1.6, ...}, ...]}``; a figure that not every epoch
    has is left out.
    """
    try:
        body = json.loads((run.folder / "history.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    epochs = body.get("epochs") if isinstance(body, dict) else None
    if not isinstance(epochs, list) or not epochs or not all(isinstance(e, dict) for e in epochs):
        return {}
    names = [n for n in epochs[0] if all(isinstance(e.get(n), int | float) for e in epochs)]
    return {str(n): [float(e[n]) for e in epochs] for n in names}


def best_epoch(run: Run) -> int:
    """The epoch whose weights were kept, counted from 0; -1 where it is not known."""
    best = run.metrics.get("best_epoch", -1)
    return best if isinstance(best, int) else -1


@dataclass(frozen=True, slots=True)
class OpTimes:
    """Estimated milliseconds of every operator of a model on a board.

    Attributes:
        ms: by operator.
        spread: relative; the same for all.
    """

    ms: tuple[float, ...]
    spread: float


def op_times(studio: Studio, model: ModelReport) -> OpTimes:
    """How long each operator takes on the report's board, with how far off that may be."""
    board = studio.board(model.verdict.board_id)
    return OpTimes(tuple(op_ms(model.graph, op, board) for op in model.graph.ops), model_spread(board))


def amount(budget: Budget, value: float) -> str:
    """A budget's figure in its unit."""
    return format_bytes(value) if budget.unit == "B" else f"{value:.3g} {budget.unit}"


def shortfall(verdict: Verdict) -> str:
    """What is too much, such as "2.6 KB of RAM short, 38 ms too slow"; empty where the model fits."""
    names = {"ram": "of RAM short", "flash": "of flash short", "latency": "too slow", "energy": "too much"}
    over = [f"{amount(b, b.used - b.limit)} {names[b.name]}" for b in verdict.budgets if not b.fits]
    return ", ".join(over)


def one_line(model: ModelReport) -> str:
    """The verdict's figures in one line."""
    parts = []
    for budget in model.verdict.budgets:
        name = {"ram": "RAM", "flash": "flash"}.get(budget.name, budget.name)
        used = amount(budget, budget.used)
        around = f" ± {amount(budget, budget.plus_minus)}" if budget.plus_minus else ""
        limit = f" of {amount(budget, budget.limit)}" if budget.limit else ""
        parts.append(f"{name} {used}{around}{limit}")
    return ", ".join(parts)


def facts(model: ModelReport) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "board": model.verdict.board_id,
        "fits": model.verdict.fits,
        "budgets": [asdict(b) | {"fits": b.fits} for b in model.verdict.budgets],
        "arena": asdict(model.arena),
        "plan": asdict(model.plan),
        "ops": [asdict(o) for o in model.graph.ops],
        "advice": model.advice,
    }
