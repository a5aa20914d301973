"""What every verb gets from the options that stand before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from motestudio.cli.console import Output

if TYPE_CHECKING:
    from motestudio.project.store import Project
    from motestudio.studio.home import Studio


@dataclass
class State:
    """One command line's options.

    Attributes:
        folder: of the project.
        as_json: one JSON object on stdout.
        plugin_dirs: further folders of plugins.
        safe_mode: built-in plugins only.
    """

    folder: Path
    as_json: bool
    plugin_dirs: tuple[Path, ...]
    safe_mode: bool

    @cached_property
    def output(self) -> Output:
        """Where words go."""
        return Output(as_json=self.as_json)

    @contextmanager
    def studio(self) -> Iterator[Studio]:
        """Plugins (also the project's own, where there is one), boards and workers; the workers end with the block."""
        from motestudio.project.store import PROJECT_FILE
        from motestudio.studio.home import Studio

        folder = self.folder.parent if self.folder.name == PROJECT_FILE else self.folder
        project = folder if (folder / PROJECT_FILE).is_file() else None
        with Studio(self.plugin_dirs, safe_mode=self.safe_mode, project_dir=project) as home:
            yield home

    @contextmanager
    def project(self) -> Iterator[Project]:
        """The project, open for writing."""
        from motestudio.project.store import Project

        with Project.open(self.folder) as opened:
            yield opened


def state_of(context: typer.Context) -> State:
    """The state that the callback of `mote` made."""
    state = context.obj
    assert isinstance(state, State)
    return state
