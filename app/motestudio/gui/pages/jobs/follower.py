"""Follows the jobs of the runner: what its threads tell is collected, and the window looks a few times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from motestudio.jobs.history import JobHistory, JobRecord

TICK_MS = 150
_CLOCK_TICKS = 3
"""Times of what runs are shown anew every so many ticks, also where nothing was told."""


class _Inbox:
    """Filled by the runner's threads; knows nothing of Qt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[str, JobRecord] = {}

    def put(self, record: JobRecord) -> None:
        """The latest of each job replaces what came before."""
        with self._lock:
            self._news[record.id] = record

    def take(self) -> dict[str, JobRecord]:
        """Everything since the last time."""
        with self._lock:
            news, self._news = self._news, {}
            return news


class JobFollower(QObject):
    """All jobs of this session while the page is shown.

    Attributes:
        records: by id, in the order they were asked for; without their lines.

    Signals:
        changed(set): ids of the jobs that have news; empty where only time went by.
    """

    changed = Signal(set)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.records: dict[str, JobRecord] = {}
        self._history: JobHistory | None = None
        self._inbox = _Inbox()
        self._stop: Callable[[], None] | None = None
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.look)

    def start(self, history: JobHistory) -> None:
        """Follow a runner's jobs, first of all those that there are."""
        self.stop()
        self._history = history
        self._inbox = _Inbox()
        self._stop = history.observe(self._inbox.put)
        self._read_all()
        self.changed.emit(set(self.records))
        self._timer.start()

    def stop(self) -> None:
        """Nobody looks."""
        self._timer.stop()
        if self._stop is not None:
            self._stop()
            self._stop = None

    def lines(self, job: str) -> tuple[str, ...]:
        """The last lines of a job's log."""
        record = self._history.record(job) if self._history is not None else None
        return record.lines if record is not None else ()

    def look(self) -> None:
        """Take in what was told since the last time."""
        news = self._inbox.take()
        self._ticks += 1
        if not news:
            if self._ticks % _CLOCK_TICKS == 0 and any(not r.ended for r in self.records.values()):
                self.changed.emit(set())
            return
        if news.keys() <= self.records.keys():
            self.records.update(news)
        else:
            # A new one may have pushed an old one out of the history.
            self._read_all()
        self.changed.emit(set(news))

    def _read_all(self) -> None:
        if self._history is not None:
            self.records = {r.id: replace(r, lines=()) for r in self._history.records()}
