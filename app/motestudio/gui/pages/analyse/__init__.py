"""The Analyse page: what a model costs in memory and time, layer by layer, before anything is flashed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.numbers import byte_size, quantity
from motestudio.gui.page import Page
from motestudio.gui.pages.analyse.actions import Actions
from motestudio.gui.pages.analyse.data import AnalyseData, load
from motestudio.gui.pages.analyse.inspector import AnalyseInspector
from motestudio.gui.pages.analyse.layer_table import OUTSET, LayerTable
from motestudio.gui.pages.analyse.measured import MeasuredStrip
from motestudio.gui.pages.analyse.verdict_line import VerdictLine
from motestudio.gui.plots.arena_map import ArenaMap
from motestudio.gui.widgets import Button, Choice, EmptyState, FittingText, PageBar, Separator, Text, scrolled

_FOR = "See what a model costs in memory and time, layer by layer, before anything is flashed."
_MAP_HEIGHT = (250, 620)


class AnalysePage(Page):
    """Verdict, arena map, layer table; map, table and inspector mark the same operator."""

    key = "analyse"
    title = "Analyse"
    margins = (0, 0, 0, 0)
    help = (
        f"{_FOR}\n"
        "Figures with ± are estimates from published measurements; Measure on board sends the held-out windows to the "
        "connected board and compares every output byte.\n"
        "The map shows the arena: across the operators, up the bytes. What is hatched is held for the whole run.\n"
        "Point at an operator in map or table to see it in all three places; a click keeps it."
    )

    def build(self) -> None:
        """Page bar, and under it either the empty state or the scrolling content."""
        self._data: AnalyseData | None = None
        self._board = ""
        self._asked = 0
        self.verbs = Actions(self.context, self)
        self.verbs.measured.connect(self._refresh)
        self.verbs.busy.connect(self._busy)
        self.bar = PageBar(self.title)
        self.runs = Choice([], "Run")
        self.runs.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.runs.activated.connect(self._run_chosen)
        self.compare = Button("Compare", "secondary", "ph.columns")
        self.compare.clicked.connect(self._compare)
        self.measure = Button("Measure on board", "primary")
        self.measure.clicked.connect(self._measure)
        for widget in (self.runs, self.compare, self.measure):
            self.bar.add_action(widget)
        top = QVBoxLayout()
        top.setContentsMargins(24, 0, 24, 0)
        top.addWidget(self.bar)
        self.body.addLayout(top)
        self.empty = EmptyState("ph.cpu", self.title, _FOR, "Train a model")
        self.empty.action.clicked.connect(self._train)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled(self._content()))
        self.body.addWidget(self.stack, 1)
        self.details = AnalyseInspector()
        self.details.picker.chosen.connect(self._board_chosen)
        self.details.adopt.clicked.connect(self._adopt)
        for signal in (self.context.runs_changed, self.context.run_chosen, self.context.pipeline_changed):
            signal.connect(self._refresh)
        self.context.project_changed.connect(self._project_changed)
        self._show(None)

    def _content(self) -> QWidget:
        content = QWidget()
        content.setProperty("surface", "clear")
        box = QVBoxLayout(content)
        box.setContentsMargins(24 - OUTSET, 8, 24 - OUTSET, 16)
        box.setSpacing(0)
        self.verdict = VerdictLine()
        self.strip = MeasuredStrip()
        self.arena_note = FittingText(style="body", ink="text_muted")
        change = Button("Change the pipeline", "link")
        change.clicked.connect(self._pipeline)
        arena = QWidget()
        line = QHBoxLayout(arena)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addWidget(Text("Arena", "strong"))
        line.addWidget(self.arena_note, 1)
        line.addWidget(change)
        self.map = ArenaMap()
        self.map.setMinimumHeight(_MAP_HEIGHT[0])
        self.map.setMaximumHeight(_MAP_HEIGHT[1])
        self.map.hovered.connect(self._hover)
        self.map.chosen.connect(self._choose)
        self.table = LayerTable()
        self.table.hovered.connect(self._hover)
        self.table.chosen.connect(self._choose)
        for widget, space in ((self.verdict, 0), (self.strip, 0), (Separator(), 16), (arena, 12), (self.map, 8)):
            inset = QVBoxLayout()
            inset.setContentsMargins(OUTSET, space, OUTSET, 0)
            inset.addWidget(widget)
            box.addLayout(inset, 100 if widget is self.map else 0)
        box.addSpacing(8)
        box.addWidget(self.table)
        box.addStretch(1)
        return content

    def activated(self) -> None:
        """Read anew: a run may have come, a board may have been measured."""
        self._refresh()

    def commands(self) -> Sequence[Command]:
        """Measure, and walk through the layers."""
        return (
            Command("analyse.measure", "Measure on the board", self._measure, "Analyse", "Ctrl+M", self._has_model),
            Command("analyse.peak", "Go to the peak of the arena", self._peak, "Analyse", "P", self._has_model),
        )

    # Reading

    def _project_changed(self) -> None:
        self._board = ""
        self._refresh()

    def _refresh(self) -> None:
        project = self.context.project
        if project is None or not self.isVisible():
            return
        studio, run, board = self.context.studio, self.context.run_id, self._board
        self._asked += 1
        asked = self._asked

        def done(data: AnalyseData | None) -> None:
            if asked == self._asked and project is self.context.project:
                self._show(data)

        def failed(error: BaseException) -> None:
            self._show(None)
            self.context.show_error(error)

        self.context.run_operation("Analyse", lambda _: load(studio, project, run, board), done, failed, quiet=True)

    def _show(self, data: AnalyseData | None) -> None:
        before, self._data = self._data, data
        has = data is not None
        self.stack.setCurrentIndex(1 if has else 0)
        for widget in (self.runs, self.compare, self.measure):
            widget.setVisible(has)
        if data is None:
            self.bar.set_facts("")
            self._inspect(None)
            return
        self._show_bar(data)
        self.verdict.set_data(data)
        self.strip.set_measurement(data.measured)
        self._show_arena(data)
        same = before is not None and before.run.id == data.run.id
        chosen = self.table.current if same else data.report.plan.peak_op
        self.table.set_data(data)
        self._inspect(data)
        self._choose(min(chosen, len(data.report.graph.ops) - 1))

    def _show_bar(self, data: AnalyseData) -> None:
        ops = data.report.graph.ops
        number, prefix = quantity(sum(op.macs for op in ops), "")
        self.bar.set_facts("", (f"{len(ops)} ops", f"{number} {prefix} MAC".replace("  ", " ")))
        self.runs.clear()
        self.runs.addItems(list(reversed(data.runs)))
        self.runs.setCurrentText(data.run.id)
        self.compare.setVisible(len(data.runs) > 1)

    def _show_arena(self, data: AnalyseData) -> None:
        plan, held = data.report.plan, data.held_bytes
        total, head, rest = (" ".join(byte_size(n)) for n in (plan.head_bytes + held, plan.head_bytes, held))
        self.arena_note.set_texts(
            f"{total}: {head} of tensors placed by the greedy planner, {rest} held for the whole run",
            f"{total}: {head} of tensors, {rest} held for the whole run",
            total,
        )
        self.map.set_plan(plan, data.report.graph, held)
        title, _, advice = data.report.advice.partition(": ")
        self.map.set_callout(f"{title}:" if advice else title, advice)

    def _inspect(self, data: AnalyseData | None) -> None:
        if data is not None:
            self.details.set_data(data)
        self.set_inspector(None if data is None else self.details)

    # The linked operator

    def _hover(self, op: int) -> None:
        self._mark(op if op >= 0 else self.table.current)

    def _mark(self, op: int) -> None:
        if self._data is None or not 0 <= op < len(self._data.report.graph.ops):
            return
        self.map.set_op(op)
        self.table.set_op(op)
        self.details.set_op(self._data, op)

    def _choose(self, op: int) -> None:
        self.table.set_op(op, chosen=True)
        self._mark(op)

    def _peak(self) -> None:
        if self._data is not None:
            self._choose(self._data.report.plan.peak_op)

    # What the user does

    def _has_model(self) -> bool:
        return self._data is not None

    def _run_chosen(self, index: int) -> None:
        self.context.choose_run(self.runs.itemText(index))

    def _board_chosen(self, board: str) -> None:
        project = self.context.project
        self._board = "" if project is not None and board == project.config.board else board
        self._refresh()

    def _adopt(self) -> None:
        if self._data is not None:
            self.verbs.use_board(self._data.board.id, self._project_changed)

    def _measure(self) -> None:
        if self._data is not None:
            self.verbs.measure(self._data.run)

    def _busy(self, busy: bool) -> None:
        self.measure.setEnabled(not busy)

    def _train(self) -> None:
        self.context.goto("train")

    def _compare(self) -> None:
        self.context.goto("train")

    def _pipeline(self) -> None:
        self.context.goto("pipeline")


PAGE = AnalysePage
