"""One parameter as a field: its widget by type, slider where a range is given, help, dot, reset, problem in place.

Fields know nothing of stages; `forms.ParamForm` puts them together.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.params import Param, Value
from motestudio.errors import PluginError
from motestudio.gui.numbers import MINUS, with_minus
from motestudio.gui.widgets import Canvas, Choice, NumberField, Painted, PaintedButton, Slider, Text, TextField, Toggle
from motestudio.gui.widgets.canvas import text_width

_MANY_STEPS = 500
_FIELD_WIDTH = 96
_CHOICE_WIDTH = 120


def shown(param: Param, value: Value) -> str:
    """A value as the form shows it, without its unit."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    return with_minus(f"{value:,d}" if isinstance(value, int) else f"{value:.6g}")


def default_step(param: Param) -> float:
    """The step of arrows and slider."""
    if param.step:
        return param.step
    if param.type == "int":
        return 1.0
    if param.minimum is not None and param.maximum is not None:
        return 10.0 ** math.floor(math.log10((param.maximum - param.minimum) / 20 or 1.0))
    return 0.1


class Scale:
    """Between values and places on a slider: even, or by powers where the range is wide.

    Args:
        param: has a minimum and a maximum.
    """

    def __init__(self, param: Param) -> None:
        self.low, self.high = float(param.minimum or 0.0), float(param.maximum or 0.0)
        self.step = default_step(param)
        self.whole = param.type == "int"
        wide = (self.high - self.low) / self.step > _MANY_STEPS
        self.kind = "even"
        if wide and self.low > 0:
            self.kind = "log"
        elif wide and self.low == 0:
            self.kind = "cubic"

    def share(self, value: float) -> float:
        """Where a value stands, 0..1."""
        if self.kind == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return float(part ** (1 / 3)) if self.kind == "cubic" else part

    def value(self, share: float) -> float:
        """The value at a place, rounded as a person would."""
        if self.kind == "even":
            return self.snapped(self.low + share * (self.high - self.low))
        raw = self.low * (self.high / self.low) ** share if self.kind == "log" else self.high * share**3
        return self.snapped(float(f"{raw:.2g}"), even=False)

    def snapped(self, value: float, *, even: bool = True) -> float:
        """Onto multiples of the step, inside the range."""
        if even:
            value = round(round(value / self.step) * self.step, 9)
        if self.whole:
            value = float(round(value))
        return min(self.high, max(self.low, value))

    def moved(self, value: float, steps: int) -> float:
        """The value so many presses of an arrow further."""
        if self.kind == "even":
            return self.snapped(value + steps * self.step)
        there = self.value(min(1.0, max(0.0, self.share(value) + steps * 0.01)))
        if there == value:
            there = self.snapped(value + math.copysign(1.0 if self.whole else self.step, steps), even=False)
        return there


class ParamSlider(Slider):
    """A slider over a `Scale`; its arrows are its own while it has the focus."""

    def __init__(self, scale: Scale, value: float, name: str) -> None:
        super().__init__(scale.low, scale.high, value, scale.step, name)
        self._scale = scale

    def _share(self) -> float:
        return min(1.0, max(0.0, self._scale.share(self._value)))

    def _at(self, x: float) -> float:
        return self._scale.value(min(1.0, max(0.0, (x - 7) / max(1.0, self.width() - 14))))

    def _move(self, value: float) -> None:
        value = min(self._maximum, max(self._minimum, value))
        if value != self._value:
            self._value = value
            self.update()
            self.moved.emit(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step by arrows, by ten steps with Page keys; Home and End as everywhere."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
        }.get(Qt.Key(event.key()))  # fmt: skip
        if steps is None:
            super().keyPressEvent(event)
        else:
            self._move(self._scale.moved(self._value, steps))

    def event(self, event: QEvent) -> bool:
        """Arrows never reach a page's shortcut from here, also after a click."""
        own = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in own:
            event.accept()
            return True
        return super().event(event)


