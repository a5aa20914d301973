"""Follows runs of the pipeline, whoever began them: which stage is computed, how far it is, which one failed.

It starts nothing; `PipelinePage` does, and other pages do.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.domain.pipeline import CHAIN
from motestudio.gui.bridge import Bridge, RunningOperation
from motestudio.gui.pages.pipeline.cards import Progress
from motestudio.studio import pipeline
from motestudio.studio.operation import Happening
from motestudio.studio.pipeline_view import PipelineView


class RunFollower(QObject):
    """One per page.

    Signals:
        changed: another stage runs, or the run ended.
        moved: the running stage got further; many a second.
        made: a stage is done.
        ended: the run is over.
    """

    changed = Signal()
    moved = Signal()
    made = Signal()
    ended = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self.running: RunningOperation | None = None
        self._view: PipelineView | None = None
        self._spans: dict[str, tuple[float, float]] = {}
        bridge.happened.connect(self._happened)
        bridge.finished.connect(self._finished)

    def set_view(self, view: PipelineView | None) -> None:
        """The pipeline whose stages count; None forgets everything."""
        self._view = view
        if view is None:
            self.progress, self.running = Progress(), None

    def follow(self, running: RunningOperation, until: str) -> None:
        """Follow a run that was begun here, up to a kind of stage or to the end."""
        self.progress, self.running = Progress(), running
        self._spans = spans(self._view, until) if self._view else {}
        self.changed.emit()

    def forgive(self) -> None:
        """What failed was changed since."""
        self.progress = Progress(self.progress.running, self.progress.fraction, hits=self.progress.hits)

    @Slot(object, object)
    def _happened(self, running: RunningOperation, happening: Happening) -> None:
        view = self._view
        if view is None:
            return
        if happening.kind == "part" and view.stage(happening.name) is not None:
            if self.running is not running:
                self.running, self._spans = running, spans(view, "")
                self.progress = Progress()
            self.progress = Progress(happening.name, 0.0, hits=self.progress.hits)
            self.changed.emit()
        elif running is not self.running:
            return
        elif happening.kind == "progress" and self.progress.running:
            low, high = self._spans.get(self.progress.running, (0.0, 1.0))
            share = (happening.fraction - low) / ((high - low) or 1.0)
            self.progress = replace(self.progress, fraction=min(1.0, max(0.0, share)))
            self.moved.emit()
        elif happening.kind == "done":
            if happening.value == 0.0:
                # Nothing is computed in no time at all: it was in the cache.
                self.progress = replace(self.progress, hits=self.progress.hits | {happening.name})
            self.made.emit()

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is not self.running:
            return
        failed = self.progress.running if running.state == "failed" else ""
        self.progress = Progress("", -1.0, failed, str(running.error) if failed else "", self.progress.hits)
        self.running = None
        self.changed.emit()
        self.ended.emit()


def spans(view: PipelineView, until: str) -> dict[str, tuple[float, float]]:
    """The part of the progress bar that each stage of a run fills, by its key."""
    last = CHAIN.index(until) if until in CHAIN else len(CHAIN)
    known = [(s.status.use.key, k) for s in view.stages for k in CHAIN[: last + 1] if k == s.kind]
    parts = pipeline.spans([kind for _, kind in known])
    return {key: part for (key, _), part in zip(known, parts, strict=True)}
