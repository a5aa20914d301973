"""The stage: segments around peaks. It proposes; what a segment is called is decided by people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import ChannelGroup, Segment, Value

GENERATOR = "my-plugin/peaks 1"
Floats = npt.NDArray[np.float64]


class Peaks:
    """Segmenter stage."""

    def segments(
        self, samples: npt.NDArray[np.int16], group: ChannelGroup, label: str, params: Mapping[str, Value]
    ) -> tuple[Segment, ...]:
        """Segments of int16 samples, shape (samples, channels); they neither overlap nor leave the recording."""
        if not len(samples):
            return ()
        name = str(params["label"]) or label
        size = _size(samples, str(params["measure"]))
        usual = max(1.0, float(np.median(size)))
        length = max(1, round(float(params["length_s"]) * group.rate_hz))
        found: list[Segment] = []
        for at in _peaks(size, float(params["over"]) * usual, length):
            start = max(found[-1].end if found else 0, at - length // 2)
            stop = min(len(samples), at - length // 2 + length)
            if stop > start:
                confidence = round(float(1 - float(params["over"]) * usual / size[at]), 3)
                found.append(Segment(start, stop - start, name, "proposed", GENERATOR, max(0.0, confidence)))
        if int(params["most"]) and len(found) > int(params["most"]):
            largest = sorted(found, key=lambda s: -(s.confidence or 0.0))[: int(params["most"])]
            found = sorted(largest, key=lambda s: s.start)
        if not found and params["whole"]:
            return (Segment(0, len(samples), name, "proposed", GENERATOR, 0.0),)
        return tuple(found)


def _size(samples: npt.NDArray[np.int16], measure: str) -> Floats:
    """How much happens at each sample, over all channels."""
    values = samples.astype(np.float64)
    moved = np.diff(values, axis=0, prepend=values[:1]) if measure == "change" else values - np.median(values, axis=0)
    size: Floats = np.abs(moved).sum(axis=1)
    return size


def _peaks(size: Floats, least: float, apart: int) -> list[int]:
    """Largest first, none closer to another than `apart`; in order."""
    chosen: list[int] = []
    free = size >= least
    for at in np.argsort(-size, kind="stable"):
        if size[at] < least:
            break
        if free[at]:
            chosen.append(int(at))
            free[max(0, at - apart + 1) : at + apart] = False
    return sorted(chosen)
