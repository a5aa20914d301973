"""Teleplot lines: ``>name:value§unit|flags``, ``>name:milliseconds:value``, several values parted by semicolons.

On a serial line a variable begins with ``>``; all else is a log. Source: https://github.com/nesnes/teleplot,
README.md and packages/teleplot-js/src/040-parseDataText.js. Texts (flag t) and points in a plane (xy) are no samples.

Variables that come equally often are one channel group: a sample is complete when each of them came once, in the
order in which they came first. A sample of which a line is missing or damaged is left out.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mote_decoders import common
from mote_decoders.common import Clock
from mote_decoders.textlines import LONGEST, LineCutter
from motestudio.sdk import ChannelGroup, Decoded, PluginError, StreamGuess, Value

LEARN, MOST, SPAN_US = 8, 1024, 1_000_000.0
_NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VALUES = rb"(?:" + _NUMBER + rb":)?" + _NUMBER + rb"(?:;(?:(?:" + _NUMBER + rb":)?" + _NUMBER + rb")?)*"
_LINE = re.compile(
    rb"^>([^:|;\n\r]{1,64}):(" + _VALUES + rb")(?:(?:\xc2)?\xa7([^|\n\r]{0,16}))?(\|[^\n\r]{0,40})?\r?\n", re.MULTILINE
)
_MOST_VARIABLES = 64
_UNKNOWN: dict[str, Value] = {"rate_hz": 0.0, "full_scale": ""}


@dataclass(slots=True)
class _Line:
    """A variable as it came: its values, their times in milliseconds (none where it says none), and its bytes."""

    name: str
    values: list[float]
    times: list[float]
    unit: str
    size: int


@dataclass(slots=True)
class _Set:
    """The variables of one group, and the sample that is being completed."""

    group: ChannelGroup
    clock: Clock = field(default_factory=Clock)
    pending: list[_Line] = field(default_factory=list)


def read_lines(block: bytes) -> tuple[list[_Line], int]:
    """The variables in whole lines, and the bytes of all else."""
    lines, used = [], 0
    for match in _LINE.finditer(block):
        name, body, unit, flags = match.groups()
        if (flags and (b"t" in flags or b"xy" in flags)) or match.end() - match.start() > LONGEST:
            continue
        size = match.end() - match.start()
        used += size
        values, times = _values(body)
        label = name.decode("utf-8", errors="replace").split(",")[0].strip() or "value"
        lines.append(_Line(label, values, times, unit.decode("utf-8", errors="replace") if unit else "", size))
    return lines, len(block) - used


def _values(body: bytes) -> tuple[list[float], list[float]]:
    values, times = [], []
    for part in body.split(b";"):
        if part:
            before, colon, after = part.partition(b":")
            values.append(float(after if colon else before))
            if colon:
                times.append(float(before))
    return values, times if len(times) == len(values) else []


class Teleplot:
    """Decoder stage."""

    def __init__(self) -> None:
        self._cutter = LineCutter()
        self._held: list[_Line] = []
        self._sets: list[_Set] = []
        self._place: dict[str, tuple[int, int]] = {}
        self._problem: PluginError | None = None
        self._logs = self._variables = 0

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """A group for all variables that come equally often, once the first lines told which.

        Raises:
            PluginError: the lines have no clock and no rate is set, or the full scale is none.
        """
        if self._problem is not None:
            raise self._problem
        return tuple(one.group for one in self._sets) or None

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """The board sends without being asked."""
        return b""

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on."""
        block, skipped = self._cutter.feed(data)
        lines, more = read_lines(block)
        self._variables += len(lines)
        self._logs += more > 0
        skipped += more
        if self._sets:
            return self._sorted(lines, skipped)
        for at, line in enumerate(lines):
            self._held.append(line)
            if len(self._held) % LEARN == 0:
                self._decide(params, last=len(self._held) >= MOST)
                if self._sets or len(self._held) >= MOST:
                    held, self._held = self._held, []
                    if not self._sets:
                        skipped += sum(one.size for one in held)
                        continue
                    return self._sorted(held + lines[at + 1 :], skipped)
        return common.nothing(0, skipped)

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """A short stream is read by what it told so far."""
        skipped, held = self._cutter.finish(), self._held
        if not self._sets and held:
            self._decide(params, last=True)
        self._held = []
        if not self._sets:
            return common.nothing(0, skipped + sum(one.size for one in held))
        out = self._sorted(held, skipped)
        rest = sum(line.size for one in self._sets for line in one.pending)
        for one in self._sets:
            one.pending = []
        return out + common.nothing(len(self._sets[0].group.channels), rest)

    def guess(self, data: bytes) -> StreamGuess:
        """Lines that begin with > and a variable."""
        own = Teleplot()
        block, _ = own._cutter.feed(data)
        lines, _ = read_lines(block)
        if len(lines) < 2:
            return StreamGuess(0.0, reason="no lines of variables that begin with >")
        names = list(dict.fromkeys(line.name for line in lines))
        timed = all(line.times for line in lines)
        told: dict[str, Value] = {} if timed else {"rate_hz": 0.0}
        shown = ", ".join(names[:6]) + (" ..." if len(names) > 6 else "")
        reason = f"Teleplot variables {shown} {'with' if timed else 'without'} a clock"
        most = max(Tally(line.name for line in lines).values())
        return StreamGuess(0.95, told, reason, most)

    def _decide(self, params: Mapping[str, Value], *, last: bool) -> None:
        """Tell the groups from the lines held, where they do."""
        tally = Tally(line.name for line in self._held)
        most = max(tally.values())
        names = list(dict.fromkeys(line.name for line in self._held))[:_MOST_VARIABLES]
        if most < (2 if last else LEARN):
            return
        # What came once only may be a name that noise has changed.
        names = [name for name in names if tally[name] > 1 or most < LEARN]
        rate, timed = common.number(params, "rate_hz"), all(line.times for line in self._held)
        times = {name: [t * 1000 for line in self._held if line.name == name for t in line.times] for name in names}
        lead = max(names, key=lambda name: tally[name])
        if timed and not rate:
            if not (last or times[lead][-1] - times[lead][0] >= SPAN_US):
                return
            rate = common.rate_from(times[lead])
        try:
            if not rate:
                raise common.no_rate("teleplot", "The lines have no clock")
            self._arrange(names, tally, rate, times if timed else {}, params)
        except PluginError as error:
            self._problem, self._sets = error, []

    def _arrange(
        self,
        names: list[str],
        tally: Mapping[str, int],
        rate: float,
        times: Mapping[str, list[float]],
        params: Mapping[str, Value],
    ) -> None:
        """Make groups of variables that came equally often, but for the lines cut off at both ends."""
        most = max(tally[name] for name in names)
        members: list[list[str]] = []
        for name in names:
            near = (m for m in members if abs(tally[m[0]] - tally[name]) <= max(1, round(0.1 * tally[name])))
            together = next((m for m in near if min(tally[m[0]], tally[name]) > 2 or tally[m[0]] == tally[name]), None)
            if together is None:
                members.append([name])
            else:
                together.append(name)
        scales = common.full_scales(params, len(names))
        place = 0
        for index, found in enumerate(members):
            group = self._from_start(found)
            values = [[v for line in self._held if line.name == name for v in line.values] for name in group]
            rows = min(map(len, values))
            units = [next((line.unit for line in self._held if line.name == n and line.unit), "") for n in group]
            own = scales[place : place + len(group)] if len(scales) > 1 else scales
            table = np.array([v[:rows] for v in values], dtype=np.float64).T
            units = [common.plain_unit(unit) for unit in units]
            plain = [re.sub(r"\W+", "_", name).strip("_") or "value" for name in group]
            channels = common.channels_of(plain, units, table, [False] * len(group), own)
            slower = rate * tally[group[0]] / most if tally[group[0]] < 0.9 * most else rate
            measured = common.rate_from(times[group[0]]) if times and slower != rate else 0.0
            label = "teleplot" if not index else f"teleplot{index + 1}"
            self._sets.append(_Set(ChannelGroup(label, measured or common.round_rate(slower, 0.05), channels)))
            self._place |= {name: (index, column) for column, name in enumerate(group)}
            place += len(group)

    def _from_start(self, group: list[str]) -> list[str]:
        """Variables in the order of a sample: a stream may begin within one, but time goes on between two."""
        steps: Tally[str] = Tally()
        before = None
        for line in self._held:
            if line.name in group and line.times:
                steps[line.name] += before is not None and line.times[0] > before
                before = line.times[0]
        start = group.index(max(group, key=lambda name: steps[name]))
        return group[start:] + group[:start]

    def _sorted(self, lines: Sequence[_Line], skipped: int) -> list[Decoded]:
        """Complete samples in the order of their lines, by group."""
        done: list[list[list[_Line]]] = [[] for _ in self._sets]
        for line in lines:
            index, column = self._place.get(line.name, (-1, -1))
            if index < 0:
                skipped += line.size
                continue
            one = self._sets[index]
            fits = not one.pending or len(one.pending[0].values) == len(line.values)
            if column != len(one.pending) or not fits:
                skipped += sum(p.size for p in one.pending)
                one.pending = []
                if column:
                    skipped += line.size
                    continue
            one.pending.append(line)
            if len(one.pending) == len(one.group.channels):
                done[index].append(one.pending)
                one.pending = []
        out: list[Decoded] = []
        for index, (one, rows) in enumerate(zip(self._sets, done, strict=True)):
            if rows:
                out += self._rows(index, one, rows)
        return out + common.nothing(len(self._sets[0].group.channels), skipped)

    def _rows(self, index: int, one: _Set, rows: list[list[_Line]]) -> list[Decoded]:
        if all(len(row[0].values) == 1 for row in rows):
            values = np.array([[line.values[0] for line in row] for row in rows])
        else:
            values = np.concatenate([np.array([line.values for line in row]).T for row in rows])
        clocks = [t for row in rows for t in row[0].times]
        times = common.NO_TIMES
        if len(clocks) == len(values):
            counts = np.array(clocks).clip(-(2.0**50), 2.0**50)
            times = np.rint(one.clock.unwrapped(counts) * 1000).astype(np.int64)
        samples = common.to_counts(values, one.group.channels)
        return common.in_runs(samples, times, np.zeros(len(samples), dtype=np.int64), 0, index)
