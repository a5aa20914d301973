"""A lane of labelled stretches on a time axis: takes, label tracks, host and board ribbons, detection flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width

_GRAB = 5


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch in seconds.

    Attributes:
        label: shown inside.
        ink: its class' colour.
        note: lighter, after the label or at the right: a length, a confidence.
        proposed: drawn as an outline with a confidence bar instead of a fill.
        confidence: 0..1, or None.
    """

    start: float
    end: float
    label: str
    ink: Ink
    note: str = ""
    proposed: bool = False
    confidence: float | None = None


class Track(Painted):
    """The lane.

    Args:
        name: at the left, in the axis' width.
        kind: ``take`` (24 px, tint and bottom edge, no ground), ``label`` (36 px on a ground), ``ribbon`` (24 px on a
            ground) or ``flag`` (24 px, detections: a left edge at the moment, as wide as its words).
        axis_width: as of the plots above it.
        editable: edges can be dragged.

    Signals:
        chosen(int): the user clicked a block.
        changed(int, float, float): the user dragged an edge of a block; new start and end.
        created(float, float): the user dragged over an empty stretch of an editable track.
    """

    chosen = Signal(int)
    changed = Signal(int, float, float)
    created = Signal(float, float)

    def __init__(
        self,
        name: str,
        kind: str = "label",
        axis_width: int = 64,
        *,
        editable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self._kind, self._left, self._editable = name, kind, axis_width, editable
        self._blocks: list[Block] = []
        self._view = (0.0, 1.0)
        self._current = -1
        self._drag: tuple[int, str, float] | None = None
        self._ghost: tuple[float, float] | None = None
        self._marks: list[tuple[float, float]] = []
        self._align = "right" if kind == "label" else "left"
        self.setFixedHeight(36 if kind == "label" else 24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if kind == "label" else Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show blocks."""
        self._blocks = list(blocks)
        if self._drag is None:
            self._ghost = None
        self.setAccessibleName(f"{self._name}: {len(self._blocks)}")
        self.update()

    def set_view(self, start: float, end: float) -> None:
        """The stretch to show, seconds."""
        if (start, end) != self._view:
            self._view = (start, end)
            self.update()

    def set_current(self, index: int) -> None:
        """Mark a block, -1 for none."""
        self._current = index
        self.update()

    def set_differences(self, stretches: Sequence[tuple[float, float]]) -> None:
        """Amber ticks over the lane, where host and board differ."""
        self._marks = list(stretches)
        self.update()

    def _x(self, seconds: float) -> float:
        start, end = self._view
        return self._left + (seconds - start) / ((end - start) or 1.0) * (self.width() - self._left)

    def _at(self, x: float) -> float:
        start, end = self._view
        return start + (x - self._left) / max(1, self.width() - self._left) * (end - start)

    def paint(self, canvas: Canvas) -> None:
        """Name, ground, blocks."""
        rect = QRectF(self.rect())
        lane = rect.adjusted(self._left, 0, 0, 0)
        canvas.text(
            QRectF(0, 0, self._left - 8, rect.height()), self._name, "caption_number", "text_secondary", self._align
        )
        if self._kind in ("label", "ribbon"):
            canvas.box(lane, 4, theme().mix("surface", "track", 0.6))
        canvas.painter.save()
        canvas.painter.setClipRect(lane.adjusted(-1, 0, 1, 0))
        for i, block in enumerate(self._blocks):
            if block.end >= self._view[0] and block.start <= self._view[1]:
                self._block(canvas, i, block)
        if self._ghost:
            x = self._x(self._ghost[0])
            canvas.box(QRectF(x, 1, self._x(self._ghost[1]) - x, rect.height() - 2), 4, None, "accent", 1)
        for start, end in self._marks:
            canvas.box(QRectF(self._x(start), 0, max(6.0, self._x(end) - self._x(start)), 4), 2, "warn_mark")
        canvas.painter.restore()
        if self.ring_visible:
            canvas.ring(rect, 4)

    def _block(self, canvas: Canvas, index: int, block: Block) -> None:
        left, right = self._x(block.start), self._x(block.end)
        height = float(self.height())
        if self._kind == "flag":
            words = text_width(f"{block.label}  {block.note}", "section") + 16
            rect = QRectF(left, 1, words, height - 2)
            canvas.box(rect, 3, theme().tint(block.ink, "flag"))
            canvas.fill(QRectF(left, 1, 3, height - 2), block.ink)
            x = canvas.text(rect.adjusted(8, 0, 0, 0), block.label, "section")
            canvas.text(QRectF(x + 5, 1, words, height - 2), block.note, "caption", "text_secondary")
            return
        rect = QRectF(left, 1, max(3.0, right - left), height - 2)
        if block.proposed:
            canvas.box(rect, 4, theme().tint(block.ink, "accepted"), block.ink)
            self._confidence(canvas, rect, block)
        else:
            tint = "accepted" if self._kind == "take" else "segment"
            canvas.box(rect, 4, theme().tint(block.ink, tint))
            canvas.fill(
                QRectF(rect.left(), rect.bottom() - (2 if self._kind != "label" else 3), rect.width(), 2), block.ink
            )
        # The words stay in view while a long block moves out of it.
        self._words(canvas, rect.intersected(QRectF(self._left, 1, self.width() - self._left, height - 2)), block)
        if index == self._current:
            canvas.box(rect, 4, None, "accent", 2)
            for x in (rect.left(), rect.right()):
                canvas.box(QRectF(x - 2, height / 2 - 8, 4, 16), 2, "accent_fill")

    @staticmethod
    def _words(canvas: Canvas, rect: QRectF, block: Block) -> None:
        inside = rect.adjusted(8, 0, -8, -8 if block.proposed else -2)
        wide = text_width(block.label, "section")
        if wide > inside.width():
            return
        end = canvas.text(inside, block.label, "section")
        note = text_width(block.note, "caption")
        if block.note and end + 8 + note <= inside.right():
            if block.proposed:
                canvas.text(
                    QRectF(end + 6, inside.top(), note + 1, inside.height()), block.note, "caption", "text_secondary"
                )
            else:
                canvas.text(inside, block.note, "caption", "text_secondary", "right")

    @staticmethod
    def _confidence(canvas: Canvas, rect: QRectF, block: Block) -> None:
        if block.confidence is None or rect.width() < 16:
            return
        ink = "warn_mark" if block.confidence < 0.75 else block.ink
        canvas.bar(QRectF(rect.left() + 6, rect.bottom() - 8, rect.width() - 12, 3), block.confidence, ink, radius=1.5)

    # Mouse and keys

    def _hit(self, x: float) -> tuple[int, str]:
        order = [self._current, *range(len(self._blocks))] if self._current >= 0 else list(range(len(self._blocks)))
        for i in order:
            if i >= len(self._blocks):
                continue
            left, right = self._x(self._blocks[i].start), self._x(self._blocks[i].end)
            if self._editable and abs(x - left) <= _GRAB:
                return i, "start"
            if self._editable and abs(x - right) <= _GRAB:
                return i, "end"
            if left <= x <= right:
                return i, "body"
        return -1, ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a block, take its edge, or begin a new one."""
        x = event.position().x()
        index, part = self._hit(x)
        if index >= 0:
            self._current = index
            self.update()
            self.chosen.emit(index)
            if part in ("start", "end"):
                self._drag = (index, part, x)
        elif self._editable and x >= self._left:
            self._drag = (-1, "new", self._at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show what a drag would do."""
        x = event.position().x()
        if self._drag is None:
            edge = self._hit(x)[1] in ("start", "end")
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        index, part, origin = self._drag
        at = max(0.0, self._at(x))
        if part == "new":
            self._ghost = (min(origin, at), max(origin, at))
        else:
            block = self._blocks[index]
            self._ghost = (min(at, block.end), block.end) if part == "start" else (block.start, max(at, block.start))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say what the drag made."""
        drag, ghost = self._drag, self._ghost
        self._drag = self._ghost = None
        self.update()
        if drag is None or ghost is None or ghost[1] <= ghost[0]:
            return
        if drag[1] == "new":
            self.created.emit(*ghost)
        else:
            self.changed.emit(drag[0], *ghost)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tab order reaches the lane; left and right choose the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._blocks:
            super().keyPressEvent(event)
            return
        self._current = min(len(self._blocks) - 1, max(0, self._current + step))
        self.update()
        self.chosen.emit(self._current)
