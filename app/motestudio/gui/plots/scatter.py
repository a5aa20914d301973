"""Runs as points in two figures, with the Pareto front drawn through the best: accuracy over RAM, and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.plots.ticks import nice_range, nice_step, tick_text, ticks
from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import Canvas, Painted


@dataclass(frozen=True, slots=True)
class RunPoint:
    """A run: x is better when smaller, y when larger; `fits` False draws it hollow and red."""

    name: str
    x: float
    y: float
    fits: bool = True


def front(points: Sequence[RunPoint]) -> list[int]:
    """Indices of the fitting points that no other beats in both figures, by x."""
    best: list[int] = []
    top = float("-inf")
    for i in sorted(range(len(points)), key=lambda i: (points[i].x, -points[i].y)):
        if points[i].fits and points[i].y > top:
            best.append(i)
            top = points[i].y
    return best


class ParetoPlot(Painted):
    """The plot; points are chosen by click or arrows.

    Args:
        x_name: with its unit, such as "RAM, KB".
        y_name: likewise.
        y_most: the axis ends there at the latest, such as at 100 %.

    Signals:
        chosen(int): index of the point that the user chose.
    """

    chosen = Signal(int)

    def __init__(
        self, x_name: str, y_name: str, parent: QWidget | None = None, *, y_most: float = float("inf")
    ) -> None:
        super().__init__(parent)
        self._y_most = y_most
        self._x_name, self._y_name = x_name, y_name
        self._points: list[RunPoint] = []
        self._current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(180, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"{y_name} over {x_name}")

    def sizeHint(self) -> QSize:
        """Some size; it takes what it gets."""
        return QSize(320, 220)

    def set_points(self, points: Sequence[RunPoint], current: int = -1) -> None:
        """Show runs."""
        self._points, self._current = list(points), current
        self.update()

    def set_current(self, index: int) -> None:
        """Mark a run without saying `chosen`."""
        self._current = index
        self.update()

    def _places(self) -> tuple[QRectF, tuple[float, float], tuple[float, float], list[QPointF]]:
        area = QRectF(44, 26, max(1, self.width() - 56), max(1, self.height() - 26 - 24))
        x_range = nice_range(min(p.x for p in self._points), max(p.x for p in self._points))
        y_range = nice_range(min(p.y for p in self._points), max(p.y for p in self._points))
        if y_range[1] > self._y_most:
            # Above what can be there is no place for an axis; below it is room for the points.
            y_range = (min(y_range[0], self._y_most - (y_range[1] - y_range[0])), self._y_most)
        places = [
            QPointF(
                area.left() + (p.x - x_range[0]) / (x_range[1] - x_range[0]) * area.width(),
                area.bottom() - (p.y - y_range[0]) / (y_range[1] - y_range[0]) * area.height(),
            )
            for p in self._points
        ]
        return area, x_range, y_range, places

    def paint(self, canvas: Canvas) -> None:
        """Grid, front, points."""
        canvas.text(QRectF(44, 0, self.width() - 44, 18), self._y_name, "section", "text_secondary")
        if not self._points:
            canvas.text(QRectF(self.rect()), "No runs yet", "body", "text_muted", "center")
            return
        area, x_range, y_range, places = self._places()
        up, across = max(2, int(area.height() // 44)), max(2, int(area.width() // 80))
        for y in ticks(*y_range, up):
            level = round(area.bottom() - (y - y_range[0]) / (y_range[1] - y_range[0]) * area.height())
            canvas.fill(QRectF(area.left(), level, area.width(), 1), "grid")
            words = tick_text(y, nice_step(y_range[1] - y_range[0], up))
            canvas.text(QRectF(0, level - 8, 36, 16), words, "caption", "text_muted", "right")
        for x in ticks(*x_range, across):
            at = area.left() + (x - x_range[0]) / (x_range[1] - x_range[0]) * area.width()
            words = tick_text(x, nice_step(x_range[1] - x_range[0], across))
            canvas.text(QRectF(at - 30, area.bottom() + 4, 60, 16), words, "caption", "text_muted", "center")
        canvas.text(QRectF(area.left(), 0, area.width(), 18), self._x_name, "caption", "text_muted", "right")
        best = front(self._points)
        canvas.painter.setPen(QPen(theme().color("line_strong"), 1))
        canvas.painter.drawPolyline([places[i] for i in best])
        for i, (point, place) in enumerate(zip(self._points, places, strict=True)):
            ink = ("accent" if i in best else "text_muted") if point.fits else "bad_mark"
            canvas.dot(place, 8, ink, hollow=not point.fits, halo="surface")
            if i == self._current:
                canvas.box(QRectF(place.x() - 8, place.y() - 8, 16, 16), 8, None, "accent", 2)
                room = QRectF(place.x() + 12, place.y() - 9, 120, 18)
                if room.right() > self.width():
                    room.moveRight(place.x() - 12)
                side = "left" if room.left() > place.x() else "right"
                canvas.text(room, point.name, "caption_number", align=side)
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), 4)

    def _nearest(self, at: QPointF) -> int:
        if not self._points:
            return -1
        places = self._places()[3]
        gaps = [(p - at).manhattanLength() for p in places]
        i = min(range(len(gaps)), key=gaps.__getitem__)
        return i if gaps[i] < 24 else -1

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._points):
            self._current = index
            self.setAccessibleName(f"{self._y_name} over {self._x_name}: {self._points[index].name}")
            self.update()
            self.chosen.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the nearest point."""
        self._choose(self._nearest(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the nearest point."""
        i = self._nearest(event.position())
        self.setToolTip(self._points[i].name if i >= 0 else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk through the runs."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._choose(self._current + step)
