"""A sensor that plays recorded clips, with quiet background between them.

Reads ``clips.npy`` (int16, samples of all clips one after the other, channels interleaved) and ``clips.json`` as
importers write them. A clip comes out sample for sample; only what lies between clips is made up.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.signal import RAW_MAX, RAW_MIN, Channel, ChannelGroup, Samples
from motestudio.errors import DeviceError
from motestudio.virtualboard.sensors import number, unknown_motion

_RAMP_S = 0.1
_NOISE_OF_RMS = 0.01


class ReplaySensor:
    """See `sensors.Sensor`.

    Args:
        folder: of the clips.
        seed: of the background and of clips chosen by label.

    Raises:
        DeviceError: ``sensor.unreadable``.
    """

    def __init__(self, folder: Path, seed: int = 1) -> None:
        try:
            said = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
            g = said["group"]
            channels = tuple(Channel(c["name"], c["unit"], c["scale"], c.get("offset", 0.0)) for c in g["channels"])
            self.group = ChannelGroup(g["name"], float(g["rate_hz"]), channels)
            flat = np.load(folder / "clips.npy", mmap_mode="r", allow_pickle=False).reshape(-1)
            rows = flat[: len(flat) // len(channels) * len(channels)].reshape(-1, len(channels))
            self._clips = [(str(c["label"]), int(c["start"]), int(c["count"])) for c in said["clips"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(
                "sensor.unreadable", f"{folder} holds no clips to play: {error}", "Import the files again."
            ) from error
        if rows.dtype != np.int16 or any(s < 0 or n < 1 or s + n > len(rows) for _, s, n in self._clips):
            raise DeviceError(
                "sensor.unreadable", f"{folder}: clips lie outside of the data.", "Import the files again."
            )
        self._rows: Samples = rows
        self.gestures = tuple(sorted({label for label, _, _ in self._clips if label}))
        self._noise = max(1.0, _NOISE_OF_RMS * self._typical_rms())
        self._seed = seed
        self._starts = 0
        self._restart()

    def start(self, perform: Mapping[str, Any] | None) -> None:
        """See `Sensor.start`; a clip begins with the very first sample."""
        samples = None if perform is None else self._asked(perform)
        self._starts += 1
        self._restart()
        if samples is not None:
            self._queue.append(samples)

    def perform(self, what: Mapping[str, Any]) -> float:
        """See `Sensor.perform`; a short ramp leads from the background to the clip's first value."""
        samples = self._asked(what)
        ramp = max(1, round(_RAMP_S * self.group.rate_hz))
        before = self._queue[-1][-1] if self._queue else self._level
        way = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, ramp + 1) / (ramp + 1))[:, None]
        self._queue.append(_rounded(before + way * (samples[0].astype(np.float64) - before)))
        self._queue.append(samples)
        return sum(len(part) for part in self._queue) / self.group.rate_hz

    def read(self, n: int) -> Samples:
        """See `Sensor.read`."""
        parts: list[Samples] = []
        while n > 0 and self._queue:
            part = self._queue.popleft()
            if len(part) > n:
                self._queue.appendleft(part[n:])
                part = part[:n]
            parts.append(part)
            self._level = part[-1].astype(np.float64)
            n -= len(part)
        if n > 0:
            noise = self._rng.normal(0, self._noise, (n, len(self.group.channels)))
            parts.append(_rounded(self._level + noise))
        return np.concatenate(parts)

    def _restart(self) -> None:
        self._rng = np.random.default_rng([self._seed, self._starts])
        self._queue: deque[Samples] = deque()
        first = self._rows[self._clips[0][1]] if self._clips else np.zeros(len(self.group.channels))
        self._level = np.asarray(first, dtype=np.float64)

    def _typical_rms(self) -> float:
        picked = self._clips[:: max(1, len(self._clips) // 16)]
        spread = [float(np.std(self._rows[s : s + n], axis=0).mean()) for _, s, n in picked]
        return float(np.median(spread)) if spread else 0.0

    def _asked(self, what: Mapping[str, Any]) -> Samples:
        if "clip" in what:
            index = number(what, "clip", 0)
            if index >= len(self._clips):
                raise unknown_motion(f"clip {index}", (f"clips 0 to {len(self._clips) - 1}",))
        else:
            label = what.get("gesture")
            fitting = [i for i, (name, _, _) in enumerate(self._clips) if name == label]
            if not fitting:
                raise unknown_motion(label, self.gestures)
            rng = np.random.default_rng(number(what, "seed", 0))
            index = fitting[int(rng.integers(len(fitting)))]
        _, start, count = self._clips[index]
        return np.array(self._rows[start : start + count])


def _rounded(values: np.ndarray[Any, np.dtype[np.float64]]) -> Samples:
    raw: Samples = np.clip(np.rint(values), RAW_MIN, RAW_MAX).astype(np.int16)
    return raw
