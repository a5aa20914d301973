"""The whole recording in one strip, with segments under it and a viewport to drag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.plots.ticks import FloatArray
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted

_GRAB = 6


@dataclass(frozen=True, slots=True)
class OverviewSegment:
    """A labelled stretch in seconds; a proposed one is paler."""

    start: float
    end: float
    ink: Ink
    proposed: bool = False


class OverviewStrip(Painted):
    """Min/max per pixel column of the signal's magnitude; the viewport moves by mouse and arrows.

    Signals:
        viewport_changed(float, float): the user moved or stretched the viewport; seconds.
    """

    viewport_changed = Signal(float, float)

    def __init__(self, axis_width: int = 64, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left = axis_width
        self._samples: FloatArray = np.zeros(0)
        self._rate = 1.0
        self._segments: list[OverviewSegment] = []
        self._viewport = (0.0, 1.0)
        self._columns: list[tuple[float, float]] = []
        self._columns_width = -1
        self._drag: tuple[str, float] | None = None
        self.setFixedHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Overview of the recording")

    def set_data(self, samples: FloatArray, rate_hz: float) -> None:
        """Show a recording: physical or raw values, shape (n,) or (n, channels)."""
        values = np.asarray(samples, dtype=np.float64)
        if values.ndim == 2:
            spread = values.std(axis=0) if len(values) else np.ones(values.shape[1])
            values = (values - values.mean(axis=0))[:, int(np.argmax(spread))] if len(values) else np.zeros(0)
        elif len(values):
            values = values - values.mean()
        self._samples, self._rate = values, rate_hz
        self._columns_width = -1
        self.update()

    def set_segments(self, segments: Sequence[OverviewSegment]) -> None:
        """Show labels under the signal."""
        self._segments = list(segments)
        self.update()

    def set_viewport(self, start: float, end: float) -> None:
        """Show which stretch is in view, without saying `viewport_changed`."""
        self._viewport = (start, end)
        self.update()

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return len(self._samples) / self._rate

    def _x(self, seconds: float) -> float:
        return self._left + seconds / (self.seconds or 1.0) * (self.width() - self._left)

    def _at(self, x: float) -> float:
        return (x - self._left) / max(1, self.width() - self._left) * self.seconds

    def _reduce(self) -> None:
        width = max(1, self.width() - self._left)
        if self._columns_width == width:
            return
        self._columns_width = width
        self._columns = []
        if not len(self._samples):
            return
        peak = float(np.abs(self._samples).max()) or 1.0
        edges = np.linspace(0, len(self._samples), width + 1).astype(np.intp)[:-1]
        edges = np.unique(edges)
        low = np.minimum.reduceat(self._samples, edges) / peak
        high = np.maximum.reduceat(self._samples, edges) / peak
        self._columns = list(zip(low.tolist(), high.tolist(), strict=True))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Reduce for the present width, then paint."""
        self._reduce()
        super().paintEvent(event)

    def paint(self, canvas: Canvas) -> None:
        """Signal, labels, viewport."""
        left, right = self._x(self._viewport[0]), self._x(self._viewport[1])
        window = QRectF(left, 2, max(4.0, right - left), 58)
        canvas.text(QRectF(0, 12, self._left - 10, 24), _length(self.seconds), "caption", "text_muted", "right")
        if self.seconds:
            canvas.box(window, 3, "selection")
        wide = (self.width() - self._left) / max(1, len(self._columns))
        if wide > 1.5:  # fewer samples than pixels: a line, not dashes
            points = [
                QPointF(self._left + (i + 0.5) * wide, 25 - high * 20) for i, (_, high) in enumerate(self._columns)
            ]
            canvas.curve(points, "text_muted")
        for i, (low, high) in enumerate(self._columns if wide <= 1.5 else ()):
            top, bottom = 25 - high * 20, 25 - low * 20
            canvas.fill(QRectF(self._left + i * wide, top, max(1.0, wide), max(1.0, bottom - top)), "text_muted")
        for segment in self._segments:
            x = self._x(segment.start)
            ink = theme().mix("surface", segment.ink, 0.5) if segment.proposed else segment.ink
            canvas.fill(QRectF(round(x), 50, max(2.0, round(self._x(segment.end) - x)), 4), ink)
        if self.seconds:
            canvas.box(window, 3, None, "accent", 2 if self.ring_visible else 1.5)
            for x in (window.left(), window.right()):
                canvas.box(QRectF(x - 2, 22, 4, 16), 2, "accent_fill")

    def _part(self, x: float) -> str:
        left, right = self._x(self._viewport[0]), self._x(self._viewport[1])
        if abs(x - left) <= _GRAB:
            return "start"
        if abs(x - right) <= _GRAB:
            return "end"
        return "move" if left < x < right else "jump"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take an edge, the viewport, or jump."""
        x = event.position().x()
        part = self._part(x)
        if part == "jump":
            half = (self._viewport[1] - self._viewport[0]) / 2
            self._set(self._at(x) - half, self._at(x) + half)
            part = "move"
        self._drag = (part, self._at(x) - self._viewport[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show what a drag would do."""
        x = QPointF(event.position()).x()
        if self._drag is None:
            edge = self._part(x) in ("start", "end")
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        part, grip = self._drag
        start, end = self._viewport
        least = 8 / max(1, self.width()) * self.seconds
        if part == "move":
            self._set(self._at(x) - grip, self._at(x) - grip + end - start)
        elif part == "start":
            self._set(min(self._at(x), end - least), end)
        else:
            self._set(start, max(self._at(x), start + least))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move by a quarter, up and down zoom."""
        start, end = self._viewport
        width = end - start
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = width / 4 * (1 if key == Qt.Key.Key_Right else -1)
            self._set(start + step, end + step)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            change = width * (0.1 if key == Qt.Key.Key_Up else -0.125)
            self._set(start + change, end - change)
        else:
            super().keyPressEvent(event)

    def _set(self, start: float, end: float) -> None:
        width = min(end - start, self.seconds)
        start = min(max(0.0, start), self.seconds - width)
        if (start, start + width) != self._viewport:
            self._viewport = (start, start + width)
            self.update()
            self.viewport_changed.emit(*self._viewport)


def _length(seconds: float) -> str:
    """A length short enough for the axis: 2.0 s, 252 s, 61 min."""
    if seconds < 1000:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
