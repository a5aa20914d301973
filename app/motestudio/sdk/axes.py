"""Which channels are the x, y and z of one sensor. Must not touch samples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from motestudio.domain.signal import Channel

MOTION_UNITS = frozenset({"g", "m/s²", "m/s^2", "m/s2", "°/s", "dps", "deg/s", "rad/s"})

_LAST = re.compile(r"(.*?)[ _.\-]?([xyz])")
_FIRST = re.compile(r"([xyz])[ _.\-](.*)")


def triads(channels: Sequence[Channel]) -> tuple[tuple[int, int, int], ...]:
    """Channels x, y and z of every three-axis sensor.

    By name where three channels of one unit differ only in an ``x``, ``y`` or ``z`` at an end (``ax``, ``gyro_x``,
    ``x.acc``); else three channels in a row with the same unit of motion count as one sensor.

    Args:
        channels: of the signal, in order.

    Returns:
        Indices (x, y, z), in the order of the x channels.
    """
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for index, channel in enumerate(channels):
        if found := _LAST.fullmatch(channel.name.lower()):
            stem, axis = found.groups()
        elif found := _FIRST.fullmatch(channel.name.lower()):
            axis, stem = found.groups()
        else:
            continue
        groups.setdefault((stem, channel.unit), {}).setdefault(axis, index)
    named = [(g["x"], g["y"], g["z"]) for g in groups.values() if len(g) == 3]
    taken = {i for triad in named for i in triad}
    index = 0
    while index + 3 <= len(channels):
        row = channels[index : index + 3]
        free = taken.isdisjoint(range(index, index + 3))
        if free and row[0].unit in MOTION_UNITS and len({c.unit for c in row}) == 1:
            named.append((index, index + 1, index + 2))
            index += 3
        else:
            index += 1
    return tuple(sorted(named))
