"""Python's cycle collector, kept to the window's thread.

The collector runs in whichever thread allocates. In the thread of an operation it would destroy widgets and timers
that only the window's thread may touch, and the process dies now and then ("Timers cannot be stopped from another
thread", then SIGSEGV). So it is switched off, and a timer of the window does the same work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 400


class Collector(QObject):
    """Collects cycles from the event loop of the thread that made it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect what the interpreter itself would have by now."""
        counts = gc.get_count()
        if counts[0] <= self._thresholds[0]:
            return
        if counts[1] <= self._thresholds[1]:
            gc.collect(0)
        elif counts[2] <= self._thresholds[2]:
            gc.collect(1)
        else:
            gc.collect(2)
