"""The layer table: one row an operator with its share of work, time and arena; arrows, Home and End walk it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.analyse.data import AnalyseData, macs_text, op_shapes, time_text, weights_text
from motestudio.gui.plots.arena_map import kind_ink
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, Painted, text_width
from motestudio.gui.widgets.labels import announce

OUTSET = 8
_HEAD = 32
_GAP = 18
_WIDTHS = {"op": 34, "kernel": 136, "output": 84, "macs": 56, "time": 56, "alive": 56, "weights": 60}
_ORDER = ("op", "title", "kernel", "output", *("macs", "macs_bar", "time", "time_bar", "alive", "alive_bar"), "weights")
_SHORT = {"FULLY_CONNECTED": "FULLY_CONN.", "DEPTHWISE_CONV_2D": "DEPTHWISE"}


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A row as it is shown: numbers with units, shares 0..1 for the bars."""

    title: str
    kernel: str
    output: str
    macs: tuple[str, str]
    time: tuple[str, str]
    alive: tuple[str, str]
    weights: tuple[str, str]
    shares: tuple[float, float, float]


def rows_of(data: AnalyseData) -> list[LayerRow]:
    """A row for every operator."""
    ops, alive = data.report.graph.ops, data.report.plan.alive
    most = (max((o.macs for o in ops), default=0) or 1, max(data.times.ms, default=0) or 1, max(alive, default=0) or 1)
    return [
        LayerRow(
            op.title,
            op.kernel,
            op_shapes(data.report, op)[1],
            macs_text(op.macs),
            time_text(data.times.ms[op.index]),
            byte_size(alive[op.index]),
            weights_text(op.weight_bytes),
            (op.macs / most[0], data.times.ms[op.index] / most[1], alive[op.index] / most[2]),
        )
        for op in ops
    ]


