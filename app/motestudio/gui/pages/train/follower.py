"""Follows a training, whoever started it: this page or the Pipeline page. Collects metrics, draws nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.gui.bridge import Bridge, RunningOperation
from motestudio.studio.operation import Happening

_DRAW_MS = 100


class Follower(QObject):
    """Watches the bridge for metrics.

    Signals:
        began: an operation told its first metric, or was `follow`ed.
        grew: new values are in `added`; at most ten times a second.
        ended: that operation is over, in any way.
    """

    began = Signal()
    grew = Signal()
    ended = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.running: RunningOperation | None = None
        self.added: list[tuple[str, float]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DRAW_MS)
        self._timer.timeout.connect(self.grew)
        bridge.happened.connect(self._happened)
        bridge.finished.connect(self._finished)

    def follow(self, running: RunningOperation) -> None:
        """Watch an operation from its start."""
        self.running = running
        self.added.clear()
        self.began.emit()

    def take(self) -> list[tuple[str, float]]:
        """The values since the last time."""
        added, self.added = self.added, []
        return added

    @Slot(object, object)
    def _happened(self, running: RunningOperation, happening: Happening) -> None:
        if happening.kind != "metric":
            return
        if self.running is None:
            self.follow(running)
        if running is self.running:
            self.added.append((happening.name, happening.value))
            if not self._timer.isActive():
                self._timer.start()

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self.running:
            self._timer.stop()
            self.grew.emit()
            self.running = None
            self.ended.emit()
