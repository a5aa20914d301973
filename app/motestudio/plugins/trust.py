"""Which projects' own plugins may run: a list in the user's folder, by the project folder's real path.

A project folder comes from anywhere: a colleague, an archive, a clone. Its plugins are shown and never run until the
user says so; what is trusted is the folder, with what it holds now and later.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from motestudio import shipped
from motestudio.errors import PluginError

_NAME = "trusted-projects.json"
_MAX_BYTES = 1_000_000


def is_trusted(project: Path) -> bool:
    """Whether the user said that this project's plugins may run; no where the list cannot be read."""
    return _real(project) in _read()


def trusted() -> tuple[Path, ...]:
    """All trusted project folders, in order; they need not exist any more."""
    return tuple(Path(name) for name in sorted(_read()))


def trust(project: Path) -> None:
    """Let this project's plugins run.

    Raises:
        PluginError: ``plugin.trust``: the list cannot be written.
    """
    _write(_read() | {_real(project)})


def untrust(project: Path) -> None:
    """Take it back.

    Raises:
        PluginError: ``plugin.trust``: the list cannot be written.
    """
    _write(_read() - {_real(project)})


def _real(project: Path) -> str:
    return os.path.normcase(project.expanduser().resolve())


def _file() -> Path:
    return shipped.user_dir() / _NAME


def _read() -> frozenset[str]:
    """The folders; a list that is damaged trusts nobody."""
    try:
        path = _file()
        if path.stat().st_size > _MAX_BYTES:
            return frozenset()
        folders = json.loads(path.read_text(encoding="utf-8"))["folders"]
        return frozenset(name for name in folders if isinstance(name, str))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def _write(folders: frozenset[str]) -> None:
    path = _file()
    text = json.dumps({"folders": sorted(folders)}, indent=1, ensure_ascii=False) + "\n"
    draft = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{_NAME}-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(draft).unlink(missing_ok=True)
        raise PluginError(
            "plugin.trust",
            f"The list of trusted projects cannot be written: {error.strerror}.",
            f"Look at the folder {path.parent}.",
            {"path": str(path)},
        ) from error
