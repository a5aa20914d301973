"""Verbs about models: run, train, compare, analyse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from motestudio.cli.state import State, state_of

if TYPE_CHECKING:
    from motestudio.domain.model_report import Verdict

RunOption = Annotated[str, typer.Option("--run", help="Run id; the newest where empty.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("run")(run)
    app.command("train")(train)
    app.command("compare")(compare)
    app.command("analyse")(analyse)


def run(
    context: typer.Context,
    until: Annotated[
        str, typer.Option(help="Last kind of stage to run: window, feature, model, convert, evaluate.")
    ] = "",
) -> None:
    """Run the pipeline; what has been computed is not computed again."""
    from motestudio.domain.pipeline import CHAIN
    from motestudio.errors import PluginError
    from motestudio.studio import pipeline

    if until and until not in CHAIN:
        raise PluginError("pipeline.kind", f"There is no kind of stage {until!r}.", f"Kinds: {', '.join(CHAIN)}.")
    state = state_of(context)
    last = next((k for k in CHAIN if k == until), None)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        result = pipeline.run(studio, project, operation, until=last)
    facts = {
        "computed": list(result.computed),
        "seconds": dict(result.seconds),
        "artifacts": {n: a.key.hash for n, a in result.artifacts.items()},
    }
    text = ", ".join(result.computed) or "nothing, all of it was in the cache"
    state.output.result(facts, [f"Computed: {text}."])


def train(context: typer.Context) -> None:
    """Run the pipeline and keep its result as a run."""
    from motestudio.studio import train as verbs

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        done = verbs.train(studio, project, operation)
    metrics = done.metrics
    by_window, by_take = metrics.get("accuracy", 0.0), metrics.get("take_accuracy", 0.0)
    size = metrics.get("model_bytes", 0)
    kind = "8-bit" if metrics.get("input_type", "int8") == "int8" else "16-bit"
    line = f"{done.id}: {by_window:.1%} on held-out windows ({by_take:.1%} by take), {kind} model of {size} bytes."
    state.output.result(dict(done.facts), [line])


def compare(context: typer.Context) -> None:
    """List runs side by side, and in which parameters each differs from the one before."""
    from motestudio.studio import run_store as verbs

    state = state_of(context)
    with state.project() as project:
        runs = verbs.runs(project)
    rows, facts = [], []
    for before, one in zip([None, *runs], runs, strict=False):
        changed = [] if before is None else [f"{d.key} {d.before} → {d.after}" for d in verbs.differences(before, one)]
        accuracy, size = one.metrics.get("accuracy", 0.0), one.metrics.get("model_bytes", 0)
        rows.append((one.id, one.created, f"{accuracy:.1%}", f"{size}", "; ".join(changed)))
        facts.append({"run": one.id, "accuracy": accuracy, "model_bytes": size, "changed": changed})
    state.output.table(("run", "created", "accuracy", "bytes", "changed"), rows)
    state.output.result(facts)


def analyse(
    context: typer.Context,
    run_id: RunOption = "",
    board: Annotated[str, typer.Option(help="Board file id; the project's where empty.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Only the verdict, for every known board.")] = False,
) -> None:
    """Show what a run's model costs on a board, layer by layer. Exit code 1 where it does not fit."""
    from motestudio.domain.units import format_bytes
    from motestudio.studio import analyse as verbs
    from motestudio.studio.run_store import latest

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        chosen = latest(project, run_id)
        if every:
            _every_board(state, verbs.every_board(studio, project, chosen))
            return
        model = verbs.analyse(studio, project, chosen, board=board)
    out = state.output
    verdict = model.verdict
    out.say(f"{'Fits' if verdict.fits else 'Does not fit'} {verdict.board_name}: {verbs.one_line(model)}")
    rows = [
        (
            str(o.index),
            o.title,
            o.kernel,
            f"{o.macs:,}",
            format_bytes(model.plan.alive[o.index]),
            format_bytes(o.weight_bytes),
        )
        for o in model.graph.ops
    ]
    out.table(("op", "layer", "kernel", "MAC", "arena alive", "weights"), rows)
    if model.advice:
        out.say(model.advice)
    out.result(verbs.facts(model))
    if not verdict.fits:
        raise typer.Exit(1)


def _every_board(state: State, verdicts: list[Verdict]) -> None:
    from motestudio.studio import analyse as verbs

    rows = [
        (v.board_id, verbs.shortfall(v) or "yes", *(verbs.amount(b, b.used) for b in v.budgets[:3])) for v in verdicts
    ]
    state.output.table(("board", "fits, or why not", "RAM", "flash", "latency"), rows)
    state.output.result([{"board": v.board_id, "fits": v.fits, "short": verbs.shortfall(v)} for v in verdicts])
