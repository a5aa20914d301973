"""Parameters as data: one table gives forms, validation, docs, CLI flags, the project file and firmware constants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from motestudio.errors import PluginError

ParamType = Literal["int", "float", "bool", "choice", "text", "run"]
Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class ShownIf:
    """A parameter is shown only while another one has a certain value."""

    key: str
    equals: Value


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a stage.

    Attributes:
        key: the name in files, flags and code.
        type: int, float, bool, choice, text, or run: the id of an earlier run, whose folder the stage is given.
        default: of that type.
        title: what the form says; the key where empty.
        minimum: smallest allowed number, or None.
        maximum: largest allowed number, or None.
        step: of the form's arrows, 0 for a sensible one.
        choices: for ``choice``, at least one.
        unit: shown beside the number.
        group: heading of the form under which it stands.
        help: one sentence.
        shown_if: condition, or None.
    """

    key: str
    type: ParamType
    default: Value
    title: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float = 0.0
    choices: tuple[str, ...] = ()
    unit: str = ""
    group: str = ""
    help: str = ""
    shown_if: ShownIf | None = None

    def check(self, value: Any) -> Value:
        """Validate one value.

        Returns:
            The value in the parameter's own type (an int is taken for a float).

        Raises:
            PluginError: wrong type, out of range or not a choice; the text names the parameter and its limits.
        """
        if self.type == "bool":
            if isinstance(value, bool):
                return value
        elif self.type == "int":
            if isinstance(value, int) and not isinstance(value, bool):
                return int(self._in_range(value))
        elif self.type == "float":
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return float(self._in_range(float(value)))
        elif self.type == "choice":
            if isinstance(value, str) and value in self.choices:
                return value
            raise self._error(value, "one of " + ", ".join(self.choices))
        elif isinstance(value, str):
            return value
        wanted = {"int": "a whole number", "float": "a number", "bool": "true or false"}
        raise self._error(value, wanted.get(self.type, "text"))

    def parse(self, text: str) -> Value:
        """Read a value from text, as a command line gives it."""
        try:
            if self.type == "int":
                return self.check(int(text))
            if self.type == "float":
                return self.check(float(text))
        except ValueError:
            raise self._error(text, "a number") from None
        if self.type == "bool":
            lowered = text.strip().lower()
            if lowered in ("true", "yes", "on", "1"):
                return True
            if lowered in ("false", "no", "off", "0"):
                return False
            raise self._error(text, "true or false")
        return self.check(text)

    def _in_range(self, value: float) -> float:
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not low <= value <= high:
            raise self._error(value, f"from {low:g} to {high:g}{' ' + self.unit if self.unit else ''}")
        return value

    def _error(self, value: Any, wanted: str) -> PluginError:
        return PluginError(
            "param.value",
            f"{self.title or self.key} is {value!r}.",
            f"It must be {wanted}.",
            {"param": self.key, "value": repr(value)},
        )


def complete(params: Sequence[Param], given: Mapping[str, Any]) -> dict[str, Value]:
    """Fill defaults and validate.

    Args:
        params: the stage's table.
        given: what a project or a caller set; may be partial.

    Returns:
        A value for every parameter, in the table's order.

    Raises:
        PluginError: a value is not allowed, or a key is unknown.
    """
    known = {p.key for p in params}
    if unknown := sorted(set(given) - known):
        raise PluginError(
            "param.unknown",
            f"There is no parameter {unknown[0]!r}.",
            f"Known here: {', '.join(sorted(known)) or 'none'}.",
            {"param": unknown[0]},
        )
    return {p.key: p.check(given[p.key]) if p.key in given else p.default for p in params}


def is_shown(param: Param, values: Mapping[str, Any]) -> bool:
    """Whether a form shows the parameter at these values."""
    return param.shown_if is None or values.get(param.shown_if.key) == param.shown_if.equals
