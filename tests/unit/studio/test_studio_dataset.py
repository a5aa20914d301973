"""The dataset of a project: takes, split by group, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.domain.labels import Segment
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio import dataset
from support.projects import gesture_project, write_take


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with gesture_project(tmp_path / "wand") as made:
        yield made


def test_every_class_is_in_every_split_and_no_take_in_two(project: Project) -> None:
    data, _ = dataset.build(project)
    counts = data.counts()
    assert all(counts[s]["wave"] and counts[s]["idle"] for s in counts)
    assert sum(sum(c.values()) for c in counts.values()) == 12


def test_two_segments_of_one_recording_stay_together(project: Project) -> None:
    store = project.recordings
    for name in store.names():
        label = name.split("-")[0]
        store.set_segments(name, [Segment(0, 60, label), Segment(100, 60, label)])
    data, _ = dataset.build(project)
    by_recording: dict[str, set[str]] = {}
    for take, split in zip(data.takes, data.splits, strict=True):
        by_recording.setdefault(take.recording, set()).add(split)
    assert len(data.takes) == 24
    assert all(len(splits) == 1 for splits in by_recording.values())


def test_by_subject_the_held_out_person_is_nowhere_else(project: Project) -> None:
    project.save(replace(project.config, dataset=replace(project.config.dataset, split_by="subject")))
    data, _ = dataset.build(project)
    assert data.held_out == ("carla",)
    assert {t.group for t, s in zip(data.takes, data.splits, strict=True) if s != "test"} == {"anna", "ben"}


def test_proposals_do_not_train_until_they_are_accepted(project: Project) -> None:
    before, _ = dataset.build(project)
    name = project.recordings.names()[0]
    label = name.split("-")[0]
    project.recordings.set_segments(name, [Segment(0, 50, label, "proposed", "energy", 0.9)])
    after, _ = dataset.build(project)
    assert len(after.takes) == len(before.takes) - 1


def test_another_rate_is_refused_by_name(project: Project) -> None:
    other = ChannelGroup("imu", 52.0, (Channel("ax", "g", 0.000122),) * 1)
    write_take(project, "wave-other", "wave", group=other)
    with pytest.raises(ProjectError) as refused:
        dataset.build(project)
    assert refused.value.code == "dataset.mixed"
    assert "wave-other" in str(refused.value)


def test_the_hash_follows_the_labels(project: Project) -> None:
    before, _ = dataset.build(project)
    again, _ = dataset.build(project)
    assert before.sha256 == again.sha256
    name = project.recordings.names()[0]
    project.recordings.set_segments(name, [Segment(5, 50, name.split("-")[0])])
    assert dataset.build(project)[0].sha256 != before.sha256
