"""Other people's recordings: read by an importer or decoder stage, then played by a board or written at once."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from motestudio.domain.labels import Segment
from motestudio.domain.params import complete
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import PluginError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.project.recordings import RecordingWriter
from motestudio.project.store import Project
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

IMPORTERS: Mapping[str, str] = {".csv": "mote-files/csv", ".tsv": "mote-files/csv", ".wav": "mote-files/wav"}
"""Importer stage by file name ending; the more frequent ending in a folder decides."""


class Piece(NamedTuple):
    """A stretch of a decoded clip without a gap.

    Attributes:
        start: first sample, counted from the clip's start.
        device_time_us: the board's clock there.
        lost: samples missing before it.
    """

    start: int
    device_time_us: int
    lost: int


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """One clip of an import.

    Attributes:
        name: unique in the import.
        label: class, or empty.
        start: first sample in the flat data.
        count: samples.
        subject: who, or empty.
        session: or empty.
        split: prescribed by the source, or empty.
        pieces: where a decoded stream has gaps; empty for one without clock and gaps.
    """

    name: str
    label: str
    start: int
    count: int
    subject: str = ""
    session: str = ""
    split: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedClips:
    """What an importer found, as files that the virtual board's replay sensor plays.

    Attributes:
        folder: holds ``clips.npy`` and ``clips.json``.
        group: channels and rate, the same for all clips.
        clips: in order.
    """

    folder: Path
    group: ChannelGroup
    clips: tuple[ClipFacts, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in order of name; digits and words sort as people expect."""
        return tuple(sorted({c.label for c in self.clips if c.label}))

    @property
    def subjects(self) -> tuple[str, ...]:
        """Who spoke or moved; empty where the source does not say."""
        return tuple(sorted({c.subject for c in self.clips if c.subject}))


def importer_for(source: Path) -> str:
    """Stage id of the importer for a file or folder.

    Raises:
        ProjectError: nothing there that the studio can read.
    """
    if not source.exists():
        raise ProjectError("import.missing", f"{source} does not exist.", "Check the path.")
    files = [source] if source.is_file() else [p for p in source.rglob("*") if p.is_file()]
    kinds = Counter(p.suffix.lower() for p in files if p.suffix.lower() in IMPORTERS)
    if not kinds:
        raise ProjectError(
            "import.nothing",
            f"There is no recording in {source} that an importer reads.",
            f"Readable: {', '.join(sorted(IMPORTERS))}; or name --decoder auto for bytes captured from a board.",
        )
    return IMPORTERS[kinds.most_common(1)[0][0]]


def read_clips(
    studio: Studio,
    source: Path,
    workdir: Path,
    operation: Operation,
    params: Mapping[str, Any] | None = None,
    *,
    stage: str = "",
) -> ImportedClips:
    """Run the importer for a folder.

    Args:
        studio: plugins and workers.
        source: file or folder.
        workdir: an empty folder that will hold the clips.
        operation: progress and cancel.
        params: what differs from the stage's defaults.
        stage: importer to ask; by the names of the files where empty.

    Raises:
        ProjectError: nothing could be read, or there is nothing.
        PluginError: the stage is absent, or no importer, or a parameter is not allowed.
    """
    _run(
        studio, source, workdir, operation, params, studio.registry.stage(stage or importer_for(source)), ("importer",)
    )
    return load_clips(workdir)


def _run(
    studio: Studio,
    source: Path,
    workdir: Path,
    operation: Operation,
    params: Mapping[str, Any] | None,
    entry: StageEntry,
    kinds: tuple[str, ...],
) -> None:
    if not source.exists():
        raise ProjectError("import.missing", f"{source} does not exist.", "Check the path.")
    kind = entry.manifest.kind
    if kind not in kinds:
        text = f"{entry.manifest.id} is a {kind} stage."
        raise PluginError("import.kind", text, f"Name one of these kinds: {', '.join(kinds)} (mote plugin list).")
    if kind == "decoder" and not source.is_file():
        raise ProjectError("import.file", f"{source} is no file.", "A decoder reads one captured file at a time.")
    values = complete(entry.manifest.params, params or {})
    run_stage(studio, entry, operation, params=values, inputs={"source": source.resolve()}, workdir=workdir)


