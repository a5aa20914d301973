"""Lines of numbers, one per sample, as `Serial.print` writes them and the Edge Impulse data forwarder reads them.

Numbers stand apart by commas, semicolons, tabs or blanks; a line may begin with a clock or a counter, and a header
may name the columns. The forwarder's own rules (any of comma, tab and blank; the first line is thrown away, as it may
be cut) are those of https://github.com/edgeimpulse/edge-impulse-cli, cli/data-forwarder.ts; unlike it, a line that is
no sample is left out and counted, and the rate comes from the clock where the lines have one.

The first lines are held until they tell the layout; after that a block is read with a handful of passes over its bytes.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mote_decoders import common
from mote_decoders.common import Clock, Counter, Floats
from mote_decoders.textlines import LONGEST, LineCutter
from motestudio.sdk import ChannelGroup, Decoded, PluginError, StreamGuess, Value

LEARN, STEADY, MOST, SPAN_US = 8, 24, 256, 1_000_000.0
"""Lines that tell a layout, and a clock or counter without a name; lines, and time of the clock, that tell a rate."""
_NUMERIC = re.compile(rb"[\s]*[-+.\d][-+.\deE,;\t \r]*\n")
_DECIMAL_COMMA = re.compile(
    rb"\s*[-+]?\d+(,\d+)?(e[-+]?\d+)?([;\t ]+[-+]?\d+(,\d+)?(e[-+]?\d+)?)+[;\s]*", re.IGNORECASE
)
_NAME = re.compile(r"[^\W\d_][\w .+\-/°²]{0,38}(\s*[\[(][^\])]{1,12}[\])])?")
_BAD = 255
_CLOCKS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}


def _table(separators: bytes, comma: bool) -> bytes:
    table = bytearray([_BAD] * 256)
    for byte in b"0123456789+-.eE\n":
        table[byte] = byte
    for byte in separators:
        table[byte] = 32
    if comma:
        table[ord(",")] = ord(".")
    return bytes(table)


_TABLES = {"point": _table(b" \t\r,;", False), "comma": _table(b" \t\r;", True)}


def read_block(block: bytes, decimal: str, columns: int) -> tuple[Floats, int]:
    """Read the lines that are samples.

    Args:
        block: whole lines.
        decimal: ``point`` or ``comma``.
        columns: numbers of a sample.

    Returns:
        float64, shape (samples, columns), and the bytes of all other lines.
    """
    cells = block.translate(_TABLES[decimal])
    chars = np.frombuffer(cells, dtype=np.uint8)
    ends = np.flatnonzero(chars == ord("\n"))
    lengths = np.diff(ends, prepend=-1)
    word = chars > 32
    begins = np.flatnonzero(word[1:] & ~word[:-1]) + 1
    if len(word) and word[0]:
        begins = np.concatenate(([0], begins))
    valid = (np.diff(np.searchsorted(begins, ends), prepend=0) == columns) & (lengths <= LONGEST)
    valid[np.searchsorted(ends, np.flatnonzero(chars == _BAD))] = False
    good = int(lengths[valid].sum())
    if good < len(cells):
        cells = chars[np.repeat(valid, lengths)].tobytes()
    try:
        values = np.array(cells.split(), dtype=np.float64)
    except ValueError:
        # A word that looks like a number and is none, such as 1.2.3: line by line.
        rows, good = [], 0
        for line in cells.splitlines(keepends=True):
            try:
                rows.append([float(cell) for cell in line.split()])
                good += len(line)
            except ValueError:
                continue
        values = np.array(rows, dtype=np.float64)
    return values.reshape(-1, columns), len(block) - good


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the first lines tell.

    Attributes:
        decimal: ``point`` or ``comma``.
        columns: numbers of a line, a clock or counter among them.
        lead: what the first is: empty for a channel, ``count``, or the unit of a clock.
        group: channels and rate; None where nothing tells the rate.
    """

    decimal: str
    columns: int
    lead: str
    group: ChannelGroup | None


