"""What the decoders share: results, scales of channels, rates from clocks, clocks and counters that turn over."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, Decoded, PluginError, Value

Floats = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int64 = npt.NDArray[np.int64]

NO_TIMES: Int64 = np.zeros(0, dtype=np.int64)
RESTART = 1_000_000
"""More samples than this missing at once are a board that began anew, or a counter that noise has changed."""
_REGULAR = 3.0
_ACC, _GYRO, _MAG = "acc", "gyro", "mag"
_USUAL = {
    (_ACC, "g"): 16.0,
    (_ACC, "m/s²"): 256.0,
    (_GYRO, "°/s"): 2048.0,
    (_GYRO, "rad/s"): 64.0,
    (_MAG, "µT"): 8192.0,
}
"""Full scale by what a sensor measures: the widest range that such sensors usually have."""
_UNITS = {
    "g": "g", "m/s2": "m/s²", "m/s^2": "m/s²", "m/s²": "m/s²", "deg/s": "°/s", "dps": "°/s", "°/s": "°/s",
    "rad/s": "rad/s", "ut": "µT", "µt": "µT", "μt": "µT", "uT": "µT", "c": "°C", "°c": "°C",
}  # fmt: skip
_RESERVE = 16.0


def text(params: Mapping[str, Value], key: str) -> str:
    """A parameter that is text."""
    return str(params[key])


def number(params: Mapping[str, Value], key: str) -> float:
    """A parameter that is a number."""
    return float(params[key])


def listed(params: Mapping[str, Value], key: str) -> list[str]:
    """The entries of a parameter that is a list in text.

    Commas or semicolons stand between them, so that an entry may be empty or hold blanks; without any, blanks do.
    """
    said = text(params, key)
    parts = re.split("[,;]", said) if re.search("[,;]", said) else said.split()
    return [part.strip() for part in parts]


def nothing(channels: int, skipped: int) -> list[Decoded]:
    """Bytes that were no samples, and only these."""
    return [Decoded(np.zeros((0, channels), dtype=np.int16), NO_TIMES, skipped)] if skipped else []


def in_runs(
    samples: Int16, times: Int64, lost: npt.NDArray[np.int64], skipped: int = 0, group: int = 0
) -> list[Decoded]:
    """Samples as stretches without a gap.

    Args:
        samples: int16, shape (samples, channels).
        times: int64, shape (samples,), or empty.
        lost: int64, shape (samples,): samples missing before each.
        skipped: bytes that were none, told with the first stretch.
        group: of the samples.
    """
    if not len(samples):
        return nothing(samples.shape[1], skipped)
    starts = [0, *(int(i) for i in np.flatnonzero(lost) if i)]
    out = []
    for start, end in zip(starts, [*starts[1:], len(samples)], strict=True):
        out.append(Decoded(samples[start:end], times[start:end], skipped, group, int(lost[start])))
        skipped = 0
    return out


class Counter:
    """A counter in the stream that tells what is missing, and turns over.

    Args:
        bits: of the counter.
    """

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._next: int | None = None

    def lost(self, values: Int64) -> Int64:
        """What is missing before each of these counts; 0 where the counter began anew, in whatever direction."""
        if not len(values):
            return values
        expected = np.empty_like(values)
        expected[0] = values[0] if self._next is None else self._next
        expected[1:] = values[:-1] + 1
        self._next = int(values[-1]) + 1
        missing = (values - expected) % self._modulus
        missing[missing > min(RESTART, self._modulus // 2)] = 0
        return missing


class Clock:
    """A clock of 32 bits in the stream, made to go on where it turns over.

    Attributes:
        turns: of 2**32 counts so far.
    """

    _EDGE = 1 << 28

    def __init__(self) -> None:
        self.turns = 0
        self._last: float | None = None

    def unwrapped(self, counts: Floats) -> Floats:
        """Counts with the turns added; a board that began anew is not taken for one."""
        if not len(counts):
            return counts
        before = np.concatenate(([counts[0] if self._last is None else self._last], counts[:-1]))
        self._last = float(counts[-1])
        wrapped = (before > (1 << 32) - self._EDGE) & (before < 1 << 32) & (counts < self._EDGE) & (counts >= 0)
        total = self.turns + np.cumsum(wrapped)
        self.turns = int(total[-1])
        return counts + total * float(1 << 32)


def rate_from(times_us: Sequence[float] | Floats) -> float:
    """Samples per second from the clock of some samples, a round number where one is as near as the clock tells.

    Steps of more than three times the usual one are gaps and left out. 0 where the clock does not go on.
    """
    steps = np.diff(np.asarray(times_us, dtype=np.float64))
    steps = steps[(steps >= 0) & np.isfinite(steps)]
    if not steps.any():
        return 0.0
    regular = steps[steps <= _REGULAR * max(float(np.median(steps)), float(np.mean(steps)))]
    mean = float(np.mean(regular)) if regular.any() else 0.0
    return round_rate(1e6 / mean, 0.003) if mean > 0 else 0.0


def round_rate(rate: float, tolerance: float) -> float:
    """The number of fewest digits within a tolerance (relative); at most five digits."""
    for digits in range(1, 6):
        rounded = float(f"{rate:.{digits}g}")
        if abs(rounded - rate) <= tolerance * rate:
            return rounded
    return float(f"{rate:.5g}")


def no_rate(stage: str, why: str) -> PluginError:
    """The refusal of a stream that does not say its rate."""
    return PluginError(f"{stage}.rate", f"{why}, so it does not say its rate.", "Set rate_hz, in samples per second.")


def plain_unit(unit: str) -> str:
    """A unit as it is usually written."""
    return _UNITS.get(unit.strip().lower(), unit.strip())


def channels_of(
    names: Sequence[str], units: Sequence[str], values: Floats, whole: Sequence[bool], scales: Sequence[float]
) -> tuple[Channel, ...]:
    """Channels with scales by which their values fit 16 bits.

    Whole numbers that fit are kept as they are. Others get a full scale: what the user said, else the widest range that
    such a sensor usually has, else 16 times the largest value seen, one for all axes of a sensor.

    Args:
        names: of the columns, empty where unknown.
        units: of them, empty where unknown.
        values: the first samples, shape (samples, columns).
        whole: which columns hold whole numbers.
        scales: full scales that the user set: none, one for all, or one per column.
    """
    count = values.shape[1]
    names = unique([name or f"c{i}" for i, name in enumerate(names)])
    chosen: list[Channel] = []
    for members in _sensors(names, count):
        part = values[:, members]
        kind = _kind(names[members[0]], part)
        unit = units[members[0]] or _unit(kind, part)
        largest = float(np.abs(part).max(initial=0.0))
        for i in members:
            scale = 1.0 if whole[i] and np.abs(values[:, i]).max(initial=0.0) <= 32767 else 0.0
            if scales:
                scale = scales[i if len(scales) > 1 else 0] / 32768
            elif not scale:
                scale = max(_USUAL.get((kind, unit), 0.0), _power(largest if kind else largest * _RESERVE)) / 32768
            counts = scale == 1.0 and not units[i]
            chosen.append(Channel(names[i], "" if counts else units[i] or unit, scale))
    return tuple(chosen)


def to_counts(values: Floats, channels: Sequence[Channel]) -> Int16:
    """Values in the channels' units as int16, saturated."""
    counts = np.rint(values / np.array([c.scale for c in channels]))
    return np.clip(counts, -32768, 32767).astype(np.int16)


