"""Labels: proposals by segmenters, review, edits; every change can be undone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from motestudio.domain.labels import UNNAMED, Segment, clipped, in_order
from motestudio.domain.params import Value, complete
from motestudio.domain.recording import Recording
from motestudio.errors import JobError, ProjectError
from motestudio.project.store import Project
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

DEFAULT_SEGMENTER = "mote-segment/energy"


def set_segments(project: Project, name: str, segments: Sequence[Segment], *, what: str = "label") -> None:
    """Replace a recording's segments; undoable.

    Args:
        project: open for writing.
        name: of the recording.
        segments: clipped to the recording and put in order.
        what: names the change in the undo menu.
    """
    before = project.recordings.load(name)
    after = clipped(segments, before.n_samples)
    if after == before.segments:
        return
    store = project.recordings
    store.set_segments(name, after)
    project.undo.push(
        f"{what} in {name}",
        lambda: store.set_segments(name, before.segments),
        lambda: store.set_segments(name, after),
    )


def create(project: Project, name: str, start: int, count: int, label: str) -> int:
    """Add a segment of the user's own.

    Returns:
        Its index, by start.
    """
    recording = project.recordings.load(name)
    start, count = _inside(recording, start, count)
    made = Segment(start, count, label)
    return _put(project, recording, [*recording.segments, made], made, "label")


def relabel(project: Project, name: str, index: int, label: str) -> int:
    """Give one segment another class; it becomes the user's own. Returns its new index."""
    recording, segment = _segment(project, name, index)
    mine = replace(segment, label=label, origin="mine", confidence=None)
    return _put(project, recording, [*_making_way(recording, index), mine], mine, "relabel")


def move(project: Project, name: str, index: int, *, start: int, count: int) -> int:
    """Change a segment's extent, in samples. Returns its new index."""
    recording, segment = _segment(project, name, index)
    start, count = _inside(recording, start, count)
    moved = replace(segment, start=start, count=count)
    return _put(project, recording, [*_others(recording, index), moved], moved, "move")


def annotate(project: Project, name: str, index: int, note: str) -> int:
    """Change a segment's note. Returns its index."""
    recording, segment = _segment(project, name, index)
    noted = replace(segment, note=note)
    return _put(project, recording, [*_others(recording, index), noted], noted, "note")


def accept(project: Project, name: str, index: int) -> int:
    """Make a proposal the user's own; a label over the whole recording makes way for it. Returns its new index.

    Raises:
        ProjectError: nobody has said its class yet.
    """
    recording, segment = _segment(project, name, index)
    if segment.label == UNNAMED:
        raise ProjectError("label.no_class", "This proposal has no class yet.", "Choose its class first.")
    mine = replace(segment, origin="mine")
    return _put(project, recording, [*_making_way(recording, index), mine], mine, "accept")


def remove(project: Project, name: str, index: int) -> None:
    """Take a segment away."""
    recording, _ = _segment(project, name, index)
    set_segments(project, name, _others(recording, index), what="remove label")


def split(project: Project, name: str, index: int, at: int) -> int:
    """Cut a segment in two at a sample inside it. Returns the first part's index."""
    recording, segment = _segment(project, name, index)
    if not segment.start < at < segment.end:
        raise ProjectError("label.split", "The cut is outside the segment.", "Put the playhead inside it first.")
    first = replace(segment, count=at - segment.start)
    second = replace(segment, start=at, count=segment.end - at)
    return _put(project, recording, [*_others(recording, index), first, second], first, "split")


def _put(project: Project, recording: Recording, segments: Sequence[Segment], seen: Segment, what: str) -> int:
    set_segments(project, recording.name, segments, what=what)
    return clipped(segments, recording.n_samples).index(seen)


def _inside(recording: Recording, start: int, count: int) -> tuple[int, int]:
    start = max(0, min(start, recording.n_samples - 1))
    return start, max(1, min(count, recording.n_samples - start))


def _others(recording: Recording, index: int) -> list[Segment]:
    return [s for i, s in enumerate(recording.segments) if i != index]


def _making_way(recording: Recording, index: int) -> list[Segment]:
    """The other segments, without the user's labels over the whole recording where this one is narrower."""
    others = _others(recording, index)
    if recording.segments[index].count == recording.n_samples:
        return others
    return [s for s in others if not covers_whole(s, recording)]


def covers_whole(segment: Segment, recording: Recording) -> bool:
    """Whether a segment is the user's own label over the whole recording, as takes get when they are recorded."""
    return segment.origin == "mine" and segment.count == recording.n_samples


