"""The list of jobs: a model that changes row by row, rows painted on demand, and the heads of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.jobs import words
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Painted
from motestudio.gui.widgets.canvas import shortened
from motestudio.jobs.history import JobRecord

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_HEIGHT = 48
HEAD_HEIGHT = 28
OUTSET = 8
GUTTER = 8
"""Right of the rows, for the scroll bar."""
_GAP = 16

Index = QModelIndex | QPersistentModelIndex
Columns = dict[str, tuple[float, float]]

_FIXED = {"state": 92.0, "lane": 40.0, "time": 78.0, "memory": 92.0, "load": 48.0}
_ORDER = ("state", "job", "lane", "now", "time", "memory", "load")
_HEADS = {
    "state": "State",
    "job": "Job",
    "lane": "Lane",
    "now": "Now",
    "time": "Time",
    "memory": "Memory",
    "load": "CPU",
}
_RIGHT = ("time", "memory", "load")
_NARROWEST = 300.0


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as its row shows it.

    Attributes:
        record: the job.
        state: its state, or ``cancelling``.
        before: jobs of its lane before it, while it waits.
    """

    record: JobRecord
    state: str
    before: int = 0


def columns(width: float) -> Columns:
    """Left edge and width by column; where there is no room, the lane goes under the job and the load goes."""
    for dropped in ((), ("load",), ("load", "lane")):
        names = [n for n in _ORDER if n not in dropped]
        fixed = sum(_FIXED.get(n, 0.0) for n in names) + _GAP * (len(names) - 1)
        rest = width - 2 * OUTSET - fixed
        if rest >= _NARROWEST:
            break
    wide = {"job": rest * 0.46, "now": rest * 0.54}
    found: Columns = {}
    x = float(OUTSET)
    for name in names:
        found[name] = (x, wide.get(name, _FIXED.get(name, 0.0)))
        x += found[name][1] + _GAP
    return found


def cut(text: str, style: str, room: float) -> str:
    """A sentence of a stage, of any length: as much of its beginning as fits; the tool tip has all of it."""
    return QFontMetricsF(theme().font(style)).elidedText(text, Qt.TextElideMode.ElideRight, room)


class JobHeads(Painted):
    """The columns' names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEAD_HEIGHT)
        self.setAccessibleName("Columns: " + ", ".join(_HEADS.values()))

    def paint(self, canvas: Canvas) -> None:
        """Draw them and the line under them."""
        for name, (left, width) in columns(self.width()).items():
            align = "right" if name in _RIGHT else "left"
            canvas.text(QRectF(left, 0, width, HEAD_HEIGHT - 1), _HEADS[name], "section", "text_muted", align)
        canvas.fill(QRectF(OUTSET, HEAD_HEIGHT - 1, self.width() - 2 * OUTSET, 1), "line")


class JobModel(QAbstractListModel):
    """Rows by job; keeps what stays, so that choice and place stay too."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[JobRow] = []

    def place_of(self, job: str) -> int:
        """Row of a job, -1 where it has none."""
        return next((i for i, row in enumerate(self.rows) if row.record.id == job), -1)

    def set_rows(self, rows: Sequence[JobRow], news: Iterable[str] | None = None) -> None:
        """Show other rows: removes, moves, inserts and repaints only what differs.

        Args:
            rows: all of them in order.
            news: ids of jobs that must be painted anew although their row is the same, such as by time.
        """
        wanted = {row.record.id for row in rows}
        for i in range(len(self.rows) - 1, -1, -1):
            if self.rows[i].record.id not in wanted:
                self.beginRemoveRows(QModelIndex(), i, i)
                del self.rows[i]
                self.endRemoveRows()
        for i, row in enumerate(rows):
            self._put(i, row)
        again = set(news or ())
        for i, row in enumerate(rows):
            if self.rows[i] != row or row.record.id in again:
                self.rows[i] = row
                self.dataChanged.emit(self.index(i), self.index(i))

    def _put(self, i: int, row: JobRow) -> None:
        job = row.record.id
        if i < len(self.rows) and self.rows[i].record.id == job:
            return
        at = next((j for j in range(i + 1, len(self.rows)) if self.rows[j].record.id == job), -1)
        if at < 0:
            self.beginInsertRows(QModelIndex(), i, i)
            self.rows.insert(i, row)
            self.endInsertRows()
        else:
            self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), i)
            self.rows.insert(i, self.rows.pop(at))
            self.endMoveRows()

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
        told = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        return words.told(row.record, row.state) if role in told else None


