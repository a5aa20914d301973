"""From labelled recordings to a dataset: takes, split, leak check, content hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from motestudio.domain.artifact import Artifact, ArtifactKey
from motestudio.domain.dataset import Dataset, SplitBy, Take, content_hash, leaks, split_takes
from motestudio.domain.recording import Recording
from motestudio.errors import ProjectError
from motestudio.project.store import Project


def group_of(recording: Recording, by: SplitBy) -> str:
    """What a recording's takes must stay together with."""
    if by == "take":
        return recording.take
    value = {"subject": recording.facts.subject, "session": recording.facts.session, "device": recording.facts.device}
    return value[by] or "unknown"


def takes_of(recordings: Sequence[Recording], classes: Sequence[str], by: SplitBy) -> tuple[Take, ...]:
    """Every accepted segment of a known class, in a stable order."""
    known = set(classes)
    return tuple(
        Take(r.name, s.start, s.count, s.label, group_of(r, by), r.split)
        for r in sorted(recordings, key=lambda r: r.name)
        for s in r.segments
        if s.origin == "mine" and s.label in known and s.end <= r.n_samples
    )


def of_group(project: Project, recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings that are learnt from: those of the chosen channel group, or the leads of takes with several."""
    if group := project.config.dataset.group:
        return [r for r in recordings if r.group.name == group]
    leads = {take: project.recordings.parts(take)[0] for take in {r.collection for r in recordings} - {""}}
    return [r for r in recordings if not r.collection or leads[r.collection] == r.name]


def build(project: Project) -> tuple[Dataset, tuple[Recording, ...]]:
    """The project's dataset and the recordings it is made of.

    Raises:
        ProjectError: too little data, mixed signals, or a split that leaks.
    """
    config = project.config
    recordings = of_group(project, project.recordings.all())
    classes = tuple(c.name for c in config.classes)
    by = config.dataset.split_by
    takes = takes_of(recordings, classes, by)
    found = {t.label for t in takes}
    if len(found) < 2:
        raise ProjectError(
            "dataset.too_few",
            f"There are labelled takes of {len(found)} class(es); a model needs at least two.",
            "Record or import takes of more classes, and label them.",
        )
    classes = tuple(c for c in classes if c in found)
    used = {t.recording for t in takes}
    kept = tuple(r for r in recordings if r.name in used)
    _same_signal(kept)
    splits = split_takes(
        takes,
        by,
        test_fraction=config.dataset.test_fraction,
        validation_fraction=config.dataset.validation_fraction,
        hold_out=config.dataset.hold_out,
        seed=config.dataset.seed,
    )
    if leaking := leaks(takes, splits):
        raise ProjectError("dataset.leak", f"{leaking[0]} is in the test split and in another.", "Split by its group.")
    hashes = {r.name: r.sha512 or f"open:{r.n_samples}" for r in kept}
    held_out = tuple(sorted({t.group for t, s in zip(takes, splits, strict=True) if s == "test"}))
    return Dataset(classes, takes, splits, by, held_out, content_hash(classes, takes, splits, hashes)), kept


def _same_signal(recordings: Sequence[Recording]) -> None:
    first = recordings[0]
    for other in recordings[1:]:
        same = other.group.channels == first.group.channels and other.group.rate_hz == first.group.rate_hz
        if not same:
            raise ProjectError(
                "dataset.mixed",
                f"{other.name} has other channels or another rate than {first.name} "
                f"({len(other.group.channels)} at {other.group.rate_hz:g} Hz, "
                f"{len(first.group.channels)} at {first.group.rate_hz:g} Hz).",
                "Remove the labels of one kind, keep them in projects of their own, or choose a channel group: "
                "mote dataset --group NAME.",
                {"recordings": [first.name, other.name]},
            )


def materialise(project: Project, dataset: Dataset, recordings: Sequence[Recording]) -> Artifact:
    """Write the dataset as the input of the first stage, unless the cache has it."""
    place = {"content": dataset.sha256, "folder": str(project.folder)}
    key = ArtifactKey("dataset", "studio/dataset", 1, "", {}, place, project.config.dataset.seed)
    if found := project.cache.get(key):
        return found
    group = recordings[0].group
    body = {
        "classes": list(dataset.classes),
        "group": {"name": group.name, "rate_hz": group.rate_hz, "channels": [asdict(c) for c in group.channels]},
        "recordings": {r.name: {"data": str(r.data_path.resolve()), "n_samples": r.n_samples} for r in recordings},
        "takes": [
            {"recording": t.recording, "start": t.start, "count": t.count, "label": t.label, "split": s}
            for t, s in zip(dataset.takes, dataset.splits, strict=True)
        ],
    }
    workdir = project.cache.begin(key)
    (workdir / "dataset.json").write_text(json.dumps(body), encoding="utf-8")
    counts = {split: dict(sorted(c.items())) for split, c in dataset.counts().items()}
    return project.cache.commit(key, workdir, {"counts": counts, "held_out": list(dataset.held_out)}, 0.0)
