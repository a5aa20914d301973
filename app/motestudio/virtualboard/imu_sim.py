"""A simulated six-axis IMU in a moving hand: accelerometer and gyroscope as an LSM6DSL gives them.

From the hand's path and turns follow specific force and angular rate in the board's own axes, with gravity turning
along, the lever between wrist and board, bias, noise, the sensor's band limit, rounding and saturation.
Ranges and noise: ST LSM6DSL data sheet, ±4 g at 0.122 mg and ±500 °/s at 17.5 mdps per count.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from motestudio.domain.signal import RAW_MAX, RAW_MIN, Channel, ChannelGroup, Samples
from motestudio.virtualboard.motion import GESTURES, IDLE, Array, Gesture, Idling, Style, draw_gesture
from motestudio.virtualboard.sensors import number, unknown_motion

RATE_HZ = 104.0
ACC_G_PER_COUNT = 0.000122
GYRO_DPS_PER_COUNT = 0.0175
GROUP = ChannelGroup(
    "imu",
    RATE_HZ,
    tuple(Channel(f"a{axis}", "g", ACC_G_PER_COUNT) for axis in "xyz")
    + tuple(Channel(f"g{axis}", "°/s", GYRO_DPS_PER_COUNT) for axis in "xyz"),
)

_GRAVITY = 9.80665
# Half width of the finite differences: its triangular kernel is the sensor's low pass.
_STEP_S = 0.0024
_LEVER_M = np.array([0.0, 0.07, 0.01])
_NOISE = np.array([0.0018] * 3 + [0.12] * 3)  # g and °/s, rms


class ImuSensor:
    """See `sensors.Sensor`.

    Args:
        seed: of this board: bias, and what it does while nobody asks for anything.
    """

    group = GROUP
    gestures = (*GESTURES, IDLE)
    _index: int
    _gestures: list[Gesture]

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng([seed, 5])
        self._bias = np.concatenate((rng.normal(0, 0.012, 3), rng.normal(0, 0.6, 3)))
        self._seed = seed
        self._starts = 0
        self._begin([seed, 0], "")

    def start(self, perform: Mapping[str, Any] | None) -> None:
        """See `Sensor.start`; a take begins with 0.15 to 0.4 s of rest."""
        self._starts += 1
        if perform is None:
            self._begin([self._seed, self._starts], "")
            return
        name, seed, subject = self._asked(perform)
        key = [seed, zlib.crc32(subject.encode()), zlib.crc32(name.encode())]
        self._begin(key, subject, fidgets=name == IDLE)
        if name != IDLE:
            self._add(name, seed, subject, 0.15, 0.4)

    def perform(self, what: Mapping[str, Any]) -> float:
        """See `Sensor.perform`."""
        name, seed, subject = self._asked(what)
        if name == IDLE:
            return 0.0
        return self._add(name, seed, subject, 0.08, 0.2).end_s - self._now_s

    def read(self, n: int) -> Samples:
        """See `Sensor.read`."""
        t = (self._index + np.arange(n)) / RATE_HZ
        self._index += n
        physical = self._measure(t) + self._bias
        physical += self._rng.normal(0, 1, (n, 6)) * _NOISE  # one draw: the same whatever the blocks' size
        self._gestures = [g for g in self._gestures if g.end_s > self._now_s - 1.0]
        raw = np.rint(physical / GROUP.scales)
        return np.clip(raw, RAW_MIN, RAW_MAX).astype(np.int16)

    @property
    def _now_s(self) -> float:
        return self._index / RATE_HZ

    def _asked(self, what: Mapping[str, Any]) -> tuple[str, int, str]:
        name, subject = what.get("gesture"), what.get("subject", "")
        if name not in self.gestures or not isinstance(subject, str):
            raise unknown_motion(name, self.gestures)
        return name, number(what, "seed", 0), subject

    def _begin(self, key: list[int], subject: str, *, fidgets: bool = True) -> None:
        self._style = Style.of(subject)
        rng = np.random.default_rng([*key, 13])
        self._pose = np.array([self._style.pitch, self._style.roll, 0.0]) + rng.normal(0, 0.1, 3)
        self._rng = np.random.default_rng([*key, 17])
        self._idling = Idling([*key, 19], self._style, fidgets=fidgets)
        self._gestures = []
        self._index = 0

    def _add(self, name: str, seed: int, subject: str, soonest_s: float, latest_s: float) -> Gesture:
        rng = np.random.default_rng([seed, zlib.crc32(subject.encode()), zlib.crc32(name.encode()), 23])
        after = max([self._now_s, *(g.end_s for g in self._gestures)])
        gesture = draw_gesture(name, Style.of(subject), rng, after + float(rng.uniform(soonest_s, latest_s)))
        self._gestures.append(gesture)
        return gesture

    def _measure(self, t: Array) -> Array:
        """Specific force in g and angular rate in °/s, board axes, shape (n, 6)."""
        n = len(t)
        path, turn = self._pose_at(np.concatenate((t - _STEP_S, t, t + _STEP_S)))
        to_world = _rotations(turn)
        path = path + to_world @ _LEVER_M
        before, here, after = path[:n], path[n : 2 * n], path[2 * n :]
        force = (after - 2 * here + before) / _STEP_S**2
        force[:, 2] += _GRAVITY
        middle = to_world[n : 2 * n]
        acc = np.einsum("nji,nj->ni", middle, force) / _GRAVITY
        spin = np.einsum("nji,njk->nik", middle, (to_world[2 * n :] - to_world[:n]) / (2 * _STEP_S))
        rate = np.stack((spin[:, 2, 1], spin[:, 0, 2], spin[:, 1, 0]), axis=1)
        return np.concatenate((acc, np.degrees(rate)), axis=1)

    def _pose_at(self, t: Array) -> tuple[Array, Array]:
        quiet = tuple((g.start_s - 0.1, g.end_s + 0.1) for g in self._gestures)
        path, turn = self._idling.at(t, quiet)
        for gesture in self._gestures:
            if gesture.start_s < t.max() and gesture.end_s > t.min():
                moved, turned = gesture.at(t)
                path, turn = path + moved, turn + turned
        return path, turn + self._pose


def _rotations(turn: Array) -> Array:
    """Board-to-world matrices, yaw after pitch after roll, shape (n, 3, 3)."""
    cx, cy, cz = np.cos(turn).T
    sx, sy, sz = np.sin(turn).T
    rows = (
        (cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy),
        (sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy),
        (-cx * sy, sx, cx * cy),
    )
    matrices: Array = np.stack([np.stack(row, axis=1) for row in rows], axis=1)
    return matrices
