"""What the Analyse page does: measure on the board, take over another board. Talks to verbs, draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.errors import DeviceError
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.project.store import Project
from motestudio.studio import analyse, deploy, evaluate
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run


class Actions(QObject):
    """Verbs of the page.

    Signals:
        measured: a new measurement is kept.
        busy(bool): a measurement runs, or has ended in any way.
    """

    measured = Signal()
    busy = Signal(bool)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._running: RunningOperation | None = None
        context.bridge.finished.connect(self._finished)

    def measure(self, run: Run, *, flash: bool = False) -> None:
        """Send the held-out windows to the connected board; asks for a board, or for the model on it, where missing.

        Args:
            run: whose windows.
            flash: build and flash the run's model first.
        """
        context, project, session = self._context, self._context.project, self._context.session
        again = partial(self.measure, run)
        if project is None or self._running is not None:
            return
        if session is None:
            context.show_message(
                "No board is connected.",
                "Measuring sends the held-out windows to a board and compares its answers with this computer's.",
                action="Use the virtual board",
                act=partial(context.connect_device, "virtual", then=again),
            )
            return

        def failed(error: BaseException) -> None:
            if isinstance(error, DeviceError) and error.code == "device.other_model":
                hint = "A run is measured on the board that holds its model."
                context.show_message(error.text, hint, "warn", "Flash it and measure", partial(again, flash=True))
            else:
                context.show_error(error)

        def done(_: evaluate.Measurement) -> None:
            self.measured.emit()
            if flash:
                context.device_changed.emit()

        self.busy.emit(True)
        work = partial(self._work, project, session, run, flash)
        self._running = context.run_operation(f"Measure {run.id} on {session.description.name}", work, done, failed)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self._running:
            self._running = None
            self.busy.emit(False)

    def _work(
        self, project: Project, session: DeviceSession, run: Run, flash: bool, operation: Operation
    ) -> evaluate.Measurement:
        share = 0.0
        if flash:
            share = 0.4
            with operation.within(0.0, 0.3) as part:
                built = deploy.generate_and_build(self._context.studio, project, run, part)
            with operation.within(0.3, share) as part:
                deploy.flash(session, built, part)
        with operation.within(share, 1.0) as part:
            check = evaluate.on_board(project, session, run, part)
        return evaluate.keep(run, session, check)

    def use_board(self, board_id: str, then: Callable[[], None]) -> None:
        """Make a board the project's; can be undone."""
        context, project = self._context, self._context.project
        if project is None:
            return
        studio = context.studio

        def done(_: str) -> None:
            context.project_changed.emit()
            context.pipeline_changed.emit()
            then()

        context.edits.submit(f"Use {board_id}", lambda: lambda _: analyse.use_board(studio, project, board_id), done)
