"""Fields: text, several lines, a number with a muted unit and arrows, a slider with its field, a labelled row."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from motestudio.gui.numbers import MINUS, with_minus
from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width
from motestudio.gui.widgets.labels import Text

_FIELD_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down)


def _belongs_to_field(event: QEvent) -> bool:
    """Whether a key that might be a page's shortcut belongs to a line of text that has the focus."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    return event.key() in _FIELD_KEYS


class TextField(QLineEdit):
    """One line of text. `set_problem` marks it and says why in the tool tip."""

    def __init__(self, text: str = "", name: str = "", placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setFont(theme().font("body"))

    def event(self, event: QEvent) -> bool:
        """Enter, Up and Down belong to the field while it has the focus, not to shortcuts of the page."""
        if _belongs_to_field(event):
            event.accept()
            return True
        return super().event(event)

    def set_problem(self, problem: str) -> None:
        """Mark the field with what is wrong, or clear the mark with an empty text."""
        self.setProperty("invalid", bool(problem))
        self.setToolTip(problem)
        self.style().unpolish(self)
        self.style().polish(self)


class NoteField(QPlainTextEdit):
    """A few lines of free text; Tab leaves it."""

    def __init__(self, text: str = "", name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setFont(theme().font("body"))
        self.setMinimumHeight(56)


class NumberField(QLineEdit):
    """A number with its unit drawn lighter, small arrows at the right, Up, Down and wheel (when focused) to step.

    Signals:
        value_changed(float): the user set another value; never during typing, only on Enter, leaving or stepping.
    """

    value_changed = Signal(float)

    def __init__(
        self,
        value: float = 0.0,
        *,
        minimum: float = -math.inf,
        maximum: float = math.inf,
        step: float = 1.0,
        decimals: int = 0,
        unit: str = "",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step, self._decimals, self._unit = minimum, maximum, step, decimals, unit
        self._value = value
        self.setAccessibleName(f"{name}, {unit}" if unit else name)
        self.setFont(theme().font("body_number"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Room for the unit and the arrows at the right of the text.
        self.setTextMargins(0, 0, 20, 0)
        self.editingFinished.connect(self._read)
        self._show()

    @property
    def value(self) -> float:
        """The number in the field."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show a number without saying `value_changed`."""
        self._value = min(self._maximum, max(self._minimum, value))
        self._show()

    def set_limits(self, minimum: float, maximum: float, step: float, decimals: int) -> None:
        """Change range, step and decimals, as for another recording; the value stays."""
        self._minimum, self._maximum, self._step, self._decimals = minimum, maximum, step, decimals

    def sizeHint(self) -> QSize:
        """Wide enough for the number, its unit and the arrows."""
        need = text_width(self._format(), "body_number") + text_width(" " + self._unit, "body") + 48
        return QSize(max(80, int(need)), theme().size("field"))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def _format(self) -> str:
        return with_minus(f"{self._value:.{self._decimals}f}")

    def _show(self) -> None:
        self.setText(self._format())
        self.setCursorPosition(0)

    def _read(self) -> None:
        try:
            typed = float(self.text().replace(MINUS, "-").replace(",", "").strip())
        except ValueError:
            self._show()
            return
        self._take(typed)

    def _take(self, value: float) -> None:
        value = min(self._maximum, max(self._minimum, round(value, self._decimals)))
        changed = value != self._value
        self._value = value
        self._show()
        if changed:
            self.value_changed.emit(value)

    def event(self, event: QEvent) -> bool:
        """Enter, Up and Down belong to the field while it has the focus, not to shortcuts of the page."""
        if _belongs_to_field(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step, with Shift by ten."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        fast = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self._take(self._value + step * self._step * fast)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step while focused; otherwise the page scrolls."""
        if self.hasFocus() and event.angleDelta().y():
            self._take(self._value + math.copysign(self._step, event.angleDelta().y()))
            event.accept()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The arrows step."""
        if event.position().x() >= self.width() - 24:
            self._take(self._value + (self._step if event.position().y() < self.height() / 2 else -self._step))
        else:
            super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select all when the keyboard comes in."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text by Qt; unit and arrows by us."""
        super().paintEvent(event)
        with Canvas(self) as canvas:
            height = float(self.height())
            x = 12 + text_width(self.text(), "body_number")
            if self._unit and x + text_width(" " + self._unit, "body") < self.width() - 20:
                room = QRectF(x, 0, self.width() - 20 - x, height)
                canvas.text(room, " " + self._unit, "body", "text_muted" if self.isEnabled() else "text_disabled")
            for name, y in (("ph.caret-up", height / 2 - 11), ("ph.caret-down", height / 2 + 1)):
                canvas.icon(name, QRectF(self.width() - 21, y, 10, 10), "text_muted")


class Slider(Painted):
    """A 4 px track with a 12 px knob; arrows, Page Up and Down, Home and End, mouse.

    Signals:
        moved(float): the user moved it to this value.
    """

    moved = Signal(float)

    def __init__(
        self,
        minimum: float,
        maximum: float,
        value: float,
        step: float = 1.0,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step = minimum, maximum, step
        self._value = value
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(20)
        self.setMinimumWidth(64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    @property
    def value(self) -> float:
        """Where the knob stands."""
        return self._value

    def set_value(self, value: float) -> None:
        """Move the knob without saying `moved`."""
        self._value = min(self._maximum, max(self._minimum, value))
        self.update()

    def _share(self) -> float:
        span = self._maximum - self._minimum
        return (self._value - self._minimum) / span if span else 0.0

    def paint(self, canvas: Canvas) -> None:
        """Draw track, filled part and knob."""
        rect = QRectF(self.rect())
        middle = rect.center().y()
        track = QRectF(0, middle - 2, rect.width(), 4)
        x = 7 + self._share() * (rect.width() - 14)
        canvas.box(track, 2, "track")
        canvas.box(QRectF(0, middle - 2, x, 4), 2, "accent" if self.isEnabled() else "line_strong")
        knob = QRectF(x - 6, middle - 6, 12, 12)
        canvas.box(knob, 6, "surface_raised", "accent" if self.isEnabled() else "line_strong", 2)
        if self.ring_visible:
            canvas.ring(knob.adjusted(-3, -3, 3, 3), 9)

    def _move(self, value: float) -> None:
        snapped = self._minimum + round((value - self._minimum) / self._step) * self._step if self._step else value
        snapped = min(self._maximum, max(self._minimum, snapped))
        if snapped != self._value:
            self._value = snapped
            self.update()
            self.moved.emit(snapped)

    def _at(self, x: float) -> float:
        share = (x - 7) / max(1.0, self.width() - 14)
        return self._minimum + min(1.0, max(0.0, share)) * (self._maximum - self._minimum)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the pointer."""
        self._move(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._move(self._at(QPointF(event.position()).x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step by arrows, by ten steps with Page keys, to the ends."""
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
        }  # fmt: skip
        if key in steps:
            self._move(self._value + steps[key] * self._step)
        elif key == Qt.Key.Key_Home:
            self._move(self._minimum)
        elif key == Qt.Key.Key_End:
            self._move(self._maximum)
        else:
            super().keyPressEvent(event)


class SliderField(QWidget):
    """Title with a number field beside it, the slider under both, the range in captions: as on the Pipeline page.

    Signals:
        value_changed(float): the user set another value.
    """

    value_changed = Signal(float)

    def __init__(
        self,
        title: str,
        value: float,
        *,
        minimum: float,
        maximum: float,
        step: float = 1.0,
        decimals: int = 0,
        unit: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.field = NumberField(
            value, minimum=minimum, maximum=maximum, step=step, decimals=decimals, unit=unit, name=title
        )
        self.field.setFixedWidth(96)
        self.slider = Slider(minimum, maximum, value, step, title)
        top = QHBoxLayout()
        self.title = Text(title, "body")
        top.addWidget(self.title, 1)
        top.addWidget(self.field)
        ends = QHBoxLayout()
        for end in (minimum, maximum):
            shown = with_minus(f"{end:.{decimals}f}") + (f" {unit}" if unit in ("dB", "%") else "")
            ends.addWidget(Text(shown, "caption", "text_muted"))
        ends.insertStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.slider)
        layout.addLayout(ends)
        self.slider.moved.connect(self._from_slider)
        self.field.value_changed.connect(self._from_field)

    @property
    def value(self) -> float:
        """The value."""
        return self.field.value

    def set_value(self, value: float) -> None:
        """Show a value without saying `value_changed`."""
        self.field.set_value(value)
        self.slider.set_value(value)

    def _from_slider(self, value: float) -> None:
        self.field.set_value(value)
        self.value_changed.emit(value)

    def _from_field(self, value: float) -> None:
        self.slider.set_value(value)
        self.value_changed.emit(value)


def labelled(title: str, field: QWidget, *, beside: bool = False) -> QWidget:
    """A field with its title above it (or, `beside`, at its left); a click on the title focuses the field."""
    holder = QWidget()
    layout = QHBoxLayout(holder) if beside else QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8 if beside else 6)
    label = Text(title, "body" if beside else "caption_number", "text" if beside else "text_secondary")
    label.setBuddy(field)
    layout.addWidget(label, 1 if beside else 0)
    layout.addWidget(field)
    return holder
