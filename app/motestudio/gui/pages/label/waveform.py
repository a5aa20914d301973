"""A recording as the page draws it: samples of any stretch, reduced where there are many. No Qt here.

Short recordings are converted as they are needed; of long ones only an envelope of extremes is kept, so that an hour
of sound opens and moves like two seconds of motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motestudio.domain.recording import Recording
from motestudio.domain.signal import Samples
from motestudio.gui.plots.axes import default_axes
from motestudio.gui.plots.spectrum import Spectrum, sources_of
from motestudio.gui.plots.ticks import FloatArray, nice_range
from motestudio.studio.energy import EnergyProfile, profile

_FULL_VALUES = 400_000
_BLOCK = 64
_CHUNK_BLOCKS = 16_384


@dataclass(frozen=True, slots=True)
class Axis:
    """A plot: its title, its channels, and the range of its values."""

    title: str
    channels: tuple[int, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Waveform:
    """Samples of one recording.

    Attributes:
        recording: what they belong to, as it was when they were read.
        raw: int16, memory-mapped, shape (samples, channels).
        envelope: lowest and highest value of every 64 samples, in turn, raw; None where the recording is short.
        axes: one per unit.
        energy: to snap to.
        spectra: of vectors' magnitudes and of every channel.
    """

    recording: Recording
    raw: Samples
    envelope: Samples | None
    axes: tuple[Axis, ...]
    energy: EnergyProfile
    spectra: tuple[Spectrum, ...]

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.recording.group.rate_hz

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.raw) / self.rate

    def stretch(self, start_s: float, end_s: float) -> tuple[FloatArray, float, int]:
        """Samples of a stretch, with some beside it.

        Returns:
            Physical values, shape (n, channels); their rate; the index of the first at that rate.
        """
        group = self.recording.group
        margin = 0.5 * (end_s - start_s)
        first = max(0, int((start_s - margin) * self.rate))
        last = min(len(self.raw), int((end_s + margin) * self.rate) + 2)
        if self.envelope is None or (last - first) * self.raw.shape[1] <= _FULL_VALUES:
            return group.to_physical(self.raw[first:last]), self.rate, first
        per = 2 / _BLOCK
        low, high = int(first * per), int(last * per) + 1
        return group.to_physical(self.envelope[low:high]), self.rate * per, low

    def overview(self) -> tuple[FloatArray, float]:
        """The whole, for the strip over the plots: values of the first axis' channels and their rate."""
        columns = list(self.axes[0].channels)
        if self.envelope is None:
            return self.raw[:, columns].astype(np.float64), self.rate
        return self.envelope[:, columns].astype(np.float64), self.rate * 2 / _BLOCK


def load(recording: Recording, raw: Samples) -> Waveform:
    """Prepare a recording for drawing; reads it once as a whole."""
    envelope = _envelope(raw) if raw.size > _FULL_VALUES else None
    part = raw if envelope is None else envelope
    group = recording.group
    axes = []
    for title, indices in default_axes(group):
        values = group.to_physical(part)[:, indices]
        low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
        pad = 0.04 * (high - low)
        axes.append(Axis(title, tuple(indices), *nice_range(low - pad, high + pad)))
    spectra = tuple(Spectrum(raw, group, source) for source in sources_of(group))
    _ = spectra[0].range_db  # measured here, beside the window; the others when they are chosen
    return Waveform(
        recording,
        raw,
        envelope,
        tuple(axes),
        profile(raw, group.rate_hz),
        spectra,
    )


def _envelope(raw: Samples) -> Samples:
    """Extremes of every block, shape (2 x blocks, channels): lowest, highest, lowest ..."""
    blocks = len(raw) // _BLOCK
    made = np.empty((2 * blocks, raw.shape[1]), dtype=np.int16)
    for first in range(0, blocks, _CHUNK_BLOCKS):
        last = min(blocks, first + _CHUNK_BLOCKS)
        part = raw[first * _BLOCK : last * _BLOCK].reshape(last - first, _BLOCK, -1)
        made[2 * first : 2 * last : 2] = part.min(axis=1)
        made[2 * first + 1 : 2 * last : 2] = part.max(axis=1)
    return made
