"""The run table: newest first, one row chosen, one marked for comparison; arrows, Home and End walk it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.train.data import RunRow, percent
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Painted, text_width
from motestudio.gui.widgets.labels import announce
from motestudio.studio.analyse import shortfall

OUTSET = 8
_HEAD = 30
_HIGH = 28
_WIDTHS = {"run": 92, "created": 96, "window": 76, "take": 76, "model": 76, "arena": 76, "fits": 132}
_TITLES = {
    "run": "Run", "created": "Created", "window": "By window", "take": "By take", "model": "Model", "arena": "Arena",
    "fits": "Board",
}  # fmt: skip
_LEFT = ("run", "created", "fits")


class RunTable(Painted):
    """The table.

    Signals:
        chosen(int): index of the run that the user chose.
        compared(int): index of the run to compare it with.
    """

    chosen = Signal(int)
    compared = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []
        self._current = self._other = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Runs")

    @property
    def current(self) -> int:
        """Index of the chosen run."""
        return self._current

    def set_rows(self, rows: Sequence[RunRow], current: int, other: int) -> None:
        """Show runs (oldest first); `other` is compared with."""
        self._rows = list(rows)
        self._current, self._other = current, other
        self.setFixedHeight(_HEAD + len(self._rows) * _HIGH + 4)
        self._tell()
        self.update()

    def row_text(self, index: int) -> str:
        """A row in words."""
        row = self._rows[index]
        window, take = ("".join(percent(v)) for v in (row.accuracy, row.take_accuracy))
        return f"{row.run.id}, {row.created}, {window} by window, {take} by take, {self._fits(row)[1]}"

    def row_y(self, index: int) -> float:
        """Top of a row; the newest run is on top."""
        return float(_HEAD + (len(self._rows) - 1 - index) * _HIGH)

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(560, self.height())

    def _tell(self) -> None:
        if 0 <= self._current < len(self._rows):
            self.setAccessibleName(f"Runs: {self.row_text(self._current)}")
            announce(self)

    def _fits(self, row: RunRow) -> tuple[str, str]:
        if row.verdict is None:
            return "text_muted", "model unreadable"
        short = shortfall(row.verdict).split(", ")[0]
        return ("bad", short) if short else ("ok", "fits")

    def _columns(self) -> dict[str, tuple[float, float]]:
        room = self.width() - 2 * OUTSET
        longest = max((text_width(r.run.id, "strong") for r in self._rows), default=0.0) + 34
        widths = dict(_WIDTHS, run=min(220.0, max(float(_WIDTHS["run"]), longest)))
        for drop in ((), ("created",), ("created", "arena")):
            names = [n for n in _WIDTHS if n not in drop]
            rest = room - sum(widths[n] for n in names)
            if rest >= 0:
                break
        gap = min(40.0, max(0.0, rest) / len(names))
        places, x = {}, float(OUTSET)
        for name in names:
            width = float(widths[name]) + gap
            places[name] = (x, width)
            x += width
        return places

    def paint(self, canvas: Canvas) -> None:
        """Head and rows."""
        columns = self._columns()
        for name, (left, width) in columns.items():
            align = "left" if name in _LEFT else "right"
            indent = 28 if name == "fits" else 0
            canvas.text(
                QRectF(left + indent, 0, width - indent, _HEAD), _TITLES[name], "section", "text_secondary", align
            )
        canvas.fill(QRectF(OUTSET, _HEAD - 1, self.width() - 2 * OUTSET, 1), "line")
        for index in range(len(self._rows)):
            self._row(canvas, columns, index)

    def _row(self, canvas: Canvas, columns: dict[str, tuple[float, float]], index: int) -> None:
        row, top = self._rows[index], self.row_y(index)
        whole = QRectF(0, top, self.width(), _HIGH)
        if index == self._current:
            canvas.box(whole, theme().radius("row"), "selection")

        def cell(name: str) -> QRectF:
            left, width = columns[name]
            return QRectF(left, top, width, _HIGH)

        place = cell("run").adjusted(0, 0, -28, 0)
        end = canvas.text(place, row.run.id, "strong" if index == self._current else "control", elide=True)
        if index == self._other:
            canvas.icon("ph.columns", QRectF(end + 8, top + _HIGH / 2 - 7, 14, 14), "text_muted")
        if "created" in columns:
            canvas.text(cell("created"), row.created, "caption", "text_muted", elide=True)
        figures = {
            "window": percent(row.accuracy),
            "take": percent(row.take_accuracy),
            "model": ("–", "") if row.model_bytes is None else byte_size(row.model_bytes),
            "arena": ("–", "") if row.arena_bytes is None else byte_size(row.arena_bytes),
        }
        for name, (number, unit) in figures.items():
            if name in columns:
                canvas.number(cell(name), number, unit, "caption_number", "right")
        ink, words = self._fits(row)
        place = cell("fits").adjusted(28, 0, 0, 0)
        icon = {"ok": "ph.check-circle", "bad": "ph.x-circle"}.get(ink, "ph.question")
        canvas.icon(icon, QRectF(place.left(), place.center().y() - 7, 14, 14), ink)
        place.adjust(20, 0, 0, 0)
        if text_width(words, "caption") > place.width():
            words = "too big"
        canvas.text(place, words, "caption", "text_secondary" if ink == "ok" else ink)
        if self.ring_visible and index == self._current:
            canvas.ring(whole, theme().radius("row"))

    # Mouse and keys

    def _at(self, position: QPointF) -> int:
        line = int((position.y() - _HEAD) // _HIGH)
        return len(self._rows) - 1 - line if 0 <= line < len(self._rows) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the whole row in the tool tip."""
        index = self._at(event.position())
        self.setToolTip(self.row_text(index) if index >= 0 else "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose; with Shift or Ctrl compare with this one."""
        index = self._at(event.position())
        if index < 0:
            return
        if event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            self.compared.emit(index)
        else:
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk; the newest run is on top."""
        last = len(self._rows) - 1
        targets = {
            Qt.Key.Key_Up: self._current + 1,
            Qt.Key.Key_Down: self._current - 1,
            Qt.Key.Key_Home: last,
            Qt.Key.Key_End: 0,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        else:
            self._choose(max(0, min(last, target)))

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._rows) and index != self._current:
            self._current = index
            self._tell()
            self.update()
            self.chosen.emit(index)
