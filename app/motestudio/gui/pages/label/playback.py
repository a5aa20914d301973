"""Moves the playhead in the time of the recording. Silent: sound is left to the computer's own player."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

_TICK_MS = 16


class Playback(QObject):
    """A clock that says where the playhead is.

    Signals:
        at(float): seconds of the recording.
        changed(bool): it plays, or stopped.
    """

    at = Signal(float)
    changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._from, self._to, self._since = 0.0, 0.0, 0.0

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    def play(self, start: float, end: float) -> None:
        """Play a stretch of the recording."""
        self._from, self._to, self._since = start, end, time.monotonic()
        if end > start and not self._timer.isActive():
            self._timer.start()
            self.changed.emit(True)

    def stop(self) -> None:
        """Stop where it is."""
        if self._timer.isActive():
            self._timer.stop()
            self.changed.emit(False)

    @Slot()
    def _tick(self) -> None:
        now = self._from + time.monotonic() - self._since
        self.at.emit(min(now, self._to))
        if now >= self._to:
            self.stop()
