"""The stage ``mote-augment/warp``: smooth random changes of speed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import AugmentContext, Value

from .counts import Counts, Floats, to_counts


class Warp:
    """Resamples all channels of a window along one smooth curve of time; the middle stays where it is."""

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) faster and slower; targets as they are."""
        count, samples, _ = windows.shape
        strength = float(params["strength"])
        if samples < 2 or strength == 0.0:
            return windows, targets
        knots = context.rng.uniform(-strength, strength, (count, int(params["knots"])))
        speed = 1.0 + _curve(knots, samples)
        # Where each output sample is read from: the integral of speed, the middle kept.
        place = np.cumsum(speed, axis=1)
        middle = place[:, [(samples - 1) // 2, samples // 2]].mean(axis=1, keepdims=True)
        place += (samples - 1) / 2.0 - middle
        return to_counts(_read(windows, np.clip(place, 0.0, samples - 1.0))), targets


def _curve(knots: npt.NDArray[np.float64], samples: int) -> npt.NDArray[np.float64]:
    """Knots spread over the samples with half a cosine between neighbours: smooth, never beyond the knots."""
    count = knots.shape[1]
    if count == 1:
        return np.broadcast_to(knots, (len(knots), samples))
    at = np.linspace(0.0, count - 1.0, samples)
    low = np.minimum(at.astype(np.int64), count - 2)
    part = 0.5 - 0.5 * np.cos(np.pi * (at - low))
    curve: npt.NDArray[np.float64] = knots[:, low] * (1.0 - part) + knots[:, low + 1] * part
    return curve


def _read(windows: Counts, place: npt.NDArray[np.float64]) -> Floats:
    """Values between samples by Catmull-Rom cubics, which keep treble better than straight lines do.

    Args:
        windows: int16, shape (n, samples, channels).
        place: shape (n, samples), in samples, inside the window.

    Returns:
        float32, shape (n, samples, channels).
    """
    last = windows.shape[1] - 1
    low = np.minimum(place.astype(np.int64), last - 1)
    t = (place - low).astype(np.float32)[:, :, None]
    weights = (
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    )
    out = np.zeros(windows.shape, dtype=np.float32)
    for step, weight in enumerate(weights, start=-1):
        source = np.clip(low + step, 0, last)[:, :, None]
        out += weight * np.take_along_axis(windows, source, axis=1)
    return out
