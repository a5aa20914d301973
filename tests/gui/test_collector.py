"""Cyclic garbage that holds Qt objects is collected in the window's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject


def test_a_thread_that_allocates_never_collects_the_windows_garbage(qtbot):
    collected = []
    for _ in range(20):
        thing = QObject()
        thing.me = thing
        weakref.finalize(thing, lambda: collected.append(threading.current_thread()))
    del thing

    def allocate():
        kept = [[n] for n in range(200_000)]
        assert kept

    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert collected == []
    assert not gc.isenabled()
    junk = [[n] for n in range(2000)]
    qtbot.waitUntil(lambda: len(collected) == 20, timeout=5000)
    assert junk
    assert set(collected) == {threading.main_thread()}
