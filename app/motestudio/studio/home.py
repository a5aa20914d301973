"""What every verb shares: the registry of plugins, the runner of jobs, the boards. Built on first use."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from motestudio.domain.board import BoardFile
from motestudio.errors import AppError, ProjectError
from motestudio.firmware.boards import load_boards
from motestudio.jobs.runner import JobRunner
from motestudio.plugins import trust
from motestudio.plugins.registry import Registry
from motestudio.studio.recorder_process import RecorderProcess


@dataclass(frozen=True, slots=True)
class _Found:
    registry: Registry
    boards: dict[str, BoardFile]


def _find(plugin_dirs: Sequence[Path], project_dir: Path | None, *, safe_mode: bool) -> _Found:
    registry = Registry.discover(plugin_dirs, safe_mode=safe_mode, project_dir=project_dir)
    folders = {row.boards_dir: row.folder for row in registry.rows if row.usable and row.boards_dir.is_dir()}
    problems: list[AppError] = []
    boards = load_boards(folders, problems)
    notes: defaultdict[Path, list[str]] = defaultdict(list)
    for problem in problems:
        folder = folders.get(Path(problem.data.get("path", "")).parent)
        if folder is not None:
            notes[folder].append(problem.text)
    return _Found(registry.with_notes(notes) if notes else registry, boards)


class Studio:
    """One per process; closes its worker processes when it is closed.

    Args:
        plugin_dirs: further folders of plugins.
        safe_mode: built-in plugins only.
        project_dir: of the project that is open, whose own plugins are found too.
    """

    def __init__(
        self, plugin_dirs: Sequence[Path] = (), *, safe_mode: bool = False, project_dir: Path | None = None
    ) -> None:
        self._plugin_dirs = tuple(plugin_dirs)
        self._safe_mode = safe_mode
        self._project_dir = project_dir
        self._runner: JobRunner | None = None
        self._lock = threading.RLock()
        self._spare: RecorderProcess | None = None
        self._found: _Found | None = None

    @property
    def registry(self) -> Registry:
        """All plugins found, good and bad."""
        return self._look().registry

    @property
    def boards(self) -> dict[str, BoardFile]:
        """All board files by id: shipped, and those of usable plugins; a broken one is a note on its plugin's row."""
        return self._look().boards

    @property
    def safe_mode(self) -> bool:
        """Whether built-in plugins only are looked for."""
        return self._safe_mode

    @property
    def project_dir(self) -> Path | None:
        """The project whose own plugins are looked for."""
        return self._project_dir

    def rescan(self, plugin_dirs: Sequence[Path] | None = None) -> Registry:
        """Look for plugins again, as after one was added or mended; what runs keeps the old ones.

        Args:
            plugin_dirs: other further folders than before.
        """
        with self._lock:
            if plugin_dirs is not None:
                self._plugin_dirs = tuple(plugin_dirs)
            self._found = None
            return self.registry

    def open_project_plugins(self, project_dir: Path | None) -> Registry:
        """Look for the plugins of another project, or (None) of none, as when one is opened or closed.

        Those of a project that the user has not trusted are rows in the state ``untrusted``.
        """
        with self._lock:
            if project_dir != self._project_dir:
                self._project_dir = project_dir
                self._found = None
            return self.registry

    def trust_project(self) -> Registry:
        """Let the open project's own plugins run, now and whenever it is opened.

        Raises:
            PluginError: it cannot be written down.
        """
        if self._project_dir is not None:
            trust.trust(self._project_dir)
        return self.rescan()

    def untrust_project(self) -> Registry:
        """Take `trust_project` back.

        Raises:
            PluginError: it cannot be written down.
        """
        if self._project_dir is not None:
            trust.untrust(self._project_dir)
        return self.rescan()

    def _look(self) -> _Found:
        with self._lock:
            if self._found is None:
                self._found = _find(self._plugin_dirs, self._project_dir, safe_mode=self._safe_mode)
            return self._found

    @property
    def runner(self) -> JobRunner:
        """Runs stages in worker processes."""
        if self._runner is None:
            self._runner = JobRunner()
        return self._runner

    def prepare_recorder(self) -> None:
        """Start a recorder for the next board, unless one waits already; takes some tenths of a second."""
        with self._lock:
            if self._spare is None or not self._spare.alive:
                self._spare = RecorderProcess()

    def spare_recorder(self) -> RecorderProcess | None:
        """The recorder that waits, for whoever asks first; None where none does."""
        with self._lock:
            spare, self._spare = self._spare, None
        return spare

    def board(self, board_id: str) -> BoardFile:
        """A board file.

        Raises:
            ProjectError: there is none with this id.
        """
        try:
            return self.boards[board_id]
        except KeyError:
            raise ProjectError(
                "board.unknown",
                f"There is no board {board_id!r}.",
                f"Known boards: {', '.join(sorted(self.boards))}.",
                {"board": board_id},
            ) from None

    def close(self) -> None:
        """End the worker processes, and a recorder that waits."""
        spare = self.spare_recorder()
        if spare is not None:
            spare.close()
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
