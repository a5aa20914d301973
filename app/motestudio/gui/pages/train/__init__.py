"""The Train page: live curves, the confusion of a run, all runs in a table and against each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.domain.classes import class_series
from motestudio.errors import AppError
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.train.curves import Curves
from motestudio.gui.pages.train.data import RunRow, TrainData, load, percent
from motestudio.gui.pages.train.follower import Follower
from motestudio.gui.pages.train.inspector import TrainInspector
from motestudio.gui.pages.train.run_table import OUTSET, RunTable
from motestudio.gui.plots.confusion import ConfusionMatrix
from motestudio.gui.plots.scatter import ParetoPlot, RunPoint
from motestudio.gui.widgets import Button, EmptyState, FittingText, PageBar, Text, scrolled
from motestudio.studio import evaluate, run_store, train

_FOR = "Train a model on the labelled takes and see how good it is on takes it has never seen."
_WIDE = 900
"""Width of the page from which confusion and Pareto plot stand at the right."""


class TrainPage(Page):
    """Curves, confusion, runs."""

    key = "train"
    title = "Train"
    margins = (0, 0, 0, 0)
    help = (
        f"{_FOR}\n"
        "Training runs beside the window and can be cancelled at any time: nothing half-made is kept. The same data "
        "and parameters give the same run.\n"
        "Solid lines are the training split, dashed ones validation. The confusion matrix and the accuracies are of "
        "the held-out takes: rows are the truth, columns what the model said; choose a cell to see the windows behind "
        "it.\n"
        "Choose a run in the table or in the plot; Shift and a click compares it with another."
    )

    def build(self) -> None:
        """Page bar, then the empty state or the scrolling content."""
        self._data: TrainData | None = None
        self._known: dict[tuple[str, str], RunRow] = {}
        self._other = -1
        self._asked = 0
        self._before = "none"
        self.follower = Follower(self.context.bridge, self)
        self.follower.began.connect(self._began)
        self.follower.grew.connect(self._grew)
        self.follower.ended.connect(self._ended)
        self._build_bar()
        self.empty = EmptyState("ph.chart-line-up", self.title, _FOR, "Train")
        self.empty.action.clicked.connect(self._empty_action)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled(self._content()))
        self.body.addWidget(self.stack, 1)
        self.details = TrainInspector()
        self.details.compare_wanted.connect(self._compare)
        self.details.pipeline_wanted.connect(self._pipeline)
        context = self.context
        for signal in (context.runs_changed, context.run_chosen, context.recordings_changed, context.pipeline_changed):
            signal.connect(self._refresh)
        context.project_changed.connect(self._project_changed)
        self._show(TrainData())

    def _build_bar(self) -> None:
        self.bar = PageBar(self.title)
        self.analyse = Button("Analyse", "secondary", "ph.cpu")
        self.analyse.clicked.connect(self._analyse)
        self.cancel = Button("Cancel", "secondary")
        self.cancel.clicked.connect(self._cancel)
        self.cancel.hide()
        self.start = Button("Train", "primary", key="Ctrl ↵")
        self.start.clicked.connect(self.train)
        for widget in (self.analyse, self.cancel, self.start):
            self.bar.add_action(widget)
        top = QVBoxLayout()
        top.setContentsMargins(24, 0, 24, 0)
        top.addWidget(self.bar)
        self.body.addLayout(top)

    def _content(self) -> QWidget:
        content = QWidget()
        content.setProperty("surface", "clear")
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(24 - OUTSET, 8, 24 - OUTSET, 16)
        self._grid.setHorizontalSpacing(32 - 2 * OUTSET)
        self._grid.setVerticalSpacing(16)
        self.curves_note = FittingText("", ink="text_muted")
        self.curves = Curves()
        self.confusion_note = FittingText("", ink="text_muted")
        self.confusion = ConfusionMatrix()
        self.confusion.setMinimumHeight(230)
        self.confusion.setMaximumHeight(420)
        self.confusion.chosen.connect(self._cell)
        self.table = RunTable()
        self.table.chosen.connect(self._run_chosen)
        self.table.compared.connect(self._compare)
        self.pareto = ParetoPlot("model, KB", "accuracy by window, %", y_most=100.0)
        self.pareto.setMinimumHeight(200)
        self.pareto.setMaximumHeight(420)
        self.pareto.chosen.connect(self._run_chosen)
        runs = QWidget()
        below = QVBoxLayout(runs)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.table)
        below.addStretch(1)
        self._blocks = (
            _block("Curves", self.curves_note, self.curves),
            _block("Confusion", self.confusion_note, self.confusion),
            _block("Runs", None, runs, outset=True),
            _block("Accuracy against size", None, self.pareto),
        )
        self._wide: bool | None = None
        return content

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two columns where there is room, else one."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        if wide is self._wide:
            return
        self._wide = wide
        for block in self._blocks:
            self._grid.removeWidget(block)
        places = ((0, 0), (0, 1), (1, 0), (1, 1)) if wide else ((0, 0), (1, 0), (3, 0), (2, 0))
        for block, (row, column) in zip(self._blocks, places, strict=True):
            self._grid.addWidget(block, row, column)
        self._grid.setColumnStretch(0, 5 if wide else 1)
        self._grid.setColumnStretch(1, 3 if wide else 0)
        self._grid.setColumnMinimumWidth(1, 280 if wide else 0)
        self._grid.setRowStretch(3, 0 if wide else 1)

    def activated(self) -> None:
        """Read anew."""
        self._refresh()

    def commands(self) -> Sequence[Command]:
        """Train and cancel."""
        return (
            Command("train.start", "Train a model", self.train, "Train", "Ctrl+Return", self._can_train),
            Command("train.cancel", "Cancel the training", self._cancel, "Train", "", self._runs),
            Command("train.analyse", "Analyse this run", self._analyse, "Train", "", self._has_run),
        )

    # Reading

    @Slot()
    def _project_changed(self) -> None:
        self._known.clear()
        self._other = -1
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        project = self.context.project
        if project is None or not self.isVisible():
            return
        studio, run, known = self.context.studio, self.context.run_id, dict(self._known)
        self._asked += 1
        asked = self._asked

        def done(data: TrainData) -> None:
            if asked == self._asked and project is self.context.project:
                self._known |= {(r.run.id, project.config.board): r for r in data.rows}
                self._show(data)

        self.context.run_operation("Runs", lambda _: load(studio, project, run, known), done, quiet=True)

    def _show(self, data: TrainData) -> None:
        before, self._data = self._data, data
        running = self.follower.running is not None
        filled = bool(data.rows) or running
        self.stack.setCurrentIndex(1 if filled else 0)
        self._show_empty(data)
        self.start.setVisible(filled and not running)
        self.cancel.setVisible(running)
        self.analyse.setVisible(bool(data.rows) and not running)
        self.set_inspector(self.details if filled and data.split is not None else None)
        row = data.row
        same = before is not None and before.row is not None and row is not None and before.row.run.id == row.run.id
        if not (0 <= self._other < len(data.rows)) or self._other == data.current:
            self._other = data.current - 1 if data.current > 0 else (1 if len(data.rows) > 1 else -1)
        self.details.set_data(data, self._other)
        self._show_runs(data)
        if not running:
            self._show_run(data, row)
        if not same:
            self.details.errors.clear()

    def _show_empty(self, data: TrainData) -> None:
        problem = data.problem
        self.empty.set_sentence(f"{problem.text} {problem.hint}" if problem else _FOR)
        self.empty.action.set_text("Record takes" if problem else "Train")

    def _show_runs(self, data: TrainData) -> None:
        self.table.set_rows(data.rows, data.current, self._other)
        points: list[RunPoint] = []
        index = -1
        for i, row in enumerate(data.rows):
            if i == data.current:
                index = len(points)
            fits = row.verdict is not None and row.verdict.fits
            points.append(RunPoint(row.run.id, (row.model_bytes or 0) / 1024, (row.accuracy or 0.0) * 100, fits))
        self.pareto.set_points(points, index)

    def _show_run(self, data: TrainData, row: RunRow | None) -> None:
        self.curves.set_curves(data.curves)
        if row is None:
            self.bar.set_facts("")
            return
        window, take = ("".join((n, " ", u)).strip() for n, u in (percent(row.accuracy), percent(row.take_accuracy)))
        self.bar.set_facts(row.run.id, (f"{window} by window", f"{take} by take"))
        epochs = max((len(v) for v in data.curves.values()), default=0)
        best = f", best epoch {data.best_epoch + 1} of {epochs}" if 0 <= data.best_epoch < epochs else ""
        if epochs:
            self.curves_note.set_texts(f"{row.run.id}{best}; dashed is validation", f"{row.run.id}{best}", row.run.id)
        else:
            self.curves_note.set_texts("the model stage kept none")
        metrics = row.run.metrics
        classes, table = list(row.run.facts.get("classes", ())), metrics.get("confusion")
        if isinstance(table, list) and len(table) == len(classes):
            series = class_series(classes)
            self.confusion.set_matrix(classes, table, [f"series:{series[c]}" for c in classes])
            total = sum(map(sum, table))
            wrong = total - sum(line[i] for i, line in enumerate(table))
            words = f"{wrong} of {total} held-out windows wrong"
            self.confusion_note.set_texts(f"{row.run.id}, {words}", words, f"{wrong} of {total} wrong")
        else:
            self.confusion.set_matrix([], [], [])
            self.confusion_note.set_texts("not evaluated")

    # Training

    def train(self) -> None:
        """Run the whole pipeline; what has been computed is not computed again."""
        project, studio = self.context.project, self.context.studio
        if project is None or not self._can_train():
            return
        known = {r.run.id for r in self._data.rows} if self._data else set()

        def done(run: run_store.Run) -> None:
            if run.id in known:
                self.context.show_message(
                    f"Nothing has changed since {run.id}: the same data and parameters give the same run.",
                    "Change the pipeline or record more takes, then train again.",
                    action="Change the pipeline",
                    act=self._pipeline,
                )
            self._other = -1
            self.context.choose_run(run.id)
            self.context.runs_changed.emit()

        self.follower.follow(
            self.context.run_operation("Train", lambda operation: train.train(studio, project, operation), done)
        )

    @Slot()
    def _began(self) -> None:
        data = self._data or TrainData()
        self.curves.clear(data.epochs)
        self._before = self.context.stages.get(self.key, "none")
        self.context.set_stage(self.key, "running")
        self.bar.set_facts("training")
        self.curves_note.set_texts("as it trains; dashed is validation", "as it trains")
        self._show(data)

    @Slot()
    def _grew(self) -> None:
        for name, value in self.follower.take():
            self.curves.add(name, value)
        self.curves.show_added()
        running = self.follower.running
        if running is not None and running.text:
            self.bar.set_facts("training", (running.text,))

    @Slot()
    def _ended(self) -> None:
        self.context.set_stage(self.key, self._before)
        if self._data is not None:
            self._show(self._data)
        self._refresh()

    def _cancel(self) -> None:
        if self.follower.running is not None:
            self.follower.running.cancel()

    def _can_train(self) -> bool:
        return self.follower.running is None and self._data is not None

    def _runs(self) -> bool:
        return self.follower.running is not None

    def _has_run(self) -> bool:
        return self._data is not None and self._data.row is not None

    # What the user chooses

    def _run_chosen(self, index: int) -> None:
        if self._data is not None:
            self.context.choose_run(self._data.rows[index].run.id)

    def _compare(self, index: int) -> None:
        data = self._data
        if data is not None and 0 <= index < len(data.rows) and index != data.current:
            self._other = index
            self.details.set_data(data, index)
            self.table.set_rows(data.rows, data.current, index)

    def _cell(self, truth: int, said: int) -> None:
        project, data = self.context.project, self._data
        if project is None or data is None or data.row is None:
            return
        run = data.row.run
        classes = run.facts["classes"]

        def done(found: list[evaluate.HeldOutWindow]) -> None:
            if self._data is not None and self._data.row is not None and self._data.row.run.id == run.id:
                self.details.errors.set_windows(classes[truth], classes[said], found)

        def failed(error: BaseException) -> None:
            self.details.errors.clear()
            self.details.errors.hint.setText(
                f"{error.text} {error.hint}" if isinstance(error, AppError) else str(error)
            )

        def work(_: object) -> list[evaluate.HeldOutWindow]:
            return evaluate.windows_said(project, run, classes[truth], classes[said])

        self.context.run_operation("Held-out windows", work, done, failed, quiet=True)

    def _empty_action(self) -> None:
        if self._data is not None and self._data.problem is not None:
            self.context.goto("record")
        else:
            self.train()

    def _analyse(self) -> None:
        self.context.goto("analyse")

    def _pipeline(self) -> None:
        self.context.goto("pipeline")


def _block(title: str, note: QWidget | None, widget: QWidget, *, outset: bool = False) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(8)
    head = QHBoxLayout()
    head.setContentsMargins(OUTSET, 0, OUTSET, 0)
    head.setSpacing(10)
    head.addWidget(Text(title, "strong"))
    if note is None:
        head.addStretch(1)
    else:
        head.addWidget(note, 1)
    box.addLayout(head)
    inset = QVBoxLayout()
    margin = 0 if outset else OUTSET
    inset.setContentsMargins(margin, 0, margin, 0)
    inset.addWidget(widget)
    box.addLayout(inset, 100)
    box.addStretch(1)
    return holder


PAGE = TrainPage
