"""Recordings for other tools: CSV with time, physical units and a label per sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motestudio.domain.recording import Recording
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio.operation import Operation


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
        raise ProjectError(
            "export.write", f"{target} cannot be written: {error.strerror}.", "Choose another folder."
        ) from error
    return files


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
