"""Reviewing labels in bulk: proposals for many recordings, accepting the sure ones, deleting recordings.

Single labels are changed by `studio.label`. Every verb here is one step of undo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from motestudio.domain.classes import is_background
from motestudio.domain.labels import UNNAMED, Segment, in_order
from motestudio.domain.recording import Recording
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.studio.label import covers_whole
from motestudio.studio.operation import Operation

SURE = 0.90
"""Proposals at or above this confidence may be accepted together."""
_TIGHTER = 0.95

Labels = Mapping[str, tuple[Segment, ...]]


def worth_proposing(recordings: Iterable[Recording]) -> list[str]:
    """Names of the recordings in which a segmenter may find something; background takes stay whole."""
    return [
        r.name
        for r in recordings
        if r.n_samples and not any(covers_whole(s, r) and is_background(s.label) for s in r.segments)
    ]


def keep_proposals(project: Project, found: Labels) -> int:
    """Keep what a segmenter proposed (`studio.label.propose`), in place of earlier proposals.

    A proposal that overlaps a label of the user's own is left out, unless that label covers the whole recording and
    the proposal is tighter. Without a class it is called `UNNAMED`. Recordings that are gone by now are passed over.

    Returns:
        How many proposals there are now in these recordings.
    """
    before: dict[str, tuple[Segment, ...]] = {}
    after: dict[str, tuple[Segment, ...]] = {}
    total = 0
    present = set(project.recordings.names())
    for name in sorted(present & set(found)):
        proposals, recording = found[name], project.recordings.load(name)
        mine = [s for s in recording.segments if s.origin == "mine"]
        new = [replace(p, label=p.label or UNNAMED) for p in proposals if _says_something(p, mine, recording)]
        total += len(new)
        segments = in_order([*mine, *new])
        if segments != recording.segments:
            before[name], after[name] = recording.segments, segments
    _change(project, before, after, "propose")
    return total


def _says_something(proposal: Segment, mine: Sequence[Segment], recording: Recording) -> bool:
    for own in mine:
        if covers_whole(own, recording):
            if proposal.count > _TIGHTER * recording.n_samples:
                return False
        elif own.overlaps(proposal):
            return False
    return True


def sure(segments: Iterable[Segment], threshold: float = SURE) -> list[Segment]:
    """Proposals that may be accepted together: sure enough, and of a known class."""
    return [
        s
        for s in segments
        if s.origin == "proposed" and s.label != UNNAMED and s.confidence is not None and s.confidence >= threshold
    ]


def accept_sure(project: Project, names: Sequence[str], operation: Operation, *, threshold: float = SURE) -> int:
    """Accept the sure proposals of these recordings; labels over a whole recording make way for them.

    Returns:
        How many were accepted.
    """
    before: dict[str, tuple[Segment, ...]] = {}
    after: dict[str, tuple[Segment, ...]] = {}
    total = 0
    for i, name in enumerate(names):
        operation.progress(i / len(names), f"{i} of {len(names)} recordings")
        recording = project.recordings.load(name)
        chosen = sure(recording.segments, threshold)
        if not chosen:
            continue
        kept = [s for s in recording.segments if s not in chosen and not covers_whole(s, recording)]
        before[name] = recording.segments
        after[name] = in_order([*kept, *(replace(s, origin="mine") for s in chosen)])
        total += len(chosen)
    _change(project, before, after, f"accept {total} proposals")
    return total


def delete(project: Project, names: Sequence[str]) -> None:
    """Move recordings into the project's trash.

    Raises:
        ProjectError: there is no such recording, or the project is open for reading only; nothing is deleted then.
    """
    store = project.recordings
    if missing := [n for n in names if n not in set(store.names())]:
        raise ProjectError("recording.unknown", f"There is no recording {missing[0]}.", "See the list of recordings.")
    _each(store.delete, names)
    what = names[0] if len(names) == 1 else f"{len(names)} recordings"
    project.undo.push(f"delete {what}", lambda: _each(store.restore, names), lambda: _each(store.delete, names))


def _each(act: Callable[[str], None], names: Sequence[str]) -> None:
    for name in names:
        act(name)


def _change(project: Project, before: Labels, after: Labels, what: str) -> None:
    def put(labels: Labels) -> None:
        for name, segments in labels.items():
            project.recordings.set_segments(name, segments)

    if after:
        put(after)
        project.undo.push(what, lambda: put(before), lambda: put(after))
