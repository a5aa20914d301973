"""A project of every schema version, as that version wrote it, opens and can be saved. These files never change."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from motestudio.domain.labels import Segment
from motestudio.project.schema import SCHEMA, ClassConfig
from motestudio.project.store import Project

GOLDEN = Path(__file__).parent / "golden"


def test_there_is_one_for_every_version():
    assert sorted(p.name for p in GOLDEN.iterdir()) == [f"schema-{n}" for n in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("version", range(1, SCHEMA + 1))
def test_it_opens_says_what_it_said_and_can_be_saved(version, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(GOLDEN / f"schema-{version}", folder)
    with Project.open(folder) as project:
        config = project.config
        assert (config.name, config.board, config.template) == ("Wand", "nucleo-l476rg", "gesture")
        assert config.classes[0] == ClassConfig("wave", 20)
        assert config.pipeline.find("window").params == {"window_s": 1.25, "step_s": 0.25}
        (recording,) = project.recordings.all()
        assert project.recordings.problems() == []
        assert recording.segments == (
            Segment(4, 8, "wave", "mine", "anna"),
            Segment(12, 4, "wave", "proposed", "mote-segment/energy 1", 0.75),
        )
        assert [c.lost_before for c in recording.captures] == [0, 88]
        assert recording.group.channels[1].unit == "°/s"
        assert recording.sha512 == hashlib.sha512(recording.data_path.read_bytes()).hexdigest()
        assert project.recordings.samples(recording)[3].tolist() == [6, 7]
        project.save(config)
    text = (folder / "project.toml").read_text(encoding="utf-8")
    assert "# a comment" in text
    assert "kept = true" in text
