"""Edits of labels: what they change, and that each can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from motestudio.domain.labels import Segment
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import label
from support.projects import gesture_project

NAME = "wave-000"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with gesture_project(tmp_path / "wand", takes=3) as made:
        yield made


def segments(project: Project) -> tuple[Segment, ...]:
    return project.recordings.load(NAME).segments


def test_move_keeps_inside_the_recording_and_undoes(project: Project) -> None:
    before = segments(project)
    label.move(project, NAME, 0, start=200, count=500)
    assert (segments(project)[0].start, segments(project)[0].end) == (200, 208)
    project.undo.undo()
    assert segments(project) == before
    project.undo.redo()
    assert segments(project)[0].start == 200


def test_split_makes_two_that_touch(project: Project) -> None:
    label.split(project, NAME, 0, 100)
    first, second = segments(project)
    assert (first.start, first.end, second.start, second.end) == (0, 100, 100, 208)


def test_split_outside_is_refused_and_changes_nothing(project: Project) -> None:
    before = segments(project)
    with pytest.raises(ProjectError, match="outside"):
        label.split(project, NAME, 0, 500)
    assert segments(project) == before


def test_accepting_and_relabelling_a_proposal_makes_it_mine(project: Project) -> None:
    proposal = Segment(10, 60, "wave", "proposed", "energy 1", 0.8)
    label.set_segments(project, NAME, [proposal])
    label.accept(project, NAME, 0)
    assert segments(project)[0].origin == "mine"
    assert segments(project)[0].generator == "energy 1"
    label.relabel(project, NAME, 0, "idle")
    assert segments(project)[0].label == "idle"
    assert segments(project)[0].confidence is None


def test_segments_beyond_the_end_are_cut(project: Project) -> None:
    label.set_segments(project, NAME, [Segment(200, 100, "wave"), Segment(400, 10, "wave")])
    assert [(s.start, s.count) for s in segments(project)] == [(200, 8)]
