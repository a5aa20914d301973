"""Signals as pixels, by numpy alone: extremes per pixel column, and spans painted into an array. No Qt here.

A column belongs to a stretch of samples that is fixed from the stream's beginning, so that a moving picture does not
shimmer and what is painted once need not be painted again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import Samples

Pixels = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
_CHUNK = 1 << 19
_FEW = 8


def column_edges(first: int, last: int, per_column: float) -> npt.NDArray[np.int64]:
    """First sample of each column.

    Args:
        first: column.
        last: one past the last column.
        per_column: samples of a column; any number.

    Returns:
        int64, shape (last - first + 1,): the last entry is where the columns end.
    """
    edges: npt.NDArray[np.int64] = np.ceil(np.arange(first, last + 1) * per_column - 1e-9).astype(np.int64)
    return edges


def extremes(samples: Samples, edges: npt.NDArray[np.int64]) -> tuple[Samples, Samples, npt.NDArray[np.bool_]]:
    """Smallest and largest sample of every column.

    Args:
        samples: int16, shape (n, channels).
        edges: int64, shape (columns + 1,): where columns begin and end, relative to the first sample; may reach
            beyond both ends.

    Returns:
        Lows and highs, int16, shape (columns, channels), and bool, shape (columns,): whether the column has a sample.
    """
    columns, channels = len(edges) - 1, samples.shape[1]
    if columns <= _FEW:
        return _few_extremes(samples, edges.tolist())
    low = np.zeros((columns, channels), dtype=np.int16)
    high = np.zeros_like(low)
    inside = np.clip(edges, 0, len(samples))
    there = inside[1:] > inside[:-1]
    if there.any():
        starts = inside[:-1][there]
        part = samples[starts[0] : inside[-1]]
        # Columns that have samples follow each other without a hole: an empty one takes none from its neighbours.
        low[there] = np.minimum.reduceat(part, starts - starts[0], axis=0)
        high[there] = np.maximum.reduceat(part, starts - starts[0], axis=0)
    return low, high, there


def _few_extremes(samples: Samples, edges: list[int]) -> tuple[Samples, Samples, npt.NDArray[np.bool_]]:
    """`extremes` of what one frame of a moving picture needs, without what only pays for many columns."""
    columns, channels = len(edges) - 1, samples.shape[1]
    low = np.zeros((columns, channels), dtype=np.int16)
    high = np.zeros_like(low)
    there = np.zeros(columns, dtype=bool)
    for i in range(columns):
        part = samples[max(0, edges[i]) : max(0, edges[i + 1])]
        if len(part):
            part.min(axis=0, out=low[i])
            part.max(axis=0, out=high[i])
            there[i] = True
    return low, high, there


def read_extremes(
    reader: Any, first: int, last: int, per_column: float
) -> tuple[Samples, Samples, npt.NDArray[np.bool_]]:
    """`extremes` of columns of a reader, read in pieces that are small beside what a long view spans.

    Args:
        reader: with ``window(start, count)``.
        first: column.
        last: one past the last column.
        per_column: samples of a column.
    """
    step = max(1, int(_CHUNK / max(1.0, per_column)))
    if last - first <= min(step, _FEW):
        edges = column_edges(first, last, per_column)
        start = max(0, int(edges[0]))
        samples, at = reader.window(start, max(0, int(edges[-1]) - start))
        return extremes(samples, edges - at)
    parts = []
    for begin in range(first, last, step):
        edges = column_edges(begin, min(last, begin + step), per_column)
        start = max(0, int(edges[0]))
        samples, at = reader.window(start, max(0, int(edges[-1]) - start))
        parts.append(extremes(samples, edges - at))
    low, high, there = (np.concatenate(p) for p in zip(*parts, strict=True))
    return low, high, there


def joined(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Spans that touch their neighbour on the left, so that a steep flank is no row of loose dots.

    Args:
        low: float32, shape (columns, channels); not a number where a column has no sample.
        high: likewise.
    """
    touching_low, touching_high = low.copy(), high.copy()
    np.fmin(low[1:], high[:-1], out=touching_low[1:])
    np.fmax(high[1:], low[:-1], out=touching_high[1:])
    touching_low[np.isnan(low)] = touching_high[np.isnan(low)] = np.nan
    return touching_low, touching_high


def paint_few(
    pixels: Pixels,
    low: list[list[float]],
    high: list[list[float]],
    colours: Sequence[int],
    row_of: tuple[float, float],
    skip: int,
) -> None:
    """Paint some columns, joined as `joined` does; a frame of a moving picture has one or two that are new.

    Args:
        pixels: uint32, shape (rows, columns); changed.
        low: of each column, smallest value per channel; not a number where it has none.
        high: likewise.
        colours: 0xffRRGGBB per channel.
        row_of: (a, b): a value v lies at row ``a - b * v``.
        skip: how many of the columns only stand at the left of the first that is painted.
    """
    rows, (a, b) = len(pixels), row_of
    for i in range(skip, len(low)):
        for channel, colour in enumerate(colours):
            bottom, top = low[i][channel], high[i][channel]
            if math.isnan(bottom):
                continue
            if i > 0 and not math.isnan(low[i - 1][channel]):
                bottom, top = min(bottom, high[i - 1][channel]), max(top, low[i - 1][channel])
            first, last = max(0, round(a - b * top)), min(rows - 1, round(a - b * bottom))
            if first <= last:
                pixels[first : last + 1, i - skip] = colour


def paint_spans(pixels: Pixels, top: npt.NDArray[np.intp], bottom: npt.NDArray[np.intp], colour: int) -> None:
    """Fill each column from its top to its bottom row, both included.

    Args:
        pixels: uint32, shape (rows, columns); changed.
        top: shape (columns,); rows beyond the edge are left out.
        bottom: likewise; a column whose bottom lies over its top stays as it is.
        colour: 0xffRRGGBB.
    """
    rows = np.arange(len(pixels))[:, None]
    pixels[(rows >= top) & (rows <= bottom)] = colour
