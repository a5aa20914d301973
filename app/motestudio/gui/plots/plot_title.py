"""What is written over a plot: title, unit, legend with current values, a note; or a tag where there is no room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtWidgets import QWidget

from motestudio.gui.theme import Ink
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width

TITLE_HEIGHT = 34
TAG_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class PlotChannel:
    """A curve: its name in the legend, its colour, and the decimals of its current value."""

    name: str
    ink: Ink
    decimals: int = 2


class PlotTitle(Painted):
    """Title, unit, legend with current values, a note at the right; aligned with the plot's left edge."""

    def __init__(self, title: str, unit: str, channels: Sequence[PlotChannel], note: str, left: int) -> None:
        super().__init__()
        self._title, self._unit, self._channels, self._note, self._left = title, unit, list(channels), note, left
        self._values: list[str] = []
        self.setFixedHeight(TITLE_HEIGHT)
        self.setAccessibleName(f"{title}, {unit}")

    def set_left(self, left: int) -> None:
        """Begin further right, as where a playhead may stand at the plot's edge."""
        self._left = left
        self.update()

    def set_channels(self, channels: Sequence[PlotChannel]) -> None:
        """Change the legend."""
        self._channels = list(channels)
        self._values = []
        self.update()

    def set_values(self, values: Sequence[str]) -> None:
        """Show the channels' current values."""
        if list(values) != self._values:
            self._values = list(values)
            self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the line; legend entries that have no room are left out."""
        height = float(self.height())
        note = text_width(self._note, "caption") if self._note else 0.0
        right = self.width() - (note + 16 if note else 0)
        canvas.text(QRectF(self.width() - note - 1, 0, note + 2, height), self._note, "caption", "text_muted")
        x = canvas.text(QRectF(self._left, 0, right, height), self._title, "strong")
        if self._unit:
            x = canvas.text(QRectF(x + 8, 0, 80, height), self._unit, "body", "text_muted")
        x = max(x + 24, self._left + 152.0) if right - x > 300 else x + 16
        middle = height / 2
        slot = text_width("+0000.0", "caption_number")
        for i, channel in enumerate(self._channels):
            need = 22 + text_width(channel.name, "caption_number") + (slot + 20 if self._values else 14)
            if x + need > right:
                break
            canvas.box(QRectF(x, middle - 1.5, 12, 3), 1.5, channel.ink)
            x = canvas.text(QRectF(x + 18, 0, 80, height), channel.name, "caption_number", "text_secondary")
            if i < len(self._values):
                canvas.text(QRectF(x, 0, slot, height), self._values[i], "caption_number", align="right")
                x += slot + 20
            else:
                x += 14


class PlotTag(Painted):
    """Colour, name, current value and unit of one channel, to lie on its plot."""

    def __init__(self, name: str, unit: str, channels: Sequence[PlotChannel], parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._unit = name, unit
        self._ink = channels[0].ink if channels else None
        self._value = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(f"{name}, {unit}")

    def set_values(self, values: Sequence[str]) -> None:
        """Show the channel's current value."""
        if values and values[0] != self._value:
            self._value = values[0]
            self.update()

    def sizeHint(self) -> QSize:
        """A low line, with room for any value."""
        words = text_width(self._name, "strong") + text_width(self._unit, "caption")
        value = text_width("+0000.0", "caption_number") if self._ink is not None else 0.0
        return QSize(round(words + value + 46), TAG_HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """Words on the ground of the plot, so that they can be read over a curve."""
        rect = QRectF(self.rect())
        canvas.box(rect, 4, "surface")
        x = 6.0
        if self._ink is not None:
            canvas.box(QRectF(x, rect.center().y() - 1.5, 12, 3), 1.5, self._ink)
            x += 18
        x = canvas.text(rect.adjusted(x, 0, 0, 0), self._name, "strong") + 8
        if self._value:
            slot = text_width("+0000.0", "caption_number")
            canvas.text(QRectF(x, 0, slot, rect.height()), self._value, "caption_number", align="right")
            x += slot + 6
        canvas.text(rect.adjusted(x, 0, 0, 0), self._unit, "caption", "text_muted")
