"""scipy.signal.welch with numpy around it, in single precision, on batches."""

from __future__ import annotations

from collections.abc import Callable

import material
import numpy as np
from scipy import signal


def features(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spectral features of windows, float32 (windows, channels, samples)."""
    segment, first, last = material.SEGMENT, material.FIRST_BIN, material.LAST_BIN
    _, density = signal.welch(x, material.MOTION_RATE, "hann", segment, material.OVERLAP)
    power = density * np.float32(material.MOTION_RATE / segment)
    bands = np.float32(0.25) * np.log2(np.maximum(power @ weights, np.float32(2.0**-24))) + np.float32(2.0)
    part = power[..., first : last + 1]
    share = part / part.sum(axis=-1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=-1, keepdims=True) * np.float32(4 / np.log(last - first + 1))
    centroid = share @ np.arange(first, last + 1, dtype=np.float32)[:, None] * np.float32(8 / segment)
    return np.concatenate([bands, entropy, centroid], axis=-1)


def spectral() -> Callable[[], np.ndarray]:
    """Bands, entropy, centroid of all windows."""
    weights = material.band_weights()
    # Batches that stay near the processor are faster than all windows at once.
    parts = np.array_split(material.motion_scaled(), 40)
    return lambda: np.concatenate([features(part, weights) for part in parts])


CASES = {"spectral": spectral}
