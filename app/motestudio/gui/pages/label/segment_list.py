"""The list of segments over all recordings: one model, one view, rows painted on demand, so thousands cost nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from motestudio.domain.labels import UNNAMED, Segment
from motestudio.gui.pages.label.rows import ListRow, Target, class_text
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, text_width

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_HEIGHT = 32
_OUT = 8
_NUMBER = 34
_BAR = 24

Index = QModelIndex | QPersistentModelIndex


class SegmentModel(QAbstractListModel):
    """Rows for the view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ListRow] = []
        self._places: dict[Target, int] = {}

    def set_rows(self, rows: Sequence[ListRow]) -> None:
        """Replace all rows; nothing happens where they are the same."""
        if list(rows) == self.rows:
            return
        self.beginResetModel()
        self.rows = list(rows)
        self._places = {row.target: i for i, row in enumerate(self.rows)}
        self.endResetModel()

    def place_of(self, target: Target) -> int:
        """Row number of a target; of its recording where it has none of its own; else -1."""
        return self._places.get(target, self._places.get(Target(target.name), -1))

    def has(self, target: Target) -> bool:
        """Whether a target has a row of its own."""
        return target in self._places

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row in words, or the row."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        words = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        return row.told if role in words else None


class SegmentDelegate(QStyledItemDelegate):
    """Paints a row: colour square, class, start, confidence bar and number, or "mine"."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.inks: Mapping[str, Ink] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are alike."""
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, then the row."""
        row: ListRow = index.data(ROW_ROLE)
        painter.save()
        canvas = Canvas.over(painter)
        rect = QRectF(option.rect)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen:
            canvas.box(rect, theme().radius("row"), "selection")
        elif state & QStyle.StateFlag.State_MouseOver:
            canvas.box(rect, theme().radius("row"), theme().mix("surface", "track", 0.6))
        inner = rect.adjusted(_OUT, 0, -_OUT, 0)
        if row.kind == "broken":
            self._broken(canvas, inner, row)
        elif row.segment is None:
            self._recording(canvas, inner, row)
        else:
            self._segment(canvas, inner, row, row.segment, chosen=chosen)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            canvas.ring(rect, theme().radius("row"))
        painter.restore()

    def _segment(self, canvas: Canvas, rect: QRectF, row: ListRow, segment: Segment, *, chosen: bool) -> None:
        ink = self.inks.get(segment.label, "text_muted")
        square = QRectF(rect.left(), rect.center().y() - 5, 10, 10)
        proposed = segment.origin == "proposed"
        canvas.box(square, 3, theme().tint(ink, "proposed") if proposed else ink, ink if proposed else None, 1.4)
        right = self._source(canvas, rect, segment)
        start = f"{row.start_s:.1f}"
        wide = max(30.0, text_width(start, "caption_number"))
        canvas.text(
            QRectF(right - wide, rect.top(), wide, ROW_HEIGHT), start, "caption_number", "text_secondary", "right"
        )
        room = QRectF(rect.left() + 18, rect.top(), right - wide - 8 - rect.left() - 18, ROW_HEIGHT)
        name = class_text(segment.label)
        name_ink = "text_muted" if segment.label == UNNAMED else "text"
        end = canvas.text(room, name, "strong" if chosen else "control", name_ink, elide=True)
        if row.kind == "take":
            beside = QRectF(end + 8, room.top(), room.right() - end - 8, ROW_HEIGHT)
            rest = _without(row.entry.name, segment.label)
            shown = (rest, rest.replace("_", "-").rsplit("-", 1)[-1])
            fitting = next((t for t in shown if text_width(t, "caption") <= beside.width()), "")
            canvas.text(beside, fitting, "caption", "text_muted")

    @staticmethod
    def _source(canvas: Canvas, rect: QRectF, segment: Segment) -> float:
        """Who made it, at the right; returns the left edge of its column."""
        left = rect.right() - _NUMBER - _BAR - 14
        place = QRectF(rect.right() - 60, rect.top(), 60, ROW_HEIGHT)
        if segment.origin == "mine":
            canvas.text(place, "mine", "caption", "text_muted", "right")
        elif segment.confidence is None:
            canvas.text(place, "proposed", "caption", "text_muted", "right")
        else:
            doubtful = segment.confidence < 0.75
            bar = QRectF(rect.right() - _NUMBER - _BAR, rect.center().y() - 2, _BAR, 4)
            canvas.bar(bar, segment.confidence, "warn_mark" if doubtful else "accent")
            number = f"{segment.confidence:.2f}"
            canvas.text(place, number, "caption_number", "warn" if doubtful else "text_secondary", "right")
        return left

    @staticmethod
    def _recording(canvas: Canvas, rect: QRectF, row: ListRow) -> None:
        recording = row.entry.recording
        if recording is None:
            return
        if not recording.complete:
            note, ink = "cut short", "warn"
        else:
            note, ink = ("", "text_muted") if recording.segments else ("no labels", "text_muted")
        note = note or f"{recording.seconds:.1f} s"
        wide = text_width(note, "caption")
        canvas.text(QRectF(rect.right() - wide, rect.top(), wide + 1, ROW_HEIGHT), note, "caption", ink)
        left = rect.left()
        if not recording.segments:
            canvas.box(QRectF(left, rect.center().y() - 5, 10, 10), 3, None, "line_strong", 1.4)
            left += 18
        room = QRectF(left, rect.top(), rect.right() - wide - 8 - left, ROW_HEIGHT)
        style = "section" if recording.segments else "control"
        canvas.text(room, row.entry.name, style, "text_muted" if recording.segments else "text", elide=True)

    @staticmethod
    def _broken(canvas: Canvas, rect: QRectF, row: ListRow) -> None:
        canvas.icon("ph.warning-circle", QRectF(rect.left() - 2, rect.center().y() - 7, 14, 14), "bad")
        wide = text_width("unreadable", "caption")
        canvas.text(QRectF(rect.right() - wide, rect.top(), wide + 1, ROW_HEIGHT), "unreadable", "caption", "bad")
        room = QRectF(rect.left() + 18, rect.top(), rect.width() - wide - 26, ROW_HEIGHT)
        canvas.text(room, row.entry.name, "control", "text_secondary", elide=True)


def _without(name: str, label: str) -> str:
    """A take's name without the class it begins with, which stands before it."""
    rest = name.removeprefix(label).lstrip("-_ .")
    return rest or name


