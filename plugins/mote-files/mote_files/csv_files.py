"""The stage: takes from CSV files.

All files are read before the first clip is given, since rate and scale are one for the whole import.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Channel, ChannelGroup, Clip, PluginError, RunContext, Value

from .channels import ARDUINO, ARDUINO_RATE, channels_of, kind_of, rate_of, time_column
from .folders import Names, find_files, labels, split_of, without_copies
from .table import Table, TableError, read_table

LEAST_SAMPLES = 8
"""Shorter takes are left-overs of a transfer."""
MOST_NAN = 0.2
"""Part of a take that may be missing and is filled in by straight lines."""
UNKNOWN_RATE = 100.0
"""Assumed, and said so, where nothing tells."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    columns: tuple[str, ...]
    values: npt.NDArray[np.float64]
    table: Table
    rate: float


class CsvFiles:
    """Importer stage ``mote-files/csv``."""

    def clips(self, ctx: RunContext, source: Path, params: Mapping[str, Value]) -> Iterator[Clip]:
        """Yield one clip per take.

        Raises:
            PluginError: there is no CSV file, or none with numbers.
            Cancelled: the user cancelled.
        """
        files = _read_all(ctx, source)
        rate = _rate(files, float(params["rate_hz"]), ctx)
        channels = channels_of(files[0].columns, np.concatenate([f.values for f in files]))
        name = "imu" if any(kind_of(c.name) in ("acc", "gyro") for c in channels) else "signal"
        group = ChannelGroup(name, rate, channels)
        label_from = str(params["label_from"])
        by_place = labels([f.path for f in files], source, "auto" if label_from == "column" else label_from)
        length = int(params["take_samples"]) or _take_length(files)
        names = Names()
        for i, file in enumerate(files):
            ctx.progress(0.5 + 0.5 * i / len(files), file.path.name)
            use_column = bool(file.table.labels) and label_from in ("auto", "column")
            for start, stop in _takes(file.table, length, use_column):
                label = file.table.labels[start] if use_column else by_place[file.path]
                where = f"{file.path.name} rows {start + 1} to {stop}"
                samples = _samples(file.values[start:stop], channels, where, ctx)
                if samples is not None:
                    split = split_of(file.path, source)
                    yield Clip(
                        name=names.take(split, label, file.path.stem if file.path.stem != label else ""),
                        label=label,
                        group=group,
                        samples=samples,
                        split=split,
                        source=f"{_relative(file.path, source)} rows {start + 1}-{stop}",
                    )


def _relative(path: Path, source: Path) -> str:
    return path.name if path == source else path.relative_to(source).as_posix()


def _read_all(ctx: RunContext, source: Path) -> list[_File]:
    paths = without_copies(find_files(source, ".csv"), source, ctx.log)
    if not paths:
        raise PluginError("import.no_files", f"{source.name} has no CSV files.", "Choose the folder that holds them.")
    files = []
    for i, path in enumerate(paths):
        ctx.progress(0.5 * i / len(paths), path.name)
        try:
            table = read_table(path)
        except TableError as error:
            ctx.log(f"{path.name} is left out: {error}.")
            continue
        if table.bad_rows:
            lines = ", ".join(str(n) for n in table.bad_rows[:8])
            ctx.log(f"{path.name}: {len(table.bad_rows)} malformed rows are left out (lines {lines}).")
        files.append(_file(path, table))
    files = [f for f in files if f.values.shape[1]]
    if not files:
        text = f"None of the {len(paths)} CSV files in {source.name} holds numbers."
        raise PluginError("import.no_data", text, "The log names the reason for each file.")
    layouts = Counter(f.columns for f in files)
    layout = layouts.most_common(1)[0][0]
    for file in files:
        if file.columns != layout:
            ctx.log(f"{file.path.name} is left out: its columns are not those of most files ({', '.join(layout)}).")
    return [f for f in files if f.columns == layout]


def _file(path: Path, table: Table) -> _File:
    at = time_column(table.columns, table.values)
    keep = [i for i in range(len(table.columns)) if i != at and np.isfinite(table.values[:, i]).any()]
    rate = rate_of(table.columns[at], table.values[:, at]) if at is not None else 0.0
    return _File(path, tuple(table.columns[i] for i in keep), table.values[:, keep], table, rate)


def _is_arduino(files: Sequence[_File]) -> bool:
    return tuple(c.lower() for c in files[0].columns) == ARDUINO


def _rate(files: Sequence[_File], given: float, ctx: RunContext) -> float:
    if given > 0:
        return given
    known = [f.rate for f in files if f.rate > 0]
    if known:
        return float(np.median(known))
    if _is_arduino(files):
        return ARDUINO_RATE
    ctx.log(f"No column tells the rate: {UNKNOWN_RATE:g} Hz is assumed. Set rate_hz if that is wrong.")
    return UNKNOWN_RATE


def _take_length(files: Sequence[_File]) -> int:
    """Rows of a take where the layout is known to write takes of one length without a gap; else 0."""
    if not _is_arduino(files) or any(len(f.table.blocks) > 1 for f in files):
        return 0
    shared = math.gcd(*(len(f.values) for f in files))
    if shared % round(ARDUINO_RATE) == 0:
        return round(ARDUINO_RATE)
    return shared if 20 <= shared <= 1000 else 0


def _takes(table: Table, length: int, by_label: bool) -> Iterator[tuple[int, int]]:
    """First and one past the last row of each take."""
    for first, last in table.blocks:
        cuts = [first, last]
        if by_label:
            cuts += [i for i in range(first + 1, last) if table.labels[i] != table.labels[i - 1]]
        cuts.sort()
        for start, stop in pairwise(cuts):
            if not length or stop - start <= length:
                yield start, stop
                continue
            for at in range(start, stop, length):
                if at + length <= stop or stop - at >= length // 2:
                    yield at, min(at + length, stop)


def _samples(
    values: npt.NDArray[np.float64], channels: Sequence[Channel], where: str, ctx: RunContext
) -> npt.NDArray[np.int16] | None:
    """Quantise one take, or say in the log why not."""
    rows = values[np.isfinite(values).any(axis=1)].copy()
    if len(rows) < LEAST_SAMPLES:
        ctx.log(f"{where} left out: {len(rows)} samples.")
        return None
    missing = ~np.isfinite(rows)
    if missing.any():
        worst = float(missing.mean(axis=0).max())
        if worst > MOST_NAN:
            ctx.log(f"{where} left out: {worst:.0%} of a channel is missing.")
            return None
        ctx.log(f"{where}: {int(missing.sum())} missing values are filled in by straight lines.")
        index = np.arange(len(rows))
        for column, gaps in zip(rows.T, missing.T, strict=True):
            column[gaps] = np.interp(index[gaps], index[~gaps], column[~gaps])
    counts = np.rint(rows / np.array([c.scale for c in channels]))
    whole: npt.NDArray[np.int16] = np.clip(counts, -32768, 32767).astype(np.int16)
    return whole
