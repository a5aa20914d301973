"""Target stages: what a plugin adds to a generated firmware project, in its ``target`` folder."""

from __future__ import annotations

from pathlib import Path

from motestudio.errors import PluginError

FOLDER = "target"
"""Of the generated project."""
_MOST_FILES, _MOST_BYTES = 2000, 64 << 20


def read_files(folder: Path) -> dict[str, bytes]:
    """The files that a target stage wrote, by path inside its folder.

    Raises:
        PluginError: ``target.files``: a link, a name that not every system can have, or far too much.
    """
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise _bad(f"{name} is a link")
        if not path.is_file():
            continue
        if any(c in name for c in '\\:*?"<>|') or any(part.endswith((".", " ")) for part in name.split("/")):
            raise _bad(f"{name!r} is no file name on every system")
        data = path.read_bytes()
        total += len(data)
        if len(found) >= _MOST_FILES or total > _MOST_BYTES:
            raise _bad(f"it wrote more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MB")
        found[name] = data
    return found


def _bad(why: str) -> PluginError:
    return PluginError(
        "target.files", f"What the target stage wrote cannot be used: {why}.", "Report it to its author."
    )
