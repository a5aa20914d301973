"""Widgets die in the window's thread, whatever thread runs out of memory."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QObject, QThread, QTimer

from motestudio.gui.collector import Collector


class Ring(QObject):
    """A QObject in a reference cycle, with a running timer, which only its own thread may stop."""

    def __init__(self, died: list[bool]) -> None:
        super().__init__()
        self.me = self
        self.timer = QTimer(self)
        self.timer.start(1000)
        self.died = died

    def __del__(self) -> None:
        self.died.append(QThread.isMainThread())


def churn() -> None:
    for _ in range(20_000):
        ring: list[object] = []
        ring.append(ring)


def test_cycles_with_widgets_are_not_collected_by_another_thread(qtbot):
    died: list[bool] = []
    for _ in range(50):
        Ring(died)
    thread = threading.Thread(target=churn)
    thread.start()
    thread.join()
    assert died == []
    qtbot.waitUntil(lambda: len(died) == 50, timeout=5000)
    assert all(died)


def test_ordinary_cycles_are_collected_while_the_window_runs(qtbot, collector: Collector):
    assert not gc.isenabled()
    churn()
    before = gc.get_count()[0]
    assert before > 1000
    qtbot.waitUntil(lambda: gc.get_count()[0] < before, timeout=3000)
