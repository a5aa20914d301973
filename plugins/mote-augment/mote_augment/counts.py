"""Raw counts as numbers and back: what the stages share.

Every stage works on the part of a signal that moves. The mean of a window is gravity, bias or nothing, and no
augmentation of strength may scale it. Must not draw random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Value

Counts = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


def to_counts(values: Floats) -> Counts:
    """Round to raw counts; what leaves the sensor's range is clipped, as the sensor would."""
    # In place: the values are always the caller's own scratch.
    np.rint(values, out=values)
    np.clip(values, -32768, 32767, out=values)
    return values.astype(np.int16)


def moving_part(windows: Counts) -> tuple[Floats, Floats]:
    """Split windows into what moves and their mean.

    Args:
        windows: int16, shape (n, samples, channels).

    Returns:
        float32 of the same shape with mean zero, and the means, shape (n, 1, channels).
    """
    values = windows.astype(np.float32)
    means = values.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    values -= means
    return values, means


def power(moving: Floats, axis: int | tuple[int, ...] = 1) -> Floats:
    """Mean square along axes, which stay with a length of one."""
    squares: Floats = np.mean(np.square(moving), axis=axis, keepdims=True)
    return squares


def drawn(
    rng: np.random.Generator, params: Mapping[str, Value], low: str, high: str, count: int
) -> npt.NDArray[np.float32]:
    """One number per window between two parameters, in whichever order they stand; shape (count, 1, 1)."""
    low_end, high_end = sorted((float(params[low]), float(params[high])))
    return rng.uniform(low_end, high_end, (count, 1, 1)).astype(np.float32)


def ratio(decibels: Floats) -> Floats:
    """Amplitude ratio of decibels."""
    amplitude: Floats = np.power(np.float32(10.0), decibels / np.float32(20.0))
    return amplitude
