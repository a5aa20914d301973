"""Starts takes by the signal itself: when something moves or sounds after it was at rest. Pure, no input or output."""

from __future__ import annotations

import math

import numpy as np

from motestudio.domain.signal import RAW_MIN, ChannelGroup, Samples

_REST_S = 1.0
_PIECE_S = 0.05


class LevelTrigger:
    """Finds the first sample of a stream that is far enough from where the signal rests.

    Where a channel rests (gravity, an offset) is a running mean over about a second. The trigger is armed when every
    channel has been near its rest for a while, so that one motion starts one take.

    Args:
        group: of the stream.
        level: distance from the rest, as a share of full scale, 0..1.
        quiet_s: how long the signal must have been at rest.

    Attributes:
        armed: whether the next motion is noticed.
        reached: the largest distance in what was fed last, as a share of full scale.
    """

    def __init__(self, group: ChannelGroup, level: float, quiet_s: float = 0.3) -> None:
        self._rate = group.rate_hz
        self._level = level
        self._quiet = max(1, round(quiet_s * group.rate_hz))
        self._piece = max(1, round(_PIECE_S * group.rate_hz))
        self._rest: np.ndarray | None = None
        self._still = 0
        self.armed = False
        self.reached = 0.0

    def feed(self, samples: Samples, first: int) -> int | None:
        """Take the next samples of the stream.

        Args:
            samples: int16, shape (n, channels); those after the ones before.
            first: index of the first of them.

        Returns:
            Index of the sample that fires, or None. After it fired the trigger has to be armed anew by rest.
        """
        self.reached = 0.0
        for begin in range(0, len(samples), self._piece):
            piece = samples[begin : begin + self._piece].astype(np.float64)
            if self._rest is None:
                self._rest = piece.mean(axis=0)
            away = np.abs(piece - self._rest).max(axis=1) / -RAW_MIN
            self.reached = max(self.reached, float(away.max()))
            beyond = np.flatnonzero(away > self._level)
            if not len(beyond):
                self._still += len(piece)
                self.armed = self.armed or self._still >= self._quiet
            elif self.armed:
                self.armed, self._still = False, 0
                return first + begin + int(beyond[0])
            else:
                self._still = len(piece) - 1 - int(beyond[-1])
            # A lasting change, such as a board that was turned round, becomes the new rest.
            share = 1 - math.exp(-len(piece) / self._rate / _REST_S)
            self._rest += share * (piece.mean(axis=0) - self._rest)
        return None
