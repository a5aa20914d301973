"""Reads what the page shows of each plugin: registry, boards, missing modules. Blocking and without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from motestudio.errors import AppError
from motestudio.firmware.boards import read_board
from motestudio.plugins.compatibility import missing
from motestudio.plugins.trust import is_trusted

if TYPE_CHECKING:
    from motestudio.plugins.manifest import StageManifest
    from motestudio.plugins.registry import PluginRow, Registry
    from motestudio.studio.home import Studio


@dataclass(frozen=True, slots=True)
class BoardFact:
    """A board file of a plugin.

    Attributes:
        id: of the board; the file's name where it cannot be read.
        name: for people.
        chip: and clock, as "STM32L476, 80 MHz".
        problem: why it cannot be used, or empty.
    """

    id: str
    name: str = ""
    chip: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin with what had to be looked up.

    Attributes:
        row: as the registry found it.
        boards: that it brings.
        missing: modules that are not installed, by stage id.
        trusted: its code may run: it is no project's, or of one whose folder the user trusts, whatever its state is.
    """

    row: PluginRow
    boards: tuple[BoardFact, ...] = ()
    missing: tuple[tuple[str, tuple[str, ...]], ...] = ()
    trusted: bool = True

    def missing_of(self, stage: StageManifest) -> tuple[str, ...]:
        """Modules that a stage needs and that are not installed."""
        return dict(self.missing).get(stage.id, ())


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the page shows.

    Attributes:
        plugins: those with a problem first, else as they were found.
        safe_mode: only the shipped ones were looked for.
        project: whose own plugins are among them, or None.
        trusted: whether the user trusts its folder.
    """

    plugins: tuple[Plugin, ...]
    safe_mode: bool = False
    project: Path | None = None
    trusted: bool = False

    @property
    def own(self) -> tuple[Plugin, ...]:
        """Those that the project brings."""
        return tuple(p for p in self.plugins if p.row.origin == "project")


def read(studio: Studio, registry: Registry) -> Found:
    """All plugins, as the page shows them."""
    project = studio.project_dir
    trusted = project is not None and is_trusted(project)
    plugins = [_plugin(row, trusted=trusted or row.origin != "project") for row in registry.rows]
    plugins.sort(key=lambda p: p.row.state == "ok" and not p.row.notes)
    return Found(tuple(plugins), studio.safe_mode, project, trusted)


def _plugin(row: PluginRow, *, trusted: bool) -> Plugin:
    stages = row.manifest.stages if row.manifest else ()
    lacking = tuple((s.id, found) for s in stages if (found := missing(s.requires, row.paths)))
    return Plugin(row, _boards(row), lacking, trusted)


def _boards(row: PluginRow) -> tuple[BoardFact, ...]:
    if row.manifest is None or not row.boards_dir.is_dir():
        return ()
    facts = []
    for path in sorted(row.boards_dir.glob("*.toml")):
        try:
            board = read_board(path)
        except AppError as error:
            facts.append(BoardFact(path.stem, problem=str(error)))
        else:
            facts.append(BoardFact(board.id, board.name, f"{board.chip}, {board.clock_hz / 1e6:g} MHz"))
    return tuple(facts)