class ValueField(NumberField):
    """A number in its shortest form that keeps a wrong text, and says what is wrong with it.

    Signals:
        refused(str): the text is not allowed, and why; empty when that is over.
    """

    refused = Signal(str)

    def __init__(self, param: Param, value: float) -> None:
        self._param = param
        super().__init__(
            value,
            minimum=-math.inf if param.minimum is None else param.minimum,
            maximum=math.inf if param.maximum is None else param.maximum,
            step=default_step(param),
            decimals=9,
            unit=param.unit,
            name=param.title or param.key,
        )
        need = text_width(self._format(), "body_number") + text_width(f" {param.unit}", "body") + 36
        self.setFixedWidth(max(_FIELD_WIDTH, min(124, int(need))))

    def _format(self) -> str:
        return with_minus(f"{self._value:.6g}" if abs(self._value) < 1e6 else f"{self._value:g}")

    def _read(self) -> None:
        text = self.text().replace(MINUS, "-").replace(",", ".").strip()
        if text == self._format().replace(MINUS, "-"):
            self._clear()
            return
        try:
            value = self._param.parse(text)
        except PluginError as error:
            self._mark(error.hint)
            return
        self._clear()
        self._take(float(value))

    def _take(self, value: float) -> None:
        if self._param.type == "int":
            value = float(round(value))
        self._clear()
        super()._take(value)

    def set_value(self, value: float) -> None:
        """Show a number without saying `value_changed`."""
        self._clear()
        super().set_value(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape takes back what was typed."""
        if event.key() == Qt.Key.Key_Escape:
            self._clear()
            self._show()
        else:
            super().keyPressEvent(event)

    def _mark(self, problem: str) -> None:
        self._set_invalid(True)
        self.refused.emit(problem)

    def _clear(self) -> None:
        if self.property("invalid"):
            self._set_invalid(False)
            self.refused.emit("")

    def _set_invalid(self, invalid: bool) -> None:
        self.setProperty("invalid", invalid)
        self.style().unpolish(self)
        self.style().polish(self)


class ChangeDot(Painted):
    """The blue dot of a value that differs from the saved one."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(8, 20)

    def paint(self, canvas: Canvas) -> None:
        """Draw it."""
        canvas.dot(QPointF(4, 10.5), 6, "accent")


class ResetButton(PaintedButton):
    """Back to the default: a small arrow, there only while the value is another one."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setToolTip(words)
        self.setFixedSize(20, 20)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """20 x 20."""
        return QSize(20, 20)

    def paint(self, canvas: Canvas) -> None:
        """Draw the arrow."""
        rect = QRectF(self.rect())
        if self.hovered:
            canvas.box(rect, 4, "track")
        canvas.icon("ph.arrow-counter-clockwise", QRectF(4, 4, 12, 12), "text_muted")
        if self.ring_visible:
            canvas.ring(rect, 4)


class ParamField(QWidget):
    """A parameter's row.

    Args:
        param: what it is.
        value: to begin with.

    Signals:
        changed(str, object): the user set this parameter to this value, which is allowed.
    """

    changed = Signal(str, object)

    def __init__(self, param: Param, value: Value, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self._value = value
        self._saved: Value | None = None
        title = param.title or param.key
        self.title = Text(title, "body", wrap=True)
        self.title.setToolTip(param.help)
        self.dot = ChangeDot()
        unit = f" {param.unit}" if param.unit else ""
        self.reset = ResetButton(f"Reset {title} to {shown(param, param.default)}{unit}")
        self.reset.clicked.connect(self._reset)
        self.slider: ParamSlider | None = None
        self.field = self._make_field(title)
        self.field.setToolTip(param.help)
        self.title.setBuddy(self.field)
        self.help = Text(param.help, "caption", "text_muted", wrap=True)
        self.help.setVisible(bool(param.help))
        self._lay_out()
        self._mark()

    @property
    def value(self) -> Value:
        """The value shown."""
        return self._value

    @property
    def changed_from_saved(self) -> bool:
        """Whether the dot shows."""
        return self._saved is not None and self._saved != self._value

    @property
    def saved(self) -> Value | None:
        """The saved value, None where there is none."""
        return self._saved

    def set_value(self, value: Value) -> None:
        """Show a value without saying `changed`."""
        self._value = value
        field = self.field
        if isinstance(field, ValueField):
            field.set_value(float(value))
        elif isinstance(field, Toggle):
            field.setChecked(bool(value))
        elif isinstance(field, Choice):
            field.setCurrentText(str(value))
        elif isinstance(field, TextField):
            field.setText(str(value))
        if self.slider is not None:
            self.slider.set_value(float(value))
        self._mark()

    def set_saved(self, saved: Value | None) -> None:
        """What the dot compares with."""
        self._saved = saved
        self._mark()

    def set_problem(self, problem: str) -> None:
        """Say in place what is wrong with the value; the help comes back with an empty text."""
        self.help.setText(problem or self.param.help)
        self.help.set_ink("bad" if problem else "text_muted")
        self.help.setVisible(bool(self.help.text()))

    def _make_field(self, title: str) -> QWidget:
        param = self.param
        if param.type in ("int", "float"):
            number = ValueField(param, float(self._value))
            number.value_changed.connect(self._number)
            number.refused.connect(self.set_problem)
            if param.minimum is not None and param.maximum is not None and param.minimum < param.maximum:
                self.slider = ParamSlider(Scale(param), float(self._value), title)
                self.slider.setToolTip(param.help)
                self.slider.moved.connect(self._number)
            return number
        if param.type == "bool":
            toggle = Toggle(title, bool(self._value))
            toggle.toggled.connect(self._take)
            return toggle
        if param.type == "choice":
            choice = Choice(param.choices, title)
            choice.setCurrentText(str(self._value))
            choice.setFixedWidth(_CHOICE_WIDTH)
            choice.textActivated.connect(self._take)
            return choice
        text = TextField(str(self._value), title)
        text.editingFinished.connect(self._typed)
        return text

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.title, 1)
        top.addWidget(self.dot)
        top.addWidget(self.reset)
        if self.param.type != "text":
            top.addWidget(self.field)
        box.addLayout(top)
        if self.param.type == "text":
            box.addWidget(self.field)
        if self.slider is not None:
            box.addWidget(self.slider)
            ends = QHBoxLayout()
            for end in (self.param.minimum, self.param.maximum):
                ends.addWidget(Text(with_minus(f"{end:,.6g}"), "caption", "text_muted"))
            ends.insertStretch(1, 1)
            box.addLayout(ends)
        box.addWidget(self.help)

    def _mark(self) -> None:
        self.dot.setVisible(self.changed_from_saved)
        if self._saved is not None:
            was = f"was {shown(self.param, self._saved)} {self.param.unit}".rstrip()
            self.dot.setToolTip(was)
            self.dot.setAccessibleName(was)
        self.reset.setVisible(self._value != self.param.default)

    def _reset(self) -> None:
        self.set_problem("")
        default = self.param.default
        self.set_value(default)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit(self.param.key, default)

    def _number(self, number: float) -> None:
        value: Value = round(number) if self.param.type == "int" else float(number)
        if isinstance(self.field, ValueField) and self.sender() is not self.field:
            self.field.set_value(float(value))
        if self.slider is not None and self.sender() is not self.slider:
            self.slider.set_value(float(value))
        self._take(value)

    def _typed(self) -> None:
        if isinstance(self.field, TextField):
            self._take(self.field.text())

    def _take(self, value: object) -> None:
        try:
            good = self.param.check(value)
        except PluginError as error:
            self.set_problem(error.hint)
            return
        self.set_problem("")
        if good != self._value:
            self._value = good
            self._mark()
            self.changed.emit(self.param.key, good)
