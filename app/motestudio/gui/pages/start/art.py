"""The pictures on the template tiles and the small courses of recent projects: drawn, so that both themes have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen, QPolygonF

from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas

_TILE_INKS = {"gesture": "series:4", "keyword": "series:6", "vibration": "series:5", "own": "series:7"}


def _gauss(x: float, middle: float, width: float) -> float:
    return math.exp(-(((x - middle) / width) ** 2))


def _wobble(i: int) -> float:
    """Steady noise in -1..1."""
    return math.sin(i * 12.9898) * math.cos(i * 78.233 + 1.3)


def paint_tile(canvas: Canvas, rect: QRectF, art: str) -> None:
    """Draw a tile's ground and picture."""
    canvas.box(rect, theme().radius("tile"), theme().tint(_TILE_INKS.get(art, "series:7"), "tile"))
    draw = {"gesture": _gesture, "keyword": _keyword, "vibration": _vibration}.get(art, _table)
    canvas.painter.save()
    canvas.painter.setClipRect(rect)
    draw(canvas, rect)
    canvas.painter.restore()


def _gesture(canvas: Canvas, rect: QRectF) -> None:
    steps = 160
    for ink, base, height, turns, shift in (
        ("series:3", 0.25, 0.10, 9.0, 0.4),
        ("series:2", 0.53, 0.13, 5.5, 1.9),
        ("series:1", 0.50, 0.34, 5.5, 0.0),
    ):
        points = []
        for i in range(steps + 1):
            x = i / steps
            envelope = 1 / (1 + math.exp(-(x - 0.2) * 40)) / (1 + math.exp((x - 0.74) * 40)) * (0.55 + 0.6 * x)
            y = base + height * envelope * math.sin(2 * math.pi * turns * (x - 0.15) + shift) + 0.003 * _wobble(i)
            points.append(QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height()))
        canvas.curve(points, ink, 1.4)


def _keyword(canvas: Canvas, rect: QRectF) -> None:
    bars, middle = 46, rect.center().y()
    pitch = rect.width() * 0.83 / bars
    canvas.painter.setPen(Qt.PenStyle.NoPen)
    for i in range(bars):
        x = i / (bars - 1)
        size = 0.62 * _gauss(x, 0.25, 0.13) + 0.75 * _gauss(x, 0.69, 0.14) + 0.24 * _gauss(x, 0.45, 0.06)
        half = max(1.5, rect.height() * 0.5 * size * (0.82 + 0.22 * _wobble(i)))
        left = rect.left() + rect.width() * 0.085 + i * pitch
        canvas.box(QRectF(left, middle - half, 1.8, 2 * half), 0.9, "series:6")


def _vibration(canvas: Canvas, rect: QRectF) -> None:
    steps, left, width = 170, rect.left() + 16, rect.width() - 30
    floor = rect.top() + rect.height() * 0.88
    points = []
    for i in range(steps + 1):
        x = i / steps
        y = 0.06 + 0.012 * _wobble(i) - 0.03 * x
        for at, high in ((0.13, 0.62), (0.26, 0.36), (0.39, 0.44), (0.52, 0.15), (0.66, 0.22), (0.8, 0.1)):
            y += high * _gauss(x, at, 0.011)
        points.append(QPointF(left + x * width, floor - y * rect.height()))
    canvas.painter.setPen(Qt.PenStyle.NoPen)
    canvas.painter.setBrush(theme().veil("series:5", "score_above"))
    canvas.painter.drawPolygon(QPolygonF([QPointF(left, floor), *points, QPointF(left + width, floor)]))
    canvas.curve(points, "series:5", 1.3)
    pen = QPen(theme().color("bad_mark"), 1)
    pen.setDashPattern([4, 3])
    canvas.painter.setPen(pen)
    y = rect.top() + rect.height() * 0.48
    canvas.painter.drawLine(QPointF(left, y), QPointF(left + width, y))


def _table(canvas: Canvas, rect: QRectF) -> None:
    columns, rows = 6, 6
    widths = (15, 18, 10, 20, 18, 17)
    step = (rect.width() - 32) / columns
    for row in range(rows):
        for column in range(columns):
            wide = widths[(column + row * (column % 3 + 1)) % 6] if row else widths[column]
            share = 0.9 if row == 0 else 0.45
            ink = theme().mix("surface", "series:7", share)
            place = QRectF(rect.left() + 16 + column * step, rect.top() + 18 + row * 16, min(wide, step - 6), 6)
            if place.bottom() > rect.bottom() - 8:
                return
            canvas.box(place, 3, ink)


def paint_thumb(canvas: Canvas, rect: QRectF, courses: Sequence[Sequence[float]]) -> None:
    """Draw a recording's course, or a line where there is none."""
    if not courses:
        canvas.fill(QRectF(rect.left(), round(rect.center().y()), rect.width(), 1), "line_strong")
        return
    for n, course in enumerate(courses, 1):
        last = max(1, len(course) - 1)
        points = [
            QPointF(rect.left() + i / last * rect.width(), rect.center().y() - v * rect.height() / 2)
            for i, v in enumerate(course)
        ]
        canvas.curve(points, f"series:{n}", 1)
