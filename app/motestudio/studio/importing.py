"""Other people's recordings: read by an importer or decoder stage, then played by a board or written at once."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.labels import Segment
from motestudio.domain.params import complete
from motestudio.domain.recording import Facts, Health
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import PluginError, ProjectError
from motestudio.project.recordings import RecordingWriter
from motestudio.project.store import Project
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

IMPORTERS: Mapping[str, str] = {".csv": "mote-files/csv", ".tsv": "mote-files/csv", ".wav": "mote-files/wav"}
"""Importer stage by file name ending; the more frequent ending in a folder decides."""


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
    """

    name: str
    label: str
    start: int
    count: int
    subject: str = ""
    session: str = ""
    split: str = ""


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
            f"Readable: {', '.join(sorted(IMPORTERS))}.",
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
        source: file or folder; a decoder reads a captured file of bytes.
        workdir: an empty folder that will hold the clips.
        operation: progress and cancel.
        params: what differs from the stage's defaults.
        stage: importer or decoder to ask; by the names of the files where empty.

    Raises:
        ProjectError: nothing could be read, or there is nothing.
        PluginError: the stage is absent, or neither importer nor decoder, or a parameter is not allowed.
    """
    if stage and not source.exists():
        raise ProjectError("import.missing", f"{source} does not exist.", "Check the path.")
    entry = studio.registry.stage(stage or importer_for(source))
    kind = entry.manifest.kind
    if kind not in ("importer", "decoder"):
        text = f"{entry.manifest.id} is a {kind} stage."
        raise PluginError("import.kind", text, "Name an importer or a decoder: mote plugin list.")
    if kind == "decoder" and not source.is_file():
        raise ProjectError("import.file", f"{source} is no file.", "A decoder reads one captured file at a time.")
    values = complete(entry.manifest.params, params or {})
    run_stage(studio, entry, operation, params=values, inputs={"source": source.resolve()}, workdir=workdir)
    return load_clips(workdir)


def load_clips(folder: Path) -> ImportedClips:
    """Read ``clips.json`` of a finished import."""
    body = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    known = ClipFacts.__dataclass_fields__
    clips = tuple(ClipFacts(**{k: v for k, v in c.items() if k in known}) for c in body["clips"])
    if not clips:
        raise ProjectError("import.empty", "No clip could be read.", "The log says why each file was left out.")
    group = body["group"]
    channels = tuple(Channel(c["name"], c["unit"], c["scale"], c.get("offset", 0.0)) for c in group["channels"])
    return ImportedClips(folder, ChannelGroup(group["name"], float(group["rate_hz"]), channels), clips)


def import_recordings(
    studio: Studio,
    project: Project,
    source: Path,
    operation: Operation,
    *,
    stage: str = "",
    params: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write every clip as a recording of the project, labelled as its source says; see `read_clips`.

    Returns:
        Names of the new recordings.
    """
    with tempfile.TemporaryDirectory(prefix="mote-import-") as scratch:
        with operation.within(0.0, 0.6) as part:
            clips = read_clips(studio, source, Path(scratch), part, params, stage=stage)
        flat = np.load(Path(scratch) / "clips.npy", mmap_mode="r", allow_pickle=False)
        names: list[str] = []
        taken = set(project.recordings.names())
        n_channels = len(clips.group.channels)
        for index, clip in enumerate(clips.clips):
            operation.progress(0.6 + 0.4 * index / len(clips.clips), clip.name)
            name = _free(clip.name, taken)
            taken.add(name)
            rows = flat[clip.start * n_channels : (clip.start + clip.count) * n_channels].reshape(-1, n_channels)
            segments = [Segment(0, clip.count, clip.label, "mine", "import")] if clip.label else []
            writer = RecordingWriter(
                project.recordings.folder,
                name,
                clips.group,
                Facts(subject=clip.subject, session=clip.session),
                segments=segments,
                split=clip.split,
                durable=False,
            )
            writer.append(np.asarray(rows), 0, 0)
            writer.finish(Health(rate_hz=clips.group.rate_hz))
            names.append(name)
        return names


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
