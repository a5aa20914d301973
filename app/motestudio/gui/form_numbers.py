"""Numbers of a form: the scale of a slider, the slider, and the field that keeps a wrong text and says why."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent

from motestudio.domain.params import Param
from motestudio.errors import PluginError
from motestudio.gui.numbers import MINUS, with_minus
from motestudio.gui.widgets import NumberField, Slider
from motestudio.gui.widgets.canvas import text_width

_MANY_STEPS = 500
_FIELD_WIDTH = 96


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
