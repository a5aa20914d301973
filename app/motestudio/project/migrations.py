"""Brings project files of older versions up to date: pure steps on plain tables, run in order. No files here.

A new version adds one function to `STEPS`, and one real project of the old version to the tests. Old steps are
never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from motestudio.errors import ProjectError
from motestudio.project.schema import SCHEMA, broken

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""What leads from a version to the next, by the older one's number. Version 1 is the first."""


def version_of(plain: Mapping[str, Any]) -> int:
    """The schema version of a project file.

    Raises:
        ProjectError: it has none, or it is of a newer Mote Studio.
    """
    version = plain.get("schema")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise broken("`schema` must be a version number such as 1")
    if version > SCHEMA:
        raise ProjectError(
            "project.newer",
            f"The project was made by a newer Mote Studio (schema {version}; this one knows {SCHEMA}).",
            "Update Mote Studio, or open the copy from before the update.",
            {"schema": version, "known": SCHEMA},
        )
    return version


def migrate(plain: dict[str, Any], *, steps: Mapping[int, Step] = STEPS, target: int = SCHEMA) -> dict[str, Any]:
    """Lead plain tables to the target version; the tables given are not changed.

    Args:
        plain: of any version up to `target`.
        steps: by the version they start from.
        target: version to reach.
    """
    import copy

    tables = copy.deepcopy(plain)
    for version in range(int(tables["schema"]), target):
        tables = steps[version](tables) | {"schema": version + 1}
    return tables
