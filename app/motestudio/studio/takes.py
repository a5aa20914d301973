"""What a project's takes add up to, kept up to date cheaply, and the small changes of the project that recording needs.

It reads metadata only, never samples.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from motestudio.domain.labels import Segment
from motestudio.errors import AppError, ProjectError
from motestudio.project.recording_writer import META_SUFFIX
from motestudio.project.schema import ClassConfig, ProjectConfig
from motestudio.project.store import Project


@dataclass(frozen=True, slots=True)
class TakeSummary:
    """All takes of a project.

    Attributes:
        names: of all recordings, readable or not.
        taken: names that a new recording must not have: those and the deleted ones.
        counts: takes by class; a take is a segment that a person made or accepted.
        takes: how many; channel groups that were recorded together are one.
        seconds: of all takes.
        size_bytes: of their samples.
        subjects: known, in order.
        to_review: recordings with proposals.
        unreadable: recordings that could not be read.
    """

    names: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    takes: int = 0
    seconds: float = 0.0
    size_bytes: int = 0
    subjects: tuple[str, ...] = ()
    to_review: int = 0
    unreadable: int = 0


def counts_of(rows: Iterable[tuple[str, Iterable[Segment]]]) -> dict[str, int]:
    """Labelled stretches by class; channel groups that were recorded together count once.

    Args:
        rows: name of the take, and the labels of one of its recordings; a stretch counts where a person made or
            accepted it.
    """
    by_take: dict[str, Counter[str]] = {}
    for take, segments in rows:
        # What is labelled in one channel group is labelled in the others too, or will be.
        by_take[take] = by_take.get(take, Counter()) | Counter(s.label for s in segments if s.origin == "mine")
    return dict(sum(by_take.values(), Counter()))


@dataclass(frozen=True, slots=True)
class _Row:
    stamp: int
    take: str = ""
    segments: tuple[Segment, ...] = ()
    seconds: float = 0.0
    size_bytes: int = 0
    subject: str = ""
    readable: bool = False


class TakeIndex:
    """Sums up the takes of one project; reads a recording's metadata again only where it changed.

    Not for several threads at a time.

    Attributes:
        project: whose takes.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._rows: dict[str, _Row] = {}

    def refresh(self) -> TakeSummary:
        """Look at the folder and sum up.

        Raises:
            ProjectError: the folder cannot be read.
        """
        stamps = self._stamps()
        self._rows = {name: self._row(name, stamp) for name, stamp in stamps.items()}
        rows = self._rows.values()
        takes = {row.take: row.seconds for row in rows}
        return TakeSummary(
            names=frozenset(stamps),
            taken=frozenset(self.project.recordings.names_in_use()),
            counts=counts_of((row.take, row.segments) for row in rows),
            takes=len(takes),
            seconds=sum(takes.values()),
            size_bytes=sum(r.size_bytes for r in rows),
            subjects=tuple(sorted({r.subject for r in rows if r.subject})),
            to_review=sum(any(s.origin == "proposed" for s in r.segments) for r in rows),
            unreadable=sum(not r.readable for r in rows),
        )

    def _stamps(self) -> dict[str, int]:
        try:
            with os.scandir(self.project.recordings.folder) as entries:
                return {
                    e.name.removesuffix(META_SUFFIX): e.stat().st_mtime_ns
                    for e in entries
                    if e.name.endswith(META_SUFFIX) and not e.name.startswith(".")
                }
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ProjectError(
                "folder.unreadable", f"The recordings cannot be listed: {error.strerror}.", "Check the folder's rights."
            ) from error

    def _row(self, name: str, stamp: int) -> _Row:
        known = self._rows.get(name)
        if known is not None and known.stamp == stamp:
            return known
        try:
            recording = self.project.recordings.load(name)
        except AppError:
            return _Row(stamp, name)
        return _Row(
            stamp,
            recording.take,
            recording.segments,
            recording.seconds,
            recording.n_samples * recording.group.frame_bytes,
            recording.facts.subject,
            readable=True,
        )


def discard(project: Project, name: str) -> None:
    """Throw a take away, with all its channel groups; undoable.

    Args:
        project: open for writing.
        name: of the take, or of one of its recordings.

    Raises:
        ProjectError: there is none, or it cannot be moved.
    """
    store = project.recordings
    parts = store.parts(name)
    if parts == [name]:
        parts = store.parts(store.take_of(name))

    def delete() -> None:
        for part in parts:
            store.delete(part)

    def restore() -> None:
        for part in parts:
            store.restore(part)

    delete()
    project.undo.push(f"discard {name}", restore, delete)


def add_class(project: Project, name: str, target: int = 0) -> None:
    """Add a class; undoable.

    Args:
        project: open for writing.
        name: not used by another class.
        target: takes wanted; as many as of the first class where 0.

    Raises:
        ProjectError: the name is empty or taken.
    """
    name = name.strip()
    classes = project.config.classes
    if not name or len(name) > 40:
        raise ProjectError("class.name", "A class needs a name of 1 to 40 letters.", "Type a short name.")
    if any(c.name == name for c in classes):
        raise ProjectError("class.exists", f"There is a class {name!r} already.", "Choose another name.")
    target = target or (classes[0].target if classes else 20)
    change(project, f"add class {name}", classes=(*classes, ClassConfig(name, target)))


def set_target(project: Project, name: str, target: int) -> None:
    """Want another number of takes of a class; undoable.

    Args:
        project: open for writing.
        name: of the class.
        target: takes; 0 for no target.

    Raises:
        ProjectError: there is no such class.
    """
    classes = project.config.classes
    if all(c.name != name for c in classes):
        raise ProjectError("class.unknown", f"There is no class {name!r}.", "Add it first.")
    wanted = tuple(replace(c, target=max(0, target)) if c.name == name else c for c in classes)
    if wanted != classes:
        change(project, f"want {target} takes of {name}", classes=wanted)


def set_record(project: Project, **values: Any) -> None:
    """Change how takes are recorded (fields of `RecordConfig`); undoable.

    Raises:
        ProjectError: a value is not allowed.
    """
    record = replace(project.config.record, **values)
    if record != project.config.record:
        change(project, f"change {', '.join(values).replace('_', ' ')}", record=record)


def change(project: Project, what: str, **values: Any) -> None:
    """Replace fields of the project's settings; undoable, and the undo touches only these fields.

    Args:
        project: open for writing.
        what: names the change in the undo menu.
        **values: fields of `ProjectConfig`.
    """
    before = {key: getattr(project.config, key) for key in values}

    def put(fields: Mapping[str, Any]) -> None:
        config: ProjectConfig = replace(project.config, **fields)
        project.save(config)

    put(values)
    project.undo.push(what, lambda: put(before), lambda: put(values))
