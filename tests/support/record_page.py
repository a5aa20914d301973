"""The Record page in tests: opened over a project with short takes, with a board that streams, driven by its keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from motestudio.studio.takes import set_record


def open_page(window, context, qtbot):
    """The page over a fresh project whose takes are short."""
    set_record(context.project, countdown=0.0, seconds=0.6)
    context.project_changed.emit()
    window.show_page("record")
    page = window.pages["record"]
    qtbot.waitUntil(lambda: not page.cards._reading)
    return page


def connect(page, qtbot, port="virtual"):
    """The page with a board whose samples arrive."""
    page.context.connect_device(port)
    qtbot.waitUntil(lambda: page.stream.streaming and page.stream.reader.total > 20, timeout=20000)
    return page


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key in the window in front."""
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, key, modifier)
