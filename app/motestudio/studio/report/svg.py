"""Small plots as inline SVG. Colours are CSS variables, so a plot follows the page's light or dark theme."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from motestudio.domain.model_report import ModelGraph, Placement

Floats = npt.NDArray[np.float64]
_LEFT, _TOP, _BOTTOM = 44, 8, 22


def series_color(number: int) -> str:
    """CSS colour of a series, numbered from 1 as the theme has them."""
    return f"var(--s{(number - 1) % 8 + 1})"


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round axis values inside a range."""
    span = high - low
    if not span > 0:
        return [low]
    rough = span / wanted
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = np.ceil(low / step) * step
    return [float(v) for v in np.arange(first, high + step * 1e-6, step)]


def _number(value: float) -> str:
    return f"{value + 0.0:g}".replace("-", "−") if abs(value) > 1e-12 else "0"


def _frame(
    width: int, height: int, x: tuple[float, float], y: tuple[float, float], unit: str, top: int = _TOP
) -> list[str]:
    parts = []
    for value in ticks(*y, 4):
        py = top + (y[1] - value) / (y[1] - y[0]) * (height - top - _BOTTOM)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{width}" y1="{py:.1f}" y2="{py:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    for value in ticks(*x, 8):
        px = _LEFT + (value - x[0]) / (x[1] - x[0] or 1) * (width - _LEFT - 8)
        label = f"{_number(value)}{' ' + unit if value == ticks(*x, 8)[-1] and unit else ''}"
        parts.append(f'<text class="tick" x="{px:.1f}" y="{height - 6}" text-anchor="middle">{label}</text>')
    return parts


def _thin(x: Floats, y: Floats, pixels: int) -> tuple[Floats, Floats]:
    """Minimum and maximum per pixel column, so that no peak is lost and the file stays small."""
    if len(x) <= 2 * pixels:
        return x, y
    edges = np.linspace(0, len(x), pixels + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(y, edges), np.maximum.reduceat(y, edges)
    return np.repeat(x[edges], 2), np.column_stack([low, high]).ravel()


def lines(
    x: Floats,
    columns: Sequence[Floats],
    names: Sequence[str],
    *,
    unit: str = "",
    y_range: tuple[float, float] | None = None,
    colors: Sequence[int] | None = None,
    marks: Sequence[tuple[float, str, int]] = (),
    width: int = 860,
    height: int = 180,
) -> str:
    """Curves over one axis.

    Args:
        x: positions, shape (n,).
        columns: one array of shape (n,) per curve.
        names: for the legend.
        unit: of x.
        y_range: fixed range; from the data where None.
        colors: series number per curve; 1, 2, 3 ... where None.
        marks: (x, text, series number): a dashed line with a flag above the plot.
        width: pixels.
        height: pixels.
    """
    finite = [c[np.isfinite(c)] for c in columns if len(c)]
    low = min((float(c.min()) for c in finite if len(c)), default=0.0)
    high = max((float(c.max()) for c in finite if len(c)), default=1.0)
    pad = (high - low) * 0.05 or 1.0
    yr = y_range or (low - pad, high + pad)
    xr = (float(x[0]), float(x[-1])) if len(x) > 1 else (0.0, 1.0)
    numbers = colors or range(1, len(columns) + 1)
    flags = _rows_of_flags(
        [(_LEFT + (at - xr[0]) / (xr[1] - xr[0] or 1) * (width - _LEFT - 8), t) for at, t, _ in marks]
    )
    top = _TOP + 14 * (max(flags, default=-1) + 1)
    height += top - _TOP
    parts = _frame(width, height, xr, yr, unit, top)
    for index, column in enumerate(columns):
        xs, ys = _thin(x, column, width)
        px = _LEFT + (xs - xr[0]) / (xr[1] - xr[0] or 1) * (width - _LEFT - 8)
        py = top + (yr[1] - np.clip(ys, *yr)) / (yr[1] - yr[0]) * (height - top - _BOTTOM)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True) if np.isfinite(b))
        color = series_color(numbers[index])
        parts.append(f'<polyline fill="none" stroke="{color}" points="{points}"/>')
    for (at, text, number), row in zip(marks, flags, strict=True):
        px1 = _LEFT + (at - xr[0]) / (xr[1] - xr[0] or 1) * (width - _LEFT - 8)
        color, y = series_color(number), _TOP + 14 * row
        parts.append(
            f'<line x1="{px1:.1f}" x2="{px1:.1f}" y1="{y}" y2="{height - _BOTTOM}" stroke="{color}" '
            f'stroke-dasharray="2 3"/><text class="flag" fill="{color}" x="{px1 + 4:.1f}" y="{y + 10}">'
            f"{escape(text)}</text>"
        )
    return f"<figure>{legend(names, numbers)}{_svg(width, height, parts)}</figure>"


