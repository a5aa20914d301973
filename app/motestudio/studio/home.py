"""What every verb shares: the registry of plugins, the runner of jobs, the boards. Built on first use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType

from motestudio.domain.board import BoardFile
from motestudio.errors import ProjectError
from motestudio.firmware.boards import load_boards
from motestudio.jobs.runner import JobRunner
from motestudio.plugins.registry import Registry


class Studio:
    """One per process; closes its worker processes when it is closed.

    Args:
        plugin_dirs: further folders of plugins.
        safe_mode: built-in plugins only.
    """

    def __init__(self, plugin_dirs: Sequence[Path] = (), *, safe_mode: bool = False) -> None:
        self._plugin_dirs = tuple(plugin_dirs)
        self._safe_mode = safe_mode
        self._runner: JobRunner | None = None

    @cached_property
    def registry(self) -> Registry:
        """All plugins found, good and bad."""
        return Registry.discover(self._plugin_dirs, safe_mode=self._safe_mode)

    def rescan(self, plugin_dirs: Sequence[Path] | None = None) -> Registry:
        """Look for plugins again, as after one was added or mended; what runs keeps the old ones.

        Args:
            plugin_dirs: other further folders than before.
        """
        if plugin_dirs is not None:
            self._plugin_dirs = tuple(plugin_dirs)
        self.__dict__.pop("registry", None)
        return self.registry

    @cached_property
    def boards(self) -> dict[str, BoardFile]:
        """All board files by id."""
        return load_boards()

    @property
    def runner(self) -> JobRunner:
        """Runs stages in worker processes."""
        if self._runner is None:
            self._runner = JobRunner()
        return self._runner

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
        """End the worker processes."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
