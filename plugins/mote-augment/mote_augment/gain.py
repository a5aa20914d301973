"""The stage ``mote-augment/gain``: another strength of the same motion, another distance of the same voice."""

from __future__ import annotations

from collections.abc import Mapping

from motestudio.sdk import AugmentContext, Value

from .counts import Counts, Floats, drawn, moving_part, ratio, to_counts


class Gain:
    """One gain for all channels of a window, about the window's mean."""

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) louder or fainter; targets as they are."""
        gain = ratio(drawn(context.rng, params, "gain_min", "gain_max", len(windows)))
        moving, means = moving_part(windows)
        moving *= gain
        moving += means
        return to_counts(moving), targets
