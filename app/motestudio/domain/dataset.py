"""Takes and their split. The split goes by recording group, never by window."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from motestudio.errors import ProjectError

SplitBy = Literal["take", "subject", "session", "device"]
SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Take:
    """One labelled segment of a recording, the unit that is split.

    Attributes:
        recording: the recording's name.
        start: first sample.
        count: samples.
        label: the class name.
        group: what must stay together: the recording, or its subject, session or device.
        fixed: the split that the data's source prescribes, or empty.
    """

    recording: str
    start: int
    count: int
    label: str
    group: str
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Takes with the split each belongs to.

    Attributes:
        classes: in model output order.
        takes: all, in a stable order.
        splits: one per take.
        split_by: what the groups are.
        held_out: the groups of the test split.
        sha256: of takes, splits, classes and the recordings' content hashes.
    """

    classes: tuple[str, ...]
    takes: tuple[Take, ...]
    splits: tuple[SplitName, ...]
    split_by: SplitBy
    held_out: tuple[str, ...]
    sha256: str

    def counts(self) -> dict[SplitName, Counter[str]]:
        """Takes per split and class."""
        table: dict[SplitName, Counter[str]] = {s: Counter() for s in SPLITS}
        for take, split in zip(self.takes, self.splits, strict=True):
            table[split][take.label] += 1
        return table


def leaks(takes: Sequence[Take], splits: Sequence[SplitName]) -> tuple[str, ...]:
    """Groups that appear in the test split and in another; empty where the split is clean."""
    test = {t.group for t, s in zip(takes, splits, strict=True) if s == "test"}
    rest = {t.group for t, s in zip(takes, splits, strict=True) if s != "test"}
    return tuple(sorted(test & rest))


def split_takes(
    takes: Sequence[Take],
    by: SplitBy,
    *,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.2,
    hold_out: Iterable[str] = (),
    seed: int = 1,
) -> tuple[SplitName, ...]:
    """Assign every take to a split so that no group is in two of them.

    A split that the data's source prescribes is kept. By take, groups are drawn per class so that every class is
    in every split. By subject, session or device, `hold_out` names the test groups; where it is empty the last
    group in name order is held out (of more than eight groups, a drawn fraction of them): a rule nobody can tune.

    Args:
        takes: at least one per class and split.
        by: what the groups are.
        test_fraction: of the groups of a class, by take.
        validation_fraction: of what is left after the test split.
        hold_out: group names for the test split.
        seed: of the draw.

    Returns:
        One split per take.

    Raises:
        ProjectError: the takes cannot be split that way.
    """
    names = set(hold_out)
    groups = {t.group for t in takes}
    if unknown := names - groups:
        raise ProjectError(
            "dataset.hold_out",
            f"{', '.join(sorted(unknown))}: no take has this {by}.",
            f"Hold out one of: {', '.join(sorted(groups)[:12])}.",
        )
    if names:
        test = names
    elif any(t.fixed == "test" for t in takes):
        test = {t.group for t in takes if t.fixed == "test"}
    elif by == "take":
        test = _draw(takes, test_fraction, seed)
    elif len(groups) > 8:
        test = _draw(takes, test_fraction, seed, whole_groups=True)
    else:
        test = {max(groups)}
    rest = [t for t in takes if t.group not in test]
    if not rest or len(rest) == len(takes):
        raise _too_few(by, sorted(groups), bool(names))
    # Validation is always drawn by group of the training part; with few subjects it goes by take inside them,
    # which never touches the test groups.
    by_group = by != "take" and len({t.group for t in rest}) >= 5
    # By take, a recording with several takes stays whole; by few subjects, single takes are drawn.
    whole = None if by == "take" else by_group
    validation = _draw(rest, validation_fraction, seed + 1, whole_groups=whole)
    split: list[SplitName] = []
    for take in takes:
        if take.group in test:
            split.append("test")
        elif (take.group if by_group or by == "take" else _identity(take)) in validation:
            split.append("validation")
        else:
            split.append("train")
    return tuple(split)


def _too_few(by: SplitBy, groups: Sequence[str], asked: bool) -> ProjectError:
    if asked and len(groups) > 1:
        return ProjectError("dataset.too_few", f"Every {by} is held out.", f"Leave a {by} or more to train on.")
    if by == "take":
        text, hint = f"{len(groups)} recording(s) are too few to hold some out.", "Record more takes of every class."
        return ProjectError("dataset.too_few", text, hint)
    whose = f"{by} {groups[0]!r}" if groups and groups[0] != "unknown" else f"one {by}, which has no name"
    return ProjectError(
        "dataset.too_few",
        f"The project splits by {by}, to test on one that was never trained on; all takes are of {whose}.",
        f"Record takes of another {by}{', with --subject NAME' if by == 'subject' else ''}. Or split by take: "
        "mote dataset --split-by take, or Split by on the Pipeline page; the accuracy then says nothing about others.",
    )


def _identity(take: Take) -> str:
    return f"{take.recording}@{take.start}"


def _draw(takes: Sequence[Take], fraction: float, seed: int, *, whole_groups: bool | None = None) -> set[str]:
    """Draw groups (or single takes) per class; at least one of a class that has two or more."""
    rng = np.random.default_rng(seed)
    if whole_groups:
        groups = sorted({t.group for t in takes})
        n = max(1, round(fraction * len(groups)))
        return {groups[i] for i in rng.permutation(len(groups))[:n]}
    by_class: dict[str, list[str]] = defaultdict(list)
    for take in takes:
        by_class[take.label].append(take.group if whole_groups is None else _identity(take))
    drawn: set[str] = set()
    for label in sorted(by_class):
        names = sorted(set(by_class[label]))
        n = max(1, round(fraction * len(names))) if len(names) > 1 and fraction > 0 else 0
        drawn |= {names[i] for i in rng.permutation(len(names))[:n]}
    return drawn


def content_hash(
    classes: Sequence[str], takes: Sequence[Take], splits: Sequence[str], recordings: Mapping[str, str]
) -> str:
    """SHA-256 over what a dataset says and over the recordings' own content hashes."""
    body = {
        "classes": list(classes),
        "takes": [asdict(t) for t in takes],
        "splits": list(splits),
        "recordings": dict(sorted(recordings.items())),
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
