"""How much more can be recorded, in words."""

from __future__ import annotations

from motestudio.devices.recorder_messages import Health
from motestudio.gui.numbers import byte_size, duration

_LONG_S = 100 * 3600.0


def lasts_words(seconds: float) -> str:
    """How long a disk lasts; beyond some days nobody needs to know it to the minute."""
    if seconds <= 0:
        return "–"
    return "over 100 h" if seconds > _LONG_S else duration(seconds)


def room_words(health: Health) -> str:
    """Free space and the time that it lasts for; empty where it is not known."""
    if not health.free_bytes:
        return ""
    number, unit = byte_size(health.free_bytes)
    lasts = f", {lasts_words(health.seconds_left)}" if health.seconds_left > 0 else ""
    return f"{number} {unit} free{lasts}"
