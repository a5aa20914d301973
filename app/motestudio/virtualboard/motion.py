"""How a hand moves: gestures and idling as paths and turns over time, in metres and radians.

Every function here is a pure function of time and of what was drawn from a seed, so a stream can be computed in
blocks of any size. Axes of the hand: x to the right, y forward, z up; turns are pitch (about x), roll (about y) and
yaw (about z). What a sensor makes of it is `imu_sim`'s business.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
"""Times have shape (n,), paths and turns (n, 3)."""

IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Style:
    """How one person moves.

    Attributes:
        tempo: 1 is average, above is faster.
        amplitude: 1 is average, above is wider.
        pitch: how the board is held, radians.
        roll: likewise.
        hand: 1 for right, -1 for left; mirrors the gestures.
        wrist: how much the wrist turns along with the arm.
        tremor: 1 is average.
    """

    tempo: float
    amplitude: float
    pitch: float
    roll: float
    hand: float
    wrist: float
    tremor: float

    @classmethod
    def of(cls, subject: str) -> Style:
        """The style that a subject's name stands for, always the same."""
        rng = np.random.default_rng([zlib.crc32(subject.encode()), 7])
        return cls(
            tempo=float(np.exp(rng.normal(0, 0.10))),
            amplitude=float(np.exp(rng.normal(0, 0.16))),
            pitch=float(rng.normal(0, 0.2)),
            roll=float(rng.normal(0, 0.2)),
            hand=-1.0 if rng.random() < 0.2 else 1.0,
            wrist=float(rng.uniform(0.5, 1.3)),
            tremor=float(rng.uniform(0.5, 1.6)),
        )


def _ease(u: Array) -> Array:
    """Minimum-jerk step from 0 to 1 (Flash and Hogan, J. Neurosci. 5(7), 1985)."""
    u = np.clip(u, 0.0, 1.0)
    return u**3 * (10 - 15 * u + 6 * u**2)


def _bump(u: Array) -> Array:
    """Smooth out-and-back, 1 in the middle."""
    u = np.clip(u, 0.0, 1.0)
    return 64.0 * (u * (1 - u)) ** 3


def _swell(u: Array, edge: float = 0.2) -> Array:
    """Up at the start, 1, down at the end."""
    return _ease(u / edge) * _ease((1 - u) / edge)


def _axes(n: int, **columns: Array) -> Array:
    out = np.zeros((n, 3))
    for name, values in columns.items():
        out[:, "xyz".index(name)] = values
    return out


@dataclass(frozen=True, slots=True)
class Gesture:
    """One performance, drawn and fixed.

    Attributes:
        name: of the gesture.
        start_s: when it begins.
        duration_s: how long it takes.
        size: amplitude factor of this performance.
        cycles: repetitions of those that repeat.
        wrist: how much the wrist turns along.
        lean: small rotation of the plane of motion, radians.
        hand: 1 or -1.
    """

    name: str
    start_s: float
    duration_s: float
    size: float
    cycles: float
    wrist: float
    lean: float
    hand: float

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s

    def at(self, t: Array) -> tuple[Array, Array]:
        """Path and turns, zero outside of the gesture."""
        u = (t - self.start_s) / self.duration_s
        path, turn = _GESTURES[self.name](self, np.clip(u, 0.0, 1.0))
        c, s = np.cos(self.lean), np.sin(self.lean)
        lean = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
        mirror = np.array([self.hand, 1.0, 1.0])
        return self.size * (path @ lean.T) * mirror, turn * np.array([1.0, self.hand, self.hand])


def _wave(g: Gesture, u: Array) -> tuple[Array, Array]:
    swing = _swell(u) * np.sin(2 * np.pi * g.cycles * u)
    return _axes(len(u), x=0.075 * swing, z=-0.015 * np.abs(swing) ** 2), _axes(len(u), y=0.45 * g.wrist * swing)


def _up_down(g: Gesture, u: Array) -> tuple[Array, Array]:
    swing = _swell(u) * np.sin(2 * np.pi * (g.cycles - 0.5) * u)
    return _axes(len(u), z=0.075 * swing, y=0.02 * swing), _axes(len(u), x=0.35 * g.wrist * swing)


def _circle(g: Gesture, u: Array) -> tuple[Array, Array]:
    angle = 2 * np.pi * _ease(u)
    path = _axes(len(u), x=0.12 * np.sin(angle), z=0.12 * (1 - np.cos(angle)))
    return path, _axes(len(u), y=0.15 * g.wrist * np.sin(angle), x=0.1 * g.wrist * (1 - np.cos(angle)))


def _figure8(g: Gesture, u: Array) -> tuple[Array, Array]:
    angle = 2 * np.pi * (0.35 * u + 0.65 * _ease(u))
    edge = _swell(u, 0.12)
    path = _axes(len(u), x=0.13 * edge * np.sin(angle), z=0.065 * edge * np.sin(2 * angle))
    return path, _axes(len(u), y=0.2 * g.wrist * edge * np.sin(angle), x=0.12 * g.wrist * edge * np.sin(2 * angle))


def _swipe(g: Gesture, u: Array) -> tuple[Array, Array]:
    out = _ease(u / 0.42) - _ease((u - 0.5) / 0.5)
    arc = _bump(u / 0.42)
    return _axes(len(u), x=0.36 * out, y=0.03 * arc), _axes(len(u), z=-0.55 * g.wrist * out, y=0.15 * g.wrist * arc)


