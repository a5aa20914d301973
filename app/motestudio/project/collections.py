"""Takes of several channel groups: the SigMF collection that names the recordings of one take, in one folder.

Every recording says by itself which collection it belongs to (``core:collection``); the ``.sigmf-collection`` file is
made from that for other programs, with the hashes that SigMF asks for, and made anew whenever one of them changes.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import msgspec

from motestudio.project import sigmf
from motestudio.project.files import file_error, write_atomic
from motestudio.project.recording_writer import META_SUFFIX

COLLECTION_SUFFIX = ".sigmf-collection"


def part_name(take: str, group: str) -> str:
    """The recording of one channel group of a take."""
    kept = "".join(c if c.isalnum() else "_" for c in group).strip("_")
    return f"{take}-{kept or 'signal'}"


def write_collection(folder: Path, take: str, *, durable: bool = False) -> None:
    """Write the collection of a take from its recordings, or remove it where there is none.

    The recordings keep their order in the file that is there; new ones follow by name.

    Raises:
        ProjectError: it cannot be written.
    """
    path = folder / (take + COLLECTION_SUFFIX)
    try:
        found = dict(_members(folder, take))
        if not found:
            path.unlink(missing_ok=True)
            return
        known = [name for name in _streams(path) if name in found]
        order = known + sorted(set(found) - set(known))
        body = {
            "core:version": sigmf.SIGMF_VERSION,
            "core:description": f"Channel groups of {take}, recorded together on one clock",
            "core:extensions": [sigmf.EXTENSION],
            "core:streams": [{"name": name, "hash": hashlib.sha512(found[name]).hexdigest()} for name in order],
        }
    except OSError as error:
        raise file_error(error, path) from error
    write_atomic(path, sigmf.encode({"collection": body}), durable=durable)


def begin_collection(folder: Path, take: str, parts: list[str]) -> None:
    """Fix the order of the recordings of a take that begins, the lead first.

    Raises:
        ProjectError: it cannot be written.
    """
    streams = [{"name": name, "hash": ""} for name in parts]
    write_atomic(
        folder / (take + COLLECTION_SUFFIX),
        sigmf.encode({"collection": {"core:version": sigmf.SIGMF_VERSION, "core:streams": streams}}),
        durable=False,
    )


def collection_parts(folder: Path, take: str) -> list[str]:
    """Names of the recordings of a take, the lead first; empty where it is no collection."""
    order = _streams(folder / (take + COLLECTION_SUFFIX))
    found = [name for name, _ in _members(folder, take)]
    return [n for n in order if n in found] + [n for n in found if n not in order]


def collection_names(folder: Path) -> list[str]:
    """Names of all collections in a folder."""
    return sorted(p.name.removesuffix(COLLECTION_SUFFIX) for p in folder.glob(f"*{COLLECTION_SUFFIX}"))


def _members(folder: Path, take: str) -> list[tuple[str, bytes]]:
    """Recordings that say that they belong to a take, and their metadata as it stands in the file."""
    members = []
    prefix = f"{take}-"
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if not (path.name.startswith(prefix) and path.name.endswith(META_SUFFIX)):
            continue
        with contextlib.suppress(OSError):
            meta = path.read_bytes()
            if sigmf.collection_of(meta) == take:
                members.append((path.name.removesuffix(META_SUFFIX), meta))
    return members


def _streams(path: Path) -> list[str]:
    """The names that a collection file lists; none where it cannot be read."""
    try:
        body: Any = msgspec.json.decode(path.read_bytes())
        return [str(row["name"]) for row in body["collection"]["core:streams"]]
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return []
