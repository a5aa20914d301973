"""Asks for shape and cost of the pipeline beside the window, a moment after every change. Shows nothing."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.domain.params import Value
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.project.store import Project
from motestudio.studio.operation import Operation
from motestudio.studio.outline import Outline, Outliner, StageOutline
from motestudio.studio.pipeline_places import Addable
from motestudio.studio.pipeline_view import PipelineView

_ASK_MS = 5
"""After a change."""
_PATIENCE_S = 0.3


class PipelineOutliner(QObject):
    """One per page.

    Attributes:
        outline: the last one.
        told: what stages say that may be added, by full id.

    Signals:
        changed: `outline` is another one.
        candidates_told: `told` is another one.
    """

    changed = Signal()
    candidates_told = Signal()

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.outline = Outline()
        self.told: dict[str, StageOutline] = {}
        self._outliner: Outliner | None = None
        self._view: PipelineView | None = None
        self._changes: dict[str, dict[str, Value]] = {}
        self._asking: RunningOperation | None = None
        self._again = False
        context.bridge.finished.connect(self._finished)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_ASK_MS)
        self._later.timeout.connect(self._ask)

    @property
    def waiting(self) -> bool:
        """Whether an answer to the last change is still to come."""
        return self._later.isActive() or self._asking is not None

    def forget(self) -> None:
        """Another project is open."""
        self._later.stop()
        self._view, self.outline, self.told, self._changes = None, Outline(), {}, {}

    def set_view(self, view: PipelineView) -> None:
        """The pipeline was read again."""
        self._view = view
        self._soon()

    def set_changes(self, changes: Mapping[str, Mapping[str, Value]]) -> None:
        """What is set and not saved yet."""
        self._changes = {key: dict(values) for key, values in changes.items()}
        self._soon()

    def _soon(self) -> None:
        # A slider that is dragged changes oftener than a worker answers: the first change begins the wait.
        if not self._later.isActive():
            self._later.start()

    @Slot()
    def _ask(self) -> None:
        if self._asking is not None:
            # Its end asks anew; what takes long is not waited for.
            self._again = True
            if self._asking.seconds > _PATIENCE_S:
                self._asking.cancel()
            else:
                self._later.start()
            return
        project, view = self._context.project, self._view
        if project is None or view is None:
            return
        outliner, changes = self._the_outliner(), self._changes
        self._again = False

        def work(operation: Operation) -> tuple[Project, Outline]:
            return project, outliner.outline(project, operation, given=view.given, changes=changes)

        self._asking = self._context.run_operation("Look ahead in the pipeline", work, self._answered, quiet=True)

    def _the_outliner(self) -> Outliner:
        if self._outliner is None:
            self._outliner = Outliner(self._context.studio)
        return self._outliner

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self._asking:
            self._asking = None
            if self._again:
                self._later.start(0)

    @Slot(object)
    def _answered(self, found: tuple[Project, Outline]) -> None:
        project, outline = found
        if project is self._context.project and outline != self.outline:
            self.outline = outline
            self.changed.emit()

    def ask_candidates(self, offered: tuple[Addable, ...]) -> None:
        """Ask what stages that may be added would give and cost."""
        project, view = self._context.project, self._view
        if project is None or view is None:
            return
        outliner = self._the_outliner()
        entries = [a.entry for a in offered if not a.entry.missing]

        def work(operation: Operation) -> dict[str, StageOutline]:
            return outliner.candidates(project, entries, operation, given=view.given)

        self._context.run_operation("Look at stages", work, self._candidates, quiet=True)

    @Slot(object)
    def _candidates(self, told: dict[str, StageOutline]) -> None:
        self.told = told
        self.candidates_told.emit()
