"""The confusion matrix: rows are the truth, columns what the model said; a cell is chosen to play its errors."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width


class ConfusionMatrix(Painted):
    """Counts as tinted cells with numbers.

    Signals:
        chosen(int, int): (truth, said) of the cell that the user chose.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: list[str] = []
        self._inks: list[Ink] = []
        self._counts: list[list[int]] = []
        self._current: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")

    def sizeHint(self) -> QSize:
        """About square."""
        return QSize(320, 300)

    def set_matrix(self, classes: Sequence[str], counts: Sequence[Sequence[int]], inks: Sequence[Ink]) -> None:
        """Show counts.

        Args:
            classes: names, in model order.
            counts: by truth, then by what was said.
            inks: colour of each class.
        """
        self._classes, self._inks = list(classes), list(inks)
        self._counts = [list(row) for row in counts]
        self._current = None
        right = sum(row[i] for i, row in enumerate(self._counts))
        total = sum(map(sum, self._counts))
        self.setAccessibleName(f"Confusion matrix: {right} of {total} right")
        self.update()

    @property
    def current(self) -> tuple[int, int] | None:
        """The chosen cell as (truth, said)."""
        return self._current

    def _left(self) -> float:
        widest = max((text_width(c, "caption") for c in self._classes), default=0.0)
        return min(widest + 26, self.width() * 0.35)

    def _grid(self) -> tuple[float, float, float, float]:
        n = max(1, len(self._classes))
        left, top = self._left(), 24.0
        # Cells are wider than high where there is room, and not so wide that the eye loses the row.
        wide = min(96.0, (self.width() - left) / n)
        high = min(44.0, (self.height() - top) / n)
        return left, top, wide, high

    def paint(self, canvas: Canvas) -> None:
        """Heads, cells, choice."""
        left, top, wide, high = self._grid()
        for i, (name, ink) in enumerate(zip(self._classes, self._inks, strict=True)):
            row = QRectF(0, top + i * high, left - 8, high)
            canvas.box(QRectF(0, row.center().y() - 5, 10, 10), 3, ink)
            canvas.text(row.adjusted(18, 0, 0, 0), name, "caption", "text_secondary", elide=True)
            head = QRectF(left + i * wide, 0, wide - 2, top - 4)
            shown = name if text_width(name, "caption") <= wide - 4 else name[:1]
            canvas.text(head, shown, "caption", "text_muted", "center")
        for truth, row_counts in enumerate(self._counts):
            total = sum(row_counts) or 1
            for said, count in enumerate(row_counts):
                self._cell(canvas, truth, said, count, count / total)
        if self._current is not None:
            canvas.ring(self._rect(*self._current).adjusted(-1, -1, 1, 1), 4)
        elif self.ring_visible:
            canvas.ring(QRectF(self.rect()), 4)

    def _rect(self, truth: int, said: int) -> QRectF:
        left, top, wide, high = self._grid()
        return QRectF(left + said * wide, top + truth * high, wide - 2, high - 2)

    def _cell(self, canvas: Canvas, truth: int, said: int, count: int, share: float) -> None:
        cell = self._rect(truth, said)
        ink = "ok_mark" if truth == said else "bad_mark"
        strength = 0.08 + 0.42 * share if count else 0.0
        canvas.box(cell, 3, theme().mix("surface", ink, strength) if count else theme().mix("surface", "track", 0.5))
        ink_text = "text" if count else "text_disabled"
        canvas.text(cell, f"{count}" if count else "·", "caption_number", ink_text, "center")

    def _choose(self, truth: int, said: int) -> None:
        n = len(self._classes)
        if 0 <= truth < n and 0 <= said < n:
            self._current = (truth, said)
            words = f"{self._counts[truth][said]} of class {self._classes[truth]} taken for {self._classes[said]}"
            self.setAccessibleName(words)
            self.update()
            self.chosen.emit(truth, said)

    def _at(self, x: float, y: float) -> tuple[int, int]:
        left, top, wide, high = self._grid()
        return int((y - top) // high), int((x - left) // wide)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer."""
        self._choose(*self._at(event.position().x(), event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the cell under the pointer."""
        truth, said = self._at(event.position().x(), event.position().y())
        if 0 <= truth < len(self._counts) and 0 <= said < len(self._counts):
            self.setToolTip(f"{self._classes[truth]} taken for {self._classes[said]}: {self._counts[truth][said]}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the choice."""
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._classes:
            super().keyPressEvent(event)
            return
        if self._current is None:
            self._choose(0, 0)
            return
        truth, said = self._current
        self._choose(truth + step[0], said + step[1])
