"""Whether a plugin can run here: its API version, and the modules it needs. Nothing is imported to find out."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable

from motestudio.errors import PluginError
from motestudio.sdk import API_VERSION

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


def missing(requires: Iterable[str]) -> tuple[str, ...]:
    """Those of the modules (or distributions) that are not installed."""
    return tuple(name for name in requires if not _is_there(name))


def _is_there(name: str) -> bool:
    try:
        # Only the top module: looking for a submodule would import its package.
        if importlib.util.find_spec(name.split(".", maxsplit=1)[0]) is not None:
            return True
    except (ImportError, ValueError, AttributeError):
        pass
    try:
        importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
    return True
