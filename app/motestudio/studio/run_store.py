"""Runs as they are kept in the project's ``runs`` folder: found, read and compared. Trains nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motestudio.errors import ProjectError
from motestudio.project.store import Project


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
