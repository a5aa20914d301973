"""Levels to be read from a step away: a thick bar for each channel, without figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF

from motestudio.gui.pages.record.levels import Level
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Painted, text_width

_HEIGHT, _BAR, _GAP = 38, 12, 14


class LevelStrip(Painted):
    """A bar that is full is at its stop; one that was there has a red end, and one without change is hollow."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: tuple[Level, ...] = ()
        self.setFixedHeight(_HEIGHT)

    def set_levels(self, levels: Sequence[Level]) -> None:
        """Show levels."""
        self.levels = tuple(levels)
        self.setAccessibleName("Levels: " + ", ".join(f"{x.name} {_words(x)}" for x in self.levels))
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """All channels beside each other."""
        if not self.levels:
            return
        width = (self.width() - 16 + _GAP) / len(self.levels) - _GAP
        for number, level in enumerate(self.levels):
            self._one(canvas, 8 + number * (width + _GAP), width, level)

    def _one(self, canvas: Canvas, left: float, width: float, level: Level) -> None:
        words = "dead" if level.dead else "clipped" if level.clips else ""
        line = QRectF(left, 0, width, 20)
        room = width - (text_width(words, "control") + 8 if words else 0)
        if words and room > text_width(level.name, "control"):
            canvas.text(line, words, "control", "warn" if level.dead else "bad", "right")
        canvas.text(line, level.name, "control", "text")
        bar, radius = QRectF(left, 22, width, _BAR), theme().radius("bar")
        if level.dead:
            canvas.box(bar, radius, None, "line_strong", 2)
            return
        canvas.bar(bar, level.share, level.ink, radius=radius)
        x = round(left + min(1.0, level.peak) * (width - 3))
        if level.peak > 0:
            canvas.fill(QRectF(x, bar.top(), 3, _BAR), "text")
        if level.clips:
            canvas.box(QRectF(bar.right() - _BAR, bar.top(), _BAR, _BAR), radius, "bad_mark")


def _words(level: Level) -> str:
    if level.dead:
        return "dead"
    return f"{level.share**2:.0%}" + (", clipped" if level.clips else "")
