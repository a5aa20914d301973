"""Recordings that a user gives the kit: of a project, or files that an importer reads."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from motestudio.project.store import Project
from motestudio.studio.conformance.bench import Recorded
from motestudio.studio.home import Studio
from motestudio.studio.importing import read_clips
from motestudio.studio.operation import Operation

PROJECT_FILE = "project.toml"


def load(studio: Studio, place: Path, operation: Operation) -> list[Recorded]:
    """Read a project's recordings, or import a file or folder.

    Args:
        studio: for the importers.
        place: a project's folder, or what `mote import` takes.
        operation: progress and cancel.

    Raises:
        ProjectError: nothing there can be read.
    """
    if (place / PROJECT_FILE).is_file():
        with Project.open(place, read_only=True) as project:
            return [
                Recorded(r.name, r.group, np.array(project.recordings.samples(r))) for r in project.recordings.all()
            ]
    with tempfile.TemporaryDirectory(prefix="mote-recorded-") as scratch:
        clips = read_clips(studio, place, Path(scratch), operation)
        flat = np.load(Path(scratch) / "clips.npy", allow_pickle=False).reshape(-1, len(clips.group.channels))
        return [Recorded(c.name, clips.group, flat[c.start : c.start + c.count]) for c in clips.clips]
