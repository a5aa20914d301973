"""Verbs about labels of many recordings: propose, accept, delete, restore."""

from __future__ import annotations

from typing import Annotated

import typer

from motestudio.cli.state import state_of

Names = Annotated[list[str] | None, typer.Argument(help="Recordings; all where none.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("propose")(propose)
    app.command("accept")(accept)
    app.command("delete")(delete)
    app.command("restore")(restore)


def propose(
    context: typer.Context,
    names: Names = None,
    stage: Annotated[str, typer.Option(help="Segmenter to ask.")] = "mote-segment/energy",
) -> None:
    """Ask a segmenter where something happens and keep its answers as proposals."""
    from motestudio.studio import label, review

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        recordings = [project.recordings.load(n) for n in names] if names else project.recordings.all()
        chosen = review.worth_proposing(recordings)
        found = label.propose(studio, project, chosen, operation, segmenter=stage) if chosen else {}
        count = review.keep_proposals(project, found)
    state.output.result({"proposals": count, "recordings": len(chosen)}, [f"{count} proposals to review."])


def accept(
    context: typer.Context,
    names: Names = None,
    above: Annotated[float, typer.Option(help="Least confidence, 0 to 1.")] = 0.9,
) -> None:
    """Accept proposals that are sure enough; those without a class wait for a person."""
    from motestudio.studio.review import accept_sure

    state = state_of(context)
    with state.project() as project, state.output.operation() as operation:
        count = accept_sure(project, names or [r.name for r in project.recordings.all()], operation, threshold=above)
    state.output.result({"accepted": count}, [f"{count} proposals accepted."])


def delete(context: typer.Context, names: Annotated[list[str], typer.Argument(help="Recordings.")]) -> None:
    """Move recordings into the project's trash; `mote restore` brings them back."""
    from motestudio.studio import review

    state = state_of(context)
    with state.project() as project:
        review.delete(project, names)
    state.output.result({"deleted": names}, [f"{len(names)} recordings moved to the trash."])


def restore(context: typer.Context, names: Annotated[list[str], typer.Argument(help="Recordings.")]) -> None:
    """Bring deleted recordings back from the project's trash."""
    state = state_of(context)
    with state.project() as project:
        for name in names:
            project.recordings.restore(name)
    state.output.result({"restored": names}, [f"{len(names)} recordings restored."])
