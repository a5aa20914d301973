"""Curves over steps or any number: learning curves, sweeps. Painted; a handful of series of some hundred points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QMouseEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.plots.ticks import nice_range, nice_step, tick_text, ticks
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width


@dataclass(frozen=True, slots=True)
class Series:
    """A curve: `dashed` for what is not measured on the training data, such as validation."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    ink: Ink
    dashed: bool = False


class LinePlot(Painted):
    """Axes that grow with the data and never shrink while a series lives.

    Args:
        title: over the plot.
        unit: of y, muted beside the title.
        x_name: what x counts, such as "epoch".
        y_range: fixed, such as (0, 1) for accuracies; None follows the data.
    """

    def __init__(
        self,
        title: str,
        unit: str = "",
        x_name: str = "",
        y_range: tuple[float, float] | None = None,
        *,
        axis_width: int = 40,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title, self._unit, self._x_name, self._fixed, self._left = title, unit, x_name, y_range, axis_width
        self._series: list[Series] = []
        self._x_end = 0.0
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        """Some size; it takes what it gets."""
        return QSize(320, 220)

    def set_series(self, series: Sequence[Series], x_end: float = 0.0) -> None:
        """Show curves; `x_end` fixes the right end, such as the last epoch of a running training."""
        self._series, self._x_end = list(series), x_end
        last = ", ".join(f"{s.name} {s.y[-1]:.3f}" for s in self._series if len(s.y))
        self.setAccessibleName(f"{self._title}: {last}" if last else self._title)
        self.update()

    def _ranges(self) -> tuple[float, float, float, float]:
        xs = [x for s in self._series for x in s.x]
        ys = [y for s in self._series for y in s.y]
        x_low, x_high = (min(xs), max(xs)) if xs else (0.0, 1.0)
        x_high = max(x_high, self._x_end, x_low + 1e-9)
        y_low, y_high = self._fixed or (nice_range(min(ys), max(ys)) if ys else (0.0, 1.0))
        return x_low, x_high, y_low, y_high

    def _area(self) -> QRectF:
        return QRectF(self._left, 30, max(1, self.width() - self._left - 8), max(1, self.height() - 30 - 22))

    def paint(self, canvas: Canvas) -> None:
        """Title with legend, grid, curves."""
        area = self._area()
        x_low, x_high, y_low, y_high = self._ranges()
        across, up = max(2, int(area.width() // 80)), max(2, int(area.height() // 44))

        def place(x: float, y: float) -> QPointF:
            return QPointF(
                area.left() + (x - x_low) / (x_high - x_low) * area.width(),
                area.bottom() - (y - y_low) / ((y_high - y_low) or 1.0) * area.height(),
            )

        self._head(canvas)
        step = nice_step(y_high - y_low, up)
        for y in ticks(y_low, y_high, up):
            level = round(place(x_low, y).y())
            canvas.fill(QRectF(area.left(), level, area.width(), 1), "grid_zero" if y == y_low else "grid")
            canvas.text(QRectF(0, level - 8, self._left - 8, 16), tick_text(y, step), "caption", "text_muted", "right")
        step = nice_step(x_high - x_low, across)
        for x in ticks(x_low, x_high, across):
            at = place(x, y_low).x()
            canvas.text(
                QRectF(at - 30, area.bottom() + 4, 60, 16), tick_text(x, step), "caption", "text_muted", "center"
            )
        if self._x_name:
            canvas.text(
                QRectF(0, area.bottom() + 4, self._left - 8, 16), self._x_name, "caption", "text_muted", "right"
            )
        for series in self._series:
            self._curve(canvas, series, [place(x, y) for x, y in zip(series.x, series.y, strict=True)])

    def _head(self, canvas: Canvas) -> None:
        x = canvas.text(QRectF(self._left, 0, self.width(), 22), self._title, "strong")
        if self._unit:
            x = canvas.text(QRectF(x + 6, 0, 80, 22), self._unit, "body", "text_muted")
        x += 20
        # Names go first where there is no room, then series from the right.
        needs = [text_width(s.name, "caption") + text_width(self._value(s), "caption_number") for s in self._series]
        named = x + sum(n + 38 for n in needs) - 14 <= self.width()
        for series in self._series:
            value = self._value(series)
            if x + 18 + text_width(value, "caption_number") > self.width():
                break
            if series.dashed:
                for part in (0, 8):
                    canvas.box(QRectF(x + part, 9.5, 5, 3), 1, series.ink)
            else:
                canvas.box(QRectF(x, 9.5, 12, 3), 1.5, series.ink)
            x += 18
            if named:
                x = canvas.text(QRectF(x, 0, 200, 22), series.name, "caption", "text_secondary") + 6
            x = canvas.text(QRectF(x, 0, 100, 22), value, "caption_number") + 14

    def _value(self, series: Series) -> str:
        if not len(series.y):
            return "–"
        index = len(series.y) - 1
        if self._hover is not None:
            index = min(range(len(series.x)), key=lambda i: abs(series.x[i] - (self._hover or 0.0)))
        return f"{series.y[index]:.3f}"

    def _curve(self, canvas: Canvas, series: Series, points: list[QPointF]) -> None:
        if not points:
            return
        pen = QPen(theme().color(series.ink), 1.4)
        if series.dashed:
            pen.setDashPattern([4, 3])
        canvas.painter.setPen(pen)
        canvas.painter.drawPolyline(points)
        canvas.dot(points[-1], 5, series.ink)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The legend tells the values under the pointer."""
        area = self._area()
        x_low, x_high, _, _ = self._ranges()
        self._hover = x_low + (event.position().x() - area.left()) / area.width() * (x_high - x_low)
        self.update()

    def leaveEvent(self, event: object) -> None:
        """Back to the last values."""
        self._hover = None
        self.update()
