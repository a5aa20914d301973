"""Reads a stretch of a recording that may reach beyond it.

What lies outside is made up from the recording's edge: its level held, with noise as quiet as the recording's own.
Must not know about labels or splits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EDGE_SECONDS = 0.02
"""Stretch at an edge whose mean is the level that is held: short beside a gesture, long beside a sound's period."""

Int16s = npt.NDArray[np.int16]


def stretch(recording: Int16s, start: int, count: int, *, rate_hz: float, pad: str, rng: np.random.Generator) -> Int16s:
    """Samples ``start .. start + count`` with both ends padded where the recording has none.

    Args:
        recording: int16, shape (samples, channels), at least one sample.
        start: first sample, may be negative.
        count: samples wanted, may reach beyond the end.
        rate_hz: of the recording.
        pad: ``noise`` or ``zero``.
        rng: for the noise.

    Returns:
        int16, shape (count, channels).
    """
    total = len(recording)
    first, last = min(max(start, 0), total), max(min(start + count, total), 0)
    out = np.zeros((count, recording.shape[1]), dtype=np.int16)
    if last > first:
        out[first - start : last - start] = recording[first:last]
    else:
        first = last = 0 if start + count <= 0 else total
    if pad == "zero" or (start >= 0 and start + count <= total):
        return out
    edge = min(total, max(4, round(EDGE_SECONDS * rate_hz)))
    spread = _quietest(recording, edge)
    head, tail = min(max(-start, 0), count), min(max(start + count - total, 0), count)
    if head:
        out[:head] = _noise(recording[:edge], spread, head, rng)
    if tail:
        out[count - tail :] = _noise(recording[-edge:], spread, tail, rng)
    return out


def _quietest(recording: Int16s, edge: int) -> npt.NDArray[np.float64]:
    """Noise of the quieter end, shape (channels,): from differences, so that slow motion does not count as noise."""
    sides = []
    for part in (recording[: 4 * edge], recording[-4 * edge :]):
        steps = np.abs(np.diff(part.astype(np.float64), axis=0))
        sides.append(np.median(steps, axis=0) if len(steps) else np.zeros(recording.shape[1]))
    # The median of |a - b| of two normal variables is 0.6745 * sqrt(2) standard deviations.
    quietest: npt.NDArray[np.float64] = np.minimum(sides[0], sides[1]) / (0.6745 * np.sqrt(2.0))
    return quietest


def _noise(edge: Int16s, spread: npt.NDArray[np.float64], count: int, rng: np.random.Generator) -> Int16s:
    level = edge.mean(axis=0)
    drawn = level + spread * rng.standard_normal((count, edge.shape[1]))
    whole: Int16s = np.clip(np.rint(drawn), -32768, 32767).astype(np.int16)
    return whole