class SegmentList(QListView):
    """The view.

    Signals:
        chosen(object): the user chose this `Target`.
        menu_wanted(object, QPoint): a menu was asked for, at a global place.
    """

    chosen = Signal(object)
    menu_wanted = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._silent = False
        self.setProperty("plain", "true")
        self.setAccessibleName("Segments")
        self.rows = SegmentModel(self)
        self.painter_of_rows = SegmentDelegate(self)
        self.setModel(self.rows)
        self.setItemDelegate(self.painter_of_rows)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)

    def set_rows(self, rows: Sequence[ListRow], current: Target | None) -> None:
        """Show rows and mark one of them, without saying `chosen`."""
        self._silent = True
        place = self.verticalScrollBar().value()
        self.rows.set_rows(rows)
        self.verticalScrollBar().setValue(place)
        self._silent = False
        self.set_current(current)

    def set_inks(self, inks: Mapping[str, Ink]) -> None:
        """Colours of the classes."""
        self.painter_of_rows.inks = inks
        self.viewport().update()

    def set_current(self, target: Target | None) -> None:
        """Mark a row without saying `chosen`."""
        place = -1 if target is None else self.rows.place_of(target)
        self._silent = True
        if place < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != place or not self.selectionModel().hasSelection():
            self.setCurrentIndex(self.rows.index(place))
        self._silent = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The user moved the choice."""
        super().currentChanged(current, previous)
        if not self._silent and current.isValid():
            self.chosen.emit(self.rows.rows[current.row()].target)

    def _menu(self, at: Any) -> None:
        index = self.indexAt(at)
        if index.isValid():
            self.menu_wanted.emit(self.rows.rows[index.row()].target, self.viewport().mapToGlobal(at))
