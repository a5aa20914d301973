"""Features that are a few numbers, as bars from zero: in groups of their own colour where the axes name channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.numbers import significant
from motestudio.gui.plots.ticks import nice_range, nice_step, tick_text, ticks
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width

_TELLS = 140


class FeatureBars(Painted):
    """Bars.

    Args:
        title: over the plot.
        axis_width: pixels at the left for numbers.

    Signals:
        hovered_bar(int): the bar under the pointer, -1 for none.
    """

    hovered_bar = Signal(int)

    def __init__(self, title: str, *, axis_width: int = 44, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._left = title, axis_width
        self._values: npt.NDArray[np.float64] = np.zeros((1, 0))
        self._groups: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()
        self._hover = -1
        self.setMouseTracking(True)
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        """Some size; it takes what it gets."""
        return QSize(320, 180)

    def set_values(
        self, values: npt.NDArray[np.floating], groups: Sequence[str] = (), names: Sequence[str] = ()
    ) -> None:
        """Show values.

        Args:
            values: shape (groups, values), or (values,).
            groups: a name for each group; empty where there is one.
            names: of the values of a group, empty where they have none.
        """
        self._values = np.atleast_2d(np.nan_to_num(np.asarray(values, dtype=np.float64)))
        self._groups, self._names = tuple(groups), tuple(names)
        total = self._values.size
        ends = f"{significant(float(self._values.min()))} to {significant(float(self._values.max()))}" if total else ""
        self.setAccessibleName(f"{self._title}: {total} values, {ends}")
        self._hover = -1
        self.update()

    def _area(self) -> QRectF:
        bottom = 20 if self._groups else 6
        # A low plot has no room for the line that tells a value.
        top = 26 if self._title or self.height() >= _TELLS else 8
        return QRectF(self._left, top, max(1, self.width() - self._left), max(1, self.height() - top - bottom))

    def paint(self, canvas: Canvas) -> None:
        """Title, grid, bars, names of the groups, value under the pointer."""
        area, values = self._area(), self._values
        end = canvas.text(QRectF(self._left, 0, self.width() - self._left, 22), self._title, "strong")
        if not values.size:
            return
        low, high = nice_range(min(0.0, float(values.min())), max(0.0, float(values.max())))
        up = max(2, int(area.height() // 44))
        span = (high - low) or 1.0

        def y_of(value: float) -> float:
            return area.bottom() - (value - low) / span * area.height()

        step = nice_step(high - low, up)
        for tick in ticks(low, high, up):
            level = round(y_of(tick))
            canvas.fill(QRectF(area.left(), level, area.width(), 1), "grid_zero" if tick == 0 else "grid")
            room = QRectF(0, level - 8, self._left - 8, 16)
            canvas.text(room, tick_text(tick, step), "caption", "text_muted", "right")
        for n, place in enumerate(self._places(area)):
            row, column = divmod(n, values.shape[1])
            value = float(values[row, column])
            top, bottom = sorted((y_of(value), y_of(0.0)))
            ink = f"series:{row % 8 + 1}" if len(values) > 1 else "accent"
            if n == self._hover:
                canvas.fill(QRectF(place.left() - 1, area.top(), place.width() + 2, area.height()), "selection")
            canvas.fill(QRectF(place.left(), top, place.width(), max(1.0, bottom - top)), ink)
        self._paint_groups(canvas, area)
        self._paint_hover(canvas, end)

    def _paint_groups(self, canvas: Canvas, area: QRectF) -> None:
        if not self._groups:
            return
        wide = area.width() / len(self._groups)
        for n, name in enumerate(self._groups):
            width = text_width(name, "caption") + 12
            if width > wide:
                continue
            x = area.left() + n * wide + (wide - width) / 2
            canvas.dot(QPointF(x + 3, area.bottom() + 12), 6, f"series:{n % 8 + 1}")
            canvas.text(QRectF(x + 10, area.bottom() + 4, width, 16), name, "caption", "text_secondary")

    def _paint_hover(self, canvas: Canvas, end: float) -> None:
        if not 0 <= self._hover < self._values.size or self._area().top() < 20:
            return
        row, column = divmod(self._hover, self._values.shape[1])
        name = self._names[column] if column < len(self._names) else f"value {column}"
        group = f"{self._groups[row]} " if row < len(self._groups) else ""
        words = f"{group}{name}: {significant(float(self._values[row, column]))}"
        if end + 16 + text_width(words, "caption_number") < self.width():
            room = QRectF(self._left, 0, self.width() - self._left, 22)
            canvas.text(room, words, "caption_number", "text_secondary", "right")

    def _places(self, area: QRectF) -> list[QRectF]:
        """The column of each bar, left to right."""
        groups, many = self._values.shape
        gap = min(16.0, area.width() * 0.04) if groups > 1 else 0.0
        wide = (area.width() - gap * groups) / (groups * many)
        inner = wide * (0.8 if wide > 5 else 1.0)
        made = []
        for n in range(groups * many):
            x = area.left() + gap * (n // many + 0.5) + n * wide + (wide - inner) / 2
            made.append(QRectF(x, area.top(), max(1.0, inner), area.height()))
        return made

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The value under the pointer is told beside the title."""
        x = event.position().x()
        places = self._places(self._area())
        near = min(range(len(places)), key=lambda n: abs(places[n].center().x() - x), default=-1)
        inside = near >= 0 and self._area().left() <= x
        self._set_hover(near if inside else -1)

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer."""
        self._set_hover(-1)

    def _set_hover(self, bar: int) -> None:
        if bar != self._hover:
            self._hover = bar
            self.hovered_bar.emit(bar)
            self.update()
