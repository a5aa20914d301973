"""What the rail's dots say of a project."""

from __future__ import annotations

from pathlib import Path

from motestudio.domain.labels import Segment
from motestudio.studio import overview
from motestudio.studio.create import create
from motestudio.studio.home import Studio
from support.projects import gesture_project


def test_an_empty_project_has_nothing(tmp_path: Path) -> None:
    with create(tmp_path / "wand") as project, Studio() as studio:
        assert set(overview.states(studio, project).values()) == {"none"}


def test_recorded_and_labelled_but_not_trained(tmp_path: Path) -> None:
    with gesture_project(tmp_path / "wand", takes=2) as project, Studio() as studio:
        states = overview.states(studio, project)
        assert (states["record"], states["label"], states["train"]) == ("fresh", "fresh", "none")
        project.recordings.set_segments("wave-000", [Segment(0, 50, "wave", "proposed", "energy", 0.7)])
        assert overview.states(studio, project)["label"] == "stale"
