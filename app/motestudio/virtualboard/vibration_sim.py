"""A simulated accelerometer on a pump: three axes at 1600 Hz, as a BMI270 gives them.

Noise, offset and sensitivity: Bosch BMI270 data sheet, ±8 g at 4096 counts per g, 160 µg/√Hz, ±20 mg.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from motestudio.domain.signal import RAW_MAX, RAW_MIN, Channel, ChannelGroup, Samples
from motestudio.virtualboard.chunks import Array, Chunks
from motestudio.virtualboard.machine import HEALTHY, STATES, Machine, Running
from motestudio.virtualboard.sensors import number, seconds, unknown_motion

RATE_HZ = 1600.0
GROUP = ChannelGroup("vibration", RATE_HZ, tuple(Channel(f"a{axis}", "g", 1.0 / 4096.0) for axis in "xyz"))

_NOISE_G = 160e-6 * (RATE_HZ / 2) ** 0.5
_CHUNK = 64
_FADE_CHUNKS = 3
_PERFORM_S = 6.0


class VibrationSensor:
    """See `sensors.Sensor`. A machine is always in some state: a performance is one, not a motion.

    Args:
        seed: of this board: offset, noise, and the machine that it sits on while nobody names one.
    """

    group = GROUP
    gestures: tuple[str, ...] = STATES
    _running: Running

    def __init__(self, seed: int = 1) -> None:
        self._offset = np.random.default_rng([seed, 37]).normal(0, 0.008, 3)
        self._seed = seed
        self._starts = 0
        self._begin("", HEALTHY, [seed, 0])

    @property
    def running(self) -> Running:
        """What the machine does now."""
        return self._running

    def start(self, perform: Mapping[str, Any] | None) -> None:
        """See `Sensor.start`; the stream is of one state throughout, of a healthy machine where none is named."""
        self._starts += 1
        if perform is None:
            self._begin("", HEALTHY, [self._seed, self._starts])
            return
        state, seed, subject = self._asked(perform)
        self._begin(subject, state, _key(state, seed, subject))

    def perform(self, what: Mapping[str, Any]) -> float:
        """See `Sensor.perform`; at once, for ``seconds`` (6 where not given), then the machine is healthy again."""
        state, seed, subject = self._asked(what)
        lasting = seconds(what, _PERFORM_S)
        self._change(subject, state, _key(state, seed, subject))
        self._left = max(1, round(lasting * RATE_HZ / _CHUNK))
        return self._left * _CHUNK / RATE_HZ

    def read(self, n: int) -> Samples:
        """See `Sensor.read`."""
        raw = np.rint(self._chunks.read(n) / GROUP.scales)
        return np.clip(raw, RAW_MIN, RAW_MAX).astype(np.int16)

    def _asked(self, what: Mapping[str, Any]) -> tuple[str, int, str]:
        name, subject = what.get("gesture"), what.get("subject", "")
        if name not in self.gestures or not isinstance(subject, str):
            raise unknown_motion(name, self.gestures)
        return name, number(what, "seed", 0), subject

    def _begin(self, subject: str, state: str, key: list[int]) -> None:
        self._running = Running(Machine.of(subject), state, key, RATE_HZ)
        self._subject = subject
        self._before: Running | None = None
        self._fading = self._left = 0
        self._rng = np.random.default_rng([*key, 41])
        self._chunks = Chunks(self._chunk)

    def _change(self, subject: str, state: str, key: list[int]) -> None:
        self._before, self._fading = self._running, 0
        self._running = Running(Machine.of(subject), state, key, RATE_HZ)
        self._subject = subject

    def _chunk(self) -> Array:
        out = _with_gravity(self._running)
        if self._before is not None:
            # One state goes over into the other within a tenth of a second.
            part = _eased((self._fading + np.arange(1, _CHUNK + 1) / _CHUNK) / _FADE_CHUNKS)[:, None]
            out = part * out + (1 - part) * _with_gravity(self._before)
            self._fading += 1
            if self._fading == _FADE_CHUNKS:
                self._before = None
        if self._left:
            self._left -= 1
            if not self._left:
                self._change(self._subject, HEALTHY, [int(self._rng.integers(1 << 31))])
        noise = self._rng.normal(0, _NOISE_G, (_CHUNK, 3))
        return out + self._offset + noise


def _key(state: str, seed: int, subject: str) -> list[int]:
    return [seed, zlib.crc32(subject.encode()), zlib.crc32(state.encode())]


def _with_gravity(running: Running) -> Array:
    felt: Array = running.chunk(_CHUNK) + running.machine.turn @ np.array([0.0, 0.0, 1.0])
    return felt


def _eased(u: Array) -> Array:
    eased: Array = u * u * (3 - 2 * u)
    return eased
