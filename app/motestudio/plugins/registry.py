"""All plugins that can be found, good and bad: a bad one is a row with its reason. No plugin code is imported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from motestudio.errors import PluginError
from motestudio.plugins.code import code_hash
from motestudio.plugins.compatibility import how_to_get, missing
from motestudio.plugins.manifest import MANIFEST, Manifest, StageManifest, read_manifest
from motestudio.plugins.places import Candidate, Origin, candidates
from motestudio.plugins.trust import is_trusted

_HEAD_BYTES = 4096
_ID_LINE = re.compile(r"""^id\s*=\s*["']([a-z0-9-]{1,100})["']""", re.MULTILINE)

State = Literal["ok", "refused", "broken", "shadowed", "missing_requirement", "untrusted"]
USABLE = frozenset({"ok", "missing_requirement"})
"""States in which a plugin's stages can be used, as far as their own requirements are there."""


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin as it was found.

    Attributes:
        id: of the plugin; of one whose manifest cannot be used what it seems to be.
        folder: of the plugin.
        manifest: None where it could not be read.
        state: ``missing_requirement`` where a module is not installed that one of its stages needs: the others run;
            ``untrusted`` where it belongs to a project whose folder the user has not trusted: none runs.
        reason: why it is not ``ok``.
        origin: where it was found.
        paths: folders with packages that its code may import besides the program's own.
        notes: what else is wrong with it and does not keep its stages from running.
    """

    id: str
    folder: Path
    manifest: Manifest | None
    state: State
    reason: str
    origin: Origin
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether its stages can be used, as far as their own requirements are there."""
        return self.state in USABLE

    @property
    def boards_dir(self) -> Path:
        """Where it may bring board files."""
        return self.folder / "boards"


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A stage that can be used.

    Attributes:
        manifest: of the stage.
        plugin: it belongs to.
        folder: of the plugin.
        code_hash: of the plugin's code.
        missing: modules that it needs and that are not installed: it can be shown and set up, not run.
        paths: folders with packages that its code may import besides the program's own.
    """

    manifest: StageManifest
    plugin: Manifest
    folder: Path
    code_hash: str
    missing: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()


class Registry:
    """The plugins of this program; made by `discover`.

    Attributes:
        rows: in the order they were found.
    """

    def __init__(self, rows: Sequence[PluginRow]) -> None:
        self.rows = tuple(rows)
        self._stages: dict[str, tuple[PluginRow, Manifest, StageManifest]] = {}
        for row in rows:
            if row.manifest is not None and row.usable:
                for stage in row.manifest.stages:
                    self._stages[stage.id] = (row, row.manifest, stage)

    @classmethod
    def discover(
        cls, extra_dirs: Sequence[Path] = (), *, safe_mode: bool = False, project_dir: Path | None = None
    ) -> Registry:
        """Look in the shipped folder, entry points, the user's folder, further folders and the project's, in order.

        Args:
            extra_dirs: folders of plugins, or plugins.
            safe_mode: the shipped folder only.
            project_dir: the open project's; its own plugins are usable once the user trusts it.
        """
        trusted = project_dir is not None and not safe_mode and is_trusted(project_dir)
        rows: list[PluginRow] = []
        owners: dict[str, PluginRow] = {}
        seen: set[Path] = set()
        for candidate in candidates(extra_dirs, project_dir, safe_mode=safe_mode):
            if candidate.folder in seen:
                continue
            seen.add(candidate.folder)
            row = _row(candidate)
            if row.manifest is not None:
                first = owners.setdefault(row.id, row)
                if first is not row:
                    reason = f"{row.id} was found in {first.folder} before ({_WORDS[first.origin]})"
                    row = replace(row, state="shadowed", reason=reason)
                elif candidate.origin == "project" and not trusted:
                    row = replace(row, state="untrusted", reason=_UNTRUSTED)
            rows.append(row)
        return cls(rows)

    def with_notes(self, notes: Mapping[Path, Sequence[str]]) -> Registry:
        """The same with notes on rows, by the plugin's folder."""
        return Registry([replace(row, notes=(*row.notes, *notes.get(row.folder, ()))) for row in self.rows])

    def stage(self, full_id: str) -> StageEntry:
        """A stage by its full id, with the hash of its plugin's code as it is now.

        Raises:
            PluginError: ``plugin.absent``, with what is known of the reason; its data has ``stage``, ``plugin``,
                ``state`` (of the plugin, or ``absent``) and, where there is one, ``folder``.
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
        lacking = missing(stage.requires, row.paths)
        return StageEntry(stage, plugin, row.folder, code_hash(row.folder), lacking, row.paths)

    def _absent(self, full_id: str) -> PluginError:
        plugin, _, stage = full_id.partition("/")
        data = {"stage": full_id, "plugin": plugin, "state": "absent"}
        kept = "the parameters in the project are kept."
        rows = [row for row in self.rows if row.id == plugin]
        # The one that is usable says most; a shadowed one least: it is not what would run.
        row = min(rows, key=lambda r: _TELLING.index(r.state), default=None)
        if row is None:
            text = f"There is no plugin {plugin!r} with the stage {stage!r}."
            return PluginError("plugin.absent", text, f"Install the plugin, or choose another stage; {kept}", data)
        data |= {"state": row.state, "folder": str(row.folder)}
        if row.usable:
            have = ", ".join(s.id for s in row.manifest.stages) if row.manifest is not None else ""
            text, hint = f"The plugin {plugin} has no stage {stage!r}.", f"It has {have or 'none'}; {kept}"
        elif row.state == "untrusted":
            text = f"The plugin {plugin} belongs to this project, whose plugins are not trusted."
            hint = f"Look at {row.folder} and trust the project, or choose another stage; {kept}"
        else:
            text = f"The plugin {plugin} cannot be used: {row.reason}"
            hint = f"Mend or update the plugin, or choose another stage; {kept}"
        return PluginError("plugin.absent", text, hint, data)


_TELLING: tuple[State, ...] = ("ok", "missing_requirement", "untrusted", "refused", "broken", "shadowed")
_UNTRUSTED = "it belongs to the open project, whose plugins run only after you trust its folder"
_WORDS: Mapping[Origin, str] = {
    "shipped": "built in",
    "entry_point": "an installed package",
    "user": "your plugins",
    "folder": "a further folder",
    "project": "this project",
}


def _row(candidate: Candidate) -> PluginRow:
    folder, origin, paths = candidate.folder, candidate.origin, candidate.paths
    try:
        manifest = read_manifest(folder)
    except PluginError as error:
        state: State = "refused" if error.code == "plugin.api" else "broken"
        return PluginRow(_seeming_id(folder), folder, None, state, str(error), origin, paths)
    lacking = {name for stage in manifest.stages for name in missing(stage.requires, paths)}
    if lacking:
        reason = f"not installed: {', '.join(sorted(lacking))}. {how_to_get(sorted(lacking), paths)}"
        return PluginRow(manifest.id, folder, manifest, "missing_requirement", reason, origin, paths)
    return PluginRow(manifest.id, folder, manifest, "ok", "", origin, paths)


def _seeming_id(folder: Path) -> str:
    """The id in a manifest that cannot be used, so that a project that needs it is told why; else the folder's name."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return folder.name
    found = _ID_LINE.search(head)
    return found.group(1) if found else folder.name
