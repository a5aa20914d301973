"""Where a recording begins and ends to be busy: edges to snap labels to, and energy above the noise floor.

Works on changes between samples, so that gravity and offsets do not count. Pure functions; proposes no labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import Samples

SOUND_RATE = 2000.0
"""From here on a signal is taken for sound."""
_LEAST_DB = 10.0
_EDGE_SHARE = 0.22
_LEAST_S = 0.12
_CHUNK = 1 << 20

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EnergyProfile:
    """Energy of a recording, per frame.

    Attributes:
        frame: samples per frame.
        level_db: above each channel's own noise floor, mean of the channels, shape (frames,).
        edges: samples at which it becomes busy or quiet, ascending; none where it is all alike.
    """

    frame: int
    level_db: Floats
    edges: npt.NDArray[np.int64]


def profile(samples: Samples, rate_hz: float) -> EnergyProfile:
    """Measure a recording.

    Args:
        samples: int16, shape (samples, channels); may be memory-mapped, it is read in parts.
        rate_hz: nominal rate.
    """
    frame = max(2, round((0.01 if rate_hz >= SOUND_RATE else 0.03) * rate_hz))
    if len(samples) < 4 * frame:
        return EnergyProfile(frame, np.zeros(0), np.zeros(0, dtype=np.int64))
    energy = _energy(samples, frame)
    floor = np.maximum(np.quantile(energy, 0.1, axis=0), 0.25)
    smooth = np.apply_along_axis(_smooth, 0, energy)
    level: Floats = 10 * np.log10(np.mean(smooth / floor, axis=1) + 1e-3)
    return EnergyProfile(frame, level, _edges(level, frame, rate_hz))


def _energy(samples: Samples, frame: int) -> Floats:
    """Mean squared change per frame and channel, shape (frames, channels)."""
    frames = len(samples) // frame
    step = max(1, _CHUNK // (frame * samples.shape[1]))
    parts = []
    for first in range(0, frames, step):
        last = min(frames, first + step)
        part = samples[max(0, first * frame - 1) : last * frame].astype(np.float64)
        change = np.diff(part, axis=0, prepend=part[:1] if first == 0 else np.zeros((0, part.shape[1])))
        parts.append((change**2).reshape(last - first, frame, -1).mean(axis=1))
    return np.concatenate(parts)


def _smooth(column: Floats) -> Floats:
    return np.convolve(np.pad(column, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")


def _edges(level: Floats, frame: int, rate_hz: float) -> npt.NDArray[np.int64]:
    low, high = float(np.quantile(level, 0.1)), float(np.quantile(level, 0.98))
    if high - low < _LEAST_DB:
        return np.zeros(0, dtype=np.int64)
    busy = level > low + _EDGE_SHARE * (high - low)
    turns = np.flatnonzero(np.diff(busy.astype(np.int8))) + 1
    least = max(1, round(_LEAST_S * rate_hz / frame))
    kept: list[int] = []
    for turn in turns.tolist():
        if kept and turn - kept[-1] < least:
            kept.pop()  # a flicker: both of its edges go
        else:
            kept.append(turn)
    # Smoothing over three frames makes a stretch one frame longer at both ends.
    return np.array([turn + (1 if busy[turn] else -1) for turn in kept], dtype=np.int64) * frame


def snap(measured: EnergyProfile, at: int, reach: int) -> int:
    """The nearest edge within `reach` samples, else `at`."""
    if not len(measured.edges):
        return at
    nearest = int(measured.edges[np.abs(measured.edges - at).argmin()])
    return nearest if abs(nearest - at) <= reach else at


def above_floor_db(measured: EnergyProfile, start: int, count: int) -> float | None:
    """Mean energy of a stretch above the noise floor, dB; None where the recording is too short to tell."""
    first, last = start // measured.frame, -(-(start + count) // measured.frame)
    part = measured.level_db[first:last]
    return float(10 * np.log10(np.mean(10 ** (part / 10)))) if len(part) else None
