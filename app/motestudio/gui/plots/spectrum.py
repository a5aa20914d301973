"""Short-time spectra of one channel or of a vector's magnitude, by numpy alone. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.gui.plots.ticks import FloatArray

_SOUND_RATE = 2000.0
_LOOK_AT = 512
_DYNAMIC_DB = 48.0


@dataclass(frozen=True, slots=True)
class Source:
    """What a spectrum is made of: a name such as ``|a|`` or ``ax``, and the channels whose magnitude is taken."""

    name: str
    channels: tuple[int, ...]


def sources_of(group: ChannelGroup) -> tuple[Source, ...]:
    """Magnitudes of vectors (channels ``ax ay az``) first, then every channel."""
    vectors: dict[str, list[int]] = {}
    for i, channel in enumerate(group.channels):
        if len(channel.name) == 2 and channel.name[1] in "xyz":
            vectors.setdefault(channel.name[0], []).append(i)
    made = [Source(f"|{letter}|", tuple(found)) for letter, found in vectors.items() if len(found) == 3]
    return (*made, *(Source(c.name, (i,)) for i, c in enumerate(group.channels)))


class Spectrum:
    """Spectra of a recording in dB, each computed when it is looked at.

    Args:
        raw: int16, shape (samples, channels).
        group: scales and rate.
        source: what to analyse.
    """

    def __init__(self, raw: Samples, group: ChannelGroup, source: Source) -> None:
        self._raw, self._group, self.source = raw, group, source
        span = 0.032 if group.rate_hz >= _SOUND_RATE else 0.5
        self.size = 1 << max(4, min(10, round(float(np.log2(max(16.0, span * group.rate_hz))))))
        self._window = np.hanning(self.size)
        self._range: tuple[float, float] | None = None

    @property
    def top_hz(self) -> float:
        """The highest frequency."""
        return self._group.rate_hz / 2

    @property
    def range_db(self) -> tuple[float, float]:
        """(low, high) of the colour scale, the same for the whole recording: from over its floor to its loudest."""
        if self._range is None:
            levels = self._frames(np.linspace(0, max(0, len(self._raw) - 1), _LOOK_AT))
            high = float(levels.max()) if levels.size else 0.0
            floor = float(np.median(levels)) + 6.0 if levels.size else -1.0
            self._range = (max(min(floor, high - 12.0), high - _DYNAMIC_DB), high)
        return self._range

    def columns(self, start_s: float, end_s: float, count: int) -> FloatArray:
        """Levels of a stretch.

        Returns:
            dB, shape (count, size / 2 + 1): one column per step of time, lowest frequency first.
        """
        rate = self._group.rate_hz
        return self._frames(np.linspace(start_s * rate, end_s * rate, count))

    def at(self, centers: FloatArray) -> FloatArray:
        """Levels around samples.

        Args:
            centers: indices, rising; not necessarily whole.

        Returns:
            dB, shape (len(centers), size / 2 + 1), lowest frequency first.
        """
        return self._frames(centers)

    def _frames(self, centers: FloatArray) -> FloatArray:
        if not len(self._raw) or not len(centers):
            return np.zeros((len(centers), self.size // 2 + 1))
        first = int(centers[0]) - self.size
        last = int(centers[-1]) + self.size
        if last - first > len(centers) * 2 * self.size:
            return self._sparse(centers)
        signal = self._signal(first, last)
        at = np.round(centers).astype(np.int64) - first - self.size // 2
        return self._levels(signal[at[:, None] + np.arange(self.size)])

    def _sparse(self, centers: FloatArray) -> FloatArray:
        """Columns far apart: only what they need is read."""
        starts = np.round(centers).astype(np.int64) - self.size // 2
        return self._levels(np.stack([self._signal(int(s), int(s) + self.size) for s in starts]))

    def _levels(self, frames: FloatArray) -> FloatArray:
        """dB of the windowed frames' power."""
        frames = frames - frames.mean(axis=1, keepdims=True)
        power = np.abs(np.fft.rfft(frames * self._window, axis=1)) ** 2 / self.size
        levels: FloatArray = 10 * np.log10(power + 1e-12)
        return levels

    def _signal(self, first: int, last: int) -> FloatArray:
        """The source between two samples; beyond the ends it stays as at them."""
        low, high = max(0, first), min(len(self._raw), last)
        if high <= low:
            return np.zeros(last - first)
        columns = list(self.source.channels)
        scales = self._group.scales[columns]
        offsets = np.array([self._group.channels[c].offset for c in columns])
        part = self._raw[low:high, columns] * scales + offsets
        values = part[:, 0] if len(columns) == 1 else np.sqrt((part**2).sum(axis=1))
        return np.pad(values, (low - first, last - high), mode="edge")