def _tap(g: Gesture, u: Array) -> tuple[Array, Array]:
    taps = round(g.cycles)
    depth, ring, pitch = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    each = 1.0 / taps
    for k in range(taps):
        v = (u - k * each) / (0.8 * each)
        depth -= _bump(v)
        pitch -= _bump(v)
        after = np.clip((v - 0.5) * 0.8 * each * g.duration_s, 0.0, None)  # seconds since the surface was hit
        ring += (1 - np.exp(-((after / 0.006) ** 2))) * np.exp(-after / 0.028) * np.sin(2 * np.pi * 22 * after)
    path = _axes(len(u), z=0.028 * depth + 0.0005 * ring * _ease((1 - u) / 0.1), y=0.0003 * ring)
    return path, _axes(len(u), x=0.22 * g.wrist * pitch)


def _twist(g: Gesture, u: Array) -> tuple[Array, Array]:
    swing = _swell(u) * np.sin(2 * np.pi * (g.cycles - 0.5) * u)
    return _axes(len(u), x=0.012 * swing, z=-0.01 * swing**2), _axes(len(u), y=0.75 * swing, z=0.1 * g.wrist * swing)


_GESTURES: dict[str, Callable[[Gesture, Array], tuple[Array, Array]]] = {
    "wave": _wave,
    "circle": _circle,
    "tap": _tap,
    "swipe": _swipe,
    "up_down": _up_down,
    "figure8": _figure8,
    "twist": _twist,
}
GESTURES = tuple(_GESTURES)
_SECONDS = {"wave": 1.2, "circle": 1.05, "tap": 1.0, "swipe": 1.05, "up_down": 1.1, "figure8": 1.3, "twist": 1.2}


def draw_gesture(name: str, style: Style, rng: np.random.Generator, start_s: float) -> Gesture:
    """Draw one performance in a person's style.

    Args:
        name: one of `GESTURES`.
        style: of the person.
        rng: decides the rest.
        start_s: when it begins.

    Returns:
        The performance, 0.8 to 1.6 s long.
    """
    return Gesture(
        name=name,
        start_s=start_s,
        duration_s=float(np.clip(_SECONDS[name] / style.tempo * np.exp(rng.normal(0, 0.12)), 0.8, 1.6)),
        size=float(np.clip(style.amplitude * np.exp(rng.normal(0, 0.18)), 0.55, 1.5)),
        cycles=float(rng.choice([2.0, 2.5, 3.0], p=[0.4, 0.35, 0.25])),
        wrist=style.wrist * float(np.exp(rng.normal(0, 0.15))),
        lean=float(rng.normal(0, 0.22)),
        hand=style.hand,
    )


class Idling:
    """What a hand does between gestures: rest, tremble, turn slowly, fidget; never quite the same.

    Args:
        seed: of everything drawn.
        style: of the person.
        fidgets: False keeps the hand from moving of its own accord, as around a take of one gesture.
    """

    _EPOCH_S = 1.7

    def __init__(self, seed: list[int], style: Style, *, fidgets: bool = True) -> None:
        rng = np.random.default_rng(seed)
        # From lying on a table to held in a restless hand.
        self.activity = float(rng.choice([0.02, 0.5, 1.0, 1.8], p=[0.15, 0.3, 0.35, 0.2]))
        hold = style.tremor * self.activity
        self._path = _Wander(rng, (0.05, 0.5), 0.012 * self.activity)
        self._turn = _Wander(rng, (0.03, 0.4), 0.10 * self.activity)
        self._shake = _Wander(rng, (7.5, 11.0), 0.00002 * hold)
        self._twitch = _Wander(rng, (6.0, 10.0), 0.0006 * hold)
        self._seed = seed
        self._often = 0.35 * min(1.0, self.activity) if fidgets else 0.0

    def at(self, t: Array, quiet: tuple[tuple[float, float], ...] = ()) -> tuple[Array, Array]:
        """Path and turns.

        Args:
            t: times.
            quiet: stretches in which no fidget begins.
        """
        path = self._path.at(t) + self._shake.at(t)
        turn = self._turn.at(t) + self._twitch.at(t)
        if self._often and len(t):
            for epoch in range(int(t.min() // self._EPOCH_S) - 1, int(t.max() // self._EPOCH_S) + 1):
                rng = np.random.default_rng([*self._seed, 11, epoch & 0xFFFFFFFF])
                begin = epoch * self._EPOCH_S + rng.uniform(0, 0.6)
                if rng.random() >= self._often or any(a <= begin < b for a, b in quiet):
                    continue
                move = _bump((t - begin) / rng.uniform(0.4, 1.6))[:, None]
                path += move * rng.normal(0, 0.035, 3)
                turn += move * rng.normal(0, 0.22, 3)
        return path, turn


class _Wander:
    """A smooth random walk around zero: a few sines per axis."""

    def __init__(
        self, rng: np.random.Generator, band_hz: tuple[float, float], amplitude: float, sines: int = 4
    ) -> None:
        self._omega = 2 * np.pi * rng.uniform(*band_hz, (sines, 3))
        self._phase = rng.uniform(0, 2 * np.pi, (sines, 3))
        self._size = amplitude * rng.uniform(0.2, 1.0, (sines, 3))

    def at(self, t: Array) -> Array:
        waves: Array = (np.sin(t[:, None, None] * self._omega + self._phase) * self._size).sum(axis=1)
        return waves
