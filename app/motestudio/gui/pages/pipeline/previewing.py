"""Keeps the preview up to date: which window, which stage, with which parameters; asks beside the window."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.domain.params import Value
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.pages.pipeline.preview_data import Cutter, Frame, Request, make
from motestudio.studio.operation import Operation
from motestudio.studio.pipeline_view import PipelineView

_ASK_MS = 5
_PATIENCE_S = 0.3


class PreviewFollower(QObject):
    """One per page.

    Attributes:
        frame: the last one, or None.
        milliseconds: from the last change to the frame that shows it.

    Signals:
        shown(object): a `Frame`, or a str that says why there is none.
    """

    shown = Signal(object)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.frame: Frame | None = None
        self.milliseconds = 0.0
        self._view: PipelineView | None = None
        self._request = Request()
        self._cutter = Cutter()
        self._asking: RunningOperation | None = None
        self._again = False
        context.bridge.finished.connect(self._finished)
        self._began = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_ASK_MS)
        self._later.timeout.connect(self._ask)

    @property
    def waiting(self) -> bool:
        """Whether the frame of the last change is still to come."""
        return self._later.isActive() or self._asking is not None

    def forget(self) -> None:
        """Another project is open."""
        self._later.stop()
        self._view, self.frame, self._request, self._cutter = None, None, Request(), Cutter()

    def set_view(self, view: PipelineView) -> None:
        """The pipeline was read again."""
        self._view = view
        self._soon()

    def set_stage(self, key: str) -> None:
        """Another stage was chosen."""
        if key != self._request.key:
            self._request = replace(self._request, key=key)
            self._soon()

    def set_changes(self, changes: Mapping[str, Mapping[str, Value]]) -> None:
        """What is set and not saved yet."""
        self._request = replace(self._request, changes={key: dict(values) for key, values in changes.items()})
        self._soon()

    def step(self, by: int) -> None:
        """The next window, or the one before."""
        frame = self.frame
        if frame is None or (by < 0 and frame.first) or (by > 0 and frame.last):
            return
        if frame.index >= 0:
            self._request = replace(self._request, index=frame.index + by, by_take=False)
        else:
            nth, take = frame.nth + by, frame.take_index
            if nth < 0:
                nth, take = -1, take - 1
            elif nth >= len(frame.cuts):
                nth, take = 0, take + 1
            self._request = replace(self._request, take=take, nth=nth, by_take=True)
        self._soon(0)

    def shuffle(self) -> None:
        """Another altered copy."""
        self._request = replace(self._request, seed=self._request.seed + 1)
        self._soon(0)

    def _soon(self, milliseconds: int = _ASK_MS) -> None:
        self._began = self._began or time.monotonic()
        # A slider that is dragged changes oftener than a worker answers: the first change begins the wait.
        if not self._later.isActive():
            self._later.start(milliseconds)

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
        project, view, request = self._context.project, self._view, self._request
        if project is None or view is None:
            return
        studio, cutter = self._context.studio, self._cutter
        self._again = False

        def work(operation: Operation) -> tuple[PipelineView, Frame | str]:
            return view, make(studio, project, view, cutter, request, operation)

        self._asking = self._context.run_operation("Look at a window", work, self._answered, quiet=True)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self._asking:
            self._asking = None
            if self._again:
                self._later.start(0)

    @Slot(object)
    def _answered(self, found: tuple[PipelineView, Frame | str]) -> None:
        view, frame = found
        if view is self._view:
            self._show(frame)

    def _show(self, frame: Frame | str) -> None:
        if isinstance(frame, Frame):
            self.frame = frame
            index = frame.index if frame.index >= 0 else self._request.index
            self._request = replace(
                self._request, index=index, take=frame.take_index, nth=frame.nth, by_take=frame.index < 0
            )
        else:
            self.frame = None
        if not self._later.isActive():
            self.milliseconds = (time.monotonic() - self._began) * 1000
            self._began = 0.0
        self.shown.emit(frame)
