"""The Deploy page: from a run to a board: the way, what is there for it, what would be written, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.errors import AppError
from motestudio.firmware.chip_image import ChipImage
from motestudio.firmware.generator import FirmwareProject
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.deploy.actions import Actions, Order
from motestudio.gui.pages.deploy.data import DeployData, Wish, load
from motestudio.gui.pages.deploy.sources import SourcesColumn
from motestudio.gui.pages.deploy.steps import StepsColumn
from motestudio.gui.pages.deploy.target import TargetColumn
from motestudio.gui.pages.deploy.way_strip import WayStrip
from motestudio.gui.widgets import Button, Choice, EmptyState, PageBar, Separator, scrolled
from motestudio.studio import deploy, sdk, sdk_get
from motestudio.studio.operation import Operation

_FOR = "Generate the firmware project of a run, build it and flash it to the board, verified by its hash."
_WAYS = "deploy_ways"
"""Among the settings: the way that was chosen last, by the project's folder."""


class DeployPage(Page):
    """Three columns, one button."""

    key = "deploy"
    title = "Deploy"
    margins = (0, 0, 0, 0)
    help = (
        f"{_FOR}\n"
        "Top: where to. The virtual board is sent the model as a package; the emulator runs the whole firmware in "
        "QEMU; Chip writes it through a serial port or a debug probe; Model only changes a connected board's model.\n"
        "Left: the target, and what this computer has and lacks for that way, with how to get each missing thing.\n"
        "Middle: what will be written, file by file, with its diff. What lies in user/ is yours and never touched; a "
        "generated file that you edited is kept beside the new one as .orig.\n"
        "Right: the steps, the log, and what fills flash and RAM. A board that is interrupted while it is sent a model "
        "keeps the one it had; a chip that is interrupted is written again."
    )

    def build(self) -> None:
        """Page bar, then the empty state or the columns."""
        self._data: DeployData | None = None
        self._asked = 0
        self._before = "none"
        self.verbs = Actions(self.context, self)
        self.verbs.busy.connect(self._busy)
        self.verbs.packaged.connect(self._packaged)
        self.verbs.linked.connect(self._linked)
        self.verbs.way_wanted.connect(self._way_chosen)
        self._through = ""
        self._shown: tuple[str, str] | None = None
        self._getting: RunningOperation | None = None
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
        context.bridge.finished.connect(self._operation_ended)
        self._show(None)

    def _build_bar(self) -> None:
        self.bar = PageBar(self.title)
        self.runs = Choice([], "Run")
        self.runs.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.runs.activated.connect(self._run_chosen)
        self.cancel = Button("Cancel", "quiet")
        self.cancel.clicked.connect(self.verbs.cancel)
        self.cancel.hide()
        self.stop = Button("Stop the emulator", "secondary")
        self.stop.clicked.connect(self.verbs.stop_emulator)
        self.again = Button("Deploy again", "secondary")
        self.again.clicked.connect(self._start)
        self.start = Button("Deploy", "primary", key="Ctrl ↵")
        self.start.clicked.connect(self._start)
        self.live = Button("Go live", "primary", key="Ctrl ↵")
        self.live.clicked.connect(self._live)
        for widget in (self.runs, self.cancel, self.stop, self.again, self.start, self.live):
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
        self.ways = WayStrip()
        self.ways.chosen.connect(self._way_chosen)
        self.ways.computer_wanted.connect(self._show_computer)
        box.addWidget(self.ways)
        box.addWidget(Separator())
        row = QHBoxLayout()
        row.setSpacing(0)
        self.target = TargetColumn()
        self.target.connect_wanted.connect(self._connect)
        self.target.disconnect_wanted.connect(self.context.disconnect_device)
        self.target.page_wanted.connect(self.context.goto)
        self.target.through_wanted.connect(self._through_chosen)
        self.target.computer.refresh_wanted.connect(self._refresh)
        self.target.computer.get_wanted.connect(self._get_tflm)
        self.target.computer.build_wanted.connect(self._build_tflm)
        self.sources = SourcesColumn()
        self.steps = StepsColumn()
        self.verbs.step.connect(self._step)
        self.verbs.place.connect(self._place)
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
            Command("deploy.start", "Deploy", self._primary, "Deploy", "Ctrl+Return", self._can_start),
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
        wish = Wish(self._chosen_ways().get(str(project.folder), ""), self._through)
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

        context.run_operation("Deploy", lambda _: load(studio, project, run, session, wish), done, failed, quiet=True)

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
        self.target.set_data(data, self.context.session)
        if not self._busy_now:
            self.ways.set_data(data)
            self.steps.set_way(data.way)
        self.steps.set_verdict(data.verdict)
        if before is not None and (before.run.id, before.board.id) != (data.run.id, data.board.id):
            self.steps.reset()
            self.steps.set_build(None)
            self.steps.set_image(None, data.board)

    def _show_buttons(self) -> None:
        held, has = self._held(), self._data is not None
        self.start.setVisible(has and not held)
        self.start.setEnabled(self._can_start())
        self.again.setVisible(held)
        self.again.setEnabled(self._can_start())
        self.live.setVisible(held)
        self.stop.setVisible(self.verbs.emulating and not self._busy_now)

    # What the user does

    def _held(self) -> bool:
        """Whether what is connected is where the way leads to, and holds this run."""
        data, session = self._data, self.context.session
        if data is None or session is None or not data.held:
            return False
        virtual, emulated = session.description.virtual, self.verbs.emulating
        return {"virtual": virtual, "emulator": emulated, "chip": not virtual and not emulated, "model": not virtual}[
            data.way
        ]

    @property
    def _busy_now(self) -> bool:
        return self.cancel.isVisibleTo(self)

    def _can_start(self) -> bool:
        return self._data is not None and not self._data.obstacle and not self._busy_now and self._getting is None

    def _primary(self) -> None:
        if self._held():
            self._live()
        else:
            self._start()

    def _start(self) -> None:
        data = self._data
        if data is not None and self._can_start():
            self.steps.reset()
            self.verbs.start(Order(data.run, data.board, data.way, data.through, data.tool))

    def _busy(self, busy: bool) -> None:
        self.cancel.setVisible(busy)
        for widget in (self.start, self.again, self.live, self.runs, self.ways.choice):
            widget.setEnabled(not busy)
        if busy:
            self._before = self.context.stages.get(self.key, "none")
            self.context.set_stage(self.key, "running")
            self.stop.hide()
        else:
            state = self.steps.state
            self.context.set_stage(self.key, self._before if state == "none" else state)
            self._refresh()

    def _step(self, key: str, state: str, text: str, seconds: float) -> None:
        self.steps.rows[key].set_state(state, text, seconds if seconds >= 0 else None)

    def _place(self, key: str, path: Path, line: int) -> None:
        self.steps.rows[key].set_place(path, line)

    def _packaged(self, made: FirmwareProject, built: deploy.BuiltPackage) -> None:
        self.steps.set_build(built.build)
        self.sources.set_project(made, written=True)

    def _linked(self, image: ChipImage) -> None:
        if self._data is not None:
            self.steps.set_image(image, self._data.board)

    def _way_chosen(self, way: str) -> None:
        project = self.context.project
        if project is not None:
            # A new table: the settings tell a change by comparing.
            self.context.settings.set(_WAYS, self._chosen_ways() | {str(project.folder): way})
            self._refresh()

    def _chosen_ways(self) -> dict[str, str]:
        kept = self.context.settings.get(_WAYS, {})
        return {folder: way for folder, way in kept.items() if isinstance(way, str)}

    def _through_chosen(self, place: str) -> None:
        self._through = place
        self._refresh()

    def _show_computer(self) -> None:
        card = self.target.computer
        self.left.verticalScrollBar().setValue(card.mapTo(self.target, QPoint(0, 0)).y())
        card.refresh.setFocus(Qt.FocusReason.OtherFocusReason)

    def _get_tflm(self) -> None:
        self._tflm("Get TensorFlow Lite Micro", sdk_get.get)

    def _build_tflm(self) -> None:
        if self._data is not None:
            core = self._data.board.core
            self._tflm(f"Build TensorFlow Lite Micro for {core}", lambda operation: sdk.build(core, operation))

    def _tflm(self, title: str, work: Callable[[Operation], object]) -> None:
        self._getting = self.context.run_operation(title, work)
        self.target.computer.set_busy(True)
        self._show_buttons()

    def _operation_ended(self, running: RunningOperation) -> None:
        if running is self._getting:
            self._getting = None
            self.target.computer.set_busy(False)
            self._refresh()

    def _connect(self, port: str) -> None:
        self.context.connect_device(port)

    def _run_chosen(self, index: int) -> None:
        self.context.choose_run(self.runs.itemText(index))

    def _live(self) -> None:
        self.context.goto("live")

    def _train(self) -> None:
        self.context.goto("train")


PAGE = DeployPage
