"""Numbers as people read them: SI prefixes, tabular minus signs, never "12345 B" where "12.1 KB" serves.

Pure functions without Qt. Each returns (number, unit) apart, because units are drawn lighter than numbers.
"""

from __future__ import annotations

import math

MINUS = "\u2212"


def with_minus(text: str) -> str:
    """Replace a leading hyphen by a true minus sign, as wide as a plus."""
    return MINUS + text[1:] if text.startswith("-") else text


def significant(value: float, digits: int = 3) -> str:
    """A number with about `digits` significant digits, thousands grouped: 34.2, 118, 1,024, 6.0."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    before = math.floor(math.log10(abs(value))) + 1
    decimals = max(0, digits - max(before, 2)) if abs(value) >= 1 else max(0, digits - 1 - before)
    return with_minus(f"{value:,.{min(decimals, 6)}f}")


def byte_size(count: float) -> tuple[str, str]:
    """Bytes with their prefix, 1 KB = 1,024 B: ("928", "B"), ("1.1", "KB"), ("34.2", "KB"), ("1,024", "KB")."""
    if abs(count) < 1000:
        return with_minus(f"{count:,.0f}"), "B"
    for unit, size in (("KB", 1024.0), ("MB", 1024.0**2), ("GB", 1024.0**3)):
        if abs(count) < size * 10_000 or unit == "GB":
            value = count / size
            return with_minus(f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.1f}"), unit
    raise AssertionError


def estimate(value: float, plus_minus: float, unit: str) -> tuple[str, str]:
    """A value no finer than its uncertainty: (18999, 2328, "B") gives ("19 ± 2", "KB"), (0.35, 0.15, "mJ") two digits.

    Bytes get their prefix; other units stay.
    """
    size, shown = 1.0, unit
    if unit == "B":
        shown = byte_size(value)[1]
        size = {"B": 1.0, "KB": 1024.0, "MB": 1024.0**2, "GB": 1024.0**3}[shown]
    if plus_minus <= 0 or not math.isfinite(plus_minus):
        return (byte_size(value)[0] if unit == "B" else significant(value)), shown
    around = plus_minus / size
    exponent = math.floor(math.log10(around))
    # A leading 1 keeps a second digit: between 1 and 2 the step of one digit is too coarse.
    decimals = max(0, -exponent + (1 if around / 10**exponent < 2 and exponent < 0 else 0))
    return with_minus(f"{value / size:,.{decimals}f} ± {around:,.{decimals}f}"), shown


def budget_text(used: float, plus_minus: float, limit: float, unit: str) -> tuple[str, str, str]:
    """A figure against its limit: (number with ±, unit, limit in that unit or empty): ("19 ± 2", "KB", "96")."""
    number, shown = estimate(used, plus_minus, unit)
    size = {"KB": 1024.0, "MB": 1024.0**2, "GB": 1024.0**3}.get(shown, 1.0) if unit == "B" else 1.0
    most = limit / size
    words = f"{most:,.0f}" if most >= 100 or most == round(most) else f"{most:.1f}"
    return number, shown, words if limit else ""


def quantity(value: float, unit: str, digits: int = 3) -> tuple[str, str]:
    """A value with an SI prefix: (442000, "") gives ("442", "k"); (0.021, "s") gives ("21.0", "ms")."""
    if value == 0:
        return "0", unit
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9)):
        if abs(value) >= size:
            return significant(value / size, digits), prefix + unit
    return significant(value / 1e-9, digits), "n" + unit


def count(number: int) -> str:
    """A whole number with thousands grouped."""
    return with_minus(f"{number:,}")


def duration(seconds: float) -> str:
    """A stretch of time: "0.3 s", "38 s", "1 min 12 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def signed(value: float, decimals: int) -> str:
    """A value that always shows its sign, so that its width stays: +0.06, −0.09."""
    return with_minus(f"{value:+.{decimals}f}")
