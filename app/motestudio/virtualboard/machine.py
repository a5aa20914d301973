"""How a pump shakes: shaft harmonics, vane pass, flow noise through its structure, and a defect of its bearing.

In g, at the bearing housing of an upright pump: two radial axes, and the shaft's that points up. What a sensor makes
of it is `vibration_sim`'s business. Orders and signatures as in R. B. Randall, Vibration-based Condition
Monitoring (2011), chapters 2 and 5.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from motestudio.virtualboard.chunks import Array

HEALTHY, OFF, FAULT = "healthy", "off", "fault"
STATES = (HEALTHY, OFF, FAULT)

_LINE_HZ = 50.0
_TAPS = 64
_MODES = 2
_FORGET_S = 0.08
# Rolling elements in the load zone pass the outer race this often per turn: deep-groove bearings of 7, 8 and 9 balls.
_OUTER_RACE = (2.57, 3.05, 3.58)


@dataclass(frozen=True, slots=True)
class Machine:
    """One pump and how the sensor is mounted on it.

    Attributes:
        shaft_hz: usual speed of the shaft.
        vanes: of the impeller.
        outer_race: passes over a point of the outer race per turn of the shaft.
        mounting: gain of the mounting, 1 is rigid.
        mode_hz: resonances of the structure, shape (2,).
        mode_damping: of each, parts of the critical one.
        turn: from the machine's axes to the sensor's, shape (3, 3).
        imbalance_g: of the shaft line.
        vane_g: of the vane pass line.
        flow_g: of the flow noise, rms.
        paths: how much of a defect arrives on each axis of the machine, shape (3,).
    """

    shaft_hz: float
    vanes: int
    outer_race: float
    mounting: float
    mode_hz: Array
    mode_damping: Array
    turn: Array
    imbalance_g: float
    vane_g: float
    flow_g: float
    paths: Array

    @classmethod
    def of(cls, subject: str) -> Machine:
        """The machine that a subject's name stands for, always the same."""
        rng = np.random.default_rng([zlib.crc32(subject.encode()), 29])
        return cls(
            shaft_hz=float(rng.uniform(21.0, 30.0)),
            vanes=int(rng.integers(5, 8)),
            outer_race=float(rng.choice(_OUTER_RACE)),
            mounting=float(np.exp(rng.normal(0, 0.3))),
            mode_hz=np.array([rng.uniform(360, 480), rng.uniform(520, 640)]),
            mode_damping=rng.uniform(0.025, 0.05, 2),
            turn=_turn(rng),
            imbalance_g=float(0.035 * np.exp(rng.normal(0, 0.35))),
            vane_g=float(0.04 * np.exp(rng.normal(0, 0.35))),
            flow_g=float(0.03 * np.exp(rng.normal(0, 0.3))),
            paths=np.array([rng.uniform(0.7, 1.0), rng.uniform(0.7, 1.0), rng.uniform(0.25, 0.5)]),
        )


def _turn(rng: np.random.Generator) -> Array:
    """The sensor sits somewhere around the housing, and not quite level."""
    angles = np.array([rng.normal(0, 0.06), rng.normal(0, 0.06), rng.normal(0, 0.25)])
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turned: Array = about_x @ about_y @ about_z
    return turned


