"""The Deploy page: from a run to a board: what is there, what would be written, build and flash."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.errors import AppError
from motestudio.firmware.generator import FirmwareProject
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.deploy.actions import Actions, Done
from motestudio.gui.pages.deploy.data import DeployData, load
from motestudio.gui.pages.deploy.sources import SourcesColumn
from motestudio.gui.pages.deploy.steps import StepsColumn
from motestudio.gui.pages.deploy.target import TargetColumn
from motestudio.gui.widgets import Button, Choice, EmptyState, PageBar, Separator, scrolled
from motestudio.studio import deploy

_FOR = "Generate the firmware project of a run, build it and flash it to the board, verified by its hash."


class DeployPage(Page):
    """Three columns, one button."""

    key = "deploy"
    title = "Deploy"
    margins = (0, 0, 0, 0)
    help = (
        f"{_FOR}\n"
        "Left: the target and what this computer has and lacks, with how to get each missing thing.\n"
        "Middle: what will be written, file by file, with its diff. What lies in user/ is yours and never touched; a "
        "generated file that you edited is kept beside the new one as .orig.\n"
        "Right: Build and flash generates, compiles the feature code, sends the package and compares the hash that the "
        "board computes from its own flash. A board that is interrupted keeps the model it had."
    )

    def build(self) -> None:
        """Page bar, then the empty state or the columns."""
        self._data: DeployData | None = None
        self._asked = 0
        self._before = "none"
        self.verbs = Actions(self.context, self)
        self.verbs.busy.connect(self._busy)
        self.verbs.done.connect(self._done)
        self._build_bar()
        self.empty = EmptyState("ph.rocket-launch", self.title, _FOR, "Train a model")
        self.empty.action.clicked.connect(self._train)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._columns())
        self.body.addWidget(self.stack, 1)
        context = self.context
        for signal in (context.runs_changed, context.run_chosen, context.project_changed, context.pipeline_changed):
            signal.connect(self._refresh)
        context.device_changed.connect(self._refresh)
        self._show(None)

    def _build_bar(self) -> None:
        self.bar = PageBar(self.title)
        self.runs = Choice([], "Run")
        self.runs.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.runs.activated.connect(self._run_chosen)
        self.cancel = Button("Cancel", "quiet")
        self.cancel.clicked.connect(self.verbs.cancel)
        self.cancel.hide()
        self.again = Button("Build and flash again", "secondary")
        self.again.clicked.connect(self._start)
        self.start = Button("Build and flash", "primary", key="Ctrl ↵")
        self.start.clicked.connect(self._start)
        self.live = Button("Go live", "primary", key="Ctrl ↵")
        self.live.clicked.connect(self._live)
        for widget in (self.runs, self.cancel, self.again, self.start, self.live):
            self.bar.add_action(widget)
        top = QVBoxLayout()
        top.setContentsMargins(24, 0, 24, 0)
        top.addWidget(self.bar)
        self.body.addLayout(top)

    def _columns(self) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(Separator())
        row = QHBoxLayout()
        row.setSpacing(0)
        self.target = TargetColumn()
        self.target.connect_wanted.connect(self._connect)
        self.target.disconnect_wanted.connect(self.context.disconnect_device)
        self.target.page_wanted.connect(self.context.goto)
        self.sources = SourcesColumn()
        self.steps = StepsColumn()
        self.verbs.step.connect(self._step)
        self.verbs.line.connect(self.steps.add_line)
        self.left, self.right = scrolled(self.target), scrolled(self.steps)
        row.addWidget(self.left)
        row.addWidget(Separator(vertical=True))
        row.addWidget(self.sources, 1)
        row.addWidget(Separator(vertical=True))
        row.addWidget(self.right)
        box.addLayout(row, 1)
        return holder

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The outer columns take a quarter each, between what they need and what serves them."""
        wide = self.width()
        self.left.setFixedWidth(min(340, max(256, wide // 4)))
        self.right.setFixedWidth(min(460, max(300, int(wide * 0.29))))
        super().resizeEvent(event)

    def activated(self) -> None:
        """Read anew: ports and runs come and go."""
        self._refresh()

    def commands(self) -> Sequence[Command]:
        """The primary action."""
        return (
            Command("deploy.start", "Build and flash", self._primary, "Deploy", "Ctrl+Return", self._can_start),
            Command("deploy.live", "Go live", self._live, "Deploy", "", self._held),
        )

    # Reading

    @Slot()
    def _refresh(self) -> None:
        project = self.context.project
        if project is None or not self.isVisible():
            return
        context = self.context
        studio, session, run = context.studio, context.session, context.run_id
        self._asked += 1
        asked = self._asked

        def done(data: DeployData | None) -> None:
            if asked == self._asked and project is self.context.project:
                self._show(data)
                if data is not None:
                    self._preview(data)

        def failed(error: BaseException) -> None:
            self._show(None)
            context.show_error(error)

        context.run_operation("Deploy", lambda _: load(studio, project, run, session), done, failed, quiet=True)

    def _preview(self, data: DeployData) -> None:
        context, project, asked = self.context, self.context.project, self._asked
        if project is None:
            return
        studio = context.studio

        def done(made: FirmwareProject) -> None:
            if asked == self._asked:
                self.sources.set_project(made)

        def failed(error: BaseException) -> None:
            self.sources.set_project(None)
            self.sources.note.set_texts(error.text if isinstance(error, AppError) else str(error), "It cannot be made.")
            context.show_error(error)

        def work(operation: object) -> FirmwareProject:
            return deploy.preview(studio, project, data.run, operation)  # type: ignore[arg-type]

        context.run_operation("Preview the firmware", work, done, failed, quiet=True)

    def _show(self, data: DeployData | None) -> None:
        before, self._data = self._data, data
        self.stack.setCurrentIndex(0 if data is None else 1)
        self.runs.setVisible(data is not None)
        self._show_buttons()
        if data is None:
            self.bar.set_facts("")
            return
        self.runs.clear()
        self.runs.addItems(list(reversed(data.runs)))
        self.runs.setCurrentText(data.run.id)
        self.target.set_data(data, self.context.session, self.context.settings.get("tflm_dir", ""))
        self.steps.set_verdict(data.verdict)
        if before is not None and before.run.id != data.run.id:
            self.steps.reset()
            self.steps.set_build(None)

    def _show_buttons(self) -> None:
        held, has = self._held(), self._data is not None
        self.start.setVisible(has and not held)
        self.start.setEnabled(self._can_start())
        self.again.setVisible(held)
        self.live.setVisible(held)

    # What the user does

    def _held(self) -> bool:
        return self._data is not None and self._data.held

    def _can_start(self) -> bool:
        return self._data is not None and not self._data.blocked and not self.cancel.isVisible()

    def _primary(self) -> None:
        if self._held():
            self._live()
        else:
            self._start()

    def _start(self) -> None:
        if self._data is not None and self._can_start():
            self.steps.reset()
            self.verbs.start(self._data.run)

    def _busy(self, busy: bool) -> None:
        self.cancel.setVisible(busy)
        for button in (self.start, self.again, self.live, self.runs):
            button.setEnabled(not busy)
        if busy:
            self._before = self.context.stages.get(self.key, "none")
            self.context.set_stage(self.key, "running")
        else:
            states = [row.dot.state for row in self.steps.rows.values()]
            now = "failed" if "failed" in states else ("fresh" if states[1] == "fresh" else self._before)
            self.context.set_stage(self.key, now)
            self._refresh()

    def _step(self, key: str, state: str, text: str, seconds: float) -> None:
        self.steps.rows[key].set_state(state, text, seconds if seconds >= 0 else None)

    def _done(self, done: Done) -> None:
        self.steps.set_build(done.built.build)
        self.sources.set_project(done.made, written=True)

    def _connect(self, port: str) -> None:
        self.context.connect_device(port)

    def _run_chosen(self, index: int) -> None:
        self.context.choose_run(self.runs.itemText(index))

    def _live(self) -> None:
        self.context.goto("live")

    def _train(self) -> None:
        self.context.goto("train")


PAGE = DeployPage
