"""From energies to what a model likes: logarithm above a floor, range, normalisation, per-channel energy (PCEN).

The C side is ``csrc/mote_audio_levels.h`` and, for PCEN, ``csrc/mote_logmel_float.h``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .framing import Floats

DB = 10.0 * np.log10(2.0)
"""Decibels of a doubled energy."""
NORMALISE = ("none", "mean", "max", "band_mean", "band_standard")
SMALLEST_SPREAD = 0.1
"""A band that hardly moves is not blown up: the least standard deviation that is divided by."""


def above_floor(energy: Floats, floor_db: float) -> Floats:
    """log2 of energies above a floor in dB against full scale, none below zero; changes `energy`."""
    floor = np.float32(floor_db / DB)
    np.maximum(energy, np.exp2(floor), out=energy)
    np.log(energy, out=energy)
    energy *= np.float32(1.0 / np.log(2.0))
    energy -= floor
    return np.maximum(energy, np.float32(0.0), out=energy)


def normalised(levels: Floats, how: str, range_db: float) -> Floats:
    """Raise what is far below the window's loudest, then subtract what does not matter; changes `levels`.

    Args:
        levels: float32, shape (windows, frames, bands), in log2 units.
        how: one of `NORMALISE`.
        range_db: kept below the loudest; 0 for all.
    """
    if range_db:
        peak = levels.max(axis=(1, 2), keepdims=True)
        np.maximum(levels, peak - np.float32(range_db / DB), out=levels)
    if how == "mean":
        levels -= levels.mean(axis=(1, 2), keepdims=True)
    elif how == "max":
        levels -= levels.max(axis=(1, 2), keepdims=True)
    elif how in ("band_mean", "band_standard"):
        levels -= levels.mean(axis=1, keepdims=True)
        if how == "band_standard":
            levels /= spread(levels)
    return levels


def spread(centred: Floats) -> Floats:
    """Standard deviation over time of values whose mean is zero, at least `SMALLEST_SPREAD`."""
    deviation: Floats = np.sqrt(np.mean(centred * centred, axis=1, keepdims=True))
    return np.maximum(deviation, np.float32(SMALLEST_SPREAD))


@dataclass(frozen=True, slots=True)
class Pcen:
    """Per-channel energy normalisation (Wang et al., 2017): ``(E / (epsilon + M)^gain + bias)^power - bias^power``
    with M a slow average of E that starts at the window's first frame.

    Attributes:
        scale: of energies, so that they are those of samples in [-2^15, 2^15) in an unscaled transform.
        gain: 1 takes the loudness away.
        bias: keeps noise from being amplified.
        power: compression.
        smoothing: of the average, per frame.
        epsilon: keeps silence from being divided by.
    """

    scale: float
    gain: float
    bias: float
    power: float
    smoothing: float
    epsilon: float

    def apply(self, energy: Floats) -> Floats:
        """PCEN of energies, float32 (windows, frames, bands); changes `energy`."""
        energy *= np.float32(self.scale)
        smooth = np.empty_like(energy)
        slow = smooth[:, 0] = energy[:, 0]
        for frame in range(1, energy.shape[1]):
            slow = slow + np.float32(self.smoothing) * (energy[:, frame] - slow)
            smooth[:, frame] = slow
        smooth += np.float32(self.epsilon)
        energy *= np.power(smooth, np.float32(-self.gain))
        energy += np.float32(self.bias)
        out: Floats = np.power(energy, np.float32(self.power))
        out -= np.power(np.float32(self.bias), np.float32(self.power))
        return out
