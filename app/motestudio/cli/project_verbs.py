"""Verbs about projects: new, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from motestudio.cli.state import state_of


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("new")(new)
    app.command("show")(show)


def new(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    template: Annotated[str, typer.Option("--template", "-t", help="gesture, keyword, vibration or own.")] = "gesture",
    name: Annotated[str, typer.Option(help="Of the project; the folder's name where empty.")] = "",
    board: Annotated[str, typer.Option(help="Board file id; see mote board list.")] = "",
) -> None:
    """Make a project from a template."""
    from motestudio.project.recent import remember
    from motestudio.studio.create import create

    state = state_of(context)
    with state.studio() as studio:
        if board:
            studio.board(board)
        with create(folder, template_id=template, name=name, board=board) as project:
            config = project.config
    remember(folder)
    facts = {
        "folder": str(folder),
        "name": config.name,
        "board": config.board,
        "classes": [c.name for c in config.classes],
    }
    classes = ", ".join(c.name for c in config.classes) or "none yet"
    lines = [
        f"{config.name} in {folder}, for {config.board}; classes: {classes}.",
        f"Next: mote -p {folder} record --port virtual",
    ]
    state.output.result(facts, lines)


def show(context: typer.Context) -> None:
    """Say how a project stands: takes, stages, runs."""
    from motestudio.studio import pipeline, run_store

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        config = project.config
        have: dict[str, int] = {}
        for recording in project.recordings.all():
            for segment in recording.segments:
                have[segment.label] = have.get(segment.label, 0) + 1
        stages = pipeline.status(studio, project)
        runs = run_store.runs(project)
        problems = [str(p) for p in project.recordings.problems()]
    facts = {
        "name": config.name,
        "board": config.board,
        "classes": {c.name: {"takes": have.get(c.name, 0), "target": c.target} for c in config.classes},
        "stages": [{"key": s.use.key, "stage": s.use.stage, "state": s.state, "reason": s.reason} for s in stages],
        "runs": [{"run": r.id, "accuracy": r.metrics.get("accuracy")} for r in runs],
        "problems": problems,
    }
    out = state.output
    out.say(f"{config.name} for {config.board}")
    out.table(("class", "takes"), [(c.name, f"{have.get(c.name, 0)} of {c.target}") for c in config.classes])
    out.table(
        ("stage", "what", "state"),
        [(s.use.key, s.title, s.state + (f": {s.reason}" if s.reason else "")) for s in stages],
    )
    out.table(("run", "accuracy"), [(r.id, f"{r.metrics.get('accuracy', 0):.1%}") for r in runs])
    out.result(facts, [f"problem: {p}" for p in problems])
