"""Channels, channel groups and the blocks of samples that boards send."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
"""Raw samples as the sensor gave them: int16, shape (samples, channels)."""

RAW_MIN = -32768
RAW_MAX = 32767


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a signal.

    Attributes:
        name: short, unique in its group, such as ``ax``.
        unit: of the physical value, such as ``g`` or ``°/s``; empty where there is none.
        scale: physical units per raw count.
        offset: physical value of raw zero.
    """

    name: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0

    @property
    def full_scale(self) -> float:
        """The largest physical value that the raw integer can hold."""
        return -RAW_MIN * self.scale


@dataclass(frozen=True, slots=True)
class ChannelGroup:
    """Channels sampled together at one rate.

    Attributes:
        name: ``imu``, ``audio`` or whatever the board calls it.
        rate_hz: nominal samples per second of every channel.
        channels: at least one.
    """

    name: str
    rate_hz: float
    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError(f"channel group {self.name!r} has no channels")
        if not self.rate_hz > 0:
            raise ValueError(f"channel group {self.name!r} has a rate of {self.rate_hz} Hz")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return 2 * len(self.channels)

    @property
    def scales(self) -> npt.NDArray[np.float64]:
        """Physical units per count, shape (channels,)."""
        return np.array([c.scale for c in self.channels], dtype=np.float64)

    def to_physical(self, raw: Samples) -> npt.NDArray[np.float64]:
        """Convert raw samples to physical units.

        Args:
            raw: int16, shape (samples, channels).

        Returns:
            float64, same shape, in each channel's unit.
        """
        offsets = np.array([c.offset for c in self.channels], dtype=np.float64)
        return raw * self.scales + offsets


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """Consecutive samples of one group, as they came off the wire.

    Attributes:
        group: index of the group in the board's description.
        device_time_us: the board's clock at the first sample, microseconds since its start.
        host_time_us: this computer's clock at arrival, microseconds since the epoch.
        dropped: samples that the board itself threw away since streaming began.
        samples: int16, shape (samples, channels).
    """

    group: int
    device_time_us: int
    host_time_us: int
    dropped: int
    samples: Samples
