"""Rows: a class to record with its target, list rows, the board and tool rows of the start page, a row list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, number_width, text_width


class Row(PaintedButton):
    """A row that can be chosen: selection ground, focus ring, Enter and Space click. Override `paint_content`.

    Rows reach `outset` pixels beyond their content on both sides, so that text aligns with headings.
    """

    outset = 8

    def __init__(self, text: str, height: int, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(160, self.minimumHeight())

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw inside `rect`, the row without its outset."""
        raise NotImplementedError

    def paint(self, canvas: Canvas) -> None:
        """Ground, content, ring."""
        rect = QRectF(self.rect())
        if self.isChecked():
            canvas.box(rect, theme().radius("row"), "selection")
        elif self.hovered and self.isEnabled():
            canvas.box(rect, theme().radius("row"), theme().mix("panel", "track", 0.6))
        self.paint_content(canvas, rect.adjusted(self.outset, 0, -self.outset, 0))
        if self.ring_visible:
            canvas.ring(rect, theme().radius("row"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter clicks, as Space does; Up and Down are the list's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)


class ClassRow(Row):
    """A class with its target: colour square, name, "14 / 20", bar, key number (48 px)."""

    def __init__(self, name: str, ink: Ink, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, theme().size("row_class"), parent)
        self._ink = ink
        self._key = key
        self._count, self._target = 0, 0

    def set_count(self, count: int, target: int) -> None:
        """Takes recorded, and wanted (0 for no target)."""
        self._count, self._target = count, target
        of = f" of {target}" if target else ""
        self.setAccessibleName(f"{self.text()}, {count}{of} takes")
        self.update()

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        canvas.box(QRectF(rect.left(), rect.top() + 12, 10, 10), 3, self._ink)
        right = rect.right()
        line = QRectF(rect.left(), rect.top() + 8, rect.width(), 18)
        if self._key:
            right = canvas.keycap(right, line.center().y(), self._key) - 10
        of = f" / {self._target}" if self._target else ""
        width = text_width(str(self._count), "strong") + text_width(of, "body")
        x = right - width
        end = canvas.text(QRectF(x, line.top(), width + 2, 18), str(self._count), "strong")
        canvas.text(QRectF(end, line.top(), width, 18), of, "body", "text_muted")
        left = rect.left() + 18
        done = bool(self._target) and self._count >= self._target
        room = QRectF(left, line.top(), x - left - (24 if done else 8), 18)
        end = canvas.text(room, self.text(), "control", elide=True)
        if done:
            canvas.icon("ph.check-circle", QRectF(end + 8, line.center().y() - 7, 14, 14), "ok")
        share = self._count / self._target if self._target else 0.0
        canvas.bar(QRectF(left, rect.top() + 32, right - left, 6), share, self._ink, radius=3)


class ScoreRow(Row):
    """A class with a confidence bar and its key: as in the inspector of Label (32 px)."""

    def __init__(self, name: str, ink: Ink, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, theme().size("row_list"), parent)
        self._ink = ink
        self._key = key
        self._score: float | None = None

    def set_score(self, score: float | None) -> None:
        """Confidence 0..1, or None for none."""
        self._score = score
        self.setAccessibleName(self.text() + ("" if score is None else f", {score:.2f}"))
        self.update()

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        middle = rect.center().y()
        canvas.box(QRectF(rect.left(), middle - 5, 10, 10), 3, self._ink)
        right = rect.right()
        if self._key:
            right = canvas.keycap(right, middle, self._key) - 10
        style = "strong" if self.isChecked() else "body"
        if self._score is None:
            canvas.text(
                QRectF(rect.left() + 18, rect.top(), right - rect.left() - 18, rect.height()), self.text(), style
            )
            return
        canvas.text(QRectF(right - 44, rect.top(), 36, rect.height()), f"{self._score:.2f}", "body", align="right")
        bar = QRectF(rect.left() + 84, middle - 2, right - 60 - rect.left() - 84, 4)
        canvas.bar(bar, self._score, self._ink)
        canvas.text(QRectF(rect.left() + 18, rect.top(), 62, rect.height()), self.text(), style, elide=True)


class FactRow(Row):
    """Two lines at the left, one value at the right, a mark before them; the generic list row.

    Args:
        title: first line.
        note: second line in caption, or empty (then the row is 32 px high).
        value: at the right.
        unit: of the value.
        mark: ``ok``, ``warn``, ``bad``, ``none`` for an icon, or an ink name for a square, or empty.
    """

    _ICONS: ClassVar = {
        "ok": ("ph.check-circle", "ok"),
        "warn": ("ph.warning-circle", "warn"),
        "bad": ("ph.x-circle", "bad"),
    }

    def __init__(
        self, title: str, note: str = "", value: str = "", unit: str = "", mark: Ink = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(title, 48 if note else theme().size("row_list"), parent)
        self._note, self._value, self._unit, self._mark = note, value, unit, mark
        self.value_ink = "text_muted"
        self.setAccessibleName(", ".join(t for t in (title, note, f"{value} {unit}".strip()) if t))

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        left = rect.left()
        first = QRectF(left, rect.top() + (6 if self._note else 0), rect.width(), 18 if self._note else rect.height())
        if isinstance(self._mark, str) and self._mark in self._ICONS:
            name, ink = self._ICONS[self._mark]
            canvas.icon(name, QRectF(left, first.center().y() - 8, 16, 16), ink)
            left += 24
        elif self._mark:
            canvas.box(QRectF(left, first.center().y() - 5, 10, 10), 3, self._mark)
            left += 18
        width = number_width(self._value, self._unit, "caption") if self._value else 0.0
        if self._value:
            place = QRectF(rect.right() - width - 1, first.top(), width + 2, first.height())
            canvas.number(place, self._value, self._unit, "caption", ink=self.value_ink)
        room = rect.right() - width - 12 - left
        canvas.text(QRectF(left, first.top(), room, first.height()), self.text(), "body", elide=True)
        if self._note:
            note = QRectF(left, rect.top() + 25, rect.right() - left, 16)
            canvas.text(note, self._note, "caption", "text_muted", elide=True)


class RowList(QWidget):
    """Rows under each other of which one is chosen; Up and Down move the choice.

    Signals:
        chosen(int): index of the row that the user chose.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self.rows: list[Row] = []
        self._current = -1

    @property
    def current(self) -> int:
        """Index of the chosen row, -1 for none."""
        return self._current

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows."""
        for old in self.rows:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = list(rows)
        self._current = -1
        for row in self.rows:
            self._box.addWidget(row)
            row.clicked.connect(self._clicked)

    def set_current(self, index: int) -> None:
        """Show a row as chosen without saying `chosen`."""
        self._current = index
        for i, row in enumerate(self.rows):
            row.setChecked(i == index)

    def _clicked(self) -> None:
        sender = self.sender()
        for i, row in enumerate(self.rows):
            if row is sender:
                self.set_current(i)
                self.chosen.emit(i)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the choice."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self.rows:
            super().keyPressEvent(event)
            return
        index = min(len(self.rows) - 1, max(0, self._current + step))
        self.rows[index].setFocus(Qt.FocusReason.TabFocusReason)
        self.rows[index].click()


__all__ = ["ClassRow", "FactRow", "Row", "RowList", "ScoreRow"]
