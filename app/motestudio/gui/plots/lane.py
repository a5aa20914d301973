"""A lane of a live plot: a picture of pixel columns in a ring, into which only what is new is painted.

Column numbers count from the beginning of the stream; column ``c`` lies at ``c % width`` of the picture, so that
nothing is moved when time goes on. What a column shows is a subclass' business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.plots.raster import Pixels
from motestudio.gui.plots.ticks import nice_step, tick_text
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, text_width

AXIS_WIDTH = 40
RULER_HEIGHT = 24
NUMBER_GAP = 8
"""Pixels between the numbers at the left and the picture."""
_LEAST_WIDTH = 16
_WORDS = 64.0
"""Pixels that a number of the ruler may take."""


@dataclass(frozen=True, slots=True)
class Region:
    """A coloured stretch behind the curves, in seconds; `selected` deepens it."""

    start: float
    end: float
    ink: Ink
    selected: bool = False


class Lane(QWidget):
    """Paints a stretch of one reader that ends at some sample.

    Args:
        reader: with ``group``, ``total`` and ``window(start, count)``.
        axis_width: pixels left of the picture.
        ruler: whether seconds stand under it.

    Attributes:
        reader: as given.
        rate_hz: of the reader.
        seconds: how much time the width is.
        columns: (first, one past the last) of the stretch that is shown.
        offset_s: seconds of the lead's time axis minus this reader's.
    """

    def __init__(self, reader: Any, axis_width: int, *, ruler: bool) -> None:
        super().__init__()
        self.reader = reader
        self.rate_hz = float(reader.group.rate_hz)
        self.columns = (0, 0)
        self.offset_s = 0.0
        self._left, self._ruler = axis_width, ruler
        self.seconds = 12.0
        self._per_column = 1.0
        self._valid = (0, 0)
        self._total = 0
        self._regions: list[Region] = []
        self._growing: tuple[float, Ink] | None = None
        self._cursors: list[tuple[float, str, bool]] = []
        self._lines: list[tuple[int, int]] | None = None
        self._colours: dict[Any, int] = {}
        self._time_step = 1.0
        self._pixels: Pixels = np.zeros((0, 0), dtype=np.uint32)
        self._image = QImage()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_least_height(40)

    # What the plot says

    def set_least_height(self, pixels: int) -> None:
        """How low the picture may be; the ruler comes on top of it."""
        self.setMinimumHeight(pixels + (RULER_HEIGHT if self._ruler else 0))

    def set_seconds(self, seconds: float) -> None:
        """How much time the width is."""
        self.seconds = seconds
        self._rescale()

    def set_regions(self, regions: Sequence[Region]) -> None:
        """Stretches behind the curves, in seconds of the lead."""
        if list(regions) != self._regions:
            self._regions = list(regions)
            self.forget()

    def set_growing(self, since: float | None, ink: Ink = "bad_mark") -> None:
        """A stretch that grows to the newest sample, from a time of the lead on; None for none."""
        growing = None if since is None else (since, ink)
        if growing != self._growing:
            self._growing = growing
            self.forget()

    def set_cursors(self, cursors: Sequence[tuple[float, str, bool]]) -> None:
        """Vertical lines: seconds of the lead, a letter, and whether it is the one that keys move."""
        if list(cursors) != self._cursors:
            self._cursors = list(cursors)
            self.update()

    def forget(self) -> None:
        """Paint all columns anew at the next chance."""
        self._valid = (0, 0)
        self._lines, self._colours = None, {}
        self.update()

    def show_until(self, end: float, total: int) -> None:
        """Show the stretch that ends at a sample of this lane's reader.

        Args:
            end: of the stretch, in samples; may lie beyond what there is.
            total: samples that there are.
        """
        width = self._pixels.shape[1]
        if width < _LEAST_WIDTH:
            return
        last = math.ceil(end / self._per_column - 1e-9)
        self.columns = (last - width, last)
        self._total = total
        self.prepare(total)
        first = self.columns[0]
        kept = max(self._valid[0], first), min(self._valid[1], last)
        if kept[0] >= kept[1]:
            self._paint(first, last)
        else:
            self._paint(first, kept[0])
            self._paint(kept[1], last)
        self._valid = (first, max(first, min(last, self.complete(total))))
        self.update(self._left, 0, self.width() - self._left, self.height())

    # What a subclass says

    def prepare(self, total: int) -> None:
        """Called before columns are painted."""

    def complete(self, total: int) -> int:
        """One past the last column that more samples cannot change."""
        return math.floor(total / self._per_column) - 1

    def paint_columns(self, first: int, last: int, pixels: Pixels) -> None:
        """Paint columns; `pixels` has their background already, shape (rows, last - first)."""
        raise NotImplementedError

    def numbers(self) -> list[tuple[float, str]]:
        """Rows of the picture, 0 at its top to 1, and what stands there at the left."""
        return []

    # Geometry

    @property
    def view_range(self) -> tuple[float, float]:
        """The stretch that is shown, in seconds of the lead."""
        return tuple(c * self._per_column / self.rate_hz + self.offset_s for c in self.columns)  # type: ignore[return-value]

    def x_of(self, seconds: float) -> float:
        """The x in this widget's pixels of a time of the lead."""
        column = (seconds - self.offset_s) * self.rate_hz / self._per_column
        return self._left + (column - self.columns[0]) / self.devicePixelRatioF()

    def seconds_at(self, x: float) -> float:
        """The time of the lead at an x."""
        column = self.columns[0] + (x - self._left) * self.devicePixelRatioF()
        return column * self._per_column / self.rate_hz + self.offset_s

    def _place(self) -> QRect:
        """Of the curves, in the widget's pixels; the ruler is under it."""
        below = RULER_HEIGHT if self._ruler else 0
        return QRect(self._left, 0, max(0, self.width() - self._left), max(0, self.height() - below))

    @property
    def _rows(self) -> int:
        """Rows of the picture without the ruler's."""
        return max(0, len(self._pixels) - (round(RULER_HEIGHT * self.devicePixelRatioF()) if self._ruler else 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A picture of the new size."""
        super().resizeEvent(event)
        ratio, place = self.devicePixelRatioF(), self._place()
        rows, width = round(self.height() * ratio), round(place.width() * ratio)
        self._pixels = np.zeros((max(0, rows), max(0, width)), dtype=np.uint32)
        self._image = QImage()
        if self._pixels.size:
            self._image = QImage(self._pixels.data, width, rows, 4 * width, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(ratio)
        self._rescale()

    def _rescale(self) -> None:
        width = self._pixels.shape[1]
        if width:
            self._per_column = self.seconds * self.rate_hz / width
            self._time_step = nice_step(self.seconds, max(2, self._place().width() // 80))
        self.forget()

    # Painting

    def _paint(self, first: int, last: int) -> None:
        """Paint columns, in two pieces where they go over the ring's end."""
        width, begin = self._pixels.shape[1], first
        while first < last:
            at = first % width
            count = min(last - first, width - at)
            piece = self._pixels[:, at : at + count]
            self._paint_ground(first, first + count, piece)
            self.paint_columns(first, first + count, piece[: self._rows])
            first += count
        if self._ruler:
            self._paint_ruler(begin, last)

    def _paint_ground(self, first: int, last: int, pixels: Pixels) -> None:
        pixels[:] = self._colour("surface")
        body = pixels[: self._rows]
        per_s = self.rate_hz / self._per_column
        stretches = [(r.start, r.end, r.ink, r.selected) for r in self._regions]
        if self._growing is not None:
            stretches.append((self._growing[0], self._total / self.rate_hz + self.offset_s, self._growing[1], False))
        for start, end, ink, selected in stretches:
            a, b = (math.floor((t - self.offset_s) * per_s) for t in (start, end))
            a, b = max(a, first) - first, min(b, last) - first
            if a < b:
                body[:, a:b] = self._colour(ink, selected=selected)
        if self._lines is None:
            grid, zero = self._colour("grid"), self._colour("grid_zero")
            rows = len(body)
            self._lines = [
                (min(rows - 1, max(0, round(at * (rows - 1)))), grid if words.strip("0.") else zero)
                for at, words in (self.numbers() if rows else ())
            ]
        for row, colour in self._lines:
            body[row] = colour
        for _, column in self._ticks(first, last):
            body[:, column - first] = self._colour("grid")

    def _colour(self, ink: Ink, *, selected: bool | None = None) -> int:
        """A colour as a pixel; of a stretch behind the curves where `selected` says how deep."""
        key = (ink if isinstance(ink, str) else ink.rgba(), selected)
        if key not in self._colours:
            color = theme().color(ink)
            if selected is not None:
                veil = theme().veil(ink, "selected_band" if selected else "band")
                color = theme().mix("surface", QColor(veil.rgb()), veil.alphaF())
            self._colours[key] = int(color.rgb())
        return self._colours[key]

    def _ticks(self, first: int, last: int) -> list[tuple[float, int]]:
        """Seconds of the lead with a line of the grid in some columns, and the column of each."""
        step, per_s = self._time_step, self.rate_hz / self._per_column
        start, end = ((c / per_s + self.offset_s) for c in (first, last))
        found = []
        for k in range(math.floor(start / step), math.ceil(end / step) + 1):
            column = math.floor((k * step - self.offset_s) * per_s)
            if first <= column < last and k >= 0:
                found.append((k * step, column))
        return found

    def _paint_ruler(self, first: int, last: int) -> None:
        """Write the numbers of those ticks whose words are in view now, under their lines."""
        ratio, width = self.devicePixelRatioF(), self._pixels.shape[1]
        half = round(_WORDS / 2 * ratio)
        due = self._ticks(max(self.columns[0] + half, first - half), last - half)
        if not due:
            return
        painter = QPainter(self._image)
        canvas = Canvas.over(painter)
        step = self._time_step
        for at, column in due:
            if column + half <= first and self._valid[1] > self._valid[0]:
                continue  # it was written when the columns before these were painted
            words = tick_text(at, step)
            for begin in (column % width, column % width - width, column % width + width):
                place = QRectF(begin / ratio - _WORDS / 2, self._place().height() + 3, _WORDS, 18)
                if place.right() > 0 and place.left() < width / ratio:
                    canvas.fill(place, "surface")  # what is written twice is bold
                    canvas.text(place, words, "caption", "text_muted", "center")
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture from the ring, then what lies on it; the numbers beside it only where they are asked for."""
        place = self._place()
        with Canvas(self) as canvas:
            painter = canvas.painter
            if event.rect().left() < self._left:
                painter.fillRect(0, 0, self._left, self.height(), theme().color("surface"))
                self._draw_numbers(canvas, place)
            if self._image.isNull() or self._valid[1] <= self._valid[0]:
                painter.fillRect(QRect(self._left, 0, self.width(), self.height()), theme().color("surface"))
                return
            self._draw_ring(painter, place)
            self.draw_over(canvas, QRectF(place))
            self._draw_cursors(canvas, place)
            if self._ruler:
                painter.setFont(theme().font("caption"))
                painter.setPen(theme().color("text_muted"))
                painter.drawText(QPointF(place.right() - 6, place.bottom() + 16), "s")
                self._draw_first_second(canvas, place)

    def draw_over(self, canvas: Canvas, place: QRectF) -> None:
        """What lies on the picture, such as a dot at a curve's end."""

    def _draw_ring(self, painter: QPainter, place: QRect) -> None:
        rows, width = self._pixels.shape
        ratio, at = self.devicePixelRatioF(), self.columns[0] % width
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(QPointF(place.left(), place.top()), self._image, QRectF(at, 0, width - at, rows))
        if at:
            x = place.left() + (width - at) / ratio
            painter.drawImage(QPointF(x, place.top()), self._image, QRectF(0, 0, at, rows))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _draw_first_second(self, canvas: Canvas, place: QRect) -> None:
        """The number at the left edge, which stays whole there; the picture has only those that fit into it."""
        first = self.columns[0]
        reach = math.ceil(_WORDS / 2 * self.devicePixelRatioF())
        for at, column in self._ticks(first, first + reach)[:1]:
            words = tick_text(at, self._time_step)
            half = text_width(words, "caption") / 2
            x = (column - first) / self.devicePixelRatioF()
            line = QRectF(place.left(), place.bottom() + 3, x + half + 2, RULER_HEIGHT - 3)
            canvas.fill(line, "surface")
            canvas.text(line.adjusted(max(0.0, x - half), 1, 2 * half, -2), words, "caption", "text_muted")

    def _draw_cursors(self, canvas: Canvas, place: QRect) -> None:
        for seconds, letter, active in self._cursors:
            x = round(self.x_of(seconds))
            if place.left() <= x <= place.right():
                canvas.fill(QRectF(x, place.top(), 1, place.height()), "text")
                tag = QRectF(x + 3 if x + 20 < place.right() else x - 19, place.top() + 2, 16, 16)
                canvas.box(tag, 4, "accent_fill" if active else "text")
                canvas.text(tag, letter, "caption", "on_accent" if active else "surface", "center")

    def _draw_numbers(self, canvas: Canvas, place: QRect) -> None:
        for at, words in self.numbers():
            y = min(max(place.top() + at * place.height(), place.top() + 7.0), place.bottom() - 6.0)
            canvas.text(QRectF(0, y - 8, self._left - NUMBER_GAP, 16), words, "caption", "text_muted", "right")


__all__ = ["AXIS_WIDTH", "NUMBER_GAP", "RULER_HEIGHT", "Lane", "Region"]
