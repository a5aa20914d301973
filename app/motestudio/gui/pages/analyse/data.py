"""What the Analyse page shows, read in one go beside the window. No Qt, nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import Budget, ModelReport, OpInfo, Verdict
from motestudio.gui.numbers import budget_text, byte_size, quantity, significant
from motestudio.project.store import Project
from motestudio.studio import analyse, evaluate, run_store
from motestudio.studio.home import Studio

_CORES = {"xtensa-lx6": "Xtensa LX6", "xtensa-lx7": "Xtensa LX7", "rv32imc": "RISC-V RV32IMC"}
_KERNELS = {"cmsis-nn": "CMSIS-NN", "esp-nn": "ESP-NN", "reference": "reference kernels"}


@dataclass(frozen=True, slots=True)
class AnalyseData:
    """A run's model on a board.

    Attributes:
        runs: ids, oldest first.
        run: whose model it is.
        board: what it is assessed against.
        own: whether that is the project's board.
        report: graph, plan, arena, verdict, advice.
        times: of every operator.
        verdicts: of every board, those that fit first.
        measured: the check that was kept of this run, or None.
    """

    runs: tuple[str, ...]
    run: run_store.Run
    board: BoardFile
    own: bool
    report: ModelReport
    times: analyse.OpTimes
    verdicts: tuple[Verdict, ...]
    measured: evaluate.Measurement | None

    @property
    def held_bytes(self) -> int:
        """What the arena holds for the whole run, on the board: its estimated arena without the planned part."""
        arena = dict(self.report.verdict.budget("ram").parts).get("Arena", float(self.report.arena.total))
        return max(0, round(arena) - self.report.plan.head_bytes)


def load(studio: Studio, project: Project, run_id: str, board_id: str) -> AnalyseData | None:
    """Read and assess; None where nothing has been trained.

    Args:
        studio: knows the boards.
        project: whose runs.
        run_id: the newest where empty or gone.
        board_id: the project's where empty.

    Raises:
        ProjectError: the run's model cannot be read.
    """
    runs = run_store.runs(project)
    if not runs:
        return None
    run = next((r for r in runs if r.id == run_id), runs[-1])
    board = studio.board(board_id or project.config.board)
    report = analyse.analyse(studio, project, run, board=board_id)
    return AnalyseData(
        tuple(r.id for r in runs),
        run,
        board,
        board.id == project.config.board,
        report,
        analyse.op_times(studio, report),
        tuple(analyse.every_board(studio, project, run)),
        evaluate.measured(run),
    )


def board_line(board: BoardFile) -> str:
    """Chip, core and clock: "STM32L476RG, Cortex-M4F, 80 MHz"."""
    core = _CORES.get(board.core) or "Cortex-" + board.core.removeprefix("cortex-").upper()
    return f"{board.chip}, {core}, {significant(board.clock_hz / 1e6)} MHz".replace(".0 MHz", " MHz")


def basis_line(data: AnalyseData) -> str:
    """What the figures rest on, and how good the model is."""
    clock = f"{data.board.clock_hz / 1e6:g} MHz"
    features = ", features included" if "feature_info" in data.run.metrics or _has_features(data) else ""
    words = f"estimate{features}, {_KERNELS[data.board.kernels]} at {clock}"
    accuracy, windows = data.run.metrics.get("accuracy"), data.run.metrics.get("windows")
    if isinstance(accuracy, int | float):
        words += f"; accuracy {accuracy * 100:.1f} %"
        words += f" on {windows} held-out windows" if isinstance(windows, int) else ""
    return words


def _has_features(data: AnalyseData) -> bool:
    return dict(data.report.verdict.budget("flash").parts).get("Feature stage in C", 0) > 0


def budget_texts(budget: Budget) -> tuple[str, str, str]:
    """(number with ±, unit, limit in that unit or empty); without ± where it was measured."""
    return budget_text(budget.used, 0.0 if budget.measured else budget.plus_minus, budget.limit, budget.unit)


def headline(verdict: Verdict) -> tuple[str, str]:
    """(tone, words): fits, fits only by the estimate, or what is short."""
    short = [b for b in verdict.budgets if not b.fits]
    if short:
        return "bad", f"Does not fit {verdict.board_name}"
    if any(b.limit and b.used + b.plus_minus > b.limit for b in verdict.budgets):
        return "warn", f"Just fits {verdict.board_name}"
    return "ok", f"Fits {verdict.board_name}"


def op_shapes(report: ModelReport, op: OpInfo) -> tuple[str, str]:
    """Shapes of the first moving input and of the output, without the batch."""
    tensors = report.graph.tensors
    ins = [tensors[i] for i in op.inputs if i >= 0 and not tensors[i].constant]
    outs = [tensors[i] for i in op.outputs if i >= 0]
    return tuple("×".join(str(n) for n in t[0].shape[1:] or (1,)) if t else "–" for t in (ins, outs))  # type: ignore[return-value]


def op_bytes(report: ModelReport, op: OpInfo) -> tuple[int, int]:
    """Bytes of all moving inputs and of all outputs."""
    tensors = report.graph.tensors
    ins = sum(tensors[i].nbytes for i in op.inputs if i >= 0 and not tensors[i].constant)
    return ins, sum(tensors[i].nbytes for i in op.outputs if i >= 0)


def macs_text(macs: int) -> tuple[str, str]:
    """Multiply-accumulates: ("63.4", "k"), ("–", "") for none."""
    return quantity(macs, "") if macs else ("–", "")


def time_text(ms: float) -> tuple[str, str]:
    """Milliseconds, with everything under a tenth as one."""
    return ("<0.1", "ms") if ms < 0.05 else (f"{ms:,.1f}", "ms")


def weights_text(count: int) -> tuple[str, str]:
    """Bytes of weights, a dash for none."""
    return byte_size(count) if count else ("–", "")