def _segment(project: Project, name: str, index: int) -> tuple[Recording, Segment]:
    recording = project.recordings.load(name)
    if not 0 <= index < len(recording.segments):
        raise ProjectError(
            "label.index", f"{name} has no segment {index}.", f"It has {len(recording.segments)} segment(s), from 0."
        )
    return recording, recording.segments[index]


def propose(
    studio: Studio,
    project: Project,
    names: Sequence[str],
    operation: Operation,
    *,
    segmenter: str = DEFAULT_SEGMENTER,
    params: Mapping[str, Any] | None = None,
) -> dict[str, tuple[Segment, ...]]:
    """Ask a segmenter where things happen; changes nothing.

    Args:
        studio: plugins and workers.
        project: has the recordings.
        names: of recordings; a take's own label is passed to the segmenter.
        operation: progress and cancel.
        segmenter: full stage id.
        params: what differs from the stage's defaults.

    Returns:
        Proposed segments by recording.
    """
    entry = studio.registry.stage(segmenter)
    values: dict[str, Value] = complete(entry.manifest.params, params or {})
    recordings = [project.recordings.load(n) for n in names]
    request = {
        "recordings": [
            {
                "name": r.name,
                "data": str(r.data_path.resolve()),
                "n_samples": r.n_samples,
                "label": r.segments[0].label if len({s.label for s in r.segments}) == 1 else "",
                "group": {
                    "name": r.group.name,
                    "rate_hz": r.group.rate_hz,
                    "channels": [
                        {"name": c.name, "unit": c.unit, "scale": c.scale, "offset": c.offset} for c in r.group.channels
                    ],
                },
            }
            for r in recordings
        ]
    }
    with tempfile.TemporaryDirectory(prefix="mote-segment-") as scratch:
        inputs, workdir = Path(scratch, "in"), Path(scratch, "out")
        inputs.mkdir()
        workdir.mkdir()
        (inputs / "recordings.json").write_text(json.dumps(request), encoding="utf-8")
        run_stage(studio, entry, operation, params=values, inputs={"request": inputs}, workdir=workdir)
        return _read_proposals(workdir / "segments.json", {r.name: r.n_samples for r in recordings})


def _read_proposals(path: Path, lengths: Mapping[str, int]) -> dict[str, tuple[Segment, ...]]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: clipped((Segment(**{**s, "origin": "proposed"}) for s in body.get(name, ())), n)
            for name, n in lengths.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise JobError("segmenter.output", f"The segmenter's answer cannot be read: {error}", "Report it.") from error


def trim(
    studio: Studio, project: Project, names: Sequence[str], operation: Operation, *, segmenter: str = DEFAULT_SEGMENTER
) -> int:
    """Shrink takes that carry one whole-length label to where something happens.

    The proposals are accepted as they come, one undo step for all.

    Returns:
        How many takes were changed.
    """
    store = project.recordings
    wanted = [n for n in names if _is_whole(store.load(n))]
    if not wanted:
        return 0
    return trim_to(project, propose(studio, project, wanted, operation, segmenter=segmenter))


def trim_to(project: Project, proposals: Mapping[str, Sequence[Segment]]) -> int:
    """Shrink takes that carry one whole-length label to proposals, from the first to the last; one undo step for all.

    Returns:
        How many takes were changed.
    """
    store = project.recordings
    before: dict[str, tuple[Segment, ...]] = {}
    after: dict[str, tuple[Segment, ...]] = {}
    for name, segments in proposals.items():
        recording = store.load(name)
        if not segments or not _is_whole(recording):
            continue
        start = min(s.start for s in segments)
        end = max(s.end for s in segments)
        if end - start == recording.n_samples:
            continue
        best = max(segments, key=lambda s: s.count)
        before[name] = recording.segments
        label = recording.segments[0].label
        after[name] = in_order([replace(best, start=start, count=end - start, label=label, origin="mine")])
    _apply(project, after)
    if after:
        project.undo.push(f"trim {len(after)} takes", lambda: _apply(project, before), lambda: _apply(project, after))
    return len(after)


def _is_whole(recording: Recording) -> bool:
    return len(recording.segments) == 1 and recording.segments[0].count == recording.n_samples


def _apply(project: Project, segments: Mapping[str, tuple[Segment, ...]]) -> None:
    for name, rows in segments.items():
        project.recordings.set_segments(name, rows)
