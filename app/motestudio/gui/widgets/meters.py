"""Level meter (RMS bar, peak-hold tick, clip lamp, hollow when dead) and sparkline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, text_width


class LevelMeter(Painted):
    """One channel's level.

    Args:
        name: of the channel.
        ink: its colour in the plot.
        unit: of the RMS figure.
    """

    def __init__(self, name: str, ink: Ink, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._ink, self._unit = name, ink, unit
        self._rms_text = "–"
        self._rms = self._peak = 0.0
        self._clips = 0
        self._dead = False
        self.setFixedHeight(44)
        self.setMinimumWidth(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """About 150 px wide."""
        return QSize(150, 44)

    def set_level(self, rms: float, peak: float, text: str, *, clips: int = 0, dead: bool = False) -> None:
        """Show a level.

        Args:
            rms: share of full scale, 0..1, of the last moment.
            peak: held peak, share of full scale.
            text: the RMS value, formatted.
            clips: clipped samples in this session.
            dead: no change for a second: the meter is drawn hollow.
        """
        self._rms, self._peak, self._rms_text, self._clips, self._dead = rms, peak, text, clips, dead
        state = "dead" if dead else f"{text} {self._unit} rms" + (f", {clips} clips" if clips else "")
        self.setAccessibleName(f"{self._name}: {state}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw words and meter."""
        width = float(self.width())
        line = QRectF(0, 2, width, 16)
        end = canvas.text(line, self._name, "section", "text_secondary")
        right = width
        if self._dead:
            canvas.text(line, "dead", "caption", "warn", "right")
        else:
            unit = f"{self._unit} rms" if width > 128 or (width > 112 and not self._clips) else self._unit
            canvas.number(line, self._rms_text, unit, "caption_number", "right")
            right -= number_width(self._rms_text, unit, "caption_number")
        if self._clips:
            # The lamp and the accessible name tell where the words have no room.
            words = f"{self._clips} clips" if self._clips > 1 else "1 clip"
            if end + 10 + text_width(words, "caption_number") + 8 < right:
                canvas.text(QRectF(end + 10, 2, width, 16), words, "caption_number", "bad")
        bar = QRectF(0, 23, width - 12, theme().size("meter"))
        lamp = QRectF(width - 8, 23, 8, 8)
        if self._dead:
            canvas.box(bar, 2, None, "line_strong")
            canvas.box(lamp, 2, None, "line_strong")
            return
        canvas.bar(bar, self._rms, self._ink)
        if self._peak > 0:
            x = round(bar.left() + min(1.0, self._peak) * (bar.width() - 2))
            canvas.fill(QRectF(x, bar.top(), 2, bar.height()), "text")
        canvas.box(lamp, 2, "bad_mark" if self._clips else "track")
        for i in range(1, 4):
            canvas.fill(QRectF(round(bar.width() * i / 4), 35, 1, 3), "line_strong")


class Sparkline(Painted):
    """A small course of one figure, with a pale area and a dot at its end.

    Args:
        ink: colour.
        area: fill under the curve.
    """

    def __init__(self, ink: Ink = "accent", *, area: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self._area = area
        self._values: list[float] = []
        self._top = 0.0
        self.setFixedHeight(24)
        self.setMinimumWidth(64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_values(self, values: Sequence[float], top: float = 0.0) -> None:
        """Show values, oldest first; `top` fixes the upper end of the scale."""
        self._values = list(values)
        self._top = top
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the course."""
        if len(self._values) < 2:
            canvas.fill(QRectF(0, self.height() - 1, self.width(), 1), "line")
            return
        low = min(0.0, *self._values)
        high = max(self._top, *self._values)
        span = (high - low) or 1.0
        width, height = self.width() - 6.0, self.height() - 5.0
        step = width / (len(self._values) - 1)
        points = [QPointF(i * step, 2 + height * (1 - (v - low) / span)) for i, v in enumerate(self._values)]
        if self._area:
            pale = theme().veil(self._ink, "score_above")
            pale.setAlphaF(pale.alphaF() / 2)
            canvas.painter.setPen(Qt.PenStyle.NoPen)
            canvas.painter.setBrush(pale)
            floor = float(self.height())
            canvas.painter.drawPolygon(QPolygonF([QPointF(0, floor), *points, QPointF(width, floor)]))
        canvas.curve(points, self._ink)
        canvas.dot(points[-1], 5, self._ink)
