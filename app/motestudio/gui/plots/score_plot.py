"""One class' score over time: area, the board's points, a threshold to drag with its effect told beside it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width

LEFT = 80
RIGHT = 56
_TOP, _BOTTOM = 10.0, 6.0


class ScorePlot(Painted):
    """Scores 0..1.

    Args:
        name: of the class.
        ink: its colour.
        threshold: 0..1, or None where the class has no limit (background).

    Signals:
        threshold_moved(float): while it is dragged.
        threshold_changed(float): when it is let go, or moved by key.
    """

    threshold_moved = Signal(float)
    threshold_changed = Signal(float)

    def __init__(self, name: str, ink: Ink, threshold: float | None = 0.8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._ink = name, ink
        self._threshold = threshold
        self._view = (0.0, 1.0)
        self._host: list[tuple[float, float]] = []
        self._board: list[tuple[float, float]] = []
        self._detections: list[float] = []
        self._value: float | None = None
        self._drag = False
        self._effect = ""
        self.setMinimumHeight(72)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if threshold is not None else Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self._tell()

    def sizeHint(self) -> QSize:
        """About as in the picture."""
        return QSize(480, 100)

    @property
    def threshold(self) -> float | None:
        """Where the threshold is."""
        return self._threshold

    def set_view(self, start: float, end: float) -> None:
        """The stretch to show, seconds."""
        self._view = (start, end)
        self.update()

    def set_scores(self, times: Sequence[float], scores: Sequence[float]) -> None:
        """The course on the host (or the only one)."""
        self._host = list(zip(times, scores, strict=True))
        self._value = float(scores[-1]) if len(scores) else None
        self.update()

    def set_board(self, times: Sequence[float], scores: Sequence[float]) -> None:
        """The board's own scores, drawn as points."""
        self._board = list(zip(times, scores, strict=True))
        self.update()

    def set_detections(self, times: Sequence[float]) -> None:
        """Times at which this class was detected: dots where its score crosses."""
        self._detections = list(times)
        self.update()

    def set_threshold(self, threshold: float) -> None:
        """Move the threshold without saying `threshold_changed`."""
        self._threshold = threshold
        self._tell()
        self.update()

    def set_effect(self, text: str) -> None:
        """What the dragged threshold would change, such as "1 false alarm fewer"."""
        self._effect = text
        self.update()

    def _tell(self) -> None:
        limit = "no limit" if self._threshold is None else f"threshold {self._threshold:.2f}"
        self.setAccessibleName(f"Score of {self._name}, {limit}")

    def y_of(self, score: float) -> float:
        """The y in this widget's pixels of a score."""
        area = self._area()
        return area.bottom() - min(1.0, max(0.0, score)) * area.height()

    # Drawing

    def _area(self) -> QRectF:
        return QRectF(LEFT, _TOP, max(1, self.width() - LEFT - RIGHT), max(1.0, self.height() - _TOP - _BOTTOM))

    def _point(self, area: QRectF, time: float, score: float) -> QPointF:
        start, end = self._view
        x = area.left() + (time - start) / ((end - start) or 1.0) * area.width()
        return QPointF(x, area.bottom() - min(1.0, max(0.0, score)) * area.height())

    def paint(self, canvas: Canvas) -> None:
        """Label, grid, area, threshold."""
        area = self._area()
        canvas.box(QRectF(0, area.top() - 1, 10, 10), 3, self._ink)
        canvas.text(QRectF(18, area.top() - 6, LEFT - 34, 20), self._name, "strong", elide=True)
        if self._value is not None:
            canvas.text(QRectF(0, area.top() + 15, LEFT - 16, 22), f"{self._value:.2f}", "value")
        for score in (0.0, 1.0):
            y = round(area.bottom() - score * area.height())
            canvas.fill(QRectF(area.left(), y, area.width(), 1), "grid_zero" if score == 0 else "grid")
            canvas.text(QRectF(LEFT - 24, y - 8, 16, 16), f"{score:.0f}", "caption", "text_muted", "right")
        canvas.painter.save()
        canvas.painter.setClipRect(area.adjusted(0, -4, 0, 4))
        self._course(canvas, area)
        canvas.painter.restore()
        self._limit(canvas, area)

    def _course(self, canvas: Canvas, area: QRectF) -> None:
        points = [self._point(area, t, s) for t, s in self._host]
        if len(points) > 1:
            polygon = QPolygonF(
                [QPointF(points[0].x(), area.bottom()), *points, QPointF(points[-1].x(), area.bottom())]
            )
            self._fill(canvas, polygon, theme().veil(self._ink, "score"))
            if self._threshold is not None:
                above = QRectF(area.left(), area.top() - 4, area.width(), 4 + (1 - self._threshold) * area.height())
                canvas.painter.save()
                canvas.painter.setClipRect(above, Qt.ClipOperation.IntersectClip)
                self._fill(canvas, polygon, theme().veil(self._ink, "score_above"))
                canvas.painter.restore()
            canvas.curve(points, self._ink, 1.4)
        for time, score in self._board:
            canvas.dot(self._point(area, time, score), 3, "text_muted")

    @staticmethod
    def _fill(canvas: Canvas, polygon: QPolygonF, color: QColor) -> None:
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(color)
        canvas.painter.drawPolygon(polygon)

    def _limit(self, canvas: Canvas, area: QRectF) -> None:
        if self._threshold is None:
            place = QRectF(area.right() + 8, area.top(), RIGHT - 8, 16)
            canvas.text(place, "no limit", "caption", "text_muted")
            return
        y = area.bottom() - self._threshold * area.height()
        active = self._drag or self.ring_visible
        pen = QPen(theme().color("accent" if active else "text"), 1)
        if not active:
            pen.setDashPattern([4, 3])
        canvas.painter.setPen(pen)
        canvas.painter.drawLine(QLineF(area.left(), round(y) + 0.5, area.right(), round(y) + 0.5))
        for time in self._detections:
            at = self._point(area, time, self._threshold)
            if area.left() <= at.x() <= area.right():
                canvas.dot(at, 7, self._ink, halo="surface")
        self._handle(canvas, area.right() + 4, y, active=active)
        if self._drag and self._effect:
            width = text_width(self._effect, "caption_number") + 24
            y_box = y + 10 if y + 38 < area.bottom() else y - 36
            box = QRectF(area.left() + 80, y_box, width, 26)
            canvas.box(box, 6, "surface_raised", "line_strong")
            canvas.text(box, self._effect, "caption_number", "text_secondary", "center")

    def _handle(self, canvas: Canvas, x: float, y: float, *, active: bool) -> None:
        fill = "accent_fill" if active else "track"
        ink = "on_accent" if active else "text"
        body = QRectF(x + 5, y - 10, RIGHT - 12, 20)
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(theme().color(fill))
        canvas.painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x + 7, y - 6), QPointF(x + 7, y + 6)]))
        canvas.box(body, 4, fill)
        canvas.text(body.adjusted(4, 0, -10, 0), f"{self._threshold:.2f}", "section", ink)
        for i in (-3, 0, 3):
            canvas.fill(QRectF(body.right() - 9, round(y) + i, 5, 1), ink if active else "text_muted")

    # Moving the threshold

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the threshold near its line or handle."""
        if self._threshold is None:
            return
        area = self._area()
        y = area.bottom() - self._threshold * area.height()
        if abs(event.position().y() - y) <= 10:
            self._drag = True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show that it can be."""
        area = self._area()
        if not self._drag:
            y = area.bottom() - (self._threshold or -9) * area.height()
            near = abs(event.position().y() - y) <= 10
            self.setCursor(Qt.CursorShape.SizeVerCursor if near else Qt.CursorShape.ArrowCursor)
            return
        score = (area.bottom() - event.position().y()) / area.height()
        self._threshold = round(min(0.99, max(0.01, score)), 2)
        self._tell()
        self.update()
        self.threshold_moved.emit(self._threshold)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._drag and self._threshold is not None:
            self._drag = False
            self._effect = ""
            self.update()
            self.threshold_changed.emit(self._threshold)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down move the threshold by 0.01."""
        step = {Qt.Key.Key_Up: 0.01, Qt.Key.Key_Down: -0.01}.get(Qt.Key(event.key()))
        if step is None or self._threshold is None:
            super().keyPressEvent(event)
            return
        self._threshold = round(min(0.99, max(0.01, self._threshold + step)), 2)
        self._tell()
        self.update()
        self.threshold_changed.emit(self._threshold)
