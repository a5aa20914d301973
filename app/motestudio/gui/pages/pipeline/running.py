"""Starts and cancels runs of the pipeline from the page; `follower` follows them. Shows nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from motestudio.domain.pipeline import CHAIN
from motestudio.gui.context import AppContext
from motestudio.gui.pages.pipeline.follower import RunFollower
from motestudio.studio import pipeline, train
from motestudio.studio.operation import Operation
from motestudio.studio.outline import Outline
from motestudio.studio.pipeline_view import PipelineView


class PipelineStarter(QObject):
    """One per page."""

    def __init__(self, context: AppContext, follower: RunFollower, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._follower = context, follower

    def start(self, view: PipelineView, until: str) -> None:
        """Run up to a kind of stage, or all where it is empty; a whole pipeline is kept as a run."""
        project, studio = self._context.project, self._context.studio
        if project is None or self._follower.running is not None:
            return
        kinds = [s.kind for s in view.stages]
        last = next((k for k in CHAIN if k == until), None)
        whole = last in (None, kinds[-1] if kinds else None) and "convert" in kinds

        def work(operation: Operation) -> object:
            if whole:
                return train.train(studio, project, operation)
            return pipeline.run(studio, project, operation, until=last)

        self._follower.follow(self._context.run_operation("Pipeline", work, self._done), until)

    @Slot(object)
    def _done(self, _: object) -> None:
        self._context.runs_changed.emit()

    def stop(self) -> None:
        """Cancel what runs; nothing half-made is kept."""
        if self._follower.running is not None:
            self._follower.running.cancel()


def obstacle(view: PipelineView, outline: Outline) -> str:
    """Why the pipeline cannot run, empty where it can: what is missing, absent, or refused by a stage."""
    for gap in view.gaps:
        if gap.blocks:
            return f"{gap.text} {gap.hint}"
    for stage in view.stages:
        status, key = stage.status, stage.status.use.key
        if status.state == "absent":
            return f"Stage {key}: {status.reason}"
        told = outline.stages.get(key)
        error = told.error if told is not None and told.refused else None
        if status.state != "fresh" and error is not None:
            prefix = f"Stage {key}: "
            return f"{prefix}{error.text.removeprefix(prefix)} {error.hint}".strip()
        if status.state == "invalid":
            return f"Stage {key}: {status.reason.removeprefix(f'Stage {key}: ')}"
    return ""
