"""Runs: one trained, converted and evaluated model each, kept in the project's ``runs`` folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import pipeline
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the whole pipeline.

    Attributes:
        id: ``run-001`` and up.
        folder: ``runs/<id>``.
        created: ISO 8601, UTC.
        facts: ``metrics.json``: artifacts, stages, classes, held-out groups, seconds, metrics.
    """

    id: str
    folder: Path
    created: str
    facts: Mapping[str, Any]

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Accuracies and sizes."""
        metrics: Mapping[str, Any] = self.facts.get("metrics", {})
        return metrics

    def artifact(self, name: str) -> str:
        """Hash of an artifact: ``windows``, ``features``, ``model``, ``deployable`` or ``evaluation``."""
        return str(self.facts.get("artifacts", {}).get(name, ""))


def runs(project: Project) -> list[Run]:
    """All runs, oldest first; an unreadable one is left out."""
    found = []
    for path in sorted(project.runs_dir.glob("*/metrics.json")):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(facts, dict):
            found.append(Run(path.parent.name, path.parent, str(facts.get("created", "")), facts))
    return found


def latest(project: Project, run_id: str = "") -> Run:
    """A run by id, or the newest.

    Raises:
        ProjectError: there is none.
    """
    known = runs(project)
    for run in reversed(known):
        if not run_id or run.id == run_id:
            return run
    if run_id:
        names = ", ".join(r.id for r in known[-8:]) or "none yet"
        raise ProjectError("run.unknown", f"There is no run {run_id!r}.", f"Runs: {names}.")
    raise ProjectError("run.none", "Nothing has been trained yet.", "Train a model first: mote train.")


def parameters(run: Run) -> dict[str, Any]:
    """All that decided a run, flat: stages, their parameters as ``key.param``, split, takes and classes."""
    flat: dict[str, Any] = {}
    for stage in run.facts.get("stages", ()):
        flat[stage["key"]] = stage["stage"]
        flat |= {f"{stage['key']}.{name}": value for name, value in stage["params"].items()}
    counts = run.facts.get("counts", {})
    flat["split by"] = run.facts.get("split_by", "")
    flat["held out"] = ", ".join(run.facts.get("held_out", ()))
    flat["takes"] = sum(sum(row.values()) for row in counts.values())
    flat["classes"] = ", ".join(run.facts.get("classes", ()))
    return flat


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that two runs do not share; None where one of them does not have it."""

    key: str
    before: Any
    after: Any


def differences(before: Run, after: Run) -> tuple[Difference, ...]:
    """In which parameters two runs differ, in the order of the pipeline."""
    old, new = parameters(before), parameters(after)
    keys = list(new) + [k for k in old if k not in new]
    return tuple(Difference(k, old.get(k), new.get(k)) for k in keys if old.get(k) != new.get(k))


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
    for name in ("windows", "features", "model", "deployable", "evaluation"):
        if artifact := result.artifacts.get(name):
            for key, value in artifact.meta.items():
                if isinstance(value, bool | int | float | str) or key in ("confusion", "arena", "per_class"):
                    metrics[key] = value
    info = result.artifacts["features"].meta.get("info") if "features" in result.artifacts else None
    if info is not None:
        metrics["feature_info"] = info
    return metrics
