"""Forms from parameter tables: one table gives the widgets, their headings, conditions, help and checks.

A form shows and asks; it saves nothing. Whoever shows it connects `changed` and writes the value where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.domain.params import Param, Value, is_shown
from motestudio.errors import PluginError
from motestudio.gui.form_fields import ParamField, shown
from motestudio.gui.widgets import SectionHeader, Separator


class ParamForm(QWidget):
    """All parameters of a table, by groups in their order.

    Args:
        params: the table.
        values: what to show; defaults where a value is missing or not allowed (then the field says so).
        saved: what the dots compare with, see `set_saved`.
        runs: what parameters of the type ``run`` choose from: words by run id, newest first.

    Signals:
        changed(str, object): the user set this parameter to this (allowed) value.
    """

    changed = Signal(str, object)

    def __init__(
        self,
        params: Sequence[Param],
        values: Mapping[str, Value] | None = None,
        saved: Mapping[str, Value] | None = None,
        runs: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.fields: dict[str, ParamField] = {}
        self._groups: list[tuple[list[QWidget], list[ParamField]]] = []
        self._runs = dict(runs or {})
        self._refusals: dict[str, str] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(12)
        for group in dict.fromkeys(p.group for p in params):
            self._add_group(box, group, [p for p in params if p.group == group])
        self.set_values(values or {})
        self.set_saved(saved or {})

    def _add_group(self, box: QVBoxLayout, group: str, params: Sequence[Param]) -> None:
        heads: list[QWidget] = []
        if self._groups:
            heads.append(Separator(margin=4))
        if group:
            heads.append(SectionHeader(group))
        for head in heads:
            box.addWidget(head)
        fields = []
        for param in params:
            field = ParamField(param, param.default, self._runs)
            field.changed.connect(self._changed)
            self.fields[param.key] = field
            fields.append(field)
            box.addWidget(field)
        self._groups.append((heads, fields))

    @property
    def values(self) -> dict[str, Value]:
        """All values shown, those of hidden fields too."""
        return {key: field.value for key, field in self.fields.items()}

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Show values without saying `changed`; one that is not allowed stays away, and its field says why."""
        for key, field in self.fields.items():
            given = values.get(key, field.param.default)
            try:
                good, problem = field.param.check(given), self._refusals.get(key, "")
            except PluginError as error:
                good, problem = field.param.default, f"{error.text} {error.hint}"
            if good != field.value or problem:
                field.set_value(good)
            if problem or not field.field.property("invalid"):
                field.set_problem(problem)
        self._show_some()

    def set_saved(self, saved: Mapping[str, Value]) -> None:
        """Compare with these values: a field that differs shows a dot; no dots without any."""
        for key, field in self.fields.items():
            field.set_saved(saved.get(key))

    def differences(self) -> list[tuple[Param, Value, Value]]:
        """(parameter, saved, shown) of every field with a dot."""
        return [
            (f.param, f.saved, f.value) for f in self.fields.values() if f.changed_from_saved and f.saved is not None
        ]

    def set_problem(self, key: str, problem: str) -> bool:
        """Say what is wrong with a parameter in its place; returns whether it is in this form."""
        field = self.fields.get(key)
        if field is not None:
            field.set_problem(problem)
            self._show_some()
        return field is not None

    def set_refusals(self, refusals: Mapping[str, str]) -> None:
        """What the stage itself says against values that its table allows, by parameter; stays until told otherwise."""
        before, self._refusals = self._refusals, {k: v for k, v in refusals.items() if k in self.fields}
        for key in {*before, *self._refusals}:
            if not self.fields[key].field.property("invalid"):
                self.fields[key].set_problem(self._refusals.get(key, ""))
        self._show_some()

    def _changed(self, key: str, value: object) -> None:
        self._show_some()
        self.changed.emit(key, value)

    def _show_some(self) -> None:
        values = self.values
        for heads, fields in self._groups:
            some = False
            for field in fields:
                # What is wrong is seen, whatever the condition says.
                show = is_shown(field.param, values) or field.has_problem
                field.setVisible(show)
                some = some or show
            for head in heads:
                head.setVisible(some)


def difference_words(param: Param, saved: Value, value: Value) -> str:
    """A difference in few words: "hop 8 to 4"."""
    name = (param.title or param.key).lower()
    return f"{name} {shown(param, saved)} to {shown(param, value)}"


__all__ = ["ParamField", "ParamForm", "difference_words"]
