"""What the columns of a table are: time, units and full scale.

Must not read files. Guesses are by name first and by size second, and each is one function.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel

Floats = npt.NDArray[np.float64]

ARDUINO = ("ax", "ay", "az", "gx", "gy", "gz")
ARDUINO_RATE = 119.0
"""Columns and rate of the IMU_Capture sketch for the Nano 33 BLE."""

_TIME = re.compile(
    r"^(t|dt|time.*|timestamp.*|.*time|.*[_ (\[](ns|us|µs|ms|s|sec|seconds)[)\]]?|ns|us|ms|millis|micros)$"
)
_UNIT_IN_NAME = re.compile(r"[\[(]\s*([^\])]+?)\s*[\])]")
_UNITS = {
    "g": "g", "m/s2": "m/s²", "m/s^2": "m/s²", "m/s²": "m/s²", "ms-2": "m/s²", "°/s": "°/s", "deg/s": "°/s",
    "dps": "°/s", "rad/s": "rad/s", "ut": "µT", "µt": "µT", "v": "V", "c": "°C", "°c": "°C",
}  # fmt: skip


def time_column(columns: Sequence[str], values: Floats) -> int | None:
    """Index of the column that holds time or counts samples, or None."""
    for i, name in enumerate(columns):
        if _TIME.match(name.strip().lower()) and not re.match(r"^(a|acc|g|gyr)", name.strip().lower()):
            return i
    if values.shape[1] > 1 and (not columns[0] or columns[0].lower() in ("index", "sample", "n", "i", "id", "seq")):
        first = values[np.isfinite(values[:, 0]), 0]
        if len(first) >= 8 and bool(np.all(np.diff(first) > 0)):
            return 0
    return None


def rate_of(name: str, times: Floats) -> float:
    """Samples per second from a time column, rounded to 4 digits; 0 where it only counts or does not say."""
    steps = np.diff(times[np.isfinite(times)])
    steps = steps[steps > 0]
    if len(steps) < 4:
        return 0.0
    step = float(np.median(steps))
    # Whole milliseconds at a high rate alternate (9, 8, 8): their mean over what is regular says more.
    step = float(np.mean(steps[steps < 3 * step]))
    lowered = name.strip().lower()
    seconds = 0.0
    for pattern, unit in (("ns", 1e-9), ("(us|µs|micros)", 1e-6), ("(ms|millis)", 1e-3), ("(s|sec|seconds)", 1.0)):
        if re.search(rf"(^|[_ (\[]|stamp){pattern}([)\]_ ]|$)", lowered):
            seconds = step * unit
            break
    else:
        if step == 1.0:
            return 0.0
        seconds = step * (1.0 if step < 1.0 else 1e-3 if step < 1000.0 else 1e-6 if step < 1e6 else 1e-9)
    rate = 1.0 / seconds
    return float(f"{rate:.4g}")


def kind_of(name: str) -> str:
    """``acc``, ``gyro``, ``mag`` or empty."""
    lowered = re.sub(r"[^a-z]", "", _UNIT_IN_NAME.sub("", name).lower())
    if re.match(r"^(a|acc|accel|accelerometer|acceleration|linearacceleration)[xyz]?$", lowered) or "acc" in lowered:
        return "acc"
    if re.match(r"^(g|gyr|gyro|gyroscope|rot|w)[xyz]$", lowered) or "gyr" in lowered:
        return "gyro"
    if re.match(r"^(m|mag|magn)[xyz]$", lowered):
        return "mag"
    return ""


def unit_of(name: str, values: Floats) -> str:
    """Physical unit of one kind's columns: from the name's brackets, else from the kind and the size of the values.

    Args:
        name: of the kind's first column.
        values: all columns of that kind, shape (rows, columns).
    """
    if (found := _UNIT_IN_NAME.search(name)) and found.group(1).lower() in _UNITS:
        return _UNITS[found.group(1).lower()]
    kind = kind_of(name)
    if kind == "acc":
        if _is_counts(values):
            return ""
        norm = float(np.nanmedian(np.sqrt(np.nansum(values**2, axis=1))))
        return "m/s²" if norm > 4.0 else "g"
    if kind == "gyro" and not _is_counts(values):
        return "°/s"
    return {"mag": "µT"}.get(kind, "") if not _is_counts(values) else ""


def channels_of(columns: Sequence[str], values: Floats) -> tuple[Channel, ...]:
    """Channels with one scale per kind, so that the axes of a sensor stay comparable.

    Whole numbers that fit 16 bits are kept as they are; others get the smallest power of two that holds them as
    their full scale.

    Args:
        columns: names, ``""`` where there are none.
        values: all samples of the import, float64, shape (rows, columns).
    """
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(columns):
        kind = kind_of(name)
        groups.setdefault(kind or f"column {i}", []).append(i)
    out: dict[int, Channel] = {}
    for members in groups.values():
        part = values[:, members]
        unit = unit_of(columns[members[0]], part)
        scale = 1.0 if _is_counts(part) else full_scale(float(np.nanmax(np.abs(part)))) / 32768.0
        for i in members:
            name = re.sub(r"\W+", "_", _UNIT_IN_NAME.sub("", columns[i])).strip("_") or f"ch{i}"
            out[i] = Channel(name, unit, scale)
    return _unique([out[i] for i in range(len(columns))])


def full_scale(largest: float) -> float:
    """The smallest power of two that holds a value; a hair over one is taken for a sensor at its stop."""
    if not largest > 0:
        return 1.0
    return float(2.0 ** math.ceil(math.log2(largest / 1.001)))


def _is_counts(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite) and np.all(finite == np.rint(finite)) and 16 < np.abs(finite).max() <= 32768)


def _unique(channels: Sequence[Channel]) -> tuple[Channel, ...]:
    seen: set[str] = set()
    out = []
    for i, channel in enumerate(channels):
        name = channel.name if channel.name not in seen else f"{channel.name}_{i}"
        seen.add(name)
        out.append(Channel(name, channel.unit, channel.scale))
    return tuple(out)
