"""Writes what the user changes into ``project.toml``, undoably, a moment after the last change. Shows nothing.

The writes are small and happen in the window's thread, like undo: the project and its undo stack belong there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.domain.params import Value
from motestudio.errors import AppError
from motestudio.gui.context import AppContext
from motestudio.project.store import Project
from motestudio.studio import pipeline_edit

_SAVE_MS = 250


class PipelineEditor(QObject):
    """One per page.

    Attributes:
        pending: by stage key, what was set and is not yet saved.

    Signals:
        touched(str): this stage, and all after it, are stale from now on.
        pending_changed: `pending` is another one.
        arranged(str): stages were added, removed or moved; the stage to look at next.
        refused(object): an `AppError`; nothing of that change was saved.
    """

    touched = Signal(str)
    pending_changed = Signal()
    arranged = Signal(str)
    refused = Signal(object)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.pending: dict[str, dict[str, Value]] = {}
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_SAVE_MS)
        self._later.timeout.connect(self.save)

    @Slot(str, str, object)
    def set_param(self, key: str, param: str, value: Value) -> None:
        """Set a parameter; a slider that is dragged makes one step of undo, not hundreds."""
        self.pending.setdefault(key, {})[param] = value
        self.touched.emit(key)
        self.pending_changed.emit()
        self._later.start()

    def forget(self) -> None:
        """Another project is open: what is not saved belongs to the old one."""
        self._later.stop()
        self.pending.clear()

    @Slot()
    def save(self) -> None:
        """Write now what was set."""
        self._later.stop()
        pending, self.pending = self.pending, {}
        project = self._context.project
        if project is None or not pending:
            return
        for key, values in pending.items():
            try:
                pipeline_edit.set_params(self._context.studio, project, key, values)
            except AppError as error:
                self.refused.emit(error)
        self._context.pipeline_changed.emit()

    @Slot(str, str)
    def choose(self, key: str, stage: str) -> None:
        """Use another stage of the same kind."""
        self._change(key, lambda project: pipeline_edit.choose(self._context.studio, project, key, stage))

    @Slot(str, dict)
    def set_params(self, key: str, values: dict[str, Any]) -> None:
        """Set several parameters at once; without any, drop what the stage does not know."""
        self._change(key, lambda project: pipeline_edit.set_params(self._context.studio, project, key, values))

    def add(self, stage: str, place: int) -> None:
        """Add a stage at a position, -1 for where it belongs."""
        at = None if place < 0 else place
        self._arrange(lambda project: pipeline_edit.add(self._context.studio, project, stage, at=at).key)

    @Slot(str)
    def remove(self, key: str) -> None:
        """Take a stage out; its neighbour is looked at next."""

        def change(project: Project) -> str:
            keys = [s.key for s in project.config.pipeline.stages]
            pipeline_edit.remove(self._context.studio, project, key)
            at = keys.index(key)
            return (keys[at + 1 :] or keys[:at][-1:] or [""])[0]

        self._arrange(change)

    @Slot(str)
    def duplicate(self, key: str) -> None:
        """Add the same stage again."""
        self._arrange(lambda project: pipeline_edit.duplicate(self._context.studio, project, key).key)

    @Slot(str, int)
    def move(self, key: str, to: int) -> None:
        """Move a stage to a position."""

        def change(project: Project) -> str:
            pipeline_edit.move(self._context.studio, project, key, to)
            return key

        self._arrange(change)

    @Slot(str)
    def update(self, key: str) -> None:
        """Go on with the newest implementation of a stage."""
        self._change(key, lambda project: pipeline_edit.update(self._context.studio, project, key))

    @Slot(str)
    def clean(self, key: str) -> None:
        """Drop what the stage does not know (any more)."""
        self.set_params(key, {})

    def set_dataset(self, first: str, changes: dict[str, Any]) -> None:
        """Change the split; the stage with the key `first` and all after it turn stale."""
        self._change(first, lambda project: pipeline_edit.set_dataset(project, **changes))

    def _arrange(self, change: Callable[[Project], str]) -> None:
        self.save()
        project = self._context.project
        if project is None:
            return
        try:
            key = change(project)
        except AppError as error:
            self.refused.emit(error)
            return
        self.arranged.emit(key)
        self._context.pipeline_changed.emit()

    def _change(self, key: str, change: Callable[[Project], object]) -> None:
        self.save()
        project = self._context.project
        if project is None:
            return
        try:
            change(project)
        except AppError as error:
            self.refused.emit(error)
        else:
            self.touched.emit(key)
        self._context.pipeline_changed.emit()
