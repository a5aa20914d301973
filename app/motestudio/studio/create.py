"""New projects, from templates that are data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.shipped import resources_dir


@dataclass(frozen=True, slots=True)
class Template:
    """A starting point.

    Attributes:
        id: file stem.
        title: for people.
        text: one line.
        needs: sensor and rate.
        sensor: what the virtual board plays for it: ``imu``, ``microphone`` or ``vibration``.
        board: id of the board file it starts with.
        body: the rest, as `Project.create` takes it.
    """

    id: str
    title: str
    text: str
    needs: str
    sensor: str
    board: str
    body: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes it brings."""
        return tuple(c["name"] for c in self.body.get("class", ()))


_ORDER = ("gesture", "keyword", "vibration", "own")


def templates() -> list[Template]:
    """All shipped templates, in the order the start page shows them."""
    found = []
    for path in sorted((resources_dir() / "templates").glob("*.toml")):
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        facts = {k: str(body.pop(k, "")) for k in ("title", "text", "needs", "sensor", "board")}
        found.append(
            Template(path.stem, facts["title"], facts["text"], facts["needs"], facts["sensor"], facts["board"], body)
        )
    return sorted(found, key=lambda t: _ORDER.index(t.id) if t.id in _ORDER else len(_ORDER))


def template(template_id: str) -> Template:
    """One template.

    Raises:
        ProjectError: there is none with this id.
    """
    known = templates()
    for candidate in known:
        if candidate.id == template_id:
            return candidate
    names = ", ".join(t.id for t in known)
    raise ProjectError("template.unknown", f"There is no template {template_id!r}.", f"Known templates: {names}.")


def create(folder: Path, *, template_id: str = "gesture", name: str = "", board: str = "") -> Project:
    """Make a project folder and open it.

    Args:
        folder: must not exist, or be empty.
        template_id: what to start from.
        name: of the project; the folder's name where empty.
        board: id of a board file; the template's where empty.

    Raises:
        ProjectError: the folder is in use, or cannot be written.
    """
    chosen = template(template_id)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            "project.exists",
            f"{folder} exists and is not empty.",
            "Choose another folder, or open the project that is there.",
            {"folder": str(folder)},
        )
    clean = re.sub(r"\s+", " ", name).strip() or folder.name
    body = {"template": chosen.id, "board": {"id": board or chosen.board}, **chosen.body}
    return Project.create(folder, clean, body)
