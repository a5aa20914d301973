"""What the demo's sensor plays: a simulated hand, or recorded files; and the project settings that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motestudio.domain.pipeline import Pipeline
from motestudio.project.schema import ClassConfig, ProjectConfig
from motestudio.project.store import Project
from motestudio.studio.dataset import takes_of
from motestudio.studio.home import Studio
from motestudio.studio.importing import ImportedClips, read_clips
from motestudio.studio.live import Performance
from motestudio.studio.operation import Operation
from motestudio.studio.record import TakePlan
from motestudio.studio.run_store import Run

GESTURES = ("wave", "circle", "tap", "swipe", "idle")
TAKE_SECONDS = 2.0
_RECORD_SEED, _LIVE_SEED = 1_000, 900_000
_SUBJECTS = ("anna", "ben", "carla", "dev")
_SPEECH_HZ = 4000.0


@dataclass(frozen=True, slots=True)
class DemoSource:
    """A sensor with something to record.

    Attributes:
        name: of the project.
        template: id.
        sensor: what the virtual board is started with.
        text: for people.
        takes: to record.
        trim: whether takes are trimmed to where something happens.
        configure: project settings that follow from the signal.
        performances: what is played live, given the project and the finished run.
    """

    name: str
    template: str
    sensor: str
    text: str
    takes: tuple[TakePlan, ...]
    trim: bool
    configure: Callable[[ProjectConfig], ProjectConfig]
    performances: Callable[[Project, Run], list[Performance]]

    @staticmethod
    def hold_out(config: ProjectConfig, groups: tuple[str, ...]) -> ProjectConfig:
        """Hold these groups out."""
        return replace(config, dataset=replace(config.dataset, hold_out=groups))


def gestures(takes: int) -> DemoSource:
    """The simulated hand: every take and every live performance has a seed of its own."""
    plans = []
    for number in range(takes):
        for index, name in enumerate(GESTURES):
            seed = _RECORD_SEED + number * len(GESTURES) + index
            subject = _SUBJECTS[number % len(_SUBJECTS)]
            perform = {"gesture": name, "seed": seed, "subject": subject}
            plans.append(TakePlan(name, TAKE_SECONDS, perform, subject=subject))

    def live(_project: Project, _run: Run) -> list[Performance]:
        return [
            Performance(
                name,
                {"gesture": name, "seed": _LIVE_SEED + 17 * i, "subject": _SUBJECTS[i % len(_SUBJECTS)]},
                TAKE_SECONDS,
            )
            for i, name in enumerate([g for g in GESTURES if g != "idle"] * 4)
        ]

    def configure(config: ProjectConfig) -> ProjectConfig:
        return replace(config, classes=tuple(ClassConfig(name, takes) for name in GESTURES))

    return DemoSource("wand", "gesture", "imu", "simulated hand", tuple(plans), True, configure, live)


def from_files(studio: Studio, source: Path, workdir: Path, operation: Operation) -> DemoSource:
    """Recorded files, played through the virtual board as its sensor.

    Args:
        studio: plugins and workers.
        source: file or folder.
        workdir: an empty folder for the clips.
        operation: progress and cancel.

    Raises:
        ProjectError: nothing there that can be read.
    """
    clips = read_clips(studio, source, workdir, operation)
    rate = clips.group.rate_hz
    plans = tuple(
        TakePlan(c.label, c.count / rate, {"clip": i}, c.subject, session=c.session, split=c.split, name=c.name)
        for i, c in enumerate(clips.clips)
        if c.label
    )
    seconds = sum(p.seconds for p in plans)
    who = f", {len(clips.subjects)} people" if clips.subjects else ""
    text = f"{len(plans)} recorded takes of {len(clips.labels)} classes{who}, {seconds:.0f} s at {rate:g} Hz"
    sound = is_sound(clips)
    return DemoSource(
        name=source.resolve().name,
        template="keyword" if sound else "own",
        sensor=f"replay:{workdir}",
        text=text,
        takes=plans,
        trim=False,
        configure=lambda config: configured(config, clips),
        performances=lambda project, run: held_out_performances(project, run, clips),
    )


def is_sound(clips: ImportedClips) -> bool:
    """One or two channels at a rate that only sound has."""
    return clips.group.rate_hz >= _SPEECH_HZ and len(clips.group.channels) <= 2


def window_seconds(clips: ImportedClips) -> float:
    """A window that holds nearly every take whole; two seconds of takes that go on for long."""
    rate = clips.group.rate_hz
    counts = np.array([c.count for c in clips.clips])
    if np.ptp(counts) == 0 and counts[0] / rate <= 4.0:
        return float(counts[0] / rate)
    nearly_all = float(np.quantile(counts, 0.95) / rate)
    return 2.0 if nearly_all > 4.0 else max(0.5, float(np.ceil(nearly_all * 10) / 10))


def configured(config: ProjectConfig, clips: ImportedClips) -> ProjectConfig:
    """Classes, split and window that follow from the clips."""
    counts = {name: sum(c.label == name for c in clips.clips) for name in clips.labels}
    prescribed = any(c.split == "test" for c in clips.clips)
    by_subject = len(clips.subjects) >= 3 and not prescribed
    window_s = window_seconds(clips)
    step_s = round(window_s / 4, 3)
    stages = tuple(
        replace(use, params={**use.params, "window_s": window_s, "step_s": step_s}) if use.key == "window" else use
        for use in config.pipeline.stages
    )
    return replace(
        config,
        classes=tuple(ClassConfig(name, counts[name]) for name in clips.labels),
        dataset=replace(config.dataset, split_by="subject" if by_subject else "take", hold_out=()),
        record=replace(config.record, seconds=window_s),
        pipeline=Pipeline(stages, config.pipeline.seed),
    )


def held_out_performances(project: Project, run: Run, clips: ImportedClips, most: int = 20) -> list[Performance]:
    """Held-out takes in turn by class: played live, they are ones the model never saw."""
    held_out = set(run.facts["held_out"])
    by = project.config.dataset.split_by
    takes = takes_of(project.recordings.all(), run.facts["classes"], by)
    names = {t.recording for t in takes if t.group in held_out}
    by_class: dict[str, list[Performance]] = {}
    for index, clip in enumerate(clips.clips):
        if clip.name in names:
            one = Performance(clip.label, {"clip": index}, clip.count / clips.group.rate_hz)
            by_class.setdefault(clip.label, []).append(one)
    rows = [row for group in zip(*by_class.values(), strict=False) for row in group]
    return rows[:most]
