"""The stage ``mote-augment/background``: the same event with the room's own noise behind it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import AugmentContext, PluginError, Value, is_background

from .counts import Counts, Floats, drawn, moving_part, power, ratio, to_counts


class Background:
    """Adds a window of a background class, drawn from the training windows.

    One level for all channels, so that the background stays what it was. A window that does not move stays as it is:
    against silence no ratio means anything.
    """

    def augment(
        self, windows: Counts, targets: Floats, context: AugmentContext, params: Mapping[str, Value]
    ) -> tuple[Counts, Floats]:
        """Windows int16 (n, samples, channels) with a background; targets as they are.

        Raises:
            PluginError: there is no such class, or none of its windows are in the training split.
        """
        rows = _rows(context, str(params["class_name"]))
        snr = drawn(context.rng, params, "snr_min", "snr_max", len(windows))
        added, _ = moving_part(context.pool[context.rng.choice(rows, len(windows))])
        moving, means = moving_part(windows)
        whole = (1, 2)
        level = np.sqrt(power(moving, whole) / np.maximum(power(added, whole), np.finfo(np.float32).tiny))
        # A silent background has no level: nothing is added.
        added *= np.where(power(added, whole) > 0.0, level, np.float32(0.0)) * ratio(-snr)
        added += moving
        added += means
        return to_counts(added), targets


def _rows(context: AugmentContext, name: str) -> npt.NDArray[np.intp]:
    wanted = [i for i, c in enumerate(context.classes) if (c == name if name else is_background(c))]
    known = ", ".join(context.classes)
    if not wanted:
        text = f"There is no class {name!r}." if name else "No class counts as background."
        hint = f"Name one of: {known}. Or record a class such as background or noise."
        raise PluginError("augment.background", text, hint, {"classes": list(context.classes)})
    rows = np.flatnonzero(np.isin(context.pool_labels, wanted))
    if not len(rows):
        names = ", ".join(context.classes[i] for i in wanted)
        text = f"No training window is of {names}."
        raise PluginError("augment.background", text, "Record takes of it, or put some into the training split.")
    return rows
