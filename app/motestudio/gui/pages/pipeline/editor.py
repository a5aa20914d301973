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
        refused(object): an `AppError`; nothing of that change was saved.
    """

    touched = Signal(str)
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

    @Slot(str)
    def clean(self, key: str) -> None:
        """Drop what the stage does not know (any more)."""
        self.set_params(key, {})

    def set_dataset(self, first: str, changes: dict[str, Any]) -> None:
        """Change the split; the stage with the key `first` and all after it turn stale."""
        self._change(first, lambda project: pipeline_edit.set_dataset(project, **changes))

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
