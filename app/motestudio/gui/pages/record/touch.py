"""Buttons for thick fingers and gloves: at least 64 pixels high, and held as long as a finger lies on them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, PaintedButton, text_width

SIZE = 64
_ICON = 28


class TouchButton(PaintedButton):
    """An icon, words, or both.

    Args:
        text: what it does; the accessible name.
        icon: a Phosphor name, or empty.
        words: also show the text.
        ink: a colour at its left, or empty.
    """

    def __init__(
        self, text: str, icon: str = "", *, words: bool = True, ink: Ink = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._icon, self._words, self._ink = icon, words, ink
        self.setToolTip("" if words else text)
        self.setMinimumHeight(SIZE)
        horizontal = QSizePolicy.Policy.Preferred if words else QSizePolicy.Policy.Fixed
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Fixed)
        # Each finger is its own: Qt makes a mouse of the first one only.
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)

    def set_look(self, text: str, icon: str) -> None:
        """Change what it does."""
        self._icon = icon
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip("" if self._words else text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """A square, or as wide as its words."""
        if not self._words:
            return QSize(SIZE, SIZE)
        extra = 40 + (_ICON + 10 if self._icon or self._ink else 0)
        return QSize(max(SIZE, round(text_width(self.text(), "title")) + extra), SIZE)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """A finger presses and lets go."""
        kind = event.type()
        if kind == QEvent.Type.TouchBegin and self.isEnabled():
            self.setDown(True)
            self.pressed.emit()
            return True
        if kind in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            was = self.isDown()
            self.setDown(False)
            self.released.emit()
            if was and kind == QEvent.Type.TouchEnd:
                self.clicked.emit()
            return True
        return super().event(event)

    def paint(self, canvas: Canvas) -> None:
        """Frame, icon or colour, words."""
        rect, radius = QRectF(self.rect()), theme().radius("big_button")
        fill = "selection" if self.isDown() else "surface_raised"
        ink = "text" if self.isEnabled() else "text_disabled"
        canvas.box(rect, radius, fill, "accent" if self.isDown() else "line_strong", 2)
        middle = rect.center()
        if not self._words:
            canvas.icon(self._icon, QRectF(middle.x() - _ICON / 2, middle.y() - _ICON / 2, _ICON, _ICON), ink)
        else:
            lead = _ICON + 10 if self._icon or self._ink else 0
            wide = min(text_width(self.text(), "title"), rect.width() - lead - 24)
            left = middle.x() - (wide + lead) / 2
            place = QRectF(left, middle.y() - _ICON / 2, _ICON, _ICON)
            if self._ink:
                canvas.box(place.adjusted(4, 4, -4, -4), 5, self._ink)
            elif self._icon:
                canvas.icon(self._icon, place, ink)
            canvas.text(QRectF(left + lead, 0, wide + 2, rect.height()), self.text(), "title", ink, elide=True)
        if self.ring_visible:
            canvas.ring(rect, radius)
