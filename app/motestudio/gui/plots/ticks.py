"""Nice numbers for axes, and min/max decimation. Pure functions, no Qt."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from motestudio.gui.numbers import with_minus

FloatArray = npt.NDArray[np.float64]


def nice_step(span: float, most: int) -> float:
    """The smallest step of 1, 2, 2.5 or 5 times a power of ten that makes at most `most` intervals."""
    if not span > 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def ticks(low: float, high: float, most: int) -> list[float]:
    """Nice positions inside low..high, ends included where they are nice."""
    step = nice_step(high - low, most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick's number with as many decimals as the step needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if decimals < 3 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return with_minus(f"{value:,.{decimals}f}")


def nice_range(low: float, high: float, most: int = 4) -> tuple[float, float]:
    """The range low..high widened to nice numbers."""
    if high <= low:
        pad = abs(low) * 0.1 or 1.0
        low, high = low - pad, high + pad
    step = nice_step(high - low, most)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def min_max(values: FloatArray, columns: int, first_index: int = 0) -> tuple[FloatArray, FloatArray]:
    """Reduce samples to their extremes per pixel column, so that no peak is lost.

    Args:
        values: shape (n,).
        columns: pixels to draw on.
        first_index: index of the first sample; columns are aligned to it, so that a moving picture does not shimmer.

    Returns:
        (positions in samples relative to `first_index`, values), at most 2 per column; all samples where they are few.
    """
    n = len(values)
    if n <= 2 * columns or columns < 1:
        return np.arange(n, dtype=np.float64), values
    size = -(-n // columns)
    skip = -first_index % size
    whole = (n - skip) // size
    body = values[skip : skip + whole * size].reshape(whole, size)
    low_at, high_at = body.argmin(axis=1), body.argmax(axis=1)
    start = skip + np.arange(whole) * size
    positions = np.empty(2 * whole, dtype=np.float64)
    positions[0::2] = start + np.minimum(low_at, high_at)
    positions[1::2] = start + np.maximum(low_at, high_at)
    return positions, values[positions.astype(np.intp)]