class Lines:
    """Decoder stage."""

    def __init__(self) -> None:
        self._cutter = LineCutter()
        self._first = True
        self._header = b""
        self._held: list[bytes] = []
        self._layout: _Layout | None = None
        self._problem: PluginError | None = None
        self._clock, self._counter = Clock(), Counter(32)

    def groups(self, params: Mapping[str, Value]) -> tuple[ChannelGroup, ...] | None:
        """One group, once the first lines told its columns and rate.

        Raises:
            PluginError: the lines have no clock and no rate is set, or the full scale is none.
        """
        if self._problem is not None:
            raise self._problem
        return None if self._layout is None or self._layout.group is None else (self._layout.group,)

    def greeting(self, params: Mapping[str, Value]) -> bytes:
        """Text that starts the board, as the user set it: the data forwarder's is AT+STARTDATAFWD."""
        said = common.text(params, "start")
        return said.encode() + b"\r\n" if said else b""

    def feed(self, data: bytes, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """Read on."""
        block, skipped = self._cutter.feed(data)
        if self._layout is None and block:
            block, more = self._learn(block, params)
            skipped += more
        return self._read(block, skipped)

    def finish(self, params: Mapping[str, Value]) -> Sequence[Decoded]:
        """A short stream is read by what it told so far."""
        skipped, block = self._cutter.finish(), b""
        if self._layout is None and self._held:
            block = b"".join(self._held)
            self._decide(params, last=True)
            self._held = []
        return self._read(block, skipped)

    def guess(self, data: bytes) -> StreamGuess:
        """Text that is mostly lines of as many numbers."""
        own = Lines()
        params: dict[str, Value] = {"decimal": "auto", "time": "auto", "rate_hz": 0.0, "names": "", "units": ""}
        params |= {"full_scale": "", "start": ""}
        found = [*own.feed(data, params), *own.finish(params)]
        layout = own._layout
        if layout is None:
            return StreamGuess(0.0, reason="no lines of numbers")
        if own._problem is not None:
            # Without a rate nothing was given out; how much is samples is asked again with one.
            own = Lines()
            found = [*own.feed(data, params | {"rate_hz": 1.0}), *own.finish(params | {"rate_hz": 1.0})]
        samples = sum(len(one.samples) for one in found)
        share = 1.0 - sum(one.skipped for one in found) / max(1, len(data))
        told: dict[str, Value] = {"decimal": layout.decimal, "time": layout.lead or "none"}
        if layout.group is None:
            told["rate_hz"] = 0.0
        clock = {"": "no clock", "count": "a counter"}.get(layout.lead, f"a clock in {layout.lead}")
        reason = f"lines of {layout.columns - bool(layout.lead)} numbers with {clock}"
        return StreamGuess(round(0.9 * max(0.0, share), 3), told, reason, samples)

    def _learn(self, block: bytes, params: Mapping[str, Value]) -> tuple[bytes, int]:
        """Hold lines until they tell a layout; returns the lines to read by it, and bytes that are none."""
        skipped, lines = 0, block.splitlines(keepends=True)
        if any(not line.endswith(b"\n") for line in lines):
            lines = [line + b"\n" for line in block.split(b"\n")[:-1]]
        for at, line in enumerate(lines):
            numeric = len(line) <= LONGEST and _NUMERIC.fullmatch(line) is not None
            if numeric and not self._first:
                self._held.append(line)
            else:
                skipped += len(line)
                if not self._held and not numeric and line.strip():
                    self._header = line[:LONGEST]
            self._first = False
            if numeric and len(self._held) >= LEARN and len(self._held) % LEARN == 0:
                self._decide(params, last=False)
                if self._layout is not None:
                    held, self._held = b"".join(self._held), []
                    return held + b"".join(lines[at + 1 :]), skipped
                if len(self._held) >= MOST:
                    skipped += sum(map(len, self._held))
                    self._held, self._header = [], b""
        return b"", skipped

    def _decide(self, params: Mapping[str, Value], *, last: bool) -> None:
        """Tell the layout from the lines held, where they do."""
        decimal = common.text(params, "decimal")
        if decimal == "auto":
            found = [_DECIMAL_COMMA.fullmatch(line) for line in self._held]
            decimal = "comma" if all(found) and any(b"," in line for line in self._held) else "point"
        tally = Tally(len(line.translate(_TABLES[decimal]).split()) for line in self._held)
        columns, count = max(tally.items(), key=lambda item: (item[1], item[0]))
        if count < (2 if last else LEARN):
            return
        values, _ = read_block(b"".join(self._held), decimal, columns)
        if not len(values):
            return
        header = self._columns_of_header(columns)
        lead = common.text(params, "time")
        if lead == "auto":
            lead = _lead(values, header)
            if lead and not header and len(values) < STEADY and not last:
                return
        lead = "" if lead == "none" or columns < 2 else lead
        rate = common.number(params, "rate_hz")
        if lead in _CLOCKS and not rate:
            times = Clock().unwrapped(values[:, 0]) * _CLOCKS[lead]
            if not (last or len(self._held) >= MOST or times.max() - times.min() >= SPAN_US):
                return
            rate = common.rate_from(times)
        try:
            self._layout = _Layout(decimal, columns, lead, self._group(values, header, lead, rate, decimal, params))
            if self._layout.group is None:
                why = "The clock of the lines does not go on" if lead in _CLOCKS else "The stream has no clock"
                self._problem = common.no_rate("lines", why)
        except PluginError as error:
            self._problem = error
            self._layout = _Layout(decimal, columns, lead, None)

    def _group(
        self,
        values: Floats,
        header: Sequence[tuple[str, str]],
        lead: str,
        rate: float,
        decimal: str,
        params: Mapping[str, Value],
    ) -> ChannelGroup | None:
        skip = 1 if lead else 0
        count = values.shape[1] - skip
        scales = common.full_scales(params, count)
        if not rate > 0:
            return None
        rows = [line.translate(_TABLES[decimal]).split() for line in self._held]
        rows = [row[skip:] for row in rows if len(row) == values.shape[1]]
        whole = [not any(b"." in row[i] or b"e" in row[i].lower() for row in rows) for i in range(count)]
        named = [*header[skip:], *[("", "")] * count][:count]
        given, units = common.listed(params, "names"), common.listed(params, "units")
        names = [given[i] if i < len(given) and given[i] else named[i][0] for i in range(count)]
        units = [units[i] if i < len(units) and units[i] else named[i][1] for i in range(count)]
        units = [common.plain_unit(unit) for unit in units]
        return ChannelGroup("lines", rate, common.channels_of(names, units, values[:, skip:], whole, scales))

    def _columns_of_header(self, columns: int) -> list[tuple[str, str]]:
        """Names and units that the line before the first numbers gives the columns; none where it is something else."""
        said = self._header.decode("utf-8", errors="replace").strip()
        cells = re.split(r"[,;\t]", said) if re.search(r"[,;\t]", said) else said.split()
        cells = [cell.strip().strip("\"'") for cell in cells if cell.strip()]
        if len(cells) != columns or not all(_NAME.fullmatch(cell) for cell in cells):
            return []
        found = []
        for cell in cells:
            bracket = re.search(r"[\[(](.*)[\])]", cell)
            name = re.sub(r"\W+", "_", re.sub(r"[\[(].*", "", cell)).strip("_")
            found.append((name, bracket.group(1) if bracket else ""))
        return found

    def _read(self, block: bytes, skipped: int) -> list[Decoded]:
        layout = self._layout
        if layout is None or layout.group is None:
            return common.nothing(0, skipped + len(block))
        channels = layout.group.channels
        if not block:
            return common.nothing(len(channels), skipped)
        values, more = read_block(block, layout.decimal, layout.columns)
        times, lost = common.NO_TIMES, np.zeros(len(values), dtype=np.int64)
        if layout.lead == "count":
            lost = self._counter.lost(np.nan_to_num(values[:, 0]).clip(-(2.0**52), 2.0**52).astype(np.int64))
        elif layout.lead:
            clock = np.nan_to_num(values[:, 0]).clip(-(2.0**52), 2.0**52)
            times = np.rint(self._clock.unwrapped(clock) * _CLOCKS[layout.lead]).astype(np.int64)
        samples = common.to_counts(values[:, bool(layout.lead) :], channels)
        return common.in_runs(samples, times, lost, skipped + more)


def _lead(values: Floats, header: Sequence[tuple[str, str]]) -> str:
    """What the first column is: a clock in some unit, a counter, or (empty) a channel."""
    name, unit = (header[0][0].lower(), header[0][1].lower()) if header else ("", "")
    named = re.match(r"^(t|time|timestamp|ts|millis|micros|clock|ms|us|seconds)(_|$)", name) is not None
    counted = re.match(r"^(n|i|id|index|seq|sample|count|counter)(_|$)", name) is not None
    if header and not named and not counted:
        return ""
    if values.shape[1] < 2 or len(values) < 2:
        return ""
    steps = np.diff(values[:, 0])
    if counted or (not named and bool(np.all(steps == 1))):
        return "count"
    rising = bool(np.all(steps >= 0)) and bool((steps > 0).sum() * 2 > len(steps))
    if not named and (not rising or len(values) < LEARN):
        return ""
    for pattern, clock in ((r"ns", "ns"), (r"us|µs|micros", "us"), (r"ms|millis", "ms"), (r"s|sec|seconds", "s")):
        if re.fullmatch(pattern, unit) or re.search(rf"(^|_)({pattern})$", name):
            return clock
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    ticks = 1.0 if bool(np.all(values[:, 0] == np.rint(values[:, 0]))) else 0.0
    if not named and float(np.mean(np.abs(steps - step) > 0.1 * step + ticks)) > 0.1:
        # A channel may rise for a while too; a clock goes on in steps of one length, but for a gap.
        return ""
    return "s" if step < 0.9 else "ms" if step < 200 else "us" if step < 5e6 else "ns"
