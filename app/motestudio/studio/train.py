"""Trains: the whole pipeline, and its result kept as a run in the project's ``runs`` folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from motestudio.domain.artifact import Artifact
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import pipeline
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run, runs


def train(studio: Studio, project: Project, operation: Operation) -> Run:
    """Run the whole pipeline and keep the result as a run; one that gave the same is returned, not copied.

    Raises:
        AppError: what is wrong with data, pipeline or a stage.
        Cancelled: nothing half-written is kept.
    """
    result = pipeline.run(studio, project, operation)
    if "deployable" not in result.artifacts:
        raise ProjectError(
            "pipeline.incomplete", "The pipeline ends before a model for a board.", "Add a convert stage to it."
        )
    hashes = {name: a.key.hash for name, a in result.artifacts.items()}
    for run in runs(project):
        if run.facts.get("artifacts") == hashes:
            return run
    return _keep(project, result, hashes)


def _keep(project: Project, result: pipeline.PipelineResult, hashes: Mapping[str, str]) -> Run:
    numbers = [int(r.id.removeprefix("run-")) for r in runs(project) if r.id.removeprefix("run-").isdigit()]
    run_id = f"run-{max(numbers, default=0) + 1:03d}"
    project.runs_dir.mkdir(parents=True, exist_ok=True)
    draft = project.runs_dir / f".{run_id}.tmp"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name in ("model", "deployable", "evaluation"):
        if artifact := result.artifacts.get(name):
            for file in artifact.files:
                target = draft / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(artifact.folder / file, target)
    facts = {
        "run": run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "project": project.config.name,
        "board": project.config.board,
        "classes": list(result.dataset.classes),
        "split_by": result.dataset.split_by,
        "held_out": list(result.dataset.held_out),
        "counts": {s: dict(sorted(c.items())) for s, c in result.dataset.counts().items()},
        "artifacts": dict(hashes),
        "stages": [
            {
                "key": use.key,
                "stage": use.stage,
                "implementation": result.stages[use.key].key.implementation,
                "params": dict(result.stages[use.key].key.params),
                "seconds": round(result.stages[use.key].seconds, 3),
                "figures": _figures(result.stages[use.key]),
            }
            for use in project.config.pipeline.stages
        ],
        "metrics": _metrics(result),
    }
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (draft / "metrics.json").write_text(text, encoding="utf-8")
    folder = project.runs_dir / run_id
    draft.rename(folder)
    return Run(run_id, folder, str(facts["created"]), facts)


def _metrics(result: pipeline.PipelineResult) -> dict[str, Any]:
    """Everything the stages said that is a plain figure, the last stage winning."""
    metrics: dict[str, Any] = {}
    for artifact in result.stages.values():
        metrics |= _figures(artifact)
    info = result.artifacts["features"].meta.get("info") if "features" in result.artifacts else None
    if info is not None:
        metrics["feature_info"] = info
    return metrics


def _figures(artifact: Artifact) -> dict[str, Any]:
    wanted = ("confusion", "arena", "per_class")
    return {k: v for k, v in artifact.meta.items() if isinstance(v, bool | int | float | str) or k in wanted}
