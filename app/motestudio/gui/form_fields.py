"""One parameter as a field: its widget by type, slider where a range is given, help, dot, reset, problem in place.

Fields know nothing of stages; `forms.ParamForm` puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.params import Param, Value
from motestudio.errors import PluginError
from motestudio.gui.form_numbers import ParamSlider, Scale, ValueField
from motestudio.gui.numbers import with_minus
from motestudio.gui.widgets import Canvas, Choice, Painted, PaintedButton, Text, TextField, Toggle

_CHOICE_WIDTH = 120


NO_RUN = "none"


def shown(param: Param, value: Value) -> str:
    """A value as the form shows it, without its unit."""
    if param.type == "run":
        return str(value) or NO_RUN
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    return with_minus(f"{value:,d}" if isinstance(value, int) else f"{value:.6g}")


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


class RunChoice(Choice):
    """A choice among runs by id, with what each of them reached; the newest first, and none at all.

    Args:
        runs: what to say of each run, by id.
        name: for assistive technology.
    """

    def __init__(self, runs: Mapping[str, str], name: str) -> None:
        super().__init__((), name)
        self.addItem(NO_RUN, "")
        for run, words in runs.items():
            self.addItem(f"{run}  {words}".rstrip(), run)

    def set_run(self, run: str) -> None:
        """Show a run; one that is not there (any more) is shown as gone."""
        at = self.findData(run)
        if at < 0:
            self.addItem(f"{run}  gone", run)
            at = self.count() - 1
        self.setCurrentIndex(at)


class ParamField(QWidget):
    """A parameter's row.

    Args:
        param: what it is.
        value: to begin with.
        runs: what a parameter of the type ``run`` chooses from: words by run id.

    Signals:
        changed(str, object): the user set this parameter to this value, which is allowed.
    """

    changed = Signal(str, object)

    def __init__(
        self, param: Param, value: Value, runs: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.param = param
        self._runs = dict(runs or {})
        self._value = value
        self._saved: Value | None = None
        self._problem = False
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
        elif isinstance(field, RunChoice):
            field.set_run(str(value))
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

    @property
    def has_problem(self) -> bool:
        """Whether something is said against the value."""
        return self._problem

    def set_problem(self, problem: str) -> None:
        """Say in place what is wrong with the value; the help comes back with an empty text."""
        self._problem = bool(problem)
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
        if param.type == "run":
            run = RunChoice(self._runs, title)
            run.set_run(str(self._value))
            run.activated.connect(self._run_chosen)
            return run
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
        below = self.param.type in ("text", "run")
        if not below:
            top.addWidget(self.field)
        box.addLayout(top)
        if below:
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

    def _run_chosen(self, _: int) -> None:
        if isinstance(self.field, RunChoice):
            self._take(self.field.currentData())

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
