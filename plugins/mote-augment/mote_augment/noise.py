"""The stage ``mote-augment/noise``: white or pink noise at a signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motestudio.sdk import AugmentContext, Value

from .counts import Counts, Floats, drawn, moving_part, power, ratio, to_counts


class Noise:
    """Adds noise to every channel, in proportion to that channel's own power without its mean.

    A channel that does not move gets none: against silence no ratio means anything.
    """

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) with noise; targets as they are."""
        snr = drawn(context.rng, params, "snr_min", "snr_max", len(windows))
        noise = context.rng.standard_normal(windows.shape, dtype=np.float32)
        if params["colour"] == "pink":
            noise = _pink(noise)
        moving, means = moving_part(windows)
        level = np.sqrt(power(moving) / np.maximum(power(noise), np.finfo(np.float32).tiny)) * ratio(-snr)
        # Adding in this order keeps the scratch to the two arrays that are there.
        noise *= level
        noise += moving
        noise += means
        return to_counts(noise), targets


def _pink(white: Floats) -> Floats:
    """White noise with its power divided by frequency along the samples; without a mean."""
    samples = white.shape[1]
    spectrum = np.fft.rfft(white, axis=1)
    shape = np.zeros(spectrum.shape[1], dtype=np.float32)
    shape[1:] = 1.0 / np.sqrt(np.arange(1, len(shape)))
    pink: Floats = np.fft.irfft(spectrum * shape[:, None], n=samples, axis=1).astype(np.float32)
    return pink
