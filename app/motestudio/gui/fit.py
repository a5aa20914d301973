"""Finds text that does not fit its widget, and widgets that leave their window: for tests and `gui.shoot --check`."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget


def clipped_texts(window: QWidget) -> list[str]:
    """Every visible text that elides, is cut, or lies outside the window; empty where all is well.

    The window is painted once, because hand-painted widgets know only then. What a scroll area hides is fine.
    """
    window.grab()
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel) and widget.text() and not _label_fits(widget):
            found.append(f"{_path(widget)}: {widget.text()!r} in {widget.width()} x {widget.height()}")
        for text in getattr(widget, "overflow", ()):
            found.append(f"{_path(widget)}: {text!r} in {widget.width()} x {widget.height()}")
        if (isinstance(widget, QLabel) or hasattr(widget, "overflow")) and not _inside(widget, window):
            found.append(f"{_path(widget)} leaves the window")
    return found


def _label_fits(label: QLabel) -> bool:
    room = label.contentsRect()
    if label.wordWrap():
        return label.heightForWidth(label.width()) <= label.height() + 2
    metrics = label.fontMetrics()
    return metrics.horizontalAdvance(label.text()) <= room.width() + 1 and metrics.height() <= room.height() + 2


def _inside(widget: QWidget, window: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        if isinstance(parent, QScrollArea):
            if parent.property("scrolls_sideways"):
                return True
            # Only the width counts: the rest is reached by scrolling.
            viewport = parent.viewport()
            left = widget.mapTo(viewport, QPoint(0, 0)).x()
            return left >= -1 and left + widget.width() <= viewport.width() + 1
        parent = parent.parentWidget()
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return window.rect().adjusted(-1, -1, 1, 1).contains(place)


def _path(widget: QWidget) -> str:
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None and len(names) < 4:
        names.append(type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)
