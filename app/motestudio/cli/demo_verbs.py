"""Verbs that show or measure the whole: demo, studio, bench."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from motestudio.cli.state import State, state_of


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("demo")(demo)
    app.command("studio")(studio)
    app.command("bench")(bench)


def demo(
    context: typer.Context,
    source: Annotated[
        Path | None, typer.Option("--from", help="Folder of CSV or WAV files to play as the sensor.")
    ] = None,
    report: Annotated[Path, typer.Option(help="Folder of the report and its project.")] = Path("demo-report"),
    board: Annotated[str, typer.Option(help="Board file the virtual board poses as.")] = "",
    port: Annotated[str, typer.Option(help="virtual, or where a real board is.")] = "virtual",
    takes: Annotated[int, typer.Option(help="Per gesture, without --from.", min=5)] = 20,
    hold_out: Annotated[list[str] | None, typer.Option(help="Person never trained on; may be repeated.")] = None,
    transport: Annotated[str, typer.Option(help="Of the virtual board: socket or pty.")] = "socket",
) -> None:
    """Do the whole job, board to board, and write a report."""
    from motestudio.studio.demo import DemoOptions, run

    state = state_of(context)
    options = DemoOptions(report, source, board, port, takes, tuple(hold_out or ()), transport)
    with state.studio() as home, state.output.operation() as operation:
        result = run(home, options, operation)
    _summary(state, result, report)
    if result["windows_equal"] != result["windows_tested"] or not result["fits"]:
        raise typer.Exit(1)


def _summary(state: State, result: dict[str, Any], report: Path) -> None:
    from motestudio.domain.units import format_bytes

    rows = [
        ("board", result["board"]),
        ("classes", ", ".join(result["classes"])),
        ("held out", f"{len(result['held_out'])} by {result['split_by']}"),
        ("host accuracy", f"{result['host_accuracy']:.1%}"),
        ("board accuracy", f"{result['board_accuracy']:.1%} by window, {result['board_accuracy_by_take']:.1%} by take"),
        ("equal bit for bit", f"{result['windows_equal']} of {result['windows_tested']} windows"),
        ("live", f"{result['live_found']} of {result['live_performed']} found, {result['live_wrong']} wrong"),
        ("arena", format_bytes(result["arena_bytes"])),
        ("flash", f"{format_bytes(result['flash_bytes'])} (estimate)"),
        ("model", result["model_sha256"][:16]),
        ("on the board", result["board_sha256"][:16]),
        ("time", f"{sum(result['seconds'].values()):.1f} s"),
        ("report", str(report / "report.html")),
    ]
    state.output.table(("", ""), rows)
    state.output.result(result)


def studio(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Project to open.")] = None,
    virtual: Annotated[bool, typer.Option("--virtual", help="Connect the project to the virtual board.")] = False,
) -> None:
    """Open the window."""
    from motestudio.errors import MissingError

    state = state_of(context)
    try:
        window = importlib.import_module("motestudio.gui.app")
    except ImportError as error:
        raise MissingError(
            "gui.missing",
            f"The window's packages are not installed ({error.name}).",
            "Run: pip install 'motestudio[gui]'.",
        ) from error
    plugins = {"plugin_dirs": state.plugin_dirs, "safe_mode": state.safe_mode}
    raise typer.Exit(int(window.run(folder, virtual=virtual, **plugins)))


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What to measure: app, features or record.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")] = None,
) -> None:
    """Measure ourselves and a peer in one run. Exit code 1 where a goal is missed."""
    from motestudio.studio.bench import run_bench, write_json

    state = state_of(context)
    with state.output.operation() as operation:
        figures = run_bench(name, operation)
    rows = [(f.name, f.shown, f.goal_shown, f.peer, "met" if f.met else "missed") for f in figures]
    state.output.table(("figure", "value", "goal", "peer", ""), rows)
    if json_file is not None:
        write_json(json_file, figures)
    if not all(f.met for f in figures):
        raise typer.Exit(1)