class Running:
    """A machine in one state, from some moment on; its chunks follow each other in time.

    Args:
        machine: which.
        state: one of `STATES`.
        key: decides load, phases, noise and how bad a defect is.
        rate_hz: samples per second.

    Attributes:
        shaft_hz: mean speed at this load; 0 where it is off.
        defect_hz: how often the defect is passed over; 0 where there is none.
    """

    def __init__(self, machine: Machine, state: str, key: list[int], rate_hz: float) -> None:
        self.machine = machine
        self._state = state
        self._rate = rate_hz
        rng = self._rng = np.random.default_rng([*key, 31])
        speed = machine.shaft_hz * float(1 + np.clip(rng.normal(0, 0.015), -0.04, 0.04))
        self.shaft_hz = 0.0 if state == OFF else speed
        self.defect_hz = speed * machine.outer_race if state == FAULT else 0.0
        self._speed = speed
        self._wander_hz, self._wander_phase = rng.uniform(0.05, 0.6, 3), rng.uniform(0, 2 * np.pi, 3)
        self._orders, self._sizes, self._phases = self._lines(rng)
        self._flow = machine.flow_g * float(np.exp(rng.normal(0, 0.25)))
        self._response = self._impulse_response()
        self._white: Array = rng.standard_normal((_TAPS - 1, 3))
        self._severity_g = 0.24 * float(np.exp(rng.normal(0, 0.3)))
        self._zone = float(rng.uniform(0.2, 0.5))
        self._hits_s, self._hits_g = np.zeros(0), np.zeros(0)
        self._index = 0
        self.chunk(round(_FORGET_S * rate_hz))  # so that it is already going

    def chunk(self, n: int) -> Array:
        """The next `n` samples without gravity, sensor's axes, in g, shape (n, 3)."""
        t = (self._index + np.arange(n)) / self._rate
        self._index += n
        turns = self._turns(t)
        angles = 2 * np.pi * turns[:, None] * self._orders if self._state != OFF else self._hum_angles(t)
        out = (self._sizes * np.cos(angles[:, :, None] + self._phases)).sum(axis=1)
        if self._state != OFF:
            out += self._flow_noise(n, turns)
        if self._state == FAULT:
            out += self._ringing(t, turns)[:, None] * self.machine.paths
        shaken: Array = self.machine.mounting * out @ self.machine.turn.T
        return shaken

    def _turns(self, t: Array) -> Array:
        """Turns of the shaft since the start: its speed wanders by some parts per thousand."""
        rates = 2 * np.pi * self._wander_hz
        wander = (0.002 / rates * np.sin(t[:, None] * rates + self._wander_phase)).sum(axis=1)
        turns: Array = self._speed * (t + wander)
        return turns

    def _lines(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Orders of the shaft (or hertz, where it is off), sizes in g and phases, shapes (lines,), (lines, 3) twice."""
        m = self.machine
        if self._state == OFF:
            # Hum through the foundation, and a neighbour that runs.
            orders = np.array([_LINE_HZ, 2 * _LINE_HZ, rng.uniform(20, 30)])
            sizes = np.array([0.0008, 0.0015, 0.0012]) * np.exp(rng.normal(0, 0.5, 3))
            return orders, sizes[:, None] * rng.uniform(0.3, 1, (3, 3)), rng.uniform(0, 2 * np.pi, (3, 3))
        orders = np.array([1, 2, 3, 4, m.vanes, 2 * m.vanes, 2 * _LINE_HZ / self._speed])
        base = np.array([m.imbalance_g] * 4 + [m.vane_g] * 2 + [0.008])
        share = np.array([1.0, 0.5, 0.25, 0.15, 1.0, 0.35, 1.0])
        sizes = base * share * np.exp(rng.normal(0, [0.2, 0.35, 0.35, 0.35, 0.25, 0.35, 0.3]))
        phases = rng.uniform(0, 2 * np.pi, (7, 3))
        phases[0, 1] = phases[0, 0] + np.pi / 2  # an imbalance turns: a quarter later on the other radial axis
        return orders, sizes[:, None] * np.array([1.0, 0.85, 0.4]), phases

    def _hum_angles(self, t: Array) -> Array:
        return 2 * np.pi * t[:, None] * self._orders

    def _impulse_response(self) -> Array:
        """How the structure answers a blow, at unit energy, latest tap first."""
        t = np.arange(_TAPS) / self._rate
        rings = self._ring(t).sum(axis=1)
        rings[0] += 0.6  # what arrives beside the modes
        response: Array = (rings / np.sqrt((rings**2).sum()))[::-1].copy()
        return response

    def _ring(self, t: Array) -> Array:
        """Decaying modes at times after a blow, shape (..., 2)."""
        omega = 2 * np.pi * self.machine.mode_hz
        decay = np.exp(-omega * self.machine.mode_damping * t[..., None])
        modes: Array = decay * np.sin(omega * t[..., None]) * np.array([1.0, 0.7])
        return modes

    def _flow_noise(self, n: int, turns: Array) -> Array:
        white = np.concatenate((self._white, self._rng.standard_normal((n, 3))))
        self._white = white[n:]
        coloured = np.lib.stride_tricks.sliding_window_view(white, _TAPS, axis=0) @ self._response
        pulsing = 1 + 0.25 * np.cos(2 * np.pi * self.machine.vanes * turns)
        noise: Array = self._flow * pulsing[:, None] * coloured
        return noise

    def _ringing(self, t: Array, turns: Array) -> Array:
        """The structure's ringing after every pass over the defect, shape (n,)."""
        passes = turns * self.machine.outer_race
        before = self._turns(t[:1] - 1 / self._rate)[0] * self.machine.outer_race
        new = np.arange(np.floor(before) + 1, np.floor(passes[-1]) + 1)
        if len(new):
            at = np.interp(new, np.concatenate(([before], passes)), np.concatenate((t[:1] - 1 / self._rate, t)))
            at = at + np.abs(self._rng.normal(0, 0.008, len(new))) / (self._speed * self.machine.outer_race)
            load = 1 + self._zone * np.cos(2 * np.pi * new / self.machine.outer_race)
            self._hits_s = np.concatenate((self._hits_s, at))
            force = self._severity_g * load * np.exp(self._rng.normal(0, 0.15, len(new)))
            self._hits_g = np.concatenate((self._hits_g, force))
        recent = self._hits_s > t[0] - _FORGET_S
        self._hits_s, self._hits_g = self._hits_s[recent], self._hits_g[recent]
        since = t[:, None] - self._hits_s
        rings = np.where(since > 0, self._ring(np.maximum(since, 0)).sum(axis=-1), 0.0)
        ringing: Array = rings @ self._hits_g
        return ringing
