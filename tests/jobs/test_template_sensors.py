"""A project's virtual board senses what the project's template is about, and performs its classes for real takes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motestudio.domain.classes import is_background
from motestudio.project.store import Project
from motestudio.studio import record
from motestudio.studio.connect import connect, sensor_of
from motestudio.studio.create import create, templates
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.virtual import start_virtual_board

RATES = {"gesture": 104.0, "keyword": 16000.0, "vibration": 1600.0}


@pytest.mark.parametrize("template", RATES)
def test_every_class_of_a_template_is_performed_and_recorded(tmp_path: Path, template: str) -> None:
    seconds = 0.9
    with (
        create(tmp_path / "p", template_id=template) as project,
        Studio() as studio,
        connect(studio, project, "virtual") as session,
    ):
        classes = [c.name for c in project.config.classes]
        assert session.description.groups[0].rate_hz == RATES[template]
        assert set(classes) <= set(session.description.gestures)
        spread = {}
        for name in classes:
            perform = record.performance_of(session, name, "ana", 5)
            take = record.record_take(project, session, record.TakePlan(name, seconds, perform, "ana"), rate=0.0)
            assert (take.n_samples, take.health.lost_samples) == (round(seconds * RATES[template]), 0)
            assert take.facts.subject == "ana"
            samples = take.group.to_physical(project.recordings.samples(take))
            spread[name] = samples.std(axis=0).max()
        assert record.recorded(project, "ana") == dict.fromkeys(classes, 1)
        assert record.recorded(project, "ben") == {}
        calm = [s for name, s in spread.items() if is_background(name)]
        assert min(calm) < 0.5 * max(s for name, s in spread.items() if not is_background(name))


def test_a_project_without_template_or_with_a_lost_one_has_a_hand(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p", "p") as project:
        assert sensor_of(project) == "imu"
        project.save(replace(project.config, template="from-elsewhere"))
        assert sensor_of(project) == "imu"


@pytest.mark.parametrize("sensor", sorted({t.sensor for t in templates()}))
def test_a_machine_state_or_word_is_performed_into_a_running_stream(tmp_path: Path, sensor: str) -> None:
    what = {"vibration": "off", "microphone": "stop", "imu": "wave"}[sensor]
    with (
        start_virtual_board("virtual", sensor=sensor, flash_dir=tmp_path / "flash") as board,
        DeviceSession(board.url, tail_dir=tmp_path / "tails") as session,
    ):
        assert what in session.description.gestures
        session.request("start", count=0, rate=1.0)
        assert 0.2 < session.request("perform", gesture=what, seed=3, subject="ana")["seconds"] < 10
        session.request("stop")


def test_a_take_from_the_running_stream_is_of_its_state_to_the_end(tmp_path: Path) -> None:
    with (
        create(tmp_path / "p", template_id="vibration") as project,
        Studio() as studio,
        connect(studio, project, "virtual") as session,
    ):
        session.request("start", count=0, rate=40.0)
        plan = record.TakePlan("off", 12.0, record.performance_of(session, "off", "ana", 1), "ana")
        name = record.begin_take(project, session, plan)
        deadline = 200
        while deadline and not (name in project.recordings.names() and project.recordings.load(name).complete):
            session.request("describe")
            deadline -= 1
            time.sleep(0.02)
        session.request("stop")
        recording = project.recordings.load(name)
        last = recording.group.to_physical(project.recordings.samples(recording))[-1600:]
        assert recording.n_samples == 19_200
        assert np.max(last.std(axis=0)) < 0.012
