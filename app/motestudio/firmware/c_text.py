"""Values as C source text: literals that read back to the very same value. Knows nothing of files or projects."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.errors import BuildError

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_C_TYPES = {f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_C_TYPES["float32"] = "float"
_LINE = 116


def c_int(value: int) -> str:
    """An integer literal, with a suffix where it does not fit an int."""
    if value == -(2**31):
        return "(-2147483647 - 1)"
    if -(2**31) < value < 2**31:
        return str(value)
    if 0 <= value < 2**32:
        return f"{value}u"
    if -(2**63) < value < 2**63:
        return f"{value}LL"
    if value == -(2**63):
        return "(-9223372036854775807LL - 1)"
    if value < 2**64:
        return f"{value}ULL"
    raise _no_constant(str(value), "does not fit 64 bits")


def c_float(value: float) -> str:
    """A float literal that reads back to the same single-precision value.

    Raises:
        BuildError: it is not finite.
    """
    single = float(np.float32(value))
    if not math.isfinite(single):
        raise _no_constant(repr(value), "is not a number that C can name")
    text = f"{single:.9g}"
    return text + ("f" if re.search(r"[.e]", text) else ".0f")


def c_string(text: str) -> str:
    """A quoted string literal; bytes outside printable ASCII become octal escapes of their UTF-8."""
    plain = {ord('"'): '\\"', ord("\\"): "\\\\", ord("?"): "\\?"}
    return '"' + "".join(plain.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in text.encode()) + '"'


def c_comment(text: str) -> str:
    """Text that cannot end a comment or break its line."""
    return " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")


def c_lines(items: Iterable[str], indent: str = "    ") -> str:
    """Items separated by commas, filled into lines."""
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 2 > _LINE and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    lines.append(line.rstrip())
    return "\n".join(lines)


def c_array(name: str, values: npt.NDArray[Any]) -> str:
    """A ``static const`` array, flattened in C order.

    Raises:
        BuildError: of a type that C constants do not have, or empty.
    """
    kind = _C_TYPES.get(values.dtype.name)
    if kind is None or values.size == 0:
        raise _no_constant(name, f"is an array of {values.size} {values.dtype.name} values")
    flat = values.reshape(-1).tolist()
    items = [c_float(v) for v in flat] if kind == "float" else [c_int(int(v)) for v in flat]
    return f"static const {kind} {name}[{values.size}] = {{\n{c_lines(items)}\n}};"


def c_constants(constants: Mapping[str, Any]) -> str:
    """Definitions of a feature stage's constants, each named ``MOTE_<KEY>``, in the order of their names.

    Args:
        constants: integers, floats, booleans and integer or float32 arrays by key.

    Raises:
        BuildError: ``firmware.constant``: a key is no C name or a value has no C form.
    """
    parts = []
    for key in sorted(constants):
        value = constants[key]
        name = "MOTE_" + key.upper()
        if not _KEY.fullmatch(key):
            raise _no_constant(key, "is not a C name")
        if isinstance(value, np.ndarray) and value.ndim > 0:
            parts.append(c_array(name, value))
        elif isinstance(value, bool | np.bool_ | int | np.integer):
            parts.append(f"#define {name} {c_int(int(value))}")
        elif isinstance(value, float | np.floating):
            parts.append(f"#define {name} {c_float(float(value))}")
        else:
            raise _no_constant(key, f"is a {type(value).__name__}")
    return "\n".join(parts)


def _no_constant(name: str, why: str) -> BuildError:
    hint = "Give integers, floats and arrays of int8 to uint64 or float32 from c_constants()."
    return BuildError("firmware.constant", f"The firmware constant {name} {why}.", hint, {"constant": name})
