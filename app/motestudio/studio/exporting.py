"""Recordings for other tools: CSV with time, units and labels, or what an exporter stage writes."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.params import complete
from motestudio.domain.recording import Recording
from motestudio.errors import PluginError, ProjectError
from motestudio.project.store import Project
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage


def export_csv(project: Project, target: Path, names: Sequence[str], operation: Operation) -> list[Path]:
    """Write one CSV per recording.

    The first column is ``time_s`` on the recording's clock (a gap shows as a step), then one column per channel
    named ``name (unit)``, then ``label``.

    Returns:
        The files.

    Raises:
        ProjectError: the folder cannot be written.
    """
    files = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(names):
            operation.progress(index / max(1, len(names)), name)
            recording = project.recordings.load(name)
            path = target / f"{name}.csv"
            path.write_text(_csv(recording, np.asarray(project.recordings.samples(recording))), encoding="utf-8")
            files.append(path)
    except OSError as error:
        raise _unwritable(target, error) from error
    return files


def export_with(
    studio: Studio,
    project: Project,
    target: Path,
    names: Sequence[str],
    operation: Operation,
    *,
    stage: str,
    params: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Let an exporter stage write recordings.

    Its files lie in the target folder only when it has written all of them, and replace none that was there.

    Args:
        studio: plugins and workers.
        project: whose recordings.
        target: folder, made where it is not there.
        names: of the recordings.
        operation: progress and cancel.
        stage: full id of the exporter.
        params: what differs from its defaults.

    Returns:
        The files.

    Raises:
        PluginError: the stage is absent or no exporter, or a parameter is not allowed.
        ProjectError: a file is there already, or the folder cannot be written.
        JobError: the exporter failed; nothing was written.
    """
    entry = studio.registry.stage(stage)
    if entry.manifest.kind != "exporter":
        text = f"{entry.manifest.id} is a {entry.manifest.kind} stage."
        raise PluginError("export.kind", text, "Name an exporter: mote plugin list.")
    values = complete(entry.manifest.params, params or {})
    rows = [_request_row(project.recordings.load(name)) for name in names]
    try:
        target.mkdir(parents=True, exist_ok=True)
        # Beside the target: moving a file into place is then no copy, and no half-written file is ever in it.
        with (
            tempfile.TemporaryDirectory(prefix=".mote-export-", dir=target) as made,
            tempfile.TemporaryDirectory(prefix="mote-request-") as request,
        ):
            (Path(request) / "recordings.json").write_text(json.dumps({"recordings": rows}), encoding="utf-8")
            inputs = {"request": Path(request)}
            run_stage(studio, entry, operation, params=values, inputs=inputs, workdir=Path(made))
            return _land(Path(made), target)
    except OSError as error:
        raise _unwritable(target, error) from error


def _request_row(recording: Recording) -> dict[str, Any]:
    group = recording.group
    labels = {s.label for s in recording.segments if s.origin == "mine"}
    segments = [asdict(s) for s in recording.segments if s.origin == "mine"]
    return {
        "name": recording.name,
        "data": str(recording.data_path.resolve()),
        "n_samples": recording.n_samples,
        "label": labels.pop() if len(labels) == 1 else "",
        "subject": recording.facts.subject,
        "segments": segments,
        "group": {"name": group.name, "rate_hz": group.rate_hz, "channels": [asdict(c) for c in group.channels]},
    }


def _land(made: Path, target: Path) -> list[Path]:
    files = sorted(p for p in made.rglob("*") if p.is_file() and not p.is_symlink())
    places = {path: target / path.relative_to(made) for path in files}
    if taken := [place for place in places.values() if place.exists()]:
        text = f"{taken[0]} is there already."
        raise ProjectError(
            "export.exists", text, "Choose an empty folder; nothing was written.", {"path": str(taken[0])}
        )
    for path, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place)
    return list(places.values())


def _unwritable(target: Path, error: OSError) -> ProjectError:
    return ProjectError("export.write", f"{target} cannot be written: {error.strerror}.", "Choose another folder.")


def _csv(recording: Recording, samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> str:
    group = recording.group
    head = ["time_s", *(f"{c.name} ({c.unit})" if c.unit else c.name for c in group.channels), "label"]
    labels = [""] * recording.n_samples
    for segment in recording.segments:
        labels[segment.start : segment.end] = [segment.label] * segment.count
    times = _times(recording)
    rows = [
        ",".join([f"{t:.6f}", *(f"{v:.6g}" for v in values), label])
        for t, values, label in zip(times, group.to_physical(samples), labels, strict=True)
    ]
    return "\n".join([",".join(head), *rows]) + "\n"


def _times(recording: Recording) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    times = np.arange(recording.n_samples) / recording.group.rate_hz
    first = recording.captures[0].device_time_us if recording.captures else 0
    for capture in recording.captures[1:]:
        begin = (capture.device_time_us - first) / 1e6
        times[capture.sample_start :] = (
            begin + np.arange(recording.n_samples - capture.sample_start) / recording.group.rate_hz
        )
    return times
