"""The recordings of a project: SigMF pairs in one folder. Samples are never changed here, labels and facts are."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from motestudio.domain.labels import Segment, in_order
from motestudio.domain.recording import Facts, Recording
from motestudio.domain.signal import Samples
from motestudio.errors import AppError, ProjectError
from motestudio.project import names, sigmf
from motestudio.project.collections import collection_names, collection_parts, write_collection
from motestudio.project.files import file_error, write_atomic
from motestudio.project.recording_writer import DATA_SUFFIX, META_SUFFIX, RecordingWriter

__all__ = ["RecordingStore", "RecordingWriter"]


class RecordingStore:
    """Reads, labels, deletes and restores recordings.

    Attributes:
        folder: of the recordings; need not exist.

    Args:
        folder: see above.
        trash: where deleted recordings go; beside the folder where None.
        read_only: refuse every change.
    """

    def __init__(self, folder: Path, trash: Path | None = None, *, read_only: bool = False) -> None:
        self.folder = folder
        self._trash = trash or folder.with_name(folder.name + ".trash")
        self._read_only = read_only
        self._problems: list[AppError] = []

    def names(self) -> list[str]:
        """Names of all recordings, readable or not, in order."""
        try:
            with os.scandir(self.folder) as entries:
                found = [e.name for e in entries if e.name.endswith(META_SUFFIX) and not e.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise file_error(error, self.folder) from error
        return sorted(name.removesuffix(META_SUFFIX) for name in found)

    def load(self, name: str) -> Recording:
        """One recording.

        Raises:
            ProjectError: there is none, or it cannot be read.
        """
        meta_path, data_path = self._paths(name)
        try:
            meta = meta_path.read_bytes()
        except FileNotFoundError:
            raise _unknown(name) from None
        except OSError as error:
            raise file_error(error, meta_path) from error
        try:
            size = data_path.stat().st_size
        except FileNotFoundError:
            raise sigmf.broken(name, f"{data_path.name} is missing") from None
        except OSError as error:
            raise file_error(error, data_path) from error
        return sigmf.read(name, data_path, meta, size)

    def all(self) -> list[Recording]:
        """All readable recordings, by name; the others are told by `problems`."""
        found, problems = [], []
        for name in self.names():
            try:
                found.append(self.load(name))
            except AppError as error:
                problems.append(error)
        self._problems = problems
        return found

    def problems(self) -> list[AppError]:
        """What the last `all` could not read, one error each."""
        return list(self._problems)

    def samples(self, recording: Recording) -> Samples:
        """The samples, memory-mapped and read-only.

        Returns:
            int16, shape (samples, channels).
        """
        shape = (recording.n_samples, len(recording.group.channels))
        if not recording.n_samples:
            return np.zeros(shape, dtype=np.int16)
        try:
            return np.memmap(recording.data_path, dtype="<i2", mode="r", shape=shape)
        except (OSError, ValueError) as error:
            raise sigmf.broken(recording.name, f"its samples cannot be read ({error})") from error

    def set_segments(self, name: str, segments: Iterable[Segment]) -> None:
        """Replace the labels; what other programs wrote into the metadata stays."""
        meta = self._open_meta(name)
        meta["annotations"] = sigmf.annotation_fields(in_order(segments), meta.get("annotations", ()))
        self._write_meta(name, meta)

    def set_facts(self, name: str, facts: Facts) -> None:
        """Replace subject, session, device, site and note."""
        meta = self._open_meta(name)
        meta["global"]["mote:facts"] = asdict(facts)
        self._write_meta(name, meta)

    def set_split(self, name: str, split: str) -> None:
        """Fix the split that the recording belongs to, or free it with an empty string."""
        meta = self._open_meta(name)
        meta["global"]["mote:split"] = split
        self._write_meta(name, meta)

    def parts(self, take: str) -> list[str]:
        """Recordings of a take, the lead first: several where channel groups were recorded together."""
        return collection_parts(self.folder, take) or [take]

    def take_of(self, name: str) -> str:
        """The name of the take that a recording is, or is a part of."""
        return self._collection_of(name) or name

    def delete(self, name: str) -> None:
        """Move a recording into the trash, replacing an earlier one of that name there."""
        self._may_change()
        sources = self._paths(name)
        if not sources[0].exists():
            raise _unknown(name)
        target = self._trash / name
        collection = self._collection_of(name)
        try:
            if target.exists():
                target.rename(target.with_name(f"{name}~{time.time_ns()}"))
            target.mkdir(parents=True)
            # The metadata first: a recording is there as long as its metadata is.
            for source in sources:
                if source.exists():
                    shutil.move(source, target / source.name)
        except OSError as error:
            raise file_error(error, sources[0]) from error
        if collection:
            write_collection(self.folder, collection)

    def restore(self, name: str) -> None:
        """Bring a deleted recording back.

        Raises:
            ProjectError: it is no longer in the trash, or its name is in use again.
        """
        self._may_change()
        source = self._trash / name
        meta_path, data_path = self._paths(name)
        if not (source / meta_path.name).exists():
            text = f"The recording {name} is no longer in the trash."
            raise ProjectError("recording.gone", text, "The .mote folder was emptied; record it again.")
        if meta_path.exists() or data_path.exists():
            text = f"There is another recording {name} by now."
            raise ProjectError("recording.exists", text, "Rename or delete that one first.", {"recording": name})
        try:
            for path in (data_path, meta_path):
                if (source / path.name).exists():
                    shutil.move(source / path.name, path)
            source.rmdir()
        except OSError as error:
            raise file_error(error, meta_path) from error
        if collection := self._collection_of(name):
            write_collection(self.folder, collection)

    def next_name(
        self, template: str, cls: str, subject: str = "", session: str = "", *, site: str = "", device: str = ""
    ) -> str:
        """The next free name by a template such as ``{class}-{subject}-{n:03}``; see `names.next_name`."""
        return names.next_name(template, self.names_in_use(), cls, subject, session, site=site, device=device)

    def names_in_use(self) -> list[str]:
        """Names that a new take must not have: also those in the trash, which may be restored."""
        taken = self.names() + collection_names(self.folder)
        if self._trash.is_dir():
            taken += [entry.name for entry in self._trash.iterdir()]
            # A part of a take of several channel groups is named after the take.
            taken += [name.rpartition("-")[0] for name in taken]
        return taken

    def _paths(self, name: str) -> tuple[Path, Path]:
        names.check_name(name)
        return self.folder / (name + META_SUFFIX), self.folder / (name + DATA_SUFFIX)

    def _may_change(self) -> None:
        if self._read_only:
            raise ProjectError("project.read_only", "The project is open for reading only.", "Open it for writing.")

    def _open_meta(self, name: str) -> dict[str, Any]:
        self._may_change()
        self.load(name)
        path = self._paths(name)[0]
        try:
            meta: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise sigmf.broken(name, str(error)) from error
        return meta

    def _write_meta(self, name: str, meta: dict[str, Any]) -> None:
        write_atomic(self._paths(name)[0], sigmf.encode(meta))
        if collection := meta["global"].get("core:collection"):
            write_collection(self.folder, str(collection))

    def _collection_of(self, name: str) -> str:
        return _collection_in(self._paths(name)[0])


def _collection_in(meta_path: Path) -> str:
    try:
        return sigmf.collection_of(meta_path.read_bytes())
    except OSError:
        return ""


def _unknown(name: str) -> ProjectError:
    text = f"There is no recording {name}."
    return ProjectError("recording.unknown", text, "See the list of recordings.", {"recording": name})
