"""A project with recordings and a trained run, made through the real verbs and workers, without TensorFlow."""

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
from motestudio.studio import train
from motestudio.studio.create import create
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation

PLUGINS = Path(__file__).parent / "linear_plugin"
CLASSES = ("wave", "circle", "idle")
# As the virtual board describes its sensor, so that the model runs there.
_ACCELEROMETER = [Channel(n, "g", 0.000122) for n in ("ax", "ay", "az")]
_GYROSCOPE = [Channel(n, "°/s", 0.0175) for n in ("gx", "gy", "gz")]
GROUP = ChannelGroup("imu", 104.0, (*_ACCELEROMETER, *_GYROSCOPE))


def make(folder: Path, *, takes: int = 6, trained: bool = True) -> Path:
    """Make the project and close it; returns its folder."""
    with create(folder, template_id="gesture", name="wand") as project:
        pipeline = project.config.pipeline
        swap = {"model": "linear/network", "quantise": "linear/int8"}
        stages = tuple(
            replace(s, stage=swap[s.key], params={}, implementation=0) if s.key in swap else s for s in pipeline.stages
        )
        classes = tuple(ClassConfig(name, takes) for name in CLASSES)
        project.save(replace(project.config, classes=classes, pipeline=replace(pipeline, stages=stages)))
        for number in range(takes):
            for index, label in enumerate(CLASSES):
                _take(project, f"{label}-{number:03}", label, index, ("anna", "ben", "carla")[number % 3], number)
        if trained:
            with Studio((PLUGINS.parent,)) as studio:
                train.train(studio, project, Operation())
    return folder


def _take(project: Project, name: str, label: str, kind: int, subject: str, seed: int) -> None:
    n = 208
    rng = np.random.default_rng(100 * seed + kind)
    t = np.arange(n)[:, None] / GROUP.rate_hz
    motion = np.sin(2 * np.pi * ((kind + 1) * t + rng.uniform(0, 1, (1, 6)) * 0.2)) * (9000 if kind < 2 else 300)
    motion[:, kind % 2 :: 2] *= 0.2
    samples = (motion + rng.normal(0, 150, (n, 6))).astype(np.int16)
    facts = Facts(subject=subject, session="s1", device="d1")
    segments = [Segment(0, n, label)]
    writer = RecordingWriter(project.recordings.folder, name, GROUP, facts, segments=segments)
    writer.append(samples, 0, 0)
    writer.finish(Health(rate_hz=GROUP.rate_hz))
