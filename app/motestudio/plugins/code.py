"""The hash of a plugin's code, so that an edited plugin computes anew. Reads files, runs nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

SUFFIXES = frozenset({".py", ".c", ".h", ".toml"})
_SKIPPED = frozenset({"__pycache__", "tests"})
_known: dict[Path, tuple[tuple[tuple[str, int, int], ...], str]] = {}


def code_files(folder: Path) -> list[Path]:
    """The files that decide what a plugin computes, in order."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        found += [Path(place, name) for name in files if os.path.splitext(name)[1] in SUFFIXES]  # noqa: PTH122 - hot
    return sorted(found)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Path, time and size of every code file: changes whenever one of them does."""
    rows = []
    for path in code_files(folder):
        try:
            facts = path.stat()
        except OSError:
            continue
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for
            continue
        rows.append((path.relative_to(folder).as_posix(), facts.st_mtime_ns, facts.st_size))
    return tuple(rows)


def code_hash(folder: Path) -> str:
    """SHA-256 in hex over names and contents of the code files; cheap where nothing changed since the last call."""
    now = stamp(folder)
    before = _known.get(folder)
    if before is not None and before[0] == now:
        return before[1]
    digest = hashlib.sha256()
    for name, _, _ in now:
        try:
            content = (folder / name).read_bytes()
        except OSError:
            content = b""
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    _known[folder] = (now, digest.hexdigest())
    return digest.hexdigest()
