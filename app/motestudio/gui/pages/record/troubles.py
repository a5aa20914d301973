"""What goes wrong while somebody records, said at once: clipping, dead channels, losses, damage, a full disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.devices.recorder_messages import Health
from motestudio.gui.numbers import byte_size, count, duration
from motestudio.gui.plots.level_stats import LevelStats
from motestudio.gui.widgets import IconMark, Text
from motestudio.studio.take_runs import disk_is_short

_MOST_NAMES = 4


class Trouble(NamedTuple):
    """One thing that is wrong.

    Attributes:
        kind: ``clipped``, ``dead``, ``lost``, ``damaged`` or ``disk``.
        text: what is wrong, and what to do.
    """

    kind: str
    text: str


class TroubleWatch:
    """Compares with what was so when the take began; before that, only what is wrong now counts."""

    def __init__(self) -> None:
        self._health: Health | None = None
        self._clips: list[np.ndarray] = []
        self._running = False

    def take_began(self, health: Health | None, stats: Sequence[LevelStats]) -> None:
        """From here on everything is the take's."""
        self._health, self._clips, self._running = health, [s.clips.copy() for s in stats], True

    def take_ended(self) -> None:
        """What was the take's is told by its card."""
        self._running = False

    def look(self, health: Health | None, stats: Sequence[LevelStats]) -> list[Trouble]:
        """What is wrong, the worst first."""
        found = []
        if health is not None:
            found += _disk(health)
            if self._running and self._health is not None:
                found += _link(self._health, health)
        for number, one in enumerate(stats):
            names = [c.name for c in one.reader.group.channels]
            if self._running and number < len(self._clips):
                clipped = [names[i] for i in np.flatnonzero(one.clips > self._clips[number])]
                if clipped:
                    found.append(Trouble("clipped", f"Clipped: {_list(clipped)}. Choose a wider range or move less."))
            dead = [names[i] for i in np.flatnonzero(one.still)] if one.fresh else []
            if dead:
                found.append(Trouble("dead", f"No change on {_list(dead)}. Check the sensor and its wires."))
        return found


def _disk(health: Health) -> list[Trouble]:
    if not disk_is_short(health):
        return []
    number, unit = byte_size(health.free_bytes)
    lasts = f", {duration(health.seconds_left)} of recording" if health.seconds_left else ""
    return [Trouble("disk", f"Only {number} {unit} are free{lasts}. Make room on the disk.")]


def _link(before: Health, now: Health) -> list[Trouble]:
    found = []
    lost = now.lost - before.lost
    dropped = sum(g.dropped for g in now.groups) - sum(g.dropped for g in before.groups)
    if lost > 0:
        by_board = f", {count(dropped)} of them by the board itself" if dropped > 0 else ""
        advice = "Lower its rate" if dropped > 0 else "Check cable and baud rate"
        found.append(Trouble("lost", f"{count(lost)} samples are lost{by_board}. {advice}."))
    if (damaged := now.crc_errors - before.crc_errors) > 0:
        found.append(Trouble("damaged", f"{count(damaged)} damaged frames. Check cable and baud rate."))
    return found


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


class TroubleStrip(QWidget):
    """One line under the plots; hidden where nothing is wrong."""

    def __init__(self, parent: QWidget | None = None, style: str = "body") -> None:
        super().__init__(parent)
        self.kinds: tuple[str, ...] = ()
        box = QHBoxLayout(self)
        box.setContentsMargins(8, 4, 8, 4)
        box.setSpacing(8)
        self.text = Text("", style, "warn", wrap=True)
        box.addWidget(IconMark("ph.warning-circle", "warn"), 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self.text, 1)
        self.hide()

    def set_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Show what is wrong."""
        words = "  ".join(t.text for t in troubles)
        self.kinds = tuple(t.kind for t in troubles)
        if words != self.text.text():
            self.text.setText(words)
        self.setVisible(bool(troubles))
