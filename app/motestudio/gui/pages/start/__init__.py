"""The start page: templates, recent projects, what this computer has and lacks, boards, the same from the terminal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from motestudio.gui import data
from motestudio.gui.commands import Command
from motestudio.gui.data import BoardCard, RecentCard, StartData, ToolCard
from motestudio.gui.page import Page
from motestudio.gui.pages.start.parts import (
    BoardRow,
    MissingRow,
    NewProjectForm,
    RecentRow,
    TemplateTile,
    TerminalLine,
    free_folder,
)
from motestudio.gui.widgets import Button, Canvas, FactRow, SectionHeader, Separator, Text, scrolled

_FEW = 4
_FIRST_LOOK_MS = 200
# Rows reach beyond their text by this much, tiles by 4: everything else of the left column is set in.
_OUT = RecentRow.outset


class _Stripe(QWidget):
    """Rows with one amber line at their left."""

    def __init__(self) -> None:
        super().__init__()
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line."""
        with Canvas(self) as canvas:
            canvas.box(QRectF(0, 4, 3, self.height() - 8), 1.5, "warn_mark")


class StartPage(Page):
    """What the window shows without a project."""

    key = "start"
    title = "Start"
    help = (
        "Choose a template and start a project, or open one you have.\n"
        "Without a board use the virtual one: it plays motions and infers with the real interpreter.\n"
        "Everything runs on this computer and stays here."
    )
    margins = (0, 0, 0, 0)

    def build(self) -> None:
        """Two columns in a scroll area."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_FIRST_LOOK_MS)
        self._later.timeout.connect(self.refresh)
        self._data = StartData(templates=data.templates())
        self._all_recent = False
        content = QWidget()
        content.setProperty("surface", "surface")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._content = QVBoxLayout(content)
        self._content.setContentsMargins(48 - _OUT, 28, 48, 24)
        self._content.setSpacing(0)
        self._content.addLayout(self._top())
        self.form = NewProjectForm()
        self.form.hide()
        self.form.wanted.connect(self._create)
        self.form.left.connect(self.form.hide)
        self._content.addWidget(self.form)
        self._content.addSpacing(28)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(32 - _OUT)
        self._columns.addLayout(self._left(), 1)
        self._columns.addWidget(Separator(vertical=True))
        self._side = QWidget()
        self._side.setFixedWidth(352)
        self._columns.addSpacing(_OUT)
        self._columns.addWidget(self._side)
        self._content.addLayout(self._columns)
        self._content.addStretch(1)
        self.body.addWidget(scrolled(content))
        self._side_box = QVBoxLayout(self._side)
        self._side_box.setContentsMargins(0, 0, 0, 0)
        self._side_box.setSpacing(0)
        self._fill_side()

    def _top(self) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(9)
        box.setContentsMargins(_OUT, 0, 0, 0)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Text("Teach a board to recognise something", "headline"))
        line.addStretch(1)
        self.open = Button("Open", "secondary", "ph.folder-open")
        self.virtual = Button("Use the virtual board", "secondary", "ph.cpu")
        self.new = Button("New project", "primary", "ph.plus")
        for button in (self.open, self.virtual, self.new):
            line.addWidget(button)
        self.open.clicked.connect(self._open)
        self.virtual.clicked.connect(self._use_virtual)
        self.new.clicked.connect(self._new)
        box.addLayout(line)
        words = (
            "Record from a board, label, train, and watch it infer. Everything runs on this computer and stays here."
        )
        box.addWidget(Text(words, "body", "text_muted"))
        return box

    def _left(self) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(0)
        _inset(box, Text("Start from a template", "strong"))
        box.addSpacing(10)
        self._tiles = [TemplateTile(card) for card in self._data.templates]
        self._grid = QGridLayout()
        self._grid.setContentsMargins(_OUT - 4, 0, _OUT - 4, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(16)
        for tile in self._tiles:
            tile.clicked.connect(self._tile_clicked)
            tile.started.connect(self._new)
        if self._tiles:
            self._tiles[0].setChecked(True)
        box.addLayout(self._grid)
        box.addSpacing(24)
        self._recent_head = SectionHeader("Recent", "", "All projects", strong=True)
        if self._recent_head.action:
            self._recent_head.action.clicked.connect(self._more_recent)
        _inset(box, self._recent_head)
        box.addSpacing(6)
        _inset(box, Separator())
        self._recent_box = QVBoxLayout()
        self._recent_box.setSpacing(0)
        self._recent_box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._recent_box)
        box.addStretch(1)
        self._fill_recent()
        return box

    # Data

    def activated(self) -> None:
        """Look again at projects, tools and ports, once the window has been painted."""
        self._later.start()

    def deactivated(self) -> None:
        """No look at what is not shown."""
        self._later.stop()

    def refresh(self) -> None:
        """Read everything beside the window."""
        self.context.run_operation("Look at this computer", lambda _: data.load(), self._show, quiet=True)

    @Slot(object)
    def _show(self, loaded: StartData) -> None:
        if loaded == self._data:
            return
        self._data = loaded
        self._fill_recent()
        self._fill_side()

    def _fill_recent(self) -> None:
        _clear(self._recent_box)
        cards = self._data.recent if self._all_recent else self._data.recent[:_FEW]
        for i, card in enumerate(cards):
            row = RecentRow(card)
            row.clicked.connect(self._recent_clicked)
            if i:
                _inset(self._recent_box, Separator())
            self._recent_box.addWidget(row)
        if not cards:
            note = Text("Projects you open are listed here.", "body", "text_muted")
            note.setContentsMargins(0, 16, 0, 16)
            _inset(self._recent_box, note)
        if self._recent_head.action:
            self._recent_head.action.setVisible(len(self._data.recent) > _FEW)

    def _fill_side(self) -> None:
        box = self._side_box
        _clear(box)
        self._fill_missing(box)
        box.addWidget(SectionHeader("Found", ""))
        box.addSpacing(4)
        for tool in self._data.found:
            row = FactRow(tool.name, "", tool.version, mark="ok")
            row.setCheckable(False)
            row.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.outset = 0
            box.addWidget(row)
        if not self._data.found:
            box.addWidget(Text("Looking", "caption", "text_muted"))
        box.addWidget(Separator(margin=12))
        ports = self._data.ports
        note = f"looking on {ports} ports" if ports != 1 else "looking on 1 port"
        head = QHBoxLayout()
        head.addWidget(Text("Boards", "strong"), 1)
        head.addWidget(Text(note if ports else "no serial port", "caption", "text_muted"))
        box.addLayout(head)
        box.addSpacing(8)
        for card in self._data.boards or (BoardCard("Virtual board", "plays motions", "virtual"),):
            board = BoardRow(card)
            board.wanted.connect(self._board_wanted)
            box.addWidget(board)
        box.addWidget(Separator(margin=12))
        box.addWidget(Text("From the terminal", "strong"))
        box.addSpacing(8)
        box.addWidget(TerminalLine("mote demo"))
        box.addStretch(1)

    def _fill_missing(self, box: QVBoxLayout) -> None:
        missing: tuple[ToolCard, ...] = self._data.missing
        if not missing:
            return
        head = SectionHeader("Missing on this computer", str(len(missing)), "Check again", strong=True)
        if head.action:
            head.action.clicked.connect(self.refresh)
        box.addWidget(head)
        box.addSpacing(8)
        stripe = _Stripe()
        for tool in missing:
            row = MissingRow(tool)
            row.copied.connect(self._copied)
            stripe.box.addWidget(row)
        box.addWidget(stripe)
        box.addSpacing(8)
        words = "You can record, train and use the virtual board without these."
        box.addWidget(Text(words, "caption", "text_muted", wrap=True))
        box.addWidget(Separator(margin=12))

    # What the user does

    @property
    def template(self) -> str:
        """Id of the chosen template."""
        return next((t.card.id for t in self._tiles if t.isChecked()), "gesture")

    def _tile_clicked(self) -> None:
        for tile in self._tiles:
            tile.setChecked(tile is self.sender())

    def _new(self) -> None:
        self.form.show()
        self.form.begin(self.template, self.context.projects_folder)

    def _create(self, name: str, folder: str) -> None:
        self.form.hide()
        self.context.create_project(Path(folder), self.template, name, lambda: self.context.goto("record"))

    def _use_virtual(self) -> None:
        self._start_with("virtual")

    def _start_with(self, port: str) -> None:
        def connect() -> None:
            self.context.goto("record")
            self.context.connect_device(port)

        folder = free_folder(self.context.projects_folder, self.template)
        self.context.create_project(folder, self.template, folder.name, connect)

    def _open(self) -> None:
        command = self.context.commands.find("project.open")
        if command is not None:
            command.run()

    def _recent_clicked(self) -> None:
        row = self.sender()
        if isinstance(row, RecentRow):
            row.setChecked(False)
            card: RecentCard = row.card
            self.context.open_project(card.folder, lambda: self.context.goto("record"))

    def _more_recent(self) -> None:
        self._all_recent = not self._all_recent
        self._fill_recent()

    def _board_wanted(self, card: BoardCard) -> None:
        if card.busy:
            self.context.show_message(
                card.busy, "Close that program, then check again.", "warn", "Check again", self.refresh
            )
        else:
            self._start_with(card.port)

    def _copied(self, fix: str) -> None:
        self.context.show_message(
            f"Copied: {fix}", "Run it in a terminal, then check again.", "ok", "Check again", self.refresh
        )

    def commands(self) -> list[Command]:
        """What can be done here by name."""
        return [
            Command("start.new", "New project", self._new, "Project", "Ctrl+N"),
            Command("start.virtual", "Start with the virtual board", self._use_virtual, "Board"),
            Command("start.check", "Check this computer again", self.refresh, "Project"),
        ]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows get fewer columns."""
        super().resizeEvent(event)
        wide = self.width() >= 1180
        margin = 48 if wide else 24
        self._content.setContentsMargins(margin - _OUT, 28, margin, 24)
        self._side.setFixedWidth(352 if wide else 296)
        columns = 4 if wide else 2
        for i, tile in enumerate(self._tiles):
            tile.set_compact(not wide)
            self._grid.addWidget(tile, i // columns, i % columns)


def _inset(box: QVBoxLayout, widget: QWidget) -> None:
    line = QHBoxLayout()
    line.setContentsMargins(_OUT, 0, _OUT, 0)
    line.addWidget(widget)
    box.addLayout(line)


def _clear(box: QLayout) -> None:
    while box.count():
        item = box.takeAt(0)
        widget = item.widget() if item else None
        inner = item.layout() if item else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            _clear(inner)


PAGE = StartPage
