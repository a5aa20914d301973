"""The time ruler with the playhead's bubble, and the line through all plots.

The line is a widget of one pixel's width: moving it repaints two columns and nothing else.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.plots.ticks import nice_step, tick_text, ticks
from motestudio.gui.widgets import Canvas, Painted, text_width

RULER_HEIGHT = 32


class TimeRuler(Painted):
    """Seconds of the recording; a click or drag moves the playhead.

    Signals:
        moved(float): the user moved the playhead to this time.
    """

    moved = Signal(float)

    def __init__(self, axis_width: int) -> None:
        super().__init__()
        self._left = axis_width
        self._view = (0.0, 1.0)
        self._at: float | None = None
        self.setFixedHeight(RULER_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Playhead")

    def set_view(self, start: float, end: float) -> None:
        """The stretch that is shown."""
        if (start, end) != self._view:
            self._view = (start, end)
            self.update()

    def set_playhead(self, seconds: float | None) -> None:
        """Where the playhead is."""
        if seconds != self._at:
            self._at = seconds
            self.setAccessibleDescription("" if seconds is None else f"{seconds:.2f} s")
            self.update()

    def x_of(self, seconds: float) -> float:
        """Pixel of a time."""
        start, end = self._view
        return self._left + (seconds - start) / ((end - start) or 1.0) * (self.width() - self._left)

    def seconds_at(self, x: float) -> float:
        """Time at a pixel."""
        start, end = self._view
        return start + (x - self._left) / max(1, self.width() - self._left) * (end - start)

    def paint(self, canvas: Canvas) -> None:
        """Numbers, ticks, base line, bubble."""
        start, end = self._view
        base = RULER_HEIGHT - 1.0
        width = self.width() - self._left
        canvas.fill(QRectF(self._left, base, width, 1), "line")
        most = max(2, width // 80)
        step = nice_step(end - start, most)
        minor = step / 5
        first = int(start / minor) - 1
        for n in range(first, first + int((end - start) / minor) + 4):
            at = n * minor
            if start <= at <= end:
                canvas.fill(QRectF(round(self.x_of(at)), base - 4, 1, 4), "line_strong")
        bubble = self._bubble()
        marks = ticks(start, end, most)
        for i, at in enumerate(marks):
            x = round(self.x_of(at))
            canvas.fill(QRectF(x, base - 7, 1, 7), "line_strong")
            text = tick_text(at, step) + (" s" if i == len(marks) - 1 else "")
            half = text_width(text, "caption") / 2
            place = QRectF(min(x - half, self.width() - 2 * half - 1), 2, 2 * half + 1, 18)
            if bubble is None or not place.adjusted(-4, 0, 4, 0).intersects(bubble):
                canvas.text(place, text, "caption", "text_muted")
        if bubble is not None and self._at is not None:
            canvas.box(bubble, 4, "text")
            canvas.text(bubble, f"{self._at:.2f} s", "section", "surface", "center")
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), 4)

    def _bubble(self) -> QRectF | None:
        if self._at is None or not self._view[0] <= self._at <= self._view[1]:
            return None
        wide = text_width(f"{self._at:.2f} s", "section") + 14
        x = min(max(float(self._left) - 20, self.x_of(self._at) - wide / 2), self.width() - wide)
        return QRectF(x, 3, wide, 18)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the playhead here."""
        self.moved.emit(self.seconds_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """And along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self.seconds_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the playhead by a hundredth of the view, Home and End to its ends."""
        start, end = self._view
        at = start if self._at is None else self._at
        moves = {
            Qt.Key.Key_Left: at - (end - start) / 100,
            Qt.Key.Key_Right: at + (end - start) / 100,
            Qt.Key.Key_Home: start,
            Qt.Key.Key_End: end,
        }
        if (wanted := moves.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(wanted)


class PlayheadLine(QWidget):
    """One pixel from the ruler to the last track; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def place(self, x: int, top: int, height: int) -> None:
        """Stand here."""
        self.setGeometry(x, top, 1, height)
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """One colour."""
        with Canvas(self) as canvas:
            canvas.fill(QRectF(self.rect()), "text")
