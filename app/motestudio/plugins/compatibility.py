"""Whether a plugin can run here: its API version, and the modules it needs. Nothing is imported to find out."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from motestudio.errors import PluginError
from motestudio.sdk import API_VERSION

TRAINING = frozenset({"tensorflow", "tf_keras", "tensorflow_model_optimization", "ai_edge_litert", "tflite_micro"})
"""Modules that come with ``motestudio[train]``."""
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")


def check_api(api: str, plugin: str, *, host: str = API_VERSION) -> None:
    """Refuse a plugin for another major version, or for a newer minor one.

    Args:
        api: ``major.minor`` that the plugin was written for.
        plugin: its id, for the text.
        host: version that this program offers.

    Raises:
        PluginError: ``plugin.api``.
    """
    wanted, have = _VERSION.fullmatch(api), _VERSION.fullmatch(host)
    if not wanted or not have:
        raise PluginError("plugin.broken", f"{plugin}: api {api!r} is not a version such as 1.0.", "Mend the manifest.")
    (major, minor), (host_major, host_minor) = (tuple(map(int, m.groups())) for m in (wanted, have))
    if major != host_major or minor > host_minor:
        newer = (major, minor) > (host_major, host_minor)
        hint = "Update Mote Studio." if newer else "Get a newer version of the plugin."
        text = f"{plugin} was written for plugin API {api}; this program has {host}."
        raise PluginError("plugin.api", text, hint, {"api": api, "host": host})


def missing(requires: Iterable[str], paths: Sequence[Path] = ()) -> tuple[str, ...]:
    """Those of the modules (or distributions) that are not installed.

    Args:
        requires: their names.
        paths: further folders with packages.
    """
    searched = [str(path) for path in paths]
    return tuple(name for name in requires if not _is_there(name, searched))


def how_to_get(names: Sequence[str], paths: Sequence[Path] = ()) -> str:
    """What to do about requirements that are missing, as one sentence.

    Args:
        names: modules.
        paths: folders with packages that the plugin may import; empty for a shipped one.
    """
    if any(name in TRAINING for name in names):
        return "Run: pip install 'motestudio[train]'."
    where = f" --target {paths[0]}" if paths and getattr(sys, "frozen", False) else ""
    return f"Run: pip install{where} {' '.join(names)}"


def _is_there(name: str, paths: list[str]) -> bool:
    # Only the top module: looking for a submodule would import its package.
    top = name.split(".", maxsplit=1)[0]
    with contextlib.suppress(ImportError, ValueError, AttributeError):
        if importlib.util.find_spec(top) is not None:
            return True
    with contextlib.suppress(ImportError, ValueError, AttributeError):
        if paths and importlib.machinery.PathFinder.find_spec(top, paths) is not None:
            return True
    with contextlib.suppress(ValueError):
        found = importlib.metadata.distributions(name=name, path=[*sys.path, *paths])
        return next(iter(found), None) is not None
    return False
