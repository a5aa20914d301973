"""A lane of curves: spans per pixel column where there are many samples, a line from sample to sample where few."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF

from motestudio.gui.plots.columns import Columns
from motestudio.gui.plots.lane import NUMBER_GAP, Lane
from motestudio.gui.plots.plot_title import PlotChannel
from motestudio.gui.plots.raster import Pixels, joined, paint_few, paint_spans
from motestudio.gui.plots.ticks import nice_step, tick_text, ticks
from motestudio.gui.plots.y_range import YRange
from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import Canvas, text_width

_FOLLOW_EVERY_S = 0.1
_FEW_COLUMNS = 8
_FEW = 2.0
"""Samples per column under which a line is drawn."""
_PAD = 8
_DOT = 5
_MOST_NUMBERS = 10
_LEAST_APART = 15
"""Pixels from one number to the next."""
_PREFIXES = {-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G"}


class TraceLane(Lane):
    """Some channels in one axis.

    Args:
        columns: of the reader, shared with its other lanes.
        indices: of the channels.
        channels: how each is drawn.
        axis_width: see `Lane`.
        ruler: see `Lane`.
        end_dots: mark each curve's last sample.

    Attributes:
        y_range: of the axis.
        last: values of the newest sample in view, shape (channels,), or None.
    """

    def __init__(
        self,
        columns: Columns,
        indices: Sequence[int],
        channels: Sequence[PlotChannel],
        axis_width: int,
        *,
        ruler: bool,
        end_dots: bool = True,
    ) -> None:
        reader = columns.reader
        super().__init__(reader, axis_width, ruler=ruler)
        self.channels = list(channels)
        self._indices = list(indices)
        group = reader.group
        self._shared = columns
        self.y_range = YRange(max(group.channels[i].full_scale for i in self._indices))
        self._end_dots = end_dots
        self._line: tuple[int, np.ndarray] = (0, np.zeros((0, len(self._indices))))
        self.last: np.ndarray | None = None
        self._painted_y = (0.0, 0.0)
        self._followed_at = 0.0

    def set_locked(self, locked: bool) -> None:
        """Keep the y range, or let it follow the signal."""
        if locked:
            self.y_range.locked = True
        else:
            self.y_range.unlock()
            self.forget()
        self.update()

    @property
    def _is_line(self) -> bool:
        return self._per_column < _FEW

    def complete(self, total: int) -> int:
        """A line goes on to the next sample, which is not there yet."""
        return math.floor((total - 1) / self._per_column) - (1 if self._is_line else 0)

    def prepare(self, total: int) -> None:
        """Read what is in view and new, and let the range follow it."""
        first, last = self.columns
        if self._is_line:
            start = max(0, math.floor(first * self._per_column) - 2)
            raw, at = self.reader.window(start, math.ceil(last * self._per_column) + 2 - start)
            self._line = (at, self._shared.physical(raw)[:, self._indices])
        else:
            self._shared.read(first, last, total, self._per_column)
        now = time.monotonic()
        if now - self._followed_at >= _FOLLOW_EVERY_S or self._valid[1] <= self._valid[0]:
            self._followed_at = now
            self._follow(now)
        newest, _ = self.reader.window(min(total, math.ceil(last * self._per_column)) - 1, 1)
        self.last = self._shared.physical(newest)[0, self._indices] if len(newest) else None

    def _follow(self, now: float) -> None:
        low, high = (self._line[1],) * 2 if self._is_line else (self._shared.low, self._shared.high)
        if not self._is_line:
            low, high = low[:, self._indices], high[:, self._indices]
        if low.size and not np.isnan(low).all():
            self.y_range.follow(float(np.nanmin(low)), float(np.nanmax(high)), now)
        if (self.y_range.low, self.y_range.high) != self._painted_y:
            self._painted_y = (self.y_range.low, self.y_range.high)
            self.forget()

    def _row_of(self, rows: int) -> tuple[float, float]:
        """(a, b): a value v lies at row ``a - b * v`` of the picture; not a whole number."""
        pad = self._pad(rows)
        per_unit = (rows - 1 - 2 * pad) / ((self.y_range.high - self.y_range.low) or 1.0)
        return pad + self.y_range.high * per_unit, per_unit

    def _rows_of(self, values: np.ndarray, rows: int) -> np.ndarray:
        a, b = self._row_of(rows)
        at: np.ndarray = a - b * values
        return at

    def _pad(self, rows: int) -> float:
        return min(_PAD * self.devicePixelRatioF(), rows / 8)

    def paint_columns(self, first: int, last: int, pixels: Pixels) -> None:
        """See `Lane.paint_columns`."""
        if self._is_line:
            self._paint_lines(first, last, pixels)
        else:
            self._paint_spans(first, last, pixels)

    def _paint_spans(self, first: int, last: int, pixels: Pixels) -> None:
        rows, width = len(pixels), len(self._shared.low)
        # With the column at the left, so that the span of the first one reaches it.
        begin = max(first - 1, self.columns[0])
        places = (np.arange(begin, last) % width)[:, None]
        low, high = self._shared.low[places, self._indices], self._shared.high[places, self._indices]
        if theme().bold:
            row = 1.0 / self._row_of(rows)[1]
            low, high = low - row, high + row
        if last - begin <= _FEW_COLUMNS:
            colours = [int(theme().color(c.ink).rgb()) for c in self.channels]
            paint_few(pixels, low.tolist(), high.tolist(), colours, self._row_of(rows), first - begin)
            return
        low, high = joined(low, high)
        low, high = low[first - begin :], high[first - begin :]
        with np.errstate(invalid="ignore"):
            top = np.clip(np.rint(self._rows_of(high, rows)), -1, rows).astype(np.intp)
            bottom = np.clip(np.rint(self._rows_of(low, rows)), -1, rows).astype(np.intp)
        absent = np.isnan(low[:, 0])
        top[absent], bottom[absent] = rows, -1
        for i, channel in enumerate(self.channels):
            paint_spans(pixels, top[:, i], bottom[:, i], int(theme().color(channel.ink).rgb()))

    def _paint_lines(self, first: int, last: int, pixels: Pixels) -> None:
        at, values = self._line
        low = max(0, math.floor(first * self._per_column) - 1 - at)
        high = min(len(values), math.ceil(last * self._per_column) + 2 - at)
        if high - low < 1:
            return
        rows = len(pixels)
        x = (np.arange(at + low, at + high) + 0.5) / self._per_column - first
        image = QImage(last - first, rows, QImage.Format.Format_RGB32)
        view = np.frombuffer(image.bits(), dtype=np.uint32).reshape(rows, last - first)
        view[:] = pixels
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = self._rows_of(values[low:high], rows)
        for i, channel in enumerate(self.channels):
            painter.setPen(
                QPen(theme().color(channel.ink), (2.5 if theme().bold else 1.0) * max(1.0, self.devicePixelRatioF()))
            )
            points = [QPointF(a, b) for a, b in zip(x.tolist(), (y[:, i] + 0.5).tolist(), strict=True)]
            painter.drawPolyline(QPolygonF(points))
        painter.end()
        pixels[:] = view

    def numbers(self) -> list[tuple[float, str]]:
        """Nice values of the range; with a prefix where they need more room than there is."""
        height, low, high = max(1, self._place().height()), self.y_range.low, self.y_range.high
        most = max(2, min(6, height // 56))
        while len(shown := ticks(low, high, most)) < 2 and most < _MOST_NUMBERS:
            most += 1  # one number alone tells no scale
        step = nice_step(high - low, most)
        while len(shown) > 2 and height * step < _LEAST_APART * (high - low):
            shown, step = [at for at in shown if round(at / step) % 2 == 0], 2 * step
        words = [tick_text(at, step) for at in shown]
        if max((text_width(w, "caption") for w in words), default=0.0) > self._left - NUMBER_GAP:
            power = min(3, max(-3, math.floor(math.log10(max(abs(low), abs(high))) / 3)))
            size, prefix = 1000.0**power, _PREFIXES[power]
            words = [f"{tick_text(at / size, step / size)} {prefix}".rstrip() if at else "0" for at in shown]
        rows = float(max(2, height))
        places = [float(self._rows_of(np.array(at), round(rows)) / (rows - 1)) for at in shown]
        return list(zip(places, words, strict=True))

    def value_at(self, y: float) -> float:
        """The value at a height of the widget."""
        rows = max(2, self._place().height())
        pad = self._pad(rows)
        value: float = self.y_range.high - (y - pad) / max(1.0, rows - 1 - 2 * pad) * (
            self.y_range.high - self.y_range.low
        )
        return value

    def draw_over(self, canvas: Canvas, place: QRectF) -> None:
        """Dots at the ends of the curves."""
        if not self._end_dots or self.last is None or not self._is_line:
            return
        end = min(self._total, math.ceil(self.columns[1] * self._per_column))
        x = min(place.right() - 2, self.x_of((end - 0.5) / self.rate_hz + self.offset_s))
        rows = self._rows_of(self.last, max(2, round(place.height())))
        for row, channel in zip(rows.tolist(), self.channels, strict=True):
            canvas.dot(QPointF(x, place.top() + min(max(row, 2.0), place.height() - 2)), _DOT, channel.ink)