class LayerTable(Painted):
    """The table.

    Signals:
        hovered(int): row under the pointer, -1 outside.
        chosen(int): row that the user chose.
    """

    hovered = Signal(int)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LayerRow] = []
        self._peak = -1
        self._spread = ""
        self._current = self._shown = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Layers")

    def set_data(self, data: AnalyseData) -> None:
        """Show a model's operators."""
        self._rows = rows_of(data)
        self._peak = data.report.plan.peak_op
        self._spread = f"± {data.times.spread:.0%}".replace("%", " %")
        self.setFixedHeight(_HEAD + len(self._rows) * theme().size("row_table") + 8)
        self.set_op(self._peak, chosen=True)

    @property
    def current(self) -> int:
        """The chosen operator."""
        return self._current

    def set_op(self, op: int, *, chosen: bool = False) -> None:
        """Mark an operator; `chosen` where it is the user's choice and not only under the pointer."""
        self._shown = op
        if chosen and op != self._current:
            self._current = op
            self._tell()
        self.update()

    def row_text(self, op: int) -> str:
        """A row in words."""
        row = self._rows[op]
        cells = (row.macs, row.time, row.alive, row.weights)
        macs, time, alive, weights = (" ".join(c).strip() for c in cells)
        peak = ", the peak" if op == self._peak else ""
        return f"op {op}, {row.title}, {row.output}, {macs} MAC, {time}, {alive} alive{peak}, {weights} of weights"

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(600, self.height())

    def _tell(self) -> None:
        if 0 <= self._current < len(self._rows):
            self.setAccessibleName(f"Layers: {self.row_text(self._current)}")
            announce(self)

    # Drawing

    def _columns(self) -> dict[str, tuple[float, float]]:
        """Left edge and width by column; what has no room is left out: kernel names, then bars, then shapes."""
        room = self.width() - 2 * OUTSET
        title = max((text_width(r.title, "control") for r in self._rows), default=80.0) + 16
        output = max([text_width(r.output, "caption") for r in self._rows] + [44.0]) + 16
        wanted = dict(_WIDTHS, title=title, output=output)
        bars = 48.0
        for drop in ((), ("kernel",), ("kernel", "macs_bar"), ("kernel", "macs_bar", "time_bar", "output")):
            names = [n for n in _ORDER if n not in drop]
            n_bars = sum(n.endswith("_bar") for n in names)
            rest = room - sum(wanted.get(n, 0.0) for n in names) - n_bars * 24
            if rest >= n_bars * bars:
                break
        each = max(24.0, min(150.0, rest / max(1, n_bars)))
        spare = max(0.0, rest - each * n_bars) / max(1, len(names) - n_bars)
        places, x = {}, float(OUTSET)
        for name in names:
            width = each if name.endswith("_bar") else wanted[name] + (spare if name != "op" else 0.0)
            x += 8 if name.endswith("_bar") else 0
            places[name] = (x, width)
            x += width + (16 if name.endswith("_bar") else 0)
        shift = self.width() - OUTSET - x
        left, width = places["weights"]
        places["weights"] = (left, width + max(0.0, shift))
        return places

    def paint(self, canvas: Canvas) -> None:
        """Head, marked row, rows."""
        columns = self._columns()
        self._head(canvas, columns)
        if 0 <= self._shown < len(self._rows):
            canvas.box(self._row_rect(self._shown), theme().radius("row"), "selection")
        for index, row in enumerate(self._rows):
            self._row(canvas, columns, index, row)
        if self.ring_visible and 0 <= self._current < len(self._rows):
            canvas.ring(self._row_rect(self._current), theme().radius("row"))

    def _row_rect(self, index: int) -> QRectF:
        high = theme().size("row_table")
        return QRectF(0, _HEAD + index * high, self.width(), high)

    def _head(self, canvas: Canvas, columns: dict[str, tuple[float, float]]) -> None:
        titles = {"op": "op", "title": "Layer", "kernel": "Kernel", "output": "Output"}
        for name, words in titles.items():
            if name in columns:
                left, width = columns[name]
                style, align = ("section", "right") if name == "op" else ("section", "left")
                width -= _GAP if name == "op" else 0
                canvas.text(QRectF(left, 0, width, _HEAD), words, style, "text_secondary", align)
        for name, words in {"macs": "MAC", "time": "Time", "alive": "Arena", "weights": "Weights"}.items():
            left, width = columns[name]
            canvas.text(QRectF(left, 0, width, _HEAD), words, "section", "text_secondary", "right")
        for name, words in {"time_bar": self._spread, "alive_bar": "alive at this op"}.items():
            if name in columns and text_width(words, "caption") <= columns[name][1] + 16:
                left, width = columns[name]
                canvas.text(QRectF(left, 0, width + 16, _HEAD), words, "caption", "text_muted")
        canvas.fill(QRectF(OUTSET, _HEAD - 1, self.width() - 2 * OUTSET, 1), "line")

    def _row(self, canvas: Canvas, columns: dict[str, tuple[float, float]], index: int, row: LayerRow) -> None:
        high = theme().size("row_table")
        top = _HEAD + index * high

        def cell(name: str) -> QRectF:
            left, width = columns[name]
            return QRectF(left, top, width, high)

        canvas.text(cell("op").adjusted(0, 0, -_GAP, 0), f"{index}", "caption", "text_muted", "right")
        title = cell("title")
        if "kernel" in columns:
            kernel = cell("kernel")
            canvas.box(QRectF(kernel.left(), kernel.center().y() - 4, 8, 8), 2, kind_ink(row.kernel))
            words = row.kernel
            if text_width(words, "caption") > kernel.width() - 20:
                words = _SHORT.get(words, words)
            canvas.text(kernel.adjusted(16, 0, 0, 0), words, "caption", "text_secondary", elide=True)
        else:
            canvas.box(QRectF(title.left(), title.center().y() - 4, 8, 8), 2, kind_ink(row.kernel))
            title.adjust(14, 0, 14, 0)
        style = "strong" if index == self._shown else "control"
        canvas.text(title, row.title, style)
        if "output" in columns:
            canvas.text(cell("output"), row.output, "caption", "text_secondary")
        for name in ("macs", "time", "alive", "weights"):
            number, unit = getattr(row, name)
            canvas.number(cell(name), number, unit, "caption_number", "right")
        quiet: Ink = theme().mix("surface", "text_muted", 0.5)
        peak = index == self._peak
        inks: tuple[Ink, ...] = (quiet, quiet, "warn_mark" if peak else theme().mix("surface", "accent", 0.75))
        for name, share, ink in zip(("macs_bar", "time_bar", "alive_bar"), row.shares, inks, strict=True):
            if name in columns:
                place = cell(name)
                width = max(1.5, share * place.width())
                canvas.box(QRectF(place.left(), place.center().y() - 3, width, 6), min(2.0, width / 2), ink)

    # Mouse and keys

    def _at(self, position: QPointF) -> int:
        index = int((position.y() - _HEAD) // theme().size("row_table"))
        return index if 0 <= index < len(self._rows) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the row under the pointer."""
        self.hovered.emit(self._at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer."""
        self.hovered.emit(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        self._choose(self._at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the rows."""
        last = len(self._rows) - 1
        targets = {
            Qt.Key.Key_Up: self._current - 1,
            Qt.Key.Key_Down: self._current + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        else:
            self._choose(max(0, min(last, target)))

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._rows):
            self.set_op(index, chosen=True)
            self.chosen.emit(index)
