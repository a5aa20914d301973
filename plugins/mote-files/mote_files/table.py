"""Reads one CSV file of unknown make into numbers, rows apart by blank lines.

Must not know about labels of folders, rates or scales. Bytes from anywhere must come out as a table or as a
`TableError` with a reason, never as a crash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

MAX_BYTES = 512 * 1024 * 1024
MAX_COLUMNS = 256
LABEL_COLUMNS = {"label", "labels", "class", "gesture", "activity", "target", "category", "word"}


class TableError(Exception):
    """The file is not a table of numbers; the text says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file.

    Attributes:
        columns: names of the number columns; ``""`` where the file has no header.
        values: float64, shape (rows, columns); NaN where a cell is empty or NaN, a whole row of them where the row
            was malformed.
        labels: the label column's text, one per row, or empty.
        blocks: first and one past the last row of each stretch between blank lines or repeated headers.
        bad_rows: line numbers of malformed rows, 1-based.
        has_header: whether the first line named the columns.
    """

    columns: tuple[str, ...]
    values: npt.NDArray[np.float64]
    labels: tuple[str, ...]
    blocks: tuple[tuple[int, int], ...]
    bad_rows: tuple[int, ...]
    has_header: bool


def read_table(path: Path) -> Table:
    """Read a file.

    Raises:
        TableError: empty, too large, no rows of numbers, or unreadable.
    """
    try:
        size = path.stat().st_size
        if not size:
            raise TableError("it is empty")
        if size > MAX_BYTES:
            raise TableError(f"it has more than {MAX_BYTES >> 20} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise TableError(error.strerror or str(error)) from error
    if b"\0" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError("it is binary")
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return parse_table(raw.decode("utf-16" if wide else "utf-8-sig", errors="replace"))


def parse_table(text: str) -> Table:
    """Read a table from text; see `read_table`."""
    lines = [line.strip() for line in text.splitlines()]
    content = [line for line in lines if line and not line.startswith(("#", "%", "//"))]
    if not content:
        raise TableError("it is empty")
    delimiter, comma = _dialect(content)
    first = _cells(content[0], delimiter)
    has_header = sum(_number(c, comma) is None for c in first) > 0 and len(content) > 1
    width = len(first) if has_header else _common([len(_cells(line, delimiter)) for line in content[:200]])
    if width > MAX_COLUMNS:
        raise TableError(f"it has {width} columns")
    names = [c.strip("\"' ") for c in first] if has_header else [""] * width
    rows, lines_of, blocks = _rows(lines, content[0] if has_header else None, delimiter)
    label, times = _text_columns(names, rows, width, comma)
    numbers = [i for i in range(width) if i != label]
    values, bad = _values(rows, width, numbers, times, comma)
    if not len(values) or not np.isfinite(values).any(axis=1).sum() > 1:
        raise TableError("it has no rows of numbers")
    return Table(
        tuple(names[i] for i in numbers),
        values,
        tuple(r[label].strip("\"' ") if len(r) > label else "" for r in rows) if label is not None else (),
        blocks,
        tuple(lines_of[i] for i in bad),
        has_header,
    )


def _dialect(content: Sequence[str]) -> tuple[str | None, bool]:
    """Delimiter (None for blanks) and whether commas are decimal."""
    probe = content[1:60] or content[:1]
    for delimiter in ("\t", ";"):
        if sum(delimiter in line for line in probe) > 0.5 * len(probe):
            cells = [c for line in probe for c in line.split(delimiter)]
            return delimiter, any(re.fullmatch(r"\s*-?\d*,\d+\s*", c) for c in cells)
    if sum("," in line for line in probe) > 0.5 * len(probe):
        return ",", False
    return None, False


def _cells(line: str, delimiter: str | None) -> list[str]:
    cells = line.split(delimiter)
    # Some writers end every line with the delimiter.
    return cells[:-1] if len(cells) > 1 and delimiter is not None and not cells[-1].strip() else cells


def _common(counts: Sequence[int]) -> int:
    return max(set(counts), key=lambda n: (counts.count(n), n))


def _number(cell: str, comma: bool) -> float | None:
    cell = cell.strip().strip("\"'")
    if not cell or cell.lower() in ("na", "null", "none", "-"):
        return float("nan")
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None


def _moment(cell: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 text."""
    try:
        return datetime.fromisoformat(cell.strip().strip("\"'")).timestamp()
    except (ValueError, OSError, OverflowError):
        return None


def _rows(
    lines: Sequence[str], header: str | None, delimiter: str | None
) -> tuple[list[list[str]], list[int], tuple[tuple[int, int], ...]]:
    """Cells of every data row, its line number, and the blocks between blank lines."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    starts = [0]
    for number, line in enumerate(lines, start=1):
        if not line or line == header:
            starts.append(len(rows))
        elif not line.startswith(("#", "%", "//")):
            rows.append(_cells(line, delimiter))
            numbers.append(number)
    ends = [*starts[1:], len(rows)]
    return rows, numbers, tuple((a, b) for a, b in zip(starts, ends, strict=True) if b > a)


def _text_columns(names: Sequence[str], rows: list[list[str]], width: int, comma: bool) -> tuple[int | None, set[int]]:
    """The label column, and columns of ISO 8601 times."""
    label, times = None, set()
    probe = [r for r in rows[:400] if len(r) == width]
    for i, name in enumerate(names):
        cells = [r[i] for r in probe]
        texts = sum(_number(c, comma) is None for c in cells)
        if cells and sum(_moment(c) is not None and _number(c, comma) is None for c in cells) > 0.5 * len(cells):
            times.add(i)
        elif name.lower() in LABEL_COLUMNS or (texts > 0.5 * max(1, len(cells)) and label is None):
            label = i
    return label, times


def _values(
    rows: list[list[str]], width: int, numbers: Sequence[int], times: set[int], comma: bool
) -> tuple[npt.NDArray[np.float64], list[int]]:
    values = np.full((len(rows), len(numbers)), np.nan)
    bad = []
    for at, row in enumerate(rows):
        wanted = numbers if len(row) == width else ()
        cells = [_moment(row[i]) if i in times else _number(row[i], comma) for i in wanted]
        if cells and None not in cells:
            values[at] = [float("nan") if c is None else c for c in cells]
        else:
            bad.append(at)
    values[~np.isfinite(values)] = np.nan
    return values, bad
