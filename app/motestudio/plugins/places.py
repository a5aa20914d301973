"""Where plugins lie, in the order in which the first of an id wins. Lists folders and metadata, imports nothing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motestudio import shipped
from motestudio.plugins.manifest import MANIFEST

ENTRY_POINTS = "motestudio.plugins"
PATH_VARIABLE = "MOTE_PLUGIN_PATH"
"""Further folders of plugins, separated like ``PATH``."""

Origin = Literal["shipped", "entry_point", "user", "folder", "project"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder with a manifest.

    Attributes:
        folder: resolved.
        origin: where it was found.
        paths: folders with packages that its code may import besides the program's own.
    """

    folder: Path
    origin: Origin
    paths: tuple[Path, ...] = ()


def user_plugins() -> Path:
    """Where the user puts plugins, one folder each."""
    return shipped.user_dir() / "plugins"


def user_packages() -> Path:
    """Where the user puts packages that plugins need, or that are plugins: ``pip install --target THIS NAME``.

    For the program that has no pip of its own, and for whoever does not want to touch the environment it runs in.
    """
    return shipped.user_dir() / "packages"


def candidates(extra_dirs: Sequence[Path], project_dir: Path | None, *, safe_mode: bool) -> Iterator[Candidate]:
    """All plugin folders: shipped, entry points, the user's, further ones, the project's own.

    Args:
        extra_dirs: folders of plugins, or plugins.
        project_dir: whose ``plugins`` folder comes last.
        safe_mode: the shipped ones only.
    """
    for folder in _plugins_in(shipped.plugins_dir()):
        yield Candidate(folder, "shipped")
    if safe_mode:
        return
    packages = user_packages().resolve()
    paths = (packages,) if packages.is_dir() else ()
    for folder in _entry_point_folders(paths):
        yield Candidate(folder, "entry_point", paths)
    for folder in _plugins_in(user_plugins()):
        yield Candidate(folder, "user", paths)
    listed = [Path(p) for p in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if p]
    for place in [*extra_dirs, *listed]:
        for folder in [place.resolve()] if _has_manifest(place) else _plugins_in(place):
            yield Candidate(folder, "folder", paths)
    if project_dir is not None:
        for folder in _plugins_in(project_dir / "plugins"):
            yield Candidate(folder, "project", paths)


def _has_manifest(folder: Path) -> bool:
    """Whether there is something of that name, readable or not: what cannot be read is a row with the reason."""
    path = folder / MANIFEST
    try:
        return os.path.lexists(path) and not (path.exists() and path.is_fifo())
    except (OSError, ValueError):
        return False


def _plugins_in(place: Path) -> list[Path]:
    try:
        return sorted(path for path in place.resolve().iterdir() if _has_manifest(path))
    except OSError:
        return []


def _entry_point_folders(paths: Sequence[Path]) -> Iterator[Path]:
    """Of the packages of this program's environment first, then of the user's packages."""
    yield from _folders_of(importlib.metadata.distributions())
    if paths:
        yield from _folders_of(importlib.metadata.distributions(path=[str(path) for path in paths]))


def _folders_of(distributions: Iterable[importlib.metadata.Distribution]) -> Iterator[Path]:
    for distribution in distributions:
        try:
            points = [p for p in distribution.entry_points if p.group == ENTRY_POINTS]
        except (OSError, ValueError, KeyError):  # metadata that an installation left half-written
            continue
        for point in sorted(points):
            folder = _package_folder(point, distribution)
            if folder is not None:
                yield folder


def _package_folder(point: importlib.metadata.EntryPoint, distribution: importlib.metadata.Distribution) -> Path | None:
    """The folder of a package, without importing it (or its parents)."""
    try:
        head, *rest = point.module.split(".")
    except (AttributeError, ValueError):  # a value that is none, as the library's and its backport's readers say it
        return None
    places = [Path(str(distribution.locate_file("/".join([head, *rest]))))]
    try:
        spec = importlib.util.find_spec(head)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is not None:
        places += [Path(place, *rest) for place in spec.submodule_search_locations or ()]
    return next((place.resolve() for place in places if _has_manifest(place)), None)
