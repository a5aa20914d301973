"""What the virtual board asks of a simulated sensor, and the board's imperfect clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.errors import DeviceError


class Sensor(Protocol):
    """A source of samples.

    Attributes:
        group: its channels and nominal rate.
        gestures: names that `perform` knows.
    """

    group: ChannelGroup
    gestures: tuple[str, ...]

    def start(self, perform: Mapping[str, Any] | None) -> None:
        """Begin a stream, with a motion at once where one is given.

        Raises:
            DeviceError: ``perform.unknown``.
        """
        ...

    def perform(self, what: Mapping[str, Any]) -> float:
        """Play a motion once into the running stream, as soon as the one before it is over.

        Returns:
            Seconds from now until it is over.

        Raises:
            DeviceError: ``perform.unknown``.
        """
        ...

    def read(self, n: int) -> Samples:
        """The next samples, int16, shape (n, channels)."""
        ...


def unknown_motion(what: object, known: tuple[str, ...]) -> DeviceError:
    """The error of a motion that a sensor cannot play."""
    names = ", ".join(known[:20]) or "none"
    return DeviceError("perform.unknown", f"This sensor cannot perform {what!r}.", f"It knows: {names}.")


def number(what: Mapping[str, Any], key: str, default: int) -> int:
    """A whole number of a request's arguments.

    Raises:
        DeviceError: ``perform.unknown``: it is none.
    """
    value = what.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise DeviceError("perform.unknown", f"{key} is {value!r}.", f"{key} is a whole number, 0 or more.")
    return value


def seconds(what: Mapping[str, Any], default: float) -> float:
    """How long a performance shall last, of a request's arguments.

    Raises:
        DeviceError: ``perform.unknown``: it is no time, or over an hour.
    """
    value = what.get("seconds", default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 3600:
        raise DeviceError("perform.unknown", f"seconds is {value!r}.", "seconds is a number up to 3600.")
    return float(value)


class DeviceClock:
    """Microseconds since the board started: some parts per million wrong, each stamp a little late.

    Args:
        rate_hz: of the samples.
        seed: decides the error.
        late_us: the largest delay of a stamp.
    """

    def __init__(self, rate_hz: float, seed: int, late_us: float = 120.0) -> None:
        self._rng = np.random.default_rng([seed, 3])
        self.ppm = float(self._rng.uniform(-60, 60))
        self._period_us = 1e6 / rate_hz * (1 + 1e-6 * self.ppm)
        self._late_us = late_us
        self._base_us = float(self._rng.uniform(2e6, 9e6))
        self._index = 0

    @property
    def end_us(self) -> float:
        """The clock at the end of what was stamped."""
        return self._base_us + self._index * self._period_us

    def restart(self, end_us: float) -> None:
        """Begin a new stream some time after the last one ended, `end_us` on the clock."""
        self._base_us = end_us + 50_000.0
        self._index = 0

    def stamp(self, count: int) -> int:
        """The clock at the first of the next `count` samples."""
        exact = self._base_us + self._index * self._period_us
        self._index += count
        return int(exact + self._rng.uniform(0, self._late_us))
