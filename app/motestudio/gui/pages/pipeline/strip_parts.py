"""What the strip is made of besides cards and arrows: the dataset, buttons that add, what is missing, the drop mark."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Painted, PaintedButton, StageCard, text_width
from motestudio.gui.widgets.marks import STATES
from motestudio.gui.widgets.stage_card import CARD_HEIGHT
from motestudio.studio.pipeline_places import Gap
from motestudio.studio.pipeline_view import DatasetView

GAP_HEIGHT = 96


class DatasetBlock(PaintedButton):
    """The dataset, left of the first stage: no card, because nothing runs there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Dataset", parent)
        self.setCheckable(True)
        self._lines: tuple[str, ...] = ()
        self._state = "none"

    def set_dataset(self, dataset: DatasetView) -> None:
        """Show how its takes are split."""
        data = dataset.data
        self._state = "fresh" if data else "none"
        self._lines = ("no dataset" if dataset.recordings else "no takes", "")
        if data is not None:
            self._lines = ("split by", data.split_by)
        self.setAccessibleName(f"Dataset, {' '.join(self._lines)}".strip())
        self.setToolTip(dataset.reason or f"{len(data.takes) if data else 0} takes, split by {self._lines[1]}")
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(round(max(56.0, text_width("Dataset", "strong") + 12)), CARD_HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """Draw icon, dot, words."""
        rect = QRectF(self.rect())
        ground = QRectF(0, 33, rect.width(), 100)
        if self.isChecked():
            canvas.box(ground, theme().radius("card"), "selection")
        elif self.hovered:
            canvas.box(ground, theme().radius("card"), theme().mix("surface", "track", 0.6))
        canvas.icon("ph.database", QRectF(4, 43, 20, 20), "accent" if self.isChecked() else "text_secondary")
        ink, hollow = STATES[self._state]
        canvas.dot(QPointF(34, 48), 6, ink, hollow=hollow)
        room = rect.width() - 5
        canvas.text(QRectF(4, 74, room, 18), "Dataset", "strong")
        for n, line in enumerate(self._lines):
            canvas.text(QRectF(4, 94 + 16 * n, room, 16), line, "caption", "text_muted")
        if self.ring_visible:
            canvas.ring(ground, theme().radius("card"))


class StripCard(StageCard):
    """A card that can be dragged.

    Signals:
        dragged(QPoint): the pointer, on the screen, while the card is dragged.
        dropped: the drag ended there.
        left_drag: it ended, and nothing is to happen.
    """

    dragged = Signal(QPoint)
    dropped = Signal()
    left_drag = Signal()
    _pressed: QPointF | None = None
    dragging = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, once the pointer went far enough."""
        if self._pressed is not None and not self.dragging:
            far = (event.position() - self._pressed).manhattanLength()
            if far >= QApplication.startDragDistance():
                self.dragging = True
                self.setDown(False)
                self.grabKeyboard()
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self.dragging:
            self.dragged.emit(event.globalPosition().toPoint())
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop, or click."""
        self._pressed = None
        if self.dragging:
            self._end()
            self.dropped.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape takes a drag back."""
        if self.dragging and event.key() == Qt.Key.Key_Escape:
            self._pressed = None
            self._end()
            self.left_drag.emit()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _end(self) -> None:
        self.dragging = False
        self.releaseKeyboard()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paint(self, canvas: Canvas) -> None:
        """Paler while it is dragged."""
        if self.dragging:
            canvas.painter.setOpacity(0.45)
        super().paint(canvas)


class AddButton(PaintedButton):
    """A small + on an arrow: what may stand there is offered.

    Attributes:
        place: position before which the new stage would stand.
    """

    SIZE = 20

    def __init__(self, place: int, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self.place = place
        self.setToolTip(words)
        self.setFixedSize(self.SIZE, self.SIZE)

    def sizeHint(self) -> QSize:
        """20 x 20."""
        return QSize(self.SIZE, self.SIZE)

    def paint(self, canvas: Canvas) -> None:
        """A ring with a plus; stronger under the pointer or with the focus."""
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        strong = self.hovered or self.isDown() or self.ring_visible
        canvas.box(rect, rect.height() / 2, "selection" if strong else "surface", "accent" if strong else "line")
        canvas.icon("ph.plus", rect.adjusted(4, 4, -4, -4), "accent" if strong else "text_muted")
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), self.SIZE / 2)


class GapCard(PaintedButton):
    """A stage that is missing, where it belongs: a click offers what to add."""

    def __init__(self, gap: Gap, parent: QWidget | None = None) -> None:
        super().__init__(f"Add a {gap.kind} stage", parent)
        self.gap = gap
        self.setToolTip(f"{gap.text} {gap.hint}")
        self.setAccessibleDescription(f"{gap.text} {gap.hint}")

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(104, GAP_HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """A dashed card with a plus."""
        rect = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        ink = "warn_mark" if self.gap.blocks else "line_strong"
        radius = theme().radius("card")
        if self.hovered or self.isDown():
            canvas.box(rect, radius, theme().mix("surface", "track", 0.6))
        pen = QPen(theme().color(ink), 1.5)
        pen.setDashPattern([3, 2])
        canvas.painter.setPen(pen)
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawRoundedRect(rect, radius, radius)
        middle = rect.center().x()
        canvas.icon("ph.plus", QRectF(middle - 10, 16, 20, 20), "accent")
        canvas.text(QRectF(4, 42, rect.width() - 8, 18), self.gap.kind.capitalize(), "strong", align="center")
        words = "is missing" if self.gap.blocks else "not there yet"
        canvas.text(
            QRectF(4, 60, rect.width() - 8, 16),
            words,
            "caption",
            "warn" if self.gap.blocks else "text_muted",
            "center",
        )
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), radius)


class DropMark(Painted):
    """Where a dragged card would go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paint(self, canvas: Canvas) -> None:
        """A bar."""
        canvas.box(QRectF(self.rect()), 1.5, "accent")
