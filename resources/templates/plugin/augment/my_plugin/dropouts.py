"""The stage: gaps in windows. A pure function: every draw comes from ``context.rng``, so a seed repeats it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import AugmentContext, Value

Int16s = npt.NDArray[np.int16]


class Dropouts:
    """Augment stage: targets stay as they are, a gesture with a gap is still that gesture."""

    def augment(
        self, windows: Int16s, targets: npt.NDArray[np.float32], context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Int16s, npt.NDArray[np.float32]]:
        """Put gaps into windows, int16 (windows, samples, channels); what comes in is not changed."""
        out = windows.copy()
        longest = round(float(params["longest_ms"]) / 1000 * context.signal.group.rate_hz)
        spared = str(params["spare"])
        for window, member in zip(out, targets, strict=True):
            if spared and context.classes[int(np.argmax(member))] == spared:
                continue
            for _ in range(int(context.rng.integers(int(params["most"]) + 1))):
                self._gap(window, longest, context.rng, params)
        return out, targets

    def _gap(self, window: Int16s, longest: int, rng: np.random.Generator, params: Mapping[str, Value]) -> None:
        samples, channels = window.shape
        length = int(rng.integers(longest + 1))
        # A gap begins after the first sample, so that there is a last value to hold.
        start = int(rng.integers(1, samples)) if samples > 1 else 0
        stop = min(samples, start + length)
        if start == 0 or stop <= start:
            return
        columns = slice(None) if params["together"] else slice(*np.array([0, 1]) + int(rng.integers(channels)))
        before = window[start - 1, columns].astype(np.float64)
        if params["fill"] == "hold":
            window[start:stop, columns] = window[start - 1, columns]
        elif params["fill"] == "zero":
            window[start:stop, columns] = 0
        else:
            after = window[min(stop, samples - 1), columns].astype(np.float64)
            share = (np.arange(1, stop - start + 1) / (stop - start + 1))[:, None]
            window[start:stop, columns] = np.rint(before + share * (after - before)).astype(np.int16)
