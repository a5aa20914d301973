"""Small projects with real recordings, made without a board."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from motestudio.domain.labels import Segment
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.project.recordings import RecordingWriter
from motestudio.project.schema import ClassConfig
from motestudio.project.store import Project
from motestudio.studio.create import create

IMU = ChannelGroup("imu", 104.0, tuple(Channel(n, "g", 0.000122) for n in ("ax", "ay", "az")))


def write_take(
    project: Project,
    name: str,
    label: str,
    *,
    subject: str = "anna",
    seconds: float = 2.0,
    group: ChannelGroup = IMU,
    seed: int = 1,
) -> None:
    """Write one labelled take of noise with a burst in its middle."""
    rng = np.random.default_rng(seed)
    n = round(seconds * group.rate_hz)
    samples = rng.normal(0, 40, (n, len(group.channels)))
    samples[n // 3 : 2 * n // 3] *= 60
    writer = RecordingWriter(
        project.recordings.folder,
        name,
        group,
        Facts(subject=subject, session="s1", device="d1"),
        segments=[Segment(0, n, label)],
    )
    writer.append(samples.astype(np.int16), 0, 0)
    writer.finish(Health(rate_hz=group.rate_hz))


def gesture_project(folder: Path, *, takes: int = 6, subjects: tuple[str, ...] = ("anna", "ben", "carla")) -> Project:
    """A project of the gesture template with takes of two classes."""
    project = create(folder, template_id="gesture")
    project.save(replace(project.config, classes=(ClassConfig("wave", takes), ClassConfig("idle", takes))))
    for number in range(takes):
        for index, label in enumerate(("wave", "idle")):
            subject = subjects[number % len(subjects)]
            write_take(project, f"{label}-{number:03}", label, subject=subject, seed=10 * number + index)
    return project
