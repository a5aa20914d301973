"""Which channels share an axis, and how each is drawn. Pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from motestudio.domain.signal import ChannelGroup
from motestudio.gui.plots.plot_title import PlotChannel

_KINDS = {"a": "Accelerometer", "g": "Gyroscope", "m": "Magnetometer"}
_SOUND_RATE, _SOUND_CHANNELS = 4000.0, 2


def default_axes(group: ChannelGroup) -> list[tuple[str, list[int]]]:
    """One axis per unit, named after the sensor where the channels' names tell it."""
    by_unit: dict[str, list[int]] = {}
    for i, channel in enumerate(group.channels):
        by_unit.setdefault(channel.unit, []).append(i)
    named = []
    for unit, indices in by_unit.items():
        name = group.channels[indices[0]].name
        title = _KINDS.get(name[0], "") if len(name) == 2 and name[1] in "xyz" else ""
        if not title:
            title = group.name.capitalize() if len(by_unit) == 1 else unit or name
        named.append((title, indices))
    return named


def plot_channels(group: ChannelGroup, indices: Sequence[int]) -> list[PlotChannel]:
    """Legend names, colours and decimals of an axis' channels: x, y, z are series 1, 2, 3."""
    made = []
    for n, i in enumerate(indices):
        channel = group.channels[i]
        short = channel.name[1:] if len(channel.name) == 2 and channel.name[1] in "xyz" else channel.name
        full = channel.full_scale
        made.append(PlotChannel(short, f"series:{n % 8 + 1}", 2 if full < 20 else (1 if full < 200 else 0)))
    return made


def is_sound(group: ChannelGroup) -> bool:
    """Whether a spectrogram says more of a group than its curves."""
    return group.rate_hz >= _SOUND_RATE and len(group.channels) <= _SOUND_CHANNELS