def load_clips(folder: Path) -> ImportedClips:
    """Read ``clips.json`` of a finished import."""
    body = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    known = ClipFacts.__dataclass_fields__
    clips = tuple(
        ClipFacts(
            **{k: v for k, v in c.items() if k in known} | {"pieces": tuple(map(Piece._make, c.get("pieces", ())))}
        )
        for c in body["clips"]
    )
    if not clips:
        raise ProjectError("import.empty", "No clip could be read.", "The log says why each file was left out.")
    group = body["group"]
    channels = tuple(Channel(c["name"], c["unit"], c["scale"], c.get("offset", 0.0)) for c in group["channels"])
    return ImportedClips(folder, ChannelGroup(group["name"], float(group["rate_hz"]), channels), clips)


def _facts(row: Mapping[str, Any]) -> ClipFacts:
    known = {key: value for key, value in row.items() if key in ClipFacts.__dataclass_fields__}
    return ClipFacts(**known | {"pieces": tuple(Piece(*piece) for piece in row.get("pieces", ()))})


def import_recordings(
    studio: Studio,
    project: Project,
    source: Path,
    operation: Operation,
    *,
    stage: str = "",
    params: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write every clip as a recording of the project, labelled as its source says.

    Args:
        studio: plugins and workers.
        project: that gets the recordings.
        source: file or folder for an importer, one captured file of bytes for a decoder, every channel group of which
            becomes a recording of its own.
        operation: progress and cancel.
        stage: importer or decoder to ask; by the names of the files where empty.
        params: what differs from the stage's defaults.

    Returns:
        Names of the new recordings.

    Raises:
        ProjectError: nothing could be read, or there is nothing.
        PluginError: the stage is absent, or neither importer nor decoder, or a parameter is not allowed.
    """
    with tempfile.TemporaryDirectory(prefix="mote-import-") as scratch:
        entry = studio.registry.stage(stage or importer_for(source))
        with operation.within(0.0, 0.6) as part:
            _run(studio, source, Path(scratch), part, params, entry, ("importer", "decoder"))
        decoded = entry.manifest.kind == "decoder"
        folders = sorted(Path(scratch).glob("group-*")) if decoded else [Path(scratch)]
        found = [load_clips(folder) for folder in folders]
        total = max(1, sum(len(f.clips) for f in found))
        names: list[str] = []
        taken = set(project.recordings.names())
        for clips in found:
            flat = np.load(clips.folder / "clips.npy", mmap_mode="r", allow_pickle=False)
            for clip in clips.clips:
                operation.progress(0.6 + 0.4 * len(names) / total, clip.name)
                name = _free(clip.name if len(found) == 1 else f"{clip.name}-{clips.group.name}", taken)
                taken.add(name)
                _write(project, name, clips.group, clip, flat)
                names.append(name)
        return names


def _write(project: Project, name: str, group: ChannelGroup, clip: ClipFacts, flat: npt.NDArray[np.int16]) -> None:
    channels = len(group.channels)
    rows = flat[clip.start * channels : (clip.start + clip.count) * channels].reshape(-1, channels)
    segments = [Segment(0, clip.count, clip.label, "mine", "import")] if clip.label else []
    facts = Facts(subject=clip.subject, session=clip.session)
    folder = project.recordings.folder
    writer = RecordingWriter(folder, name, group, facts, segments=segments, split=clip.split, durable=False)
    pieces = clip.pieces or (Piece(0, 0, 0),)
    ends = [*(piece.start for piece in pieces[1:]), clip.count]
    for piece, end in zip(pieces, ends, strict=True):
        writer.append(rows[piece.start : end], piece.device_time_us, 0, piece.lost)
    writer.finish(Health(rate_hz=group.rate_hz, lost_samples=sum(piece.lost for piece in pieces)))


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
