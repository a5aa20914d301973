"""Does a model fit a board: RAM, flash, latency and energy, each against its limit. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from motestudio.analysis.advice import advice
from motestudio.analysis.costs import Estimate, energy_mj, latency_ms
from motestudio.analysis.memory import arena_on_board, flash_bytes, ram_bytes
from motestudio.analysis.planner import plan as plan_memory
from motestudio.analysis.scratch import reference_scratch
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ArenaUse, Budget, MemoryPlan, ModelGraph, ModelReport, Verdict
from motestudio.domain.units import format_bytes
from motestudio.sdk.stages import FeatureInfo

__all__ = ["Limits", "assess", "format_bytes", "report", "verdict_line"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The project's own budget; 0 for none. The board's RAM and flash hold in any case."""

    ram_bytes: int = 0
    flash_bytes: int = 0
    latency_ms: float = 0.0
    energy_mj: float = 0.0


def assess(
    graph: ModelGraph,
    plan: MemoryPlan,
    arena: ArenaUse | None,
    board: BoardFile,
    limits: Limits = Limits(),
    feature: FeatureInfo | None = None,
    window_bytes: int = 0,
    step_bytes: int = 0,
) -> Verdict:
    """Judge a model against a board.

    Args:
        graph: as read.
        plan: with the kernels' scratch.
        arena: as TFLM accounted for it, or None to estimate it.
        board: the target.
        limits: the project's budget.
        feature: of the feature stage, or None.
        window_bytes: raw samples of one window.
        step_bytes: raw samples between two windows; half a window where it is 0.

    Returns:
        Four budgets: ram, flash (bytes), latency (ms), energy (mJ).
    """
    ram = ram_bytes(graph, plan, arena, board, feature, window_bytes, step_bytes)
    latency = latency_ms(graph, board, feature)
    return Verdict(
        board.id,
        board.name,
        (
            _budget("ram", "B", ram, _smaller(limits.ram_bytes, board.ram_bytes)),
            _budget("flash", "B", flash_bytes(graph, board, feature), _smaller(limits.flash_bytes, board.flash_bytes)),
            _budget("latency", "ms", latency, limits.latency_ms),
            _budget("energy", "mJ", energy_mj(latency, board), limits.energy_mj),
        ),
    )


def report(
    data: ModelGraph,
    board: BoardFile,
    *,
    arena: ArenaUse | None = None,
    limits: Limits = Limits(),
    feature: FeatureInfo | None = None,
    window_bytes: int = 0,
    step_bytes: int = 0,
) -> ModelReport:
    """Everything the Analyse page shows of a graph: plan with the reference kernels' scratch, arena, verdict, advice.

    Where no arena was measured, the report's `arena` is the plan's, with the tail estimated for a 32-bit board.
    """
    scratch = reference_scratch(data)
    plan = plan_memory(data, scratch)
    verdict = assess(data, plan, arena, board, limits, feature, window_bytes, step_bytes)
    return ModelReport(data, plan, arena or _planned_arena(data, plan), verdict, advice(data, plan, scratch))


def verdict_line(verdict: Verdict) -> str:
    """One line: ``fits: RAM 34.2 KB of 96.0 KB, flash 118.0 KB of 1.00 MB, 21.0 +- 2.0 ms, 0.40 +- 0.05 mJ``."""
    parts = []
    for budget in verdict.budgets:
        mark = "" if budget.fits else " (too much)"
        if budget.unit == "B":
            name = "RAM" if budget.name == "ram" else "flash"
            parts.append(f"{name} {format_bytes(budget.used)} of {format_bytes(budget.limit)}{mark}")
        else:
            within = f" of {budget.limit:g}" if budget.limit else ""
            spread = f" ± {budget.plus_minus:.2g}" if budget.plus_minus else ""
            parts.append(f"{budget.used:.3g}{spread}{within} {budget.unit}{mark}")
    return f"{'fits' if verdict.fits else 'does not fit'}: {', '.join(parts)}"


def _planned_arena(graph: ModelGraph, plan: MemoryPlan) -> ArenaUse:
    estimate = arena_on_board(graph, plan, None)
    head = plan.head_bytes
    total = round(estimate.value)
    return ArenaUse(total, head, total - head, tuple((n, round(a)) for n, a in estimate.parts), "plan")


def _smaller(wanted: int, available: int) -> int:
    return min(wanted, available) if wanted else available


def _budget(name: Literal["ram", "flash", "latency", "energy"], unit: str, estimate: Estimate, limit: float) -> Budget:
    return Budget(name, unit, estimate.value, float(limit), float(estimate.plus_minus), estimate.parts)
