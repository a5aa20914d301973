"""The stage: stretches of a recording that are busier than its rest.

Works on changes between samples, so that gravity and offsets do not count. Must not decide a label: it proposes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from motestudio.sdk import ChannelGroup, Segment, Value

GENERATOR = "mote-segment/energy 1"
SOUND_RATE = 2000.0
"""From here on a signal is taken for sound."""
LEAST_RANGE = 4.0
"""Noise and loudest must be this many powers of two apart in energy (12 dB) for a segment to be told from the rest."""

Floats = npt.NDArray[np.float64]


class Energy:
    """Segmenter stage ``mote-segment/energy``."""

    def segments(
        self, samples: npt.NDArray[np.int16], group: ChannelGroup, label: str, params: Mapping[str, Value]
    ) -> tuple[Segment, ...]:
        """Propose segments of int16 samples, shape (samples, channels); none where there are no samples."""
        total = len(samples)
        if not total:
            return ()
        frame_s = float(params["frame_ms"]) / 1000 or (0.02 if group.rate_hz >= SOUND_RATE else 0.06)
        frame = max(2, round(frame_s * group.rate_hz))
        level = log_energy(samples, frame)
        low, high = float(np.quantile(level, 0.1)), float(np.quantile(level, 0.98))
        if high - low < LEAST_RANGE or len(level) < 4:
            return (Segment(0, total, label, "proposed", GENERATOR, 0.1),)
        height = np.clip((level - low) / (high - low), 0.0, 1.0)
        runs = _joined(_runs(height, params), float(params["gap_s"]) * group.rate_hz / frame)
        least = float(params["min_s"]) * group.rate_hz / frame
        runs = [(a, b) for a, b in runs if b - a >= least]
        if params["single"] and runs:
            runs = [(runs[0][0], runs[-1][1])]
        margin = round(float(params["margin_s"]) * group.rate_hz)
        return _segments(runs, height, frame, margin, total, label, high - low)


def log_energy(samples: npt.NDArray[np.int16], frame: int) -> Floats:
    """log2 of the mean squared change per frame, shape (frames,); every channel is weighed by its own noise."""
    change = np.diff(samples.astype(np.float64), axis=0, prepend=samples[:1])
    frames = -(-len(change) // frame)
    edges = np.arange(frames) * frame
    counts = np.diff(np.append(edges, len(change)))
    energy = np.add.reduceat(change**2, edges, axis=0) / counts[:, None]
    floor = np.maximum(np.quantile(energy, 0.1, axis=0), 0.25)
    mean: Floats = np.log2(np.mean(energy / floor, axis=1) + 0.1)
    return mean


def _runs(height: Floats, params: Mapping[str, Value]) -> list[tuple[int, int]]:
    """Stretches of frames, by two thresholds."""
    on, off = float(params["on"]), min(float(params["off"]), float(params["on"]))
    above = height > off
    edges = np.flatnonzero(np.diff(np.concatenate(([False], above, [False])).astype(np.int8)))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(int(a), int(b)) for a, b in pairs if height[a:b].max() >= on]


def _joined(runs: list[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, stop in runs:
        if out and start - out[-1][1] <= gap:
            out[-1] = (out[-1][0], stop)
        else:
            out.append((start, stop))
    return out


def _segments(
    runs: list[tuple[int, int]], height: Floats, frame: int, margin: int, total: int, label: str, spread: float
) -> tuple[Segment, ...]:
    out: list[Segment] = []
    for start, stop in runs:
        first = max(out[-1].end if out else 0, start * frame - margin)
        last = min(total, stop * frame + margin)
        if last <= first:
            continue
        # Half for how clear the recording's contrast is, half for how busy the stretch is.
        clear = min(1.0, spread / 16.0)
        confidence = round(0.5 * clear + 0.5 * float(height[start:stop].mean()), 3)
        out.append(Segment(first, last - first, label, "proposed", GENERATOR, confidence))
    return tuple(out)