class JobDelegate(QStyledItemDelegate):
    """Paints a row in two lines.

    Attributes:
        overflow: fixed words and numbers that did not fit.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.overflow: list[str] = []

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are alike."""
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, then the cells."""
        row: JobRow = index.data(ROW_ROLE)
        painter.save()
        canvas = Canvas.over(painter)
        rect = QRectF(option.rect)
        # With or without a scroll bar, so that the columns stay under their heads.
        view = self.parent()
        rect.setWidth(view.width() - GUTTER if isinstance(view, QWidget) else rect.width())
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen:
            canvas.box(rect, theme().radius("row"), "selection")
        elif state & QStyle.StateFlag.State_MouseOver:
            canvas.box(rect, theme().radius("row"), theme().mix("surface", "track", 0.6))
        places = columns(rect.width())
        self._state(canvas, rect, places, row)
        self._job(canvas, rect, places, row, chosen=chosen)
        self._now(canvas, rect, places, row)
        self._figures(canvas, rect, places, row)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            canvas.ring(rect, theme().radius("row"))
        self.overflow += canvas.overflow
        painter.restore()

    @staticmethod
    def _cell(rect: QRectF, places: Columns, name: str, line: int) -> QRectF:
        left, width = places[name]
        return QRectF(rect.left() + left, rect.top() + (7 if line == 0 else 25), width, 17)

    def _state(self, canvas: Canvas, rect: QRectF, places: Columns, row: JobRow) -> None:
        word, icon, ink = words.STATES[row.state]
        first = self._cell(rect, places, "state", 0)
        canvas.icon(icon, QRectF(first.left(), first.center().y() - 8, 16, 16), ink)
        canvas.text(first.adjusted(22, 0, 0, 0), word, "control", ink)

    def _job(self, canvas: Canvas, rect: QRectF, places: Columns, row: JobRow, *, chosen: bool) -> None:
        first, second = (self._cell(rect, places, "job", line) for line in (0, 1))
        style = "strong" if chosen else "control"
        canvas.text(first, shortened(row.record.title, style, first.width()), style)
        note = row.record.stage if "lane" in places else f"{row.record.lane}  {row.record.stage}"
        canvas.text(second, shortened(note, "caption", second.width()), "caption", "text_muted")
        if "lane" in places:
            canvas.text(self._cell(rect, places, "lane", 0), row.record.lane, "caption", "text_secondary")

    def _now(self, canvas: Canvas, rect: QRectF, places: Columns, row: JobRow) -> None:
        record = row.record
        first, second = (self._cell(rect, places, "now", line) for line in (0, 1))
        text, ink = record.text, "text_secondary"
        if record.state == "waiting":
            text, ink = words.turn(row.before), "text_muted"
        elif record.state in words.FAILED:
            ink = "bad"
        first_line = " ".join(text.split())
        if record.state != "running":
            canvas.text(first, cut(first_line, "caption", first.width()), "caption", ink)
            return
        percent = f"{record.fraction:.0%}".replace("%", " %") if record.fraction > 0 else ""
        canvas.text(first, percent, "caption_number", "text", "right")
        room = first.width() - (40 if percent else 0)
        canvas.text(first, cut(first_line or "works", "caption", room), "caption", ink)
        canvas.bar(QRectF(second.left(), second.center().y() - 2, second.width(), 4), record.fraction, "accent")

    def _figures(self, canvas: Canvas, rect: QRectF, places: Columns, row: JobRow) -> None:
        record = row.record
        number, unit = words.took(words.seconds(record))
        waiting = record.state == "waiting"
        ink = "text_muted" if waiting else "text"
        canvas.number(self._cell(rect, places, "time", 0), number, unit, "caption_number", "right", ink)
        below = "so far" if waiting else words.second_time(record)
        canvas.text(self._cell(rect, places, "time", 1), below, "caption", "text_muted", "right")
        peak = byte_size(record.memory_peak)
        if record.state == "running" and record.memory:
            canvas.number(self._cell(rect, places, "memory", 0), *byte_size(record.memory), "caption_number", "right")
        if record.memory_peak:
            place = self._cell(rect, places, "memory", 1 if record.state == "running" else 0)
            canvas.text(place, f"peak {' '.join(peak)}", "caption", "text_muted", "right")
        busy = words.load(record)
        if "load" in places and busy is not None:
            place = self._cell(rect, places, "load", 0)
            canvas.number(place, f"{busy * 100:.0f}", "%", "caption_number", "right")


class JobTable(QListView):
    """The view.

    Signals:
        chosen(str): the user chose this job.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._silent = False
        self.setProperty("plain", "true")
        self.setAccessibleName("Jobs")
        self.jobs = JobModel(self)
        self.cells = JobDelegate(self)
        self.setModel(self.jobs)
        self.setItemDelegate(self.cells)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    @property
    def overflow(self) -> list[str]:
        """Fixed words and numbers that did not fit, since the last time this was asked."""
        found, self.cells.overflow = self.cells.overflow, []
        return found

    @property
    def current(self) -> str:
        """Id of the chosen job, or empty."""
        index = self.currentIndex()
        return self.jobs.rows[index.row()].record.id if index.isValid() else ""

    def set_rows(self, rows: Sequence[JobRow], news: Iterable[str] | None = None) -> None:
        """Show rows; the chosen one and what is in view stay where they are."""
        top = self.indexAt(QPoint(8, 4)) if self.verticalScrollBar().value() else QModelIndex()
        kept = QPersistentModelIndex(top)
        before = self.visualRect(top).top() if top.isValid() else 0
        self._silent = True
        self.jobs.set_rows(rows, news)
        self._silent = False
        if kept.isValid():
            moved = self.visualRect(self.jobs.index(kept.row())).top() - before
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + moved)

    def set_current(self, job: str) -> None:
        """Mark a job without saying `chosen`."""
        place = self.jobs.place_of(job)
        self._silent = True
        self.setCurrentIndex(self.jobs.index(place) if place >= 0 else QModelIndex())
        self._silent = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The user moved the choice."""
        super().currentChanged(current, previous)
        if not self._silent and current.isValid():
            self.chosen.emit(self.jobs.rows[current.row()].record.id)


__all__ = ["Columns", "JobHeads", "JobRow", "JobTable", "columns"]
