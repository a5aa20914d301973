"""The cache of stage outputs: a folder per artifact, named by the hash of all that went into it.

An artifact is there whole or not at all: it is made in a folder of its own and moved into place in one step, its
``artifact.json`` written last. The cache may be deleted at any time. It knows nothing of what stages do.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import psutil

from motestudio.domain.artifact import Artifact, ArtifactKey
from motestudio.errors import ProjectError
from motestudio.project.files import file_error, write_atomic

INDEX = "artifact.json"
_DRAFT = "draft-"


class _File(msgspec.Struct):
    sha256: str
    bytes: int


class _Body(msgspec.Struct):
    hash: str
    meta: dict[str, Any]
    files: dict[str, _File]
    seconds: float


class _Keyed(msgspec.Struct):
    key: ArtifactKey
    created: float = 0.0


_decoder = msgspec.json.Decoder(_Body)
_key_decoder = msgspec.json.Decoder(_Keyed)


class ArtifactCache:
    """Finds, takes and removes artifacts.

    Attributes:
        folder: need not exist; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: ArtifactKey) -> Artifact | None:
        """The artifact of a key, or None where it must be computed (again).

        An artifact of which a file is missing or has another size counts as not there.
        """
        folder = self.folder / key.hash
        body = _read(folder)
        if body is None or body.hash != key.hash:
            return None
        for name, file in body.files.items():
            try:
                if (folder / name).stat().st_size != file.bytes:
                    return None
            except OSError:
                return None
        hashes = {name: file.sha256 for name, file in body.files.items()}
        return Artifact(key, folder, body.meta, hashes, body.seconds, cached=True)

    def newest(self, stage: str) -> Artifact | None:
        """The last artifact that a stage gave, whatever went into it; None where there is none.

        Args:
            stage: full id.
        """
        best: tuple[float, ArtifactKey] | None = None
        for path in self.folder.glob(f"*/{INDEX}"):
            try:
                body = _key_decoder.decode(path.read_bytes())
            except (OSError, msgspec.MsgspecError):
                continue
            known = best is not None and body.created < best[0]
            if body.key.stage == stage and body.key.kind != "constants" and not known:
                best = (body.created, body.key)
        return self.get(best[1]) if best is not None else None

    def folder_of(self, artifact_hash: str) -> Path | None:
        """Where the artifact with this hash lies, or None where it is no longer there."""
        folder = self.folder / artifact_hash
        is_hash = len(artifact_hash) == 64 and artifact_hash.isalnum()
        return folder if is_hash and _read(folder) is not None else None

    def meta_of(self, folder: Path) -> Mapping[str, Any]:
        """What the stage said of the artifact in a folder from `folder_of`; empty where it cannot be read."""
        body = _read(folder)
        return {} if body is None else body.meta

    def begin(self, key: ArtifactKey) -> Path:
        """A fresh, empty folder to compute an artifact in; ends with `commit` or `discard`.

        Raises:
            ProjectError: the folder cannot be made.
        """
        folder = self.folder / f"{_DRAFT}{_owner(os.getpid())}-{key.hash[:8]}-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise file_error(error, folder) from error
        return folder

    def commit(self, key: ArtifactKey, workdir: Path, meta: Mapping[str, Any], seconds: float) -> Artifact:
        """Make what lies in `workdir` the artifact of `key`.

        Args:
            key: what it was made from.
            workdir: from `begin`; it is gone afterwards.
            meta: what the stage said of it; JSON values.
            seconds: how long it took.

        Raises:
            ProjectError: it cannot be kept; then nothing of it is.
        """
        try:
            files = {name: _File(_sha256(path), path.stat().st_size) for name, path in _files(workdir)}
            body = {
                "hash": key.hash,
                "key": asdict(key),
                "meta": dict(meta),
                "files": files,
                "seconds": round(seconds, 3),
                "created": round(time.time()),
            }
            write_atomic(workdir / INDEX, msgspec.json.format(msgspec.json.encode(body), indent=1))
            self._move_in(key, workdir)
        except OSError as error:
            self.discard(workdir)
            raise file_error(error, workdir) from error
        except BaseException:
            self.discard(workdir)
            raise
        artifact = self.get(key)
        if artifact is None:
            raise ProjectError("cache.lost", f"The output of {key.stage} vanished.", "Run it again.")
        hashes = dict(artifact.files)
        return Artifact(key, artifact.folder, artifact.meta, hashes, seconds, cached=False)

    def discard(self, workdir: Path) -> None:
        """Remove what was computed so far."""
        shutil.rmtree(workdir, ignore_errors=True)

    def sweep(self) -> int:
        """Remove what dead processes left behind; returns how many folders that were."""
        count = 0
        for draft in self.folder.glob(f"{_DRAFT}*"):
            owner = "-".join(draft.name.removeprefix(_DRAFT).split("-")[:2])
            pid = owner.split("-")[0]
            if not pid.isdigit() or _owner(int(pid)) != owner:
                self.discard(draft)
                count += 1
        return count

    def size(self) -> int:
        """Bytes on the disk."""
        total = 0
        for path in self.folder.rglob("*"):
            with contextlib.suppress(OSError):
                total += path.stat().st_size if path.is_file() else 0
        return total

    def clear(self) -> None:
        """Remove every artifact; drafts of running jobs stay."""
        for entry in self.folder.glob("*"):
            if entry.is_dir() and not entry.name.startswith(_DRAFT):
                self.discard(entry)

    def _move_in(self, key: ArtifactKey, workdir: Path) -> None:
        target = self.folder / key.hash
        try:
            workdir.rename(target)
        except OSError:
            if not target.exists():
                raise
            if self.get(key) is not None:  # somebody computed the same meanwhile
                self.discard(workdir)
                return
            old = self.folder / f"{_DRAFT}{_owner(os.getpid())}-{uuid.uuid4().hex[:8]}"
            target.rename(old)
            workdir.rename(target)
            self.discard(old)


def _read(folder: Path) -> _Body | None:
    try:
        return _decoder.decode((folder / INDEX).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def _files(workdir: Path) -> list[tuple[str, Path]]:
    return sorted((p.relative_to(workdir).as_posix(), p) for p in workdir.rglob("*") if p.is_file() and p.name != INDEX)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _owner(pid: int) -> str:
    """A process that will never be another one: its id and when it began."""
    try:
        return f"{pid}-{int(psutil.Process(pid).create_time() * 100)}"
    except psutil.Error:
        return ""
