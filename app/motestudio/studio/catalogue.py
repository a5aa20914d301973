"""What is recorded, readable or not, read again only where it changed. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from motestudio.domain.recording import Recording
from motestudio.errors import AppError
from motestudio.project.recording_writer import DATA_SUFFIX, META_SUFFIX
from motestudio.project.store import Project
from motestudio.studio.operation import Operation

_TELL_EVERY = 100

Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording, or why it cannot be read.

    Attributes:
        name: of the recording.
        recording: None where it cannot be read.
        error: why, else None.
        stamp: of its files, changed by every change.
    """

    name: str
    recording: Recording | None
    error: AppError | None
    stamp: Stamp


def read(project: Project, known: Mapping[str, Entry], operation: Operation) -> dict[str, Entry]:
    """All recordings by name, in order.

    Args:
        project: has the recordings.
        known: what the last call returned; entries whose files did not change are taken over.
        operation: progress and cancel.
    """
    names = project.recordings.names()
    entries: dict[str, Entry] = {}
    for i, name in enumerate(names):
        if i % _TELL_EVERY == 0:
            operation.progress(i / len(names), f"{i} of {len(names)} recordings")
        before = known.get(name)
        if before is not None and before.stamp == stamp_of(project, name):
            entries[name] = before
        else:
            entries[name] = read_one(project, name)
    return entries


def read_one(project: Project, name: str) -> Entry:
    """One recording, or why it cannot be read."""
    stamp = stamp_of(project, name)
    try:
        return Entry(name, project.recordings.load(name), None, stamp)
    except AppError as error:
        return Entry(name, None, error, stamp)


def stamp_of(project: Project, name: str) -> Stamp:
    """Inode, time and size of a recording's files."""
    stamp: list[int] = []
    for suffix in (META_SUFFIX, DATA_SUFFIX):
        try:
            facts = (project.recordings.folder / (name + suffix)).stat()
        except OSError:
            stamp.append(-1)
        else:
            stamp += [facts.st_ino, facts.st_mtime_ns, facts.st_size]
    return tuple(stamp)
