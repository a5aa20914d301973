"""The list of projects that were opened lately, in the user's data folder. A broken list is an empty one."""

from __future__ import annotations

import contextlib
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from motestudio.errors import ProjectError
from motestudio.project.files import write_atomic
from motestudio.shipped import user_dir

_LONGEST = 20


class RecentProject(msgspec.Struct, frozen=True):
    """A project that was opened.

    Attributes:
        folder: absolute.
        name: as it was then.
        opened: ISO 8601, UTC.
    """

    folder: str
    name: str
    opened: str

    @property
    def exists(self) -> bool:
        """Whether it is still there."""
        return (Path(self.folder) / "project.toml").is_file()


class RecentProjects:
    """Newest first.

    Args:
        path: of the list; in the user's data folder where None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_dir() / "recent.json"

    def entries(self) -> list[RecentProject]:
        """All that are remembered, also those that were moved since."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[RecentProject])
        except (OSError, msgspec.MsgspecError):
            return []

    def add(self, folder: Path, name: str) -> None:
        """Put a project first; a list that cannot be written is no reason not to open a project."""
        where = str(folder.resolve())
        entry = RecentProject(where, name, datetime.now(UTC).isoformat(timespec="seconds"))
        self._write([entry, *(r for r in self.entries() if r.folder != where)])

    def remove(self, folder: Path | str) -> None:
        """Forget a project."""
        self._write([r for r in self.entries() if r.folder != str(folder)])

    def _write(self, rows: list[RecentProject]) -> None:
        with contextlib.suppress(OSError, ProjectError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, msgspec.json.encode(rows[:_LONGEST]), durable=False)


def remember(folder: Path) -> None:
    """Put a project first in the user's list; the name is read from its file, or is the folder's."""
    name = folder.resolve().name
    with contextlib.suppress(OSError, ValueError):
        name = str(tomllib.loads((folder / "project.toml").read_text(encoding="utf-8")).get("name") or name)
    RecentProjects().add(folder, name)
