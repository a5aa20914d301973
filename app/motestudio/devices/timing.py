"""Rate, jitter and loss of a stream, from the board's own timestamps. Lines and arrivals are never counted.

A block says when its first sample was taken. Between two blocks lie exactly as many sample periods as the first one
has samples, so the slope of sample index against time is the rate, without a fence-post correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motestudio.domain.signal import SampleBlock

_JUMP_SECONDS = 10.0
_OUTLIER = 6.0
_CLOCKS_AGREE, _CLOCKS_AGREE_US = 0.01, 250_000


@dataclass(frozen=True, slots=True)
class Timing:
    """What the timestamps of recent blocks say.

    Attributes:
        rate_hz: slope of a robust straight line; 0 with fewer than two blocks.
        jitter_ms: 99th percentile of the blocks' distance from that line.
        jitter_p50_ms: median of it.
        jitter_max_ms: the largest.
    """

    rate_hz: float = 0.0
    jitter_ms: float = 0.0
    jitter_p50_ms: float = 0.0
    jitter_max_ms: float = 0.0


class RateMeter:
    """Fits sample index against device time over the latest blocks."""

    def __init__(self, blocks: int = 512) -> None:
        # A ring: index of the first sample and its time, of each of the latest blocks.
        self._points = np.zeros((blocks, 2), dtype=np.int64)
        self._count = 0
        self._index = 0

    def add(self, device_time_us: int, count: int) -> None:
        """Take a block's first timestamp and its number of samples."""
        self._points[self._count % len(self._points)] = (self._index, device_time_us)
        self._count += 1
        self._index += count

    def skip(self, count: int) -> None:
        """Note lost samples, so that the line goes on across them."""
        self._index += count

    def restart(self) -> None:
        """Forget all, after the clock jumped."""
        self._count = 0

    def measure(self) -> Timing:
        """Fit by least squares, leave out far outliers, fit again."""
        timing, off_ms = self.measure_each()
        if not len(off_ms):
            return timing
        middle, high, most = np.percentile(off_ms, (50, 99, 100))
        return Timing(timing.rate_hz, float(high), float(middle), float(most))

    def measure_each(self) -> tuple[Timing, np.ndarray]:
        """The rate alone, and every block's distance from the line in milliseconds, shape (blocks,)."""
        if self._count < 2:
            return Timing(), np.zeros(0)
        points = self._points[: self._count]
        points = (points - points[0]).astype(np.float64)
        index, time_us = points[:, 0], points[:, 1]
        keep = np.ones(len(index), dtype=bool)
        for _ in range(2):
            period_us, start_us = straight_line(index[keep], time_us[keep])
            off = time_us - (start_us + period_us * index)
            spread = float(np.median(np.abs(off - np.median(off))))
            near = np.abs(off) <= _OUTLIER * max(1.4826 * spread, 1.0)
            if near.sum() < max(2, len(near) // 2):
                break
            keep = near
        if period_us <= 0:
            return Timing(), np.zeros(0)
        return Timing(1e6 / period_us), np.abs(off) / 1000


def straight_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept by least squares."""
    dx = x - x.mean()
    slope = float(dx @ (y - y.mean()) / (dx @ dx)) if dx.any() else 0.0
    return slope, float(y.mean() - slope * x.mean())


@dataclass(frozen=True, slots=True)
class Continuity:
    """How a block follows the one before it.

    Attributes:
        lost: samples missing between them.
        jumped: the board's clock made a step that is not explained by loss.
        away_us: how long the board was gone between them, by this computer's clock; 0 where it was not.
        estimated: `lost` follows from `away_us` alone.
    """

    lost: int = 0
    jumped: bool = False
    away_us: int = 0
    estimated: bool = False

    @property
    def broken(self) -> bool:
        """Whether a new capture begins here."""
        return self.lost > 0 or self.jumped


def after_absence(last: SampleBlock, block: SampleBlock, rate_hz: float) -> Continuity:
    """How the first block of a board that came back follows the last one before it went.

    Args:
        last: before.
        block: after; both arrived about when their last sample was taken.
        rate_hz: samples per second.

    Returns:
        Counted by the board's clock where that went on (only the link was cut), else estimated by this computer's.
    """
    period_us = 1e6 / rate_hz
    away_us = max(1, round(block.host_time_us - len(block.samples) * period_us - last.host_time_us))
    device_us = block.device_time_us - last.device_time_us - len(last.samples) * period_us
    if device_us >= 0 and abs(device_us - away_us) <= max(_CLOCKS_AGREE_US, _CLOCKS_AGREE * away_us):
        return Continuity(round(device_us / period_us), jumped=True, away_us=away_us)
    return Continuity(round(away_us / period_us), jumped=True, away_us=away_us, estimated=True)


class GapDetector:
    """Finds lost samples by drop counter and device time, and tells a clock jump from a loss.

    The board's drop counter counts what it threw away itself; device time shows that and what the link lost. Time is
    compared with the period measured so far, because sensors run some per cent beside their nominal rate, and only a
    difference of half a block counts, because timestamps jitter; where a counter already says that something is
    missing, half of that is enough.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_us = 1e6 / rate_hz
        self._last: SampleBlock | None = None
        self._last_lost_frames = 0

    def reset(self) -> None:
        """A new stream begins: nothing comes before the next block."""
        self._last = None

    def follow(self, block: SampleBlock, lost_frames: int) -> Continuity:
        """Take the next block.

        Args:
            block: of this group.
            lost_frames: the link's counter of lost frames, as it stands.

        Returns:
            How it follows.
        """
        last, self._last = self._last, block
        frames, self._last_lost_frames = lost_frames - self._last_lost_frames, lost_frames
        if last is None:
            # Samples that the board dropped before its first block are no gap in what we have.
            return Continuity()
        dropped = (block.dropped - last.dropped) & 0xFFFFFFFF
        if dropped >= 1 << 31:
            dropped = 0  # the board began a new stream
        count = len(last.samples)
        late_us = block.device_time_us - last.device_time_us - count * self._period_us
        counted = dropped > 0 or frames > 0
        least_us = self._period_us * (max(0.5, count / 4) if counted else max(0.75, count / 2))
        if late_us < -self._period_us * max(0.75, count / 2):
            return Continuity(lost=dropped, jumped=True)
        if late_us > _JUMP_SECONDS * 1e6 and not counted:
            return Continuity(jumped=True)
        by_time = round(late_us / self._period_us) if late_us >= least_us else 0
        lost = max(by_time, dropped)
        if lost == 0:
            self._period_us += 0.05 * late_us / count
        return Continuity(lost=lost)
