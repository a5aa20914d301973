"""The stage ``mote-augment/mixup``: blends of two windows with the labels of both (Zhang et al., 2018)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motestudio.sdk import AugmentContext, Value

from .counts import Counts, Floats, to_counts


class Mixup:
    """Blends every window with one drawn from the training windows; the larger part stays the window's own."""

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) and targets float32 (n, classes), blended by the same parts."""
        alpha = float(params["alpha"])
        drawn = context.rng.beta(alpha, alpha, len(windows))
        part = np.maximum(drawn, 1.0 - drawn).astype(np.float32)
        partner = context.rng.integers(0, len(context.pool), len(windows))
        share = part[:, None, None]
        mixed: Floats = share * windows + (np.float32(1.0) - share) * context.pool[partner]
        other = np.eye(targets.shape[1], dtype=np.float32)[context.pool_labels[partner]]
        blended: Floats = part[:, None] * targets + (np.float32(1.0) - part[:, None]) * other
        return to_counts(mixed), blended
