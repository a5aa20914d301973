"""How far a project is, room by room: what the rail's dots and the start page say. Trains nothing."""

from __future__ import annotations

from typing import Literal

from motestudio.errors import AppError
from motestudio.firmware.generator import PROJECT_FILE
from motestudio.project.store import Project
from motestudio.studio import analyse, deploy, pipeline, run_store
from motestudio.studio.home import Studio

State = Literal["none", "fresh", "stale", "failed"]


def states(studio: Studio, project: Project, *, fits: bool | None = None) -> dict[str, State]:
    """State of every room of the work but Live, which depends on the board.

    Args:
        studio: plugins and boards.
        project: read only.
        fits: whether the newest run's model fits, where the caller has assessed it already.

    Returns:
        By the rooms' names: ``none`` (nothing yet), ``fresh``, ``stale`` (its input changed since), ``failed`` (a
        model that does not fit, a stage that cannot run).
    """
    recordings = project.recordings.all()
    segments = [s for r in recordings for s in r.segments]
    rows = pipeline.status(studio, project)
    runs = run_store.runs(project)
    current = all(row.state == "fresh" for row in rows) and bool(rows)
    found: dict[str, State] = {
        "record": "fresh" if recordings else "none",
        "label": "none" if not segments else "stale" if any(s.origin == "proposed" for s in segments) else "fresh",
        "pipeline": _pipeline(rows, trained=bool(runs)),
        "train": "none" if not runs else "fresh" if current else "stale",
        "analyse": "none",
        "deploy": "none",
    }
    if not runs:
        return found
    try:
        if fits is None:
            fits = analyse.analyse(studio, project, runs[-1]).verdict.fits
        found["analyse"] = "failed" if not fits else "fresh" if current else "stale"
    except AppError:
        found["analyse"] = "failed"
    if (deploy.firmware_folder(project) / project.config.board / PROJECT_FILE).is_file():
        found["deploy"] = "fresh" if current else "stale"
    return found


def _pipeline(rows: list[pipeline.StageStatus], *, trained: bool) -> State:
    if not rows:
        return "none"
    kinds = {row.state for row in rows}
    if kinds & {"absent", "invalid"}:
        return "failed"
    if kinds == {"fresh"}:
        return "fresh"
    return "stale" if trained or "fresh" in kinds else "none"
