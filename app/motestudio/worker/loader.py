"""Imports plugin code: each plugin from its own folder, kept apart from every other plugin's modules.

Two plugins may use the same package name, and a plugin may be edited between two jobs of a warm worker: modules
are remembered by folder and by the state of its files, and only the running plugin's are in ``sys.modules``.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from motestudio.errors import PluginError
from motestudio.plugins.code import stamp
from motestudio.plugins.compatibility import how_to_get

Stamp = tuple[tuple[str, int, int], ...]


class PluginLoader:
    """The plugin code of one worker; for one thread."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[Stamp, dict[str, ModuleType]]] = {}
        self._active: Path | None = None
        self._stamp: Stamp = ()
        self._paths: list[str] = []

    def stage(self, folder: Path, entry: str, paths: Sequence[str] = ()) -> Any:
        """A fresh object of the stage's class.

        Args:
            folder: of the plugin.
            entry: ``module:Class``.
            paths: folders with packages that it needs; searched after all others, so that they replace none of ours.

        Raises:
            PluginError: the code cannot be imported, or has no such class.
        """
        self._activate(folder.resolve())
        self._search(paths)
        module_name, _, class_name = entry.partition(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            missing = (error.name or "").split(".", maxsplit=1)[0]
            if missing == module_name.split(".", maxsplit=1)[0]:
                raise _broken(entry, f"its folder has no module {error.name}") from error
            raise PluginError(
                "stage.requirement",
                f"It needs the Python package {missing}, which is not installed.",
                how_to_get([missing]),
                {"module": missing},
            ) from error
        if not _belongs(module, folder.resolve()):
            raise _broken(entry, f"another module named {module_name} stands in its way")
        found = getattr(module, class_name, None)
        if not isinstance(found, type):
            raise _broken(entry, f"{module_name} has no class {class_name}")
        return found()

    def _search(self, paths: Sequence[str]) -> None:
        if list(paths) != self._paths:
            for path in self._paths:
                with contextlib.suppress(ValueError):
                    sys.path.remove(path)
            self._paths = [path for path in paths if path not in sys.path]
            sys.path.extend(self._paths)
            importlib.invalidate_caches()

    def _activate(self, folder: Path) -> None:
        now = stamp(folder)
        if self._active == folder and self._stamp == now:
            return
        if self._active is not None:
            self._set_aside(self._active)
        kept_stamp, modules = self._kept.pop(folder, ((), {}))
        if kept_stamp == now:
            sys.modules.update(modules)
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        self._active, self._stamp = folder, now

    def _set_aside(self, folder: Path) -> None:
        modules = {name: m for name, m in list(sys.modules.items()) if _belongs(m, folder)}
        for name in modules:
            del sys.modules[name]
        self._kept[folder] = (self._stamp, modules)
        while str(folder) in sys.path:
            sys.path.remove(str(folder))


def _belongs(module: Any, folder: Path) -> bool:
    """Whether a module came from the folder; looks only at what is there: asking a lazy module would load it."""
    try:
        facts = vars(module)
    except TypeError:
        return False
    prefix = str(folder) + os.sep
    places = [facts.get("__file__")]
    spec = facts.get("__spec__")
    if places[0] is None and spec is not None:  # a package without __init__.py
        places += list(getattr(spec, "submodule_search_locations", None) or ())
    return any(isinstance(p, str) and (p + os.sep).startswith(prefix) for p in places)


def _broken(entry: str, reason: str) -> PluginError:
    return PluginError("stage.entry", f"The stage's code {entry} cannot be used: {reason}.", "Mend the plugin.")
