"""Streams that tests make up: readers over arrays of which more and more has arrived."""

from __future__ import annotations

import numpy as np

from motestudio.domain.signal import Channel, ChannelGroup


def imu(rate: float = 104.0) -> ChannelGroup:
    """Six channels of motion."""
    names = [("a", "g", 4), ("g", "°/s", 500)]
    return ChannelGroup("imu", rate, tuple(Channel(k + c, u, f / 32768) for k, u, f in names for c in "xyz"))


def noise(count: int, channels: int = 6, seed: int = 1) -> np.ndarray:
    """Raw samples, int16, shape (count, channels)."""
    return np.random.default_rng(seed).normal(0, 3000, (count, channels)).astype(np.int16)


class Arriving:
    """A reader over an array; raise `total` to let more of it arrive.

    Attributes:
        total: samples that have arrived.
        windows: how often something was read.
    """

    def __init__(self, samples: np.ndarray, group: ChannelGroup | None = None, total: int = 0) -> None:
        self.samples, self.group = samples, group or imu()
        self.total = total
        self.windows = 0

    def window(self, start: int, count: int) -> tuple[np.ndarray, int]:
        """As a live tail does it."""
        self.windows += 1
        begin = max(0, start)
        return self.samples[begin : max(begin, min(start + count, self.total))], begin
