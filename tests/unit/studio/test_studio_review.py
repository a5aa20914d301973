"""Review in bulk: which proposals stay, what is accepted, deleted and brought back; catalogue and energy edges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.labels import UNNAMED, Segment
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import catalogue, energy, label, review
from motestudio.studio.operation import Operation
from support.projects import gesture_project

TAKE, N = "wave-000", 208


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with gesture_project(tmp_path / "wand", takes=2) as made:
        yield made


def proposal(start: int, count: int, name: str = "wave", confidence: float | None = 0.95) -> Segment:
    return Segment(start, count, name, "proposed", "test 1", confidence)


def labels(project: Project, name: str = TAKE) -> list[tuple[int, int, str, str]]:
    return [(s.start, s.count, s.label, s.origin) for s in project.recordings.load(name).segments]


def test_a_tighter_proposal_stands_beside_the_whole_label_and_takes_its_place(project: Project) -> None:
    assert review.keep_proposals(project, {TAKE: (proposal(60, 80),)}) == 1
    assert (60, 80, "wave", "proposed") in labels(project)
    index = label.accept(project, TAKE, labels(project).index((60, 80, "wave", "proposed")))
    assert labels(project) == [(60, 80, "wave", "mine")]
    assert index == 0
    project.undo.undo()
    project.undo.undo()
    assert labels(project) == [(0, N, "wave", "mine")]


def test_proposals_over_own_labels_or_over_everything_are_left_out(project: Project) -> None:
    assert review.keep_proposals(project, {TAKE: (proposal(0, N),)}) == 0
    label.move(project, TAKE, 0, start=50, count=50)
    assert review.keep_proposals(project, {TAKE: (proposal(80, 60), proposal(150, 40, ""))}) == 1
    assert labels(project) == [(50, 50, "wave", "mine"), (150, 40, UNNAMED, "proposed")]


def test_new_proposals_replace_old_ones_and_one_undo_takes_all_back(project: Project) -> None:
    names = ["wave-000", "wave-001"]
    review.keep_proposals(project, {n: (proposal(10, 20),) for n in names})
    review.keep_proposals(project, {n: (proposal(90, 20),) for n in names})
    assert all((90, 20, "wave", "proposed") in labels(project, n) for n in names)
    assert not any((10, 20, "wave", "proposed") in labels(project, n) for n in names)
    project.undo.undo()
    assert all((10, 20, "wave", "proposed") in labels(project, n) for n in names)


def test_a_recording_that_is_gone_by_then_is_passed_over(project: Project) -> None:
    assert review.keep_proposals(project, {"gone": (proposal(1, 2),), TAKE: (proposal(60, 80),)}) == 1


def test_only_sure_and_named_proposals_are_accepted(project: Project) -> None:
    found = (proposal(5, 20), proposal(60, 20, confidence=0.5), proposal(120, 20, ""), proposal(160, 20, "idle", None))
    review.keep_proposals(project, {TAKE: found})
    assert review.accept_sure(project, [TAKE, "idle-000"], Operation()) == 1
    mine = [row for row in labels(project) if row[3] == "mine"]
    assert mine == [(5, 20, "wave", "mine")]
    assert len(labels(project)) == 4


def test_a_proposal_without_a_class_is_not_accepted(project: Project) -> None:
    review.keep_proposals(project, {TAKE: (proposal(60, 80, ""),)})
    index = labels(project).index((60, 80, UNNAMED, "proposed"))
    with pytest.raises(ProjectError) as caught:
        label.accept(project, TAKE, index)
    assert caught.value.code == "label.no_class"
    label.relabel(project, TAKE, index, "idle")
    assert labels(project) == [(60, 80, "idle", "mine")]


def test_background_takes_are_not_asked_about(project: Project) -> None:
    assert review.worth_proposing(project.recordings.all()) == ["wave-000", "wave-001"]


def test_delete_and_undo(project: Project) -> None:
    names = project.recordings.names()
    review.delete(project, ["wave-000", "idle-001"])
    assert project.recordings.names() == ["idle-000", "wave-001"]
    project.undo.undo()
    assert project.recordings.names() == names
    project.undo.redo()
    assert project.recordings.names() == ["idle-000", "wave-001"]
    with pytest.raises(ProjectError):
        review.delete(project, ["wave-001", "gone"])
    assert "wave-001" in project.recordings.names()


def test_edits_tell_the_new_index(project: Project) -> None:
    label.move(project, TAKE, 0, start=0, count=40)
    assert label.create(project, TAKE, 100, 40, "idle") == 1
    assert label.move(project, TAKE, 0, start=150, count=20) == 1
    assert label.annotate(project, TAKE, 0, "late") == 0
    assert project.recordings.load(TAKE).segments[0].note == "late"
    assert label.create(project, TAKE, 190, 900, "wave") == 2
    assert project.recordings.load(TAKE).segments[2].end == N


def test_the_catalogue_reads_again_only_what_changed(project: Project) -> None:
    (project.recordings.folder / "broken.sigmf-meta").write_text("{", encoding="utf-8")
    first = catalogue.read(project, {}, Operation())
    assert list(first) == sorted(first)
    assert first["broken"].recording is None
    assert first["broken"].error is not None
    label.relabel(project, TAKE, 0, "idle")
    second = catalogue.read(project, first, Operation())
    assert second[TAKE].recording is not None
    assert second[TAKE].recording.segments[0].label == "idle"
    assert all(second[n] is first[n] for n in first if n != TAKE)


def test_energy_edges_are_where_the_burst_is(project: Project) -> None:
    recording = project.recordings.load(TAKE)
    measured = energy.profile(project.recordings.samples(recording), recording.group.rate_hz)
    first, last = N // 3, 2 * N // 3
    assert abs(energy.snap(measured, first + 9, 20) - first) <= 6
    assert abs(energy.snap(measured, last - 9, 20) - last) <= 6
    assert energy.snap(measured, 10, 5) == 10
    loud = energy.above_floor_db(measured, first, last - first)
    quiet = energy.above_floor_db(measured, 0, first - 10)
    assert loud is not None
    assert quiet is not None
    assert loud > quiet + 20


@pytest.mark.parametrize(
    "samples", [np.zeros((0, 3), np.int16), np.zeros((3, 3), np.int16), np.zeros((5000, 1), np.int16)]
)
def test_energy_of_nothing_has_no_edges(samples: np.ndarray) -> None:
    measured = energy.profile(samples, 104.0)
    assert len(measured.edges) == 0
    assert energy.snap(measured, 7, 100) == 7


def test_energy_reads_long_recordings_in_parts() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 20, (3_000_000, 1)).astype(np.int16)
    samples[1_600_000:1_700_000] *= 60
    whole = energy.profile(samples, 16000.0)
    assert energy.snap(whole, 1_600_500, 4000) == pytest.approx(1_600_000, abs=480)
    assert len(whole.level_db) == 3_000_000 // whole.frame
