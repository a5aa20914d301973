"""Choosing: segmented control, toggle, choice (a list under a field), filter chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QListView, QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width


class Segmented(Painted):
    """A few exclusive choices side by side; arrows move, a click chooses.

    Signals:
        changed(int): index of the new choice.
    """

    changed = Signal(int)

    def __init__(self, choices: Sequence[str], current: int = 0, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = list(choices)
        self._current = current
        self._name = name
        self._blocked: dict[int, str] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._tell()

    @property
    def current(self) -> int:
        """Index of the choice."""
        return self._current

    def set_choices(self, choices: Sequence[str]) -> None:
        """Change the words, such as "All 41"; the number of choices may change too."""
        self._choices = list(choices)
        self._current = min(self._current, len(self._choices) - 1)
        self._tell()
        self.updateGeometry()
        self.update()

    def set_blocked(self, reasons: Mapping[int, str]) -> None:
        """Which choices cannot be made now, with why: drawn pale, passed over by the arrows, told in a tool tip."""
        self._blocked = dict(reasons)
        told = [f"{self._choices[i]}: {reason}" for i, reason in sorted(self._blocked.items())]
        self.setToolTip("\n".join(told))
        self.setAccessibleDescription(" ".join(told))
        self.update()

    def set_current(self, index: int) -> None:
        """Choose; says `changed` where it is another one."""
        if index == self._current or not 0 <= index < len(self._choices) or index in self._blocked:
            return
        self._current = index
        self._tell()
        self.update()
        self.changed.emit(index)

    def _tell(self) -> None:
        chosen = self._choices[self._current] if self._choices else ""
        self.setAccessibleName(f"{self._name} {chosen}".strip())

    def _widths(self) -> list[float]:
        return [round(text_width(c, "strong") + 24) for c in self._choices]

    def sizeHint(self) -> QSize:
        """28 px high."""
        return QSize(int(sum(self._widths())) + 4, theme().size("segmented"))

    def minimumSizeHint(self) -> QSize:
        """Words never elide."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw track, chosen segment and words."""
        rect = QRectF(self.rect())
        canvas.box(rect, theme().radius("field"), "track")
        x = 2.0
        for i, (choice, width) in enumerate(zip(self._choices, self._widths(), strict=True)):
            cell = QRectF(x, 2, width, rect.height() - 4)
            if i == self._current:
                canvas.box(cell, theme().radius("segment"), theme().mix("surface_raised", "text", 0.08 * theme().dark))
            ink = "text" if i == self._current else "text_muted"
            off = not self.isEnabled() or i in self._blocked
            canvas.text(cell, choice, "control", "text_disabled" if off else ink, "center")
            x += width
        if self.ring_visible:
            canvas.ring(rect, theme().radius("field"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose what is under the pointer."""
        x = 2.0
        for i, width in enumerate(self._widths()):
            if x <= event.position().x() < x + width:
                self.set_current(i)
            x += width

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        wanted = self._current + step
        while wanted in self._blocked:
            wanted += step
        self.set_current(wanted)


class Toggle(PaintedButton):
    """A switch, 28 x 16, checkable; give it a name for assistive technology."""

    def __init__(self, name: str, on: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setCheckable(True)
        self.setChecked(on)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for the focus ring around the switch."""
        width, height = theme().tokens.pairs["toggle"]
        return QSize(width + 6, height + 6)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw track and knob."""
        rect = QRectF(self.rect())
        body = rect.adjusted(3, 3, -3, -3)
        radius = body.height() / 2
        on = self.isChecked()
        fill = "line_strong" if not on else "accent_fill"
        canvas.box(body, radius, fill if self.isEnabled() else "track")
        x = body.right() - radius if on else body.left() + radius
        canvas.dot(QPointF(x, body.center().y()), 12, "on_accent" if self.isEnabled() else "text_disabled")
        if self.ring_visible:
            canvas.ring(rect, rect.height() / 2)


class Choice(QComboBox):
    """A list under a field, with our caret. The wheel scrolls the page, not the choice.

    Use `activated` for the user's choice, `currentIndexChanged` for any change.
    """

    def __init__(self, choices: Sequence[str] = (), name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setView(QListView(self))
        self.addItems(list(choices))
        self.setAccessibleName(name)
        self.setFont(theme().font("body"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(80)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field by the style sheet, then the caret."""
        super().paintEvent(event)
        with Canvas(self) as canvas:
            place = QRectF(self.width() - 24, self.height() / 2 - 7, 14, 14)
            canvas.icon("ph.caret-down", place, "text_muted" if self.isEnabled() else "text_disabled")


class Chip(PaintedButton):
    """A filter by class: coloured dot and word on the class's tint; checkable, pale when off."""

    def __init__(self, text: str, ink: Ink, on: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._ink = ink
        self.setCheckable(True)
        self.setChecked(on)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """22 px high."""
        return QSize(int(text_width(self.text(), "section")) + 30, 22)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw the chip."""
        rect = QRectF(self.rect())
        on = self.isChecked()
        fill = theme().tint(self._ink, "accepted") if on else None
        canvas.box(rect, rect.height() / 2, fill, None if on else "line_strong")
        canvas.dot(QPointF(11, rect.center().y()), 7, self._ink, hollow=not on)
        canvas.text(rect.adjusted(19, 0, -6, 0), self.text(), "section", "text_secondary" if on else "text_muted")
        if self.ring_visible:
            canvas.ring(rect, rect.height() / 2)
