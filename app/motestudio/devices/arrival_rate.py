"""The rate of a stream that does not say it, from how many samples had arrived when. Pure functions.

Chunks of bytes come late and in lumps, and the first may have waited in a buffer; but none comes early. So the rate is
the slope of a straight line that leaves out what is far off it, and of the round numbers near it the roundest is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motestudio.devices.timing import straight_line

ROUND = 0.02
"""Relative: a listener's count is not better than that."""
_LEAST_POINTS, _LEAST_SECONDS, _FAR = 5, 0.3, 3.0


def rounded(rate: float) -> float:
    """The number of fewest digits near a rate that a listener counted."""
    for digits in range(1, 4):
        value = float(f"{rate:.{digits}g}")
        if abs(value - rate) <= ROUND * rate:
            return value
    return float(f"{rate:.3g}")


def arrival_rate(counts: Sequence[int], times_s: Sequence[float]) -> float:
    """Samples per second.

    Args:
        counts: samples that had arrived, never falling, shape (chunks,).
        times_s: when each count was read, seconds of any steady clock.

    Returns:
        A round number within 2 % of what was counted; 0 where there is too little to tell.
    """
    n, t = np.asarray(counts, dtype=np.float64), np.asarray(times_s, dtype=np.float64)
    grown = np.flatnonzero(np.diff(n, prepend=0) > 0)
    n, t = n[grown], t[grown]
    if len(n) < _LEAST_POINTS or t[-1] - t[0] < _LEAST_SECONDS:
        return 0.0
    keep = np.ones(len(n), dtype=bool)
    # What waited in a buffer came with the first chunk: the line begins after it.
    for _ in range(3):
        slope, start = straight_line(t[keep], n[keep])
        off = n - (start + slope * t)
        spread = float(np.median(np.abs(off[keep] - np.median(off[keep]))))
        near = np.abs(off) <= _FAR * 1.4826 * max(spread, 1.0)
        if near.sum() < max(_LEAST_POINTS, len(n) // 2) or bool((near == keep).all()):
            break
        keep = near
    return rounded(slope) if slope > 0 else 0.0