def full_scales(params: Mapping[str, Value], columns: int) -> list[float]:
    """What the user set as ``full_scale``: none, one for all, or one per column.

    Raises:
        PluginError: it is no list of positive numbers, or of another length.
    """
    entries = [entry for entry in listed(params, "full_scale") if entry]
    try:
        values = [float(entry) for entry in entries]
    except ValueError:
        values = [0.0]
    if not all(0 < value < math.inf for value in values) or len(values) not in (0, 1, columns):
        hint = f"Give one positive number, or {columns} of them, separated by commas."
        raise PluginError("decoder.scale", f"{text(params, 'full_scale')!r} is no full scale here.", hint)
    return values


def unique(names: Sequence[str]) -> list[str]:
    """Names, numbered where two are the same."""
    out: list[str] = []
    for i, name in enumerate(names):
        out.append(name if name not in out and name not in names[:i] else f"{name}_{i}")
    return out


def _power(largest: float) -> float:
    return float(2.0 ** math.ceil(math.log2(largest))) if 0 < largest < 1e300 else 1.0


def _sensors(names: Sequence[str], count: int) -> list[list[int]]:
    """Columns that belong together: names that differ in x, y, z only, or threes of columns without names."""
    if all(re.fullmatch(r"c\d+", name) for name in names):
        size = 3 if count % 3 == 0 else 1
        return [list(range(i, i + size)) for i in range(0, count, size)]
    groups: list[list[int]] = []
    for i, name in enumerate(names):
        stem = re.sub(r"[xyzXYZ]$", "", name)
        if groups and stem != name and stem == re.sub(r"[xyzXYZ]$", "", names[groups[-1][0]]):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _kind(name: str, values: Floats) -> str:
    lowered = re.sub(r"[^a-z]", "", name.lower())
    for kind, pattern in ((_ACC, "^a[xyz]?$|acc"), (_GYRO, "^(g|w)[xyz]$|gyr"), (_MAG, "^m[xyz]$|mag")):
        if re.search(pattern, lowered):
            return kind
    # An accelerometer at rest tells itself by gravity.
    return _ACC if values.shape[1] == 3 and _gravity(values) else ""


def _unit(kind: str, values: Floats) -> str:
    if kind == _ACC:
        return _gravity(values) or ("m/s²" if np.median(np.linalg.norm(values, axis=1)) > 4 else "g")
    return {_GYRO: "°/s", _MAG: "µT"}.get(kind, "")


def _gravity(values: Floats) -> str:
    norm = float(np.median(np.linalg.norm(values, axis=1))) if len(values) else 0.0
    return "g" if 0.95 < norm < 1.05 else "m/s²" if 9.3 < norm < 10.3 else ""