def _rows_of_flags(flags: Sequence[tuple[float, str]]) -> list[int]:
    """A row for each flag, such that no two texts of a row touch."""
    ends: list[float] = []
    rows = []
    for x, text in flags:
        row = next((r for r, end in enumerate(ends) if end < x), len(ends))
        ends[row : row + 1] = [x + 12 + 6.4 * len(text)]
        rows.append(row)
    return rows


def legend(names: Sequence[str], numbers: Sequence[int]) -> str:
    """Names behind their colours."""
    items = (
        f'<span><i style="background:{series_color(number)}"></i>{escape(name)}</span>'
        for name, number in zip(names, numbers, strict=True)
    )
    return f'<figcaption class="legend">{"".join(items)}</figcaption>'


def matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """A confusion matrix: rows true, columns said."""
    cell, left, top = 44, 110, 26
    size = cell * len(classes)
    parts = []
    for row, name in enumerate(classes):
        total = sum(counts[row]) or 1
        y = top + row * cell
        parts.append(f'<text class="tick" x="{left - 8}" y="{y + 27}" text-anchor="end">{escape(name)}</text>')
        for column, count in enumerate(counts[row]):
            x = left + column * cell
            tone = "var(--ok)" if row == column else "var(--bad)"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" rx="3" fill="{tone}" '
                f'fill-opacity="{0.06 + 0.7 * count / total if count else 0.04:.2f}"/>'
                f'<text class="cell" x="{x + cell / 2 - 1}" y="{y + 27}" text-anchor="middle">{count or ""}</text>'
            )
    for column, name in enumerate(classes):
        middle = left + column * cell + cell / 2
        parts.append(f'<text class="tick" x="{middle}" y="{top - 9}" text-anchor="middle">{escape(name[:7])}</text>')
    return _svg(left + size + 8, top + size + 8, parts)


_KIND_SERIES = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 2, "ADD": 4, "FULLY_CONNECTED": 5}
"""Series numbers of operator kinds, as the theme tells them."""


def arena(
    placements: Sequence[Placement], graph: ModelGraph, head: int, tail: int, *, width: int = 860, height: int = 260
) -> str:
    """The arena over time: x is the operator, y is bytes, each block a tensor."""
    n_ops, top_bytes = max(1, len(graph.ops)), max(1, head + tail)
    makers = {t: op.kernel for op in graph.ops for t in op.outputs}
    parts = _frame(width, height, (0, n_ops), (0, top_bytes / 1024), "op")

    def y_of(n_bytes: float) -> float:
        return _TOP + (1 - n_bytes / top_bytes) * (height - _TOP - _BOTTOM)

    step = (width - _LEFT - 8) / n_ops
    for p in placements:
        x, w = _LEFT + p.first_op * step, (p.last_op - p.first_op + 1) * step - 1
        y, h = y_of(p.offset + p.nbytes), max(3.0, y_of(p.offset) - y_of(p.offset + p.nbytes) - 1)
        color = series_color(_KIND_SERIES.get(makers.get(p.tensor, ""), 7))
        parts.append(
            f"<g><title>{escape(p.name)}: {p.nbytes} B at {p.offset}, op {p.first_op} to {p.last_op}</title>"
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="2" fill="{color}" '
            f'fill-opacity="0.25"/>'
            f'<rect x="{x:.1f}" y="{y:.1f}" width="3" height="{h:.1f}" fill="{color}"/></g>'
        )
    if tail:
        parts.append(
            f'<rect x="{_LEFT}" y="{y_of(head + tail):.1f}" width="{width - _LEFT - 8}" '
            f'height="{y_of(head) - y_of(head + tail):.1f}" fill="var(--line)" fill-opacity="0.5"/>'
            f'<text class="tick" x="{_LEFT + 8}" y="{y_of(head + tail) + 14:.1f}">'
            f"held for the whole run: {tail} B</text>"
        )
    return _svg(width, height, parts)


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{"".join(parts)}</svg>'
