"""The stage ``mote-augment/rotate``: the same motion by a sensor that is held or mounted otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import AugmentContext, PluginError, Value, triads

from .counts import Counts, Floats, to_counts


class Rotate:
    """Turns every three-axis sensor of a window by the same random rotation, gravity with it."""

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) turned; targets as they are.

        Raises:
            PluginError: no three channels belong together.
        """
        channels = context.signal.group.channels
        found = triads(channels)
        if not found:
            text = "None of the channels are the x, y and z of one sensor: there is nothing to turn."
            hint = "Name them alike but for x, y and z (ax, ay, az) and give them one unit, or remove the stage."
            raise PluginError("augment.axes", text, hint, {"channels": [c.name for c in channels]})
        turns = rotations(context.rng, len(windows), np.deg2rad(float(params["max_angle"]))).astype(np.float32)
        out = windows.copy()
        for triad in found:
            # A vector is turned in its physical unit: axes of one sensor may have scales and offsets of their own.
            scales = np.array([channels[i].scale for i in triad], dtype=np.float32)
            offsets = np.array([channels[i].offset for i in triad], dtype=np.float32)
            vectors = windows[:, :, triad].astype(np.float32) * scales + offsets
            turned: Floats = np.asarray((vectors @ turns - offsets) / scales, dtype=np.float32)
            out[:, :, triad] = to_counts(turned)
        return out, targets


def rotations(rng: np.random.Generator, count: int, most: float) -> npt.NDArray[np.float64]:
    """Random rotation matrices, shape (count, 3, 3): any axis, an angle of up to `most` radians (Rodrigues)."""
    axis = rng.standard_normal((count, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = rng.uniform(-most, most, (count, 1, 1))
    cross = np.zeros((count, 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    turned: npt.NDArray[np.float64] = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return turned
