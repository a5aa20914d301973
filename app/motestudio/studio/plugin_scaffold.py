"""New plugins: a working one of any kind, from the templates in ``resources/templates/plugin``.

A template is itself a plugin, named my-plugin: what is written differs from it only by the name.
"""

from __future__ import annotations

import keyword
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import get_args

from motestudio import shipped
from motestudio.domain.pipeline import StageKind
from motestudio.errors import PluginError
from motestudio.plugins.manifest import read_manifest
from motestudio.plugins.places import user_plugins

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEXT = frozenset({".toml", ".py", ".c", ".h", ".md", ".ini"})
_COMMON = "common"


def templates_dir() -> Path:
    """Folder of the templates, one per kind, and one of what all have."""
    return shipped.resources_dir() / "templates" / "plugin"


def kinds() -> tuple[StageKind, ...]:
    """The kinds that there is a template for, in the order of the pipeline."""
    return tuple(k for k in get_args(StageKind) if (templates_dir() / k).is_dir())


def default_place() -> Path:
    """The user's own plugin folder."""
    return user_plugins()


def new_plugin(name: str, kind: str, place: Path | None = None) -> Path:
    """Write a plugin.

    Args:
        name: its id, lower-case words joined by dashes; spaces and capitals are turned into these.
        kind: of its stage.
        place: folder in which its folder is made; the user's own where None, in which plugins are found by themselves.

    Returns:
        The plugin's folder.

    Raises:
        PluginError: ``plugin.name``, ``plugin.kind``, ``plugin.exists`` or ``plugin.write``.
    """
    plugin_id = _id_of(name)
    if kind not in kinds():
        text = f"There is no kind of stage {kind!r}."
        raise PluginError("plugin.kind", text, f"Kinds: {', '.join(kinds())}.", {"kind": kind})
    place = place or default_place()
    folder = place / plugin_id
    if folder.exists():
        text = f"{folder} is there already."
        raise PluginError("plugin.exists", text, "Choose another name, or remove it.", {"folder": str(folder)})
    try:
        place.mkdir(parents=True, exist_ok=True)
        # Under another name first: a half-written plugin is never found.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place) as scratch:
            made = Path(scratch) / plugin_id
            for template in (_COMMON, kind):
                _copy(templates_dir() / template, made, plugin_id)
            read_manifest(made)
            made.rename(folder)
    except OSError as error:
        text = f"The plugin cannot be written to {place}: {error.strerror or error}."
        raise PluginError("plugin.write", text, "Choose another folder with --in.") from error
    return folder


def _id_of(name: str) -> str:
    plugin_id = re.sub(r"[\s_]+", "-", name.strip()).lower()
    package = plugin_id.replace("-", "_")
    if not _ID.fullmatch(plugin_id) or len(plugin_id) > 60:
        text = f"{name!r} cannot be a plugin's id."
        raise PluginError("plugin.name", text, "Use words of letters and digits, joined by dashes, such as band-level.")
    if not package.isidentifier() or keyword.iskeyword(package) or package in sys.stdlib_module_names:
        text = f"{name!r} cannot be the name of a Python package."
        raise PluginError("plugin.name", text, "Begin with a letter, and use no name of Python's own.")
    return plugin_id


def _copy(template: Path, folder: Path, plugin_id: str) -> None:
    names = {
        "my-plugin": plugin_id,
        "my_plugin": plugin_id.replace("-", "_"),
        "My plugin": plugin_id.replace("-", " ").capitalize(),
    }
    for path in sorted(p for p in template.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        target = folder / _renamed(path.relative_to(template).as_posix(), names)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in _TEXT:
            target.write_text(_renamed(path.read_text(encoding="utf-8"), names), encoding="utf-8", newline="\n")
        else:
            shutil.copyfile(path, target)


def _renamed(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text
