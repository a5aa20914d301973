"""The inspector: which board, what RAM and flash are made of, the chosen layer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import Verdict
from motestudio.gui.numbers import byte_size, estimate
from motestudio.gui.pages.analyse.data import AnalyseData, board_line, op_bytes, op_shapes, time_text
from motestudio.gui.widgets import (
    Button,
    Choice,
    Column,
    ElidedText,
    FactRow,
    Number,
    PartsGroup,
    RowList,
    SectionHeader,
    Text,
)
from motestudio.studio.analyse import shortfall

_FEW = 4


class BoardPicker(QWidget):
    """The board in a list, and the other boards with their verdict.

    Signals:
        chosen(str): id of the board that the user chose.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self.choice = Choice([], "Board")
        self.choice.activated.connect(self._picked)
        self.about = ElidedText("", "caption", "text_muted")
        for widget in (self.choice, self.about):
            line = QHBoxLayout()
            line.setContentsMargins(FactRow.outset, 0, FactRow.outset, 0)
            line.addWidget(widget)
            box.addLayout(line)
        self.rows = RowList()
        self.rows.chosen.connect(self._row)
        box.addWidget(self.rows)
        self.more = Button("", "link")
        self.more.clicked.connect(self._toggle)
        inset = QHBoxLayout()
        inset.setContentsMargins(FactRow.outset - 2, 0, 0, 0)
        inset.addWidget(self.more)
        inset.addStretch(1)
        box.addLayout(inset)
        self._all = False
        self._ids: list[str] = []
        self._others: list[Verdict] = []

    def set_data(self, board: BoardFile, verdicts: Sequence[Verdict]) -> None:
        """Show the board in question and the verdicts of all."""
        by_name = sorted(verdicts, key=lambda v: v.board_name.lower())
        self._ids = [v.board_id for v in by_name]
        self.choice.clear()
        self.choice.addItems([v.board_name for v in by_name])
        self.choice.setCurrentIndex(self._ids.index(board.id))
        self.about.set_text(board_line(board))
        self._others = [v for v in verdicts if v.board_id != board.id]
        self._fill()

    def _fill(self) -> None:
        fitting = [v for v in self._others if v.fits]
        short = [v for v in self._others if not v.fits]
        few = fitting[: max(_FEW - len(short), _FEW - 1)] + short
        self._shown = self._others if self._all else few[:_FEW]
        self.rows.set_rows([_board_row(v) for v in self._shown])
        hidden = len(self._others) - _FEW
        self.more.setVisible(hidden > 0)
        self.more.set_text("Show fewer boards" if self._all else f"Show all {len(self._others)} other boards")

    def _toggle(self) -> None:
        self._all = not self._all
        self._fill()

    def _picked(self, index: int) -> None:
        self.chosen.emit(self._ids[index])

    def _row(self, index: int) -> None:
        self.chosen.emit(self._shown[index].board_id)


def _board_row(verdict: Verdict) -> FactRow:
    latency = verdict.budget("latency")
    name = verdict.board_name.split(" (")[0]
    if verdict.fits:
        number, unit = estimate(latency.used, latency.plus_minus, "ms") if latency.used >= 1 else ("<1", "ms")
        return FactRow(name, "", number, unit, "ok")
    row = FactRow(name, "", _short(verdict), "", "bad")
    row.value_ink = "bad"
    return row


def _short(verdict: Verdict) -> str:
    words = shortfall(verdict).split(",")[0]
    for long, brief in ((" of RAM short", " short"), (" of flash short", " flash"), (" too slow", " over")):
        words = words.replace(long, brief)
    return words


class AnalyseInspector(Column):
    """Board, RAM, flash, chosen layer."""

    def __init__(self) -> None:
        super().__init__()
        self.add(Text("Board", "section", "text_muted"))
        self.picker = BoardPicker()
        self.box.addWidget(self.picker)
        self.adopt = Button("Use it for the project", "secondary")
        left = QHBoxLayout()
        left.addWidget(self.adopt)
        left.addStretch(1)
        self.add_layout(left)
        self.separate()
        self.ram = PartsGroup("RAM")
        self.add(self.ram)
        self.separate()
        self.flash = PartsGroup("Flash")
        self.add(self.flash)
        self.separate()
        self.head = SectionHeader("Selected")
        self.add(self.head)
        self.title = Text("", "title", wrap=True)
        self.add(self.title)
        self.facts = QVBoxLayout()
        self.facts.setSpacing(6)
        self._cells: list[tuple[Text, Text, Number]] = []
        for name in ("In", "Out", "Weights", "Time"):
            line = QHBoxLayout()
            line.setSpacing(8)
            label = Text(name, "caption", "text_muted")
            label.setFixedWidth(56)
            note, value = Text("", "caption", "text_secondary"), Number("–", "", "caption_number", "right")
            line.addWidget(label)
            line.addWidget(note, 1)
            line.addWidget(value)
            self._cells.append((label, note, value))
            self.facts.addLayout(line)
        self.add_layout(self.facts)
        self.end()

    def set_data(self, data: AnalyseData) -> None:
        """Show a board's budgets."""
        self.picker.set_data(data.board, data.verdicts)
        self.adopt.setVisible(not data.own)
        self.ram.set_budget(data.report.verdict.budget("ram"))
        self.flash.set_budget(data.report.verdict.budget("flash"))

    def set_op(self, data: AnalyseData, index: int) -> None:
        """Show a layer."""
        op = data.report.graph.ops[index]
        self.head.note.setText(f"op {index}")
        self.title.setText(op.title)
        shapes, sizes = op_shapes(data.report, op), op_bytes(data.report, op)
        kernel = [t for t in (data.report.graph.tensors[i] for i in op.inputs if i >= 0) if t.constant]
        weights = "×".join(str(n) for n in kernel[0].shape) if kernel else "none"
        ms = data.times.ms[index]
        number, unit = estimate(ms, ms * data.times.spread, "ms") if ms >= 0.05 else time_text(ms)
        total = sum(data.times.ms) or 1.0
        notes = (*shapes, weights, f"{number} {unit}")
        values = (
            byte_size(sizes[0]),
            byte_size(sizes[1]),
            byte_size(op.weight_bytes),
            (f"{100 * ms / total:.0f}", "%"),
        )
        for (_, note, value), text, figure in zip(self._cells, notes, values, strict=True):
            note.setText(text)
            value.set(*figure)
