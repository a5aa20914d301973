"""The stage ``mote-augment/shift``: the same event, earlier or later in the window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motestudio.sdk import AugmentContext, PluginError, Value

from .counts import Counts, Floats


class Shift:
    """Moves all channels of a window together by whole samples."""

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) moved; targets as they are.

        Raises:
            PluginError: the largest shift is less than a sample.
        """
        rate = context.signal.group.rate_hz
        most = _most_samples(float(params["max_ms"]), rate)
        count, samples, _ = windows.shape
        most = min(most, samples - 1)
        offset = context.rng.integers(-most, most + 1, (count, 1))
        at = np.arange(samples) - offset
        fill = params["fill"]
        source = at % samples if fill == "circular" else np.clip(at, 0, samples - 1)
        moved = np.take_along_axis(windows, source[:, :, None], axis=1)
        if fill == "zero":
            moved[(at < 0) | (at >= samples)] = 0
        return moved, targets


def _most_samples(max_ms: float, rate: float) -> int:
    most = round(max_ms * rate / 1000.0)
    if max_ms > 0 and most == 0:
        text = f"A shift of {max_ms:g} ms is less than half a sample at {rate:g} Hz: nothing would move."
        raise PluginError("augment.shift", text, f"Set it to {1000.0 / rate:.3g} ms or more, or remove the stage.")
    return most
