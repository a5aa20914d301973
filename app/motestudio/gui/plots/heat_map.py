"""Values as colour: a QImage through the theme's 256-entry table; and its scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted


class HeatMap(Painted):
    """A spectrogram or a feature image.

    Args:
        title: over the picture, with a mark in `ink`; empty for none.
        axis_width: pixels at the left for numbers.
        show_x: number the x axis.

    Signals:
        column_hovered(int): the column under the pointer.
    """

    column_hovered = Signal(int)

    def __init__(
        self,
        title: str = "",
        ink: Ink = "text_muted",
        *,
        axis_width: int = 0,
        show_x: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title, self._ink, self._left, self._show_x = title, ink, axis_width, show_x
        self._indices: npt.NDArray[np.uint8] = np.zeros((0, 0), dtype=np.uint8)
        self._image = QImage()
        self._image_dark: bool | None = None
        self._x_ends = ("", "")
        self._y_ends = ("", "")
        self._column = -1
        self.setMouseTracking(True)
        self.setMinimumSize(64, 48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title or "Heat map")

    def sizeHint(self) -> QSize:
        """Some size; it takes what it gets."""
        return QSize(160, 160)

    def set_data(self, values: npt.NDArray[np.floating], low: float | None = None, high: float | None = None) -> None:
        """Show values.

        Args:
            values: shape (columns, rows): time first, as features come; row 0 is at the bottom.
            low: value of the surface colour; the smallest where None.
            high: value of the strongest colour; the largest where None.
        """
        clean = np.nan_to_num(np.asarray(values, dtype=np.float64))
        low = float(clean.min()) if low is None and clean.size else (low or 0.0)
        high = float(clean.max()) if high is None and clean.size else (high or 0.0)
        span = (high - low) or 1.0
        scaled = np.clip((clean - low) / span * 255, 0, 255).astype(np.uint8)
        self._indices = np.ascontiguousarray(scaled.T[::-1])
        self._image_dark = None
        self.update()

    def set_axes(self, x_ends: tuple[str, str] = ("", ""), y_ends: tuple[str, str] = ("", "")) -> None:
        """Name the ends of the axes, lowest first."""
        self._x_ends, self._y_ends = x_ends, y_ends
        self.update()

    def set_column(self, column: int) -> None:
        """Mark a column, -1 for none."""
        if column != self._column:
            self._column = column
            self.update()

    def _place(self) -> QRectF:
        top = 20.0 if self._title else 0.0
        bottom = 20.0 if self._show_x else 0.0
        return QRectF(self._left, top, max(1, self.width() - self._left), max(1.0, self.height() - top - bottom))

    def _picture(self) -> QImage:
        if self._image_dark != theme().dark:
            rows, columns = self._indices.shape
            # Rows of an indexed image are aligned to 4 bytes: the stride is told, and the data is copied by `copy`.
            image = QImage(self._indices.data, columns, rows, columns, QImage.Format.Format_Indexed8)
            image.setColorTable(theme().heat_table())
            self._image = image.copy()
            self._image_dark = theme().dark
        return self._image

    def paint(self, canvas: Canvas) -> None:
        """Title, picture, ends of the axes, marked column."""
        place = self._place()
        if self._title:
            canvas.box(QRectF(place.left(), 7, 12, 3), 1.5, self._ink)
            canvas.text(QRectF(place.left() + 18, 0, place.width() - 18, 17), self._title, "section", "text_secondary")
        if self._indices.size:
            canvas.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            canvas.painter.drawImage(place, self._picture())
        if self._left:
            room = QRectF(0, place.top(), self._left - 8, 14)
            canvas.text(room, self._y_ends[1], "caption", "text_muted", "right")
            room.moveBottom(place.bottom())
            canvas.text(room, self._y_ends[0], "caption", "text_muted", "right")
        if self._show_x:
            foot = QRectF(place.left(), place.bottom() + 4, place.width(), 16)
            canvas.text(foot, self._x_ends[0], "caption", "text_muted")
            canvas.text(foot, self._x_ends[1], "caption", "text_muted", "right")
        columns = self._indices.shape[1] if self._indices.size else 0
        if 0 <= self._column < columns:
            wide = place.width() / columns
            mark = QRectF(place.left() + self._column * wide - 1, place.top(), max(4.0, wide + 2), place.height())
            canvas.box(mark, 2, None, "accent", 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which column is under the pointer."""
        place = self._place()
        columns = self._indices.shape[1] if self._indices.size else 0
        column = int((event.position().x() - place.left()) / place.width() * columns)
        if 0 <= column < columns:
            self.column_hovered.emit(column)


class HeatScale(Painted):
    """The colours from low to high with their values."""

    def __init__(self, low: str = "", high: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ends = (low, high)
        self.setFixedSize(210, 20)

    def set_ends(self, low: str, high: str) -> None:
        """Name the ends."""
        self._ends = (low, high)
        self.setAccessibleName(f"from {low} to {high}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the scale."""
        canvas.text(QRectF(0, 0, 48, 20), self._ends[0], "caption", "text_muted", "right")
        table = theme().heat_table()
        image = QImage(256, 1, QImage.Format.Format_RGB32)
        for i, color in enumerate(table):
            image.setPixel(i, 0, color)
        canvas.painter.drawImage(QRectF(56, 6, 104, 8), image)
        canvas.text(QRectF(168, 0, 42, 20), self._ends[1], "caption", "text_muted")
