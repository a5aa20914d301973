"""Random variations of features, as other people, voices and moments would give them.

numpy only; the same generator gives the same batch. Must not touch labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from motestudio.sdk import Value

Floats = npt.NDArray[np.float32]

COLOUR_KNOTS = 5
"""Points of the random curve over bands that stands for another microphone."""


class Augmenter:
    """Varies batches of features with axes (time, channel) or (time, band).

    Args:
        features: the training features, float32, shape (windows, time, width): their spread sets the noise.
        bands: whether the second axis is frequency.
        params: ``noise``, ``shift``, ``warp``, ``gain``, and for bands ``mask``, ``colour`` and ``hiss``.
    """

    def __init__(self, features: Floats, bands: bool, params: Mapping[str, Value], triads: Sequence[int] = ()) -> None:
        self._bands = bands
        self._noise, self._shift, self._warp, self._gain, self._mask, self._colour, self._hiss = (
            float(params[k]) for k in ("noise", "shift", "warp", "gain", "mask", "colour", "hiss")
        )
        self._turn = 0.0 if bands else np.deg2rad(float(params["turn"]))
        self._triads = tuple(triads)
        axis = None if bands else (0, 1)
        self._spread = np.asarray(features.std(axis=axis), dtype=np.float32)
        self._mean = np.float32(features.mean())

    def __call__(self, batch: Floats, rng: np.random.Generator) -> Floats:
        """A varied copy of a batch, same shape."""
        out = batch.astype(np.float32, copy=True)
        if self._shift or self._warp:
            out = _resampled(out, 1, self._warp, self._shift, rng)
        if self._bands and self._warp:
            # Another throat moves formants along the mel axis as well as apart.
            out = _resampled(out, 2, self._warp, self._warp / 2, rng)
        n = len(out)
        if self._gain:
            strength = rng.uniform(-self._gain, self._gain, (n, 1, 1)).astype(np.float32)
            # A louder sound is a sum in the logarithm.
            out = out + strength * self._spread if self._bands else out * (1 + strength)
        if self._turn and self._triads:
            out = _turned(out, self._triads, self._turn, rng)
        if self._noise:
            level = rng.uniform(0, self._noise, (n, 1, 1)).astype(np.float32)
            out += level * self._spread * rng.standard_normal(out.shape, dtype=np.float32)
        return self._as_sound(out, rng) if self._bands else out

    def _as_sound(self, out: Floats, rng: np.random.Generator) -> Floats:
        """What only log spectrograms can have: another microphone, another room, holes."""
        n, _, bands = out.shape
        if self._colour:
            knots = rng.uniform(-self._colour, self._colour, (n, COLOUR_KNOTS)).astype(np.float32)
            at = np.linspace(0, COLOUR_KNOTS - 1, bands)
            low = np.minimum(at.astype(int), COLOUR_KNOTS - 2)
            curve = knots[:, low] + (at - low).astype(np.float32) * (knots[:, low + 1] - knots[:, low])
            out = out + self._spread * curve[:, None, :]
        if self._hiss:
            lowest, highest = out.min(axis=(1, 2), keepdims=True), out.max(axis=(1, 2), keepdims=True)
            part = rng.uniform(0, self._hiss, (n, 1, 1)).astype(np.float32)
            out = np.logaddexp2(out, lowest + part * (highest - lowest))
        if self._mask:
            for axis in (1, 2, 2):
                self._blot(out, axis, rng)
        return out

    def _blot(self, out: Floats, axis: int, rng: np.random.Generator) -> None:
        length = out.shape[axis]
        width = rng.integers(0, max(1, round(self._mask * length)) + 1, len(out))
        start = rng.integers(0, length - width + 1)
        at = np.arange(length)
        hit = (at >= start[:, None]) & (at < (start + width)[:, None])
        np.copyto(out, self._mean, where=hit[:, :, None] if axis == 1 else hit[:, None, :])


def _turned(x: Floats, triads: Sequence[int], most: float, rng: np.random.Generator) -> Floats:
    """Turn the axes of every three-axis sensor together by up to an angle, about any direction: another grip."""
    n = len(x)
    axis = rng.standard_normal((n, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = rng.uniform(-most, most, (n, 1, 1))
    cross = np.zeros((n, 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    # Rodrigues' formula.
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    out = x.copy()
    for first in triads:
        out[:, :, first : first + 3] = x[:, :, first : first + 3] @ turn.astype(np.float32)
    return out


def _resampled(x: Floats, axis: int, warp: float, shift: float, rng: np.random.Generator) -> Floats:
    """Stretch and shift each window along an axis by straight lines, holding the edges."""
    n, length = len(x), x.shape[axis]
    centre = (length - 1) / 2
    factor = 1 + rng.uniform(-warp, warp, (n, 1))
    offset = rng.uniform(-shift, shift, (n, 1)) * length
    at = np.clip(centre + (np.arange(length) - centre) * factor + offset, 0, length - 1)
    low = np.minimum(at.astype(np.int64), length - 2) if length > 1 else np.zeros_like(at, dtype=np.int64)
    part = (at - low).astype(np.float32)
    expand = (slice(None), slice(None), None) if axis == 1 else (slice(None), None, slice(None))
    low, part = low[expand], part[expand]
    first = np.take_along_axis(x, low, axis=axis)
    second = np.take_along_axis(x, np.minimum(low + 1, length - 1), axis=axis)
    mixed: Floats = first + part * (second - first)
    return mixed
