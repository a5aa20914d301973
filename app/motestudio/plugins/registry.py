"""All plugins that can be found, good and bad: a bad one is a row with its reason. No plugin code is imported."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motestudio import shipped
from motestudio.errors import PluginError
from motestudio.plugins.code import code_hash
from motestudio.plugins.compatibility import missing
from motestudio.plugins.manifest import MANIFEST, Manifest, StageManifest, read_manifest

ENTRY_POINTS = "motestudio.plugins"
PATH_VARIABLE = "MOTE_PLUGIN_PATH"
"""Further folders of plugins, separated like ``PATH``."""

State = Literal["ok", "refused", "broken", "shadowed", "missing_requirement"]
Origin = Literal["shipped", "entry_point", "user", "folder"]


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin as it was found.

    Attributes:
        folder: of the plugin.
        manifest: None where it could not be read.
        state: ``missing_requirement`` where a module is not installed that one of its stages needs: the others run.
        reason: why it is not ``ok``.
        origin: where it was found.
    """

    folder: Path
    manifest: Manifest | None
    state: State
    reason: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A stage that can be used.

    Attributes:
        manifest: of the stage.
        plugin: it belongs to.
        folder: of the plugin.
        code_hash: of the plugin's code.
        missing: modules that it needs and that are not installed: it can be shown and set up, not run.
    """

    manifest: StageManifest
    plugin: Manifest
    folder: Path
    code_hash: str
    missing: tuple[str, ...] = ()


class Registry:
    """The plugins of this program; made by `discover`.

    Attributes:
        rows: in the order they were found.
    """

    def __init__(self, rows: Sequence[PluginRow]) -> None:
        self.rows = tuple(rows)
        self._stages: dict[str, tuple[PluginRow, Manifest, StageManifest]] = {}
        for row in rows:
            if row.manifest is not None and row.state in ("ok", "missing_requirement"):
                for stage in row.manifest.stages:
                    self._stages[stage.id] = (row, row.manifest, stage)

    @classmethod
    def discover(cls, extra_dirs: Sequence[Path] = (), *, safe_mode: bool = False) -> Registry:
        """Look in the shipped folder, entry points, the user's folder and further folders, in this order.

        Args:
            extra_dirs: folders of plugins, or plugins.
            safe_mode: the shipped folder only.
        """
        rows: list[PluginRow] = []
        owners: dict[str, Path] = {}
        seen: set[Path] = set()
        for folder, origin in _candidates(extra_dirs, safe_mode):
            if folder in seen:
                continue
            seen.add(folder)
            row = _row(folder, origin)
            if row.manifest is not None:
                first = owners.setdefault(row.manifest.id, folder)
                if first != folder:
                    reason = f"{row.manifest.id} was found in {first} before"
                    row = PluginRow(folder, row.manifest, "shadowed", reason, origin)
            rows.append(row)
        return cls(rows)

    def stage(self, full_id: str) -> StageEntry:
        """A stage by its full id, with the hash of its plugin's code as it is now.

        Raises:
            PluginError: ``plugin.absent``, with what is known of the reason.
        """
        try:
            return self._entry(full_id)
        except KeyError:
            raise self._absent(full_id) from None

    def stages(self, kind: str | None = None) -> list[StageEntry]:
        """All usable stages, or those of one kind."""
        return [self._entry(i) for i, (_, _, stage) in self._stages.items() if kind in (None, stage.kind)]

    def _entry(self, full_id: str) -> StageEntry:
        row, plugin, stage = self._stages[full_id]
        return StageEntry(stage, plugin, row.folder, code_hash(row.folder), missing(stage.requires))

    def _absent(self, full_id: str) -> PluginError:
        plugin, _, stage = full_id.partition("/")
        hint = "Install the plugin, or choose another stage; the parameters in the project are kept."
        text = f"There is no plugin {plugin!r} with the stage {stage!r}."
        for row in self.rows:
            name = row.manifest.id if row.manifest is not None else row.folder.name
            if name == plugin and row.state == "ok":
                known = ", ".join(s.id for s in row.manifest.stages) if row.manifest is not None else ""
                text, hint = f"The plugin {plugin} has no stage {stage!r}.", f"It has {known}."
                break
            if name == plugin and row.state in ("refused", "broken"):
                text = f"The plugin {plugin} cannot be used: {row.reason}"
                break
        return PluginError("plugin.absent", text, hint, {"stage": full_id})


def _candidates(extra_dirs: Sequence[Path], safe_mode: bool) -> Iterator[tuple[Path, Origin]]:
    for folder in _plugins_in(shipped.plugins_dir()):
        yield folder, "shipped"
    if safe_mode:
        return
    for folder in _entry_point_folders():
        yield folder, "entry_point"
    for folder in _plugins_in(shipped.user_dir() / "plugins"):
        yield folder, "user"
    listed = [Path(p) for p in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if p]
    for place in [*extra_dirs, *listed]:
        for folder in [place.resolve()] if (place / MANIFEST).is_file() else _plugins_in(place):
            yield folder, "folder"


def _plugins_in(place: Path) -> list[Path]:
    try:
        return sorted(p for p in place.resolve().iterdir() if (p / MANIFEST).is_file())
    except OSError:
        return []


def _entry_point_folders() -> Iterator[Path]:
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        folder = _package_folder(point)
        if folder is not None:
            yield folder


def _package_folder(point: importlib.metadata.EntryPoint) -> Path | None:
    """The folder of a package, without importing it (or its parents)."""
    head, *rest = point.module.split(".")
    places: list[Path] = []
    if point.dist is not None:
        places.append(Path(str(point.dist.locate_file("/".join([head, *rest])))))
    try:
        spec = importlib.util.find_spec(head)
    except (ImportError, ValueError):
        spec = None
    if spec is not None:
        places += [Path(place, *rest) for place in spec.submodule_search_locations or ()]
    return next((place.resolve() for place in places if (place / MANIFEST).is_file()), None)


def _row(folder: Path, origin: Origin) -> PluginRow:
    try:
        manifest = read_manifest(folder)
    except PluginError as error:
        state: State = "refused" if error.code == "plugin.api" else "broken"
        return PluginRow(folder, None, state, str(error), origin)
    lacking = {name for stage in manifest.stages for name in missing(stage.requires)}
    if lacking:
        reason = f"not installed: {', '.join(sorted(lacking))}"
        return PluginRow(folder, manifest, "missing_requirement", reason, origin)
    return PluginRow(folder, manifest, "ok", "", origin)
