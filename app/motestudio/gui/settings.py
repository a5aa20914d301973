"""What the window remembers between starts: theme, size, panels. A small JSON file; a broken one is ignored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from motestudio.shipped import user_dir


class Settings:
    """A flat table of JSON values.

    Args:
        path: of the file; the user's configuration folder where None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_dir() / "window.json"
        try:
            loaded = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            loaded = {}
        self._values: dict[str, Any] = loaded if isinstance(loaded, dict) else {}

    def get(self, key: str, default: Any) -> Any:
        """The value, where one of the default's type is known."""
        value = self._values.get(key, default)
        return value if isinstance(value, type(default)) else default

    def set(self, key: str, value: Any) -> None:
        """Remember a value; a disk that does not take it is no reason to disturb anybody."""
        if self._values.get(key) == value:
            return
        self._values[key] = value
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._values, indent=1), "utf-8")
            fresh.replace(self._path)
        except OSError:
            return
