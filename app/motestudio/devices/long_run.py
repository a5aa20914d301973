"""Figures of streams that run for hours, in little memory: rate and jitter of every block, and how two clocks drift.

Nothing here forgets the beginning of a stream; for what the latest blocks say see `timing`.
"""

from __future__ import annotations

import math

import numpy as np

from motestudio.devices.timing import RateMeter, Timing, straight_line

_CHUNK = 512
_DECADES, _PER_DECADE = 8, 40
_PILES = 256
_LEAST_POINTS, _LEAST_SECONDS = 8, 5.0


class LongRate:
    """Rate and jitter over a whole stream.

    Blocks are measured in chunks against the straight line of their chunk, so that a drift over hours is no jitter;
    deviations are counted in a histogram of 6 % wide bins from 1 ns to 100 ms, and the largest is kept as it is.
    """

    def __init__(self) -> None:
        self._meter = RateMeter(blocks=_CHUNK)
        self._in_chunk = 0
        self._counts = np.zeros(_DECADES * _PER_DECADE + 1, dtype=np.int64)
        self._largest_ms = 0.0
        self._weighted = self._weight = 0.0

    def add(self, device_time_us: int, count: int) -> None:
        """Take a block's first timestamp and its number of samples."""
        self._meter.add(device_time_us, count)
        self._in_chunk += 1
        if self._in_chunk >= _CHUNK:
            self._close_chunk()

    def skip(self, count: int) -> None:
        """Note lost samples."""
        self._meter.skip(count)

    def restart(self) -> None:
        """The clock jumped: what comes next is measured against a line of its own."""
        self._close_chunk()

    def measure(self) -> Timing:
        """All so far."""
        counts, largest, weighted, weight = self._with_open_chunk()
        if weight <= 0:
            return Timing()
        edges = np.cumsum(counts)
        if not edges[-1]:
            return Timing(weighted / weight)
        middle, high = (self._value(int(np.searchsorted(edges, share * edges[-1]))) for share in (0.5, 0.99))
        return Timing(weighted / weight, min(high, largest), min(middle, largest), largest)

    def _close_chunk(self) -> None:
        self._counts, self._largest_ms, self._weighted, self._weight = self._with_open_chunk()
        self._meter.restart()
        self._in_chunk = 0

    def _with_open_chunk(self) -> tuple[np.ndarray, float, float, float]:
        timing, off_ms = self._meter.measure_each()
        if timing.rate_hz <= 0:
            return self._counts, self._largest_ms, self._weighted, self._weight
        counts = self._counts + np.bincount(self._bins(off_ms), minlength=len(self._counts))
        # A line through a chunk is as certain as the chunk is long, to the power of three.
        weight = float(len(off_ms)) ** 3
        largest = max(self._largest_ms, float(off_ms.max()))
        return counts, largest, self._weighted + weight * timing.rate_hz, self._weight + weight

    @staticmethod
    def _bins(off_ms: np.ndarray) -> np.ndarray:
        place = (np.log10(np.maximum(off_ms, 1e-6)) + 6) * _PER_DECADE
        bins: np.ndarray = np.clip(np.ceil(place), 0, _DECADES * _PER_DECADE).astype(np.int64)
        return bins

    @staticmethod
    def _value(place: int) -> float:
        return float(10.0 ** (place / _PER_DECADE - 6))


class ClockDrift:
    """How much faster a board's clock runs than this computer's.

    A block arrives some time after its last sample was taken, never before: of every pile of blocks the one that came
    soonest tells best how the clocks stand, and a straight line through these tells how they drift. Piles are a quarter
    of a second long at first, and twice as long whenever there are too many.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget all, after either clock jumped."""
        self._seconds = 0.25
        self._origin: tuple[int, int] | None = None
        self._piles: dict[int, tuple[float, float]] = {}

    def add(self, device_us: int, host_us: int) -> None:
        """Take a block.

        Args:
            device_us: the board's clock at the end of the block's last sample.
            host_us: this computer's clock when it arrived.
        """
        if self._origin is None:
            self._origin = (device_us, host_us)
        host_s = (host_us - self._origin[1]) / 1e6
        behind_s = host_s - (device_us - self._origin[0]) / 1e6
        place = math.floor(host_s / self._seconds)
        known = self._piles.get(place)
        if known is None or behind_s < known[1]:
            self._piles[place] = (host_s, behind_s)
            if len(self._piles) > _PILES:
                self._halve()

    def _halve(self) -> None:
        old, self._piles = self._piles, {}
        self._seconds *= 2
        for host_s, behind_s in old.values():
            place = math.floor(host_s / self._seconds)
            if place not in self._piles or behind_s < self._piles[place][1]:
                self._piles[place] = (host_s, behind_s)

    def measure(self) -> tuple[float, float]:
        """The drift in parts per million (positive: the board's clock is fast) and two standard errors of it.

        Returns:
            (0, 0) until some seconds were heard.
        """
        points = np.array(list(self._piles.values())[:-1], dtype=np.float64)  # the last pile is not full
        if len(points) < _LEAST_POINTS or np.ptp(points[:, 0]) < _LEAST_SECONDS:
            return 0.0, 0.0
        x, y = points[:, 0], points[:, 1]
        keep = np.ones(len(x), dtype=bool)
        for _ in range(3):
            slope, start = straight_line(x[keep], y[keep])
            off = y - start - slope * x
            spread = 1.4826 * float(np.median(np.abs(off[keep] - np.median(off[keep]))))
            near = np.abs(off - np.median(off)) <= 4 * max(spread, 1e-6)
            if near.sum() < _LEAST_POINTS:
                break
            keep = near
        slope, start = straight_line(x[keep], y[keep])
        off, dx = (y - start - slope * x)[keep], x[keep] - x[keep].mean()
        error = math.sqrt(float(off @ off) / max(1, len(off) - 2) / float(dx @ dx))
        # The clocks are read in microseconds: no line is more certain than that.
        error = max(error, 1e-6 / float(np.ptp(x)))
        return -slope * 1e6, 2 * error * 1e6
