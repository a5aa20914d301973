"""Keeps the rail's dots true: looks at the project anew after every change, beside the window.

What runs is the pages' to say (`AppContext.set_stage(page, "running")`); their word stands until the next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from motestudio.studio.operation import Operation

if TYPE_CHECKING:
    from motestudio.gui.context import AppContext

DELAY_MS = 250
"""Changes come in bursts; one look after the last is enough."""


class StageWatch(QObject):
    """Looks after each change of project, recordings, pipeline and runs."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context
        self._looking = False
        self._again = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._look)
        for signal in (
            context.project_changed,
            context.recordings_changed,
            context.pipeline_changed,
            context.runs_changed,
        ):
            signal.connect(self._timer.start)

    def _look(self) -> None:
        context = self._context
        project = context.project
        if project is None:
            return
        if self._looking:
            self._again = True
            return
        studio = context.studio
        self._looking = True

        def work(_: Operation) -> dict[str, str]:
            from motestudio.studio import overview

            return dict(overview.states(studio, project))

        def done(states: dict[str, str]) -> None:
            self._looking = False
            if context.project is project:
                for page, state in states.items():
                    if context.stages.get(page) != "running":
                        context.set_stage(page, state)
            if self._again:
                self._again = False
                self._timer.start()

        def failed(_: BaseException) -> None:
            # The page concerned says what is wrong; dots stay as they are.
            self._looking = False

        context.run_operation("Look at the project", work, done, failed, quiet=True)
