"""The window: composes the frame, shows pages, carries commands and shortcuts. It knows no page from inside."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.context import AppContext
from motestudio.gui.frame.header import Header
from motestudio.gui.frame.help_panel import HelpPanel
from motestudio.gui.frame.inspector import InspectorArea
from motestudio.gui.frame.job_strip import JobStrip
from motestudio.gui.frame.link_health import LinkHealth
from motestudio.gui.frame.log_panel import LogPanel
from motestudio.gui.frame.palette import CommandPalette
from motestudio.gui.frame.rail import Rail
from motestudio.gui.frame.trust_bar import TrustBar
from motestudio.gui.page import JOBS_PAGE, OTHER_PAGES, PAGES, WORK_PAGES, Page
from motestudio.gui.stage_watch import StageWatch
from motestudio.gui.theme import theme
from motestudio.gui.widgets.marks import Separator
from motestudio.gui.widgets.notices import Banner

MOST_TAKES = 50
"""Of the palette: more of one name tell nobody which is meant."""


_SETTINGS = (
    "Default port and speed",
    "Folder of new projects",
    "Folder of TensorFlow Lite Micro",
    "Folders of plugins",
    "Versions",
)

_SIDES = tuple(f"{held}{side}" for held in ("", "Shift+", "Ctrl+") for side in ("Left", "Right"))
_REPEATING = (*_SIDES, "+", "-", "PgUp", "PgDown")
"""Keys that go on while they are held."""


class MainWindow(QWidget):
    """The one top-level window of a context."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.pages: dict[str, Page] = {}
        self.current: Page | None = None
        self._page_shortcuts: list[QShortcut] = []
        self.setWindowTitle("Mote Studio")
        self.setMinimumSize(1024, 640)
        self.setProperty("surface", "surface")
        self._build()
        self._connect()
        self._stage_watch = StageWatch(context)
        self._window_commands()
        self._project_changed()
        self.show_page("start")

    def _build(self) -> None:
        self.rail = Rail()
        self.header = Header()
        self.banner = Banner()
        self.trust_bar = TrustBar(self.context)
        self.stack = QStackedWidget()
        self.inspector = InspectorArea()
        self.inspector.set_folded(self.context.settings.get("inspector_folded", False))
        self.log = LogPanel(self.context.bridge)
        self.strip = JobStrip(self.context.bridge)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.banner)
        middle.addWidget(self.trust_bar)
        middle.addWidget(self.stack, 1)
        middle.addWidget(self.log)
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addLayout(middle, 1)
        across.addWidget(self.inspector)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.header)
        right.addLayout(across, 1)
        right.addWidget(self.strip)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.rail)
        whole.addWidget(Separator(vertical=True))
        whole.addLayout(right, 1)
        self.palette_overlay = CommandPalette(self.context.commands, self)
        self.health = LinkHealth(self.context, self.header.board)

    def _connect(self) -> None:
        context = self.context
        self.rail.chosen.connect(self.show_page)
        self.header.search.clicked.connect(self.palette_overlay.open)
        self.header.breadcrumb.clicked.connect(self._project_menu)
        self.header.board.clicked.connect(self._board_menu)
        self.strip.log_wanted.connect(self._toggle_log)
        self.strip.jobs_wanted.connect(context.show_running_job)
        self.inspector.folded_by_user.connect(self._folded)
        context.page_wanted.connect(self.show_page)
        context.project_changed.connect(self._project_changed)
        context.stages_changed.connect(self._stages_changed)
        context.message_wanted.connect(self._message)
        context.error_wanted.connect(self._error)

    # Pages

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Show a page, building it when it is first wanted."""
        spec = PAGES[key]
        if spec.needs_project and self.context.project is None:
            self.rail.set_current(self.current.key if self.current else "")
            return
        if key not in self.pages:
            page = spec.load()(self.context)
            page.inspector_changed.connect(self._inspector_changed)
            self.pages[key] = page
            self.stack.addWidget(page)
        page = self.pages[key]
        if self.current is not None and self.current is not page:
            self.current.deactivated()
        self.current = page
        self.stack.setCurrentWidget(page)
        self.rail.set_current(key)
        self.trust_bar.set_page(key)
        self.inspector.set_inspector(page.inspector)
        self._use_commands(page)
        page.activated()

    @Slot()
    def _inspector_changed(self) -> None:
        if self.current is self.sender() and self.current is not None:
            self.inspector.set_inspector(self.current.inspector)

    def _use_commands(self, page: Page) -> None:
        for shortcut in self._page_shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        commands = tuple(page.commands())
        self.context.commands.set("page", commands)
        self._page_shortcuts = [self._shortcut(c) for c in commands if c.shortcut]

    def _shortcut(self, command: Command) -> QShortcut:
        shortcut = QShortcut(QKeySequence(command.shortcut), self)
        shortcut.setAutoRepeat(command.shortcut in _REPEATING)

        def run() -> None:
            if command.enabled():
                command.run()

        shortcut.activated.connect(run)
        return shortcut

    # Commands of the window

    def _window_commands(self) -> None:
        def has_project() -> bool:
            return self.context.project is not None

        def has_board() -> bool:
            return self.context.session is not None

        commands = []
        for n, spec in enumerate(WORK_PAGES, 1):
            commands.append(
                Command(f"go.{spec.key}", f"Go to {spec.title}", self._goer(spec.key), "Page", f"Ctrl+{n}", has_project)
            )
        commands += [Command(f"go.{s.key}", f"Go to {s.title}", self._goer(s.key), "Page") for s in OTHER_PAGES]
        commands += [
            Command(f"go.{JOBS_PAGE.key}", "Go to Jobs", self._goer(JOBS_PAGE.key), "Page", "Ctrl+J"),
            Command("project.start", "Show the start page", self._goer("start"), "Project"),
            Command("project.open", "Open a project", self.choose_project, "Project", "Ctrl+O"),
            Command("project.close", "Close the project", self._close_project, "Project", "", has_project),
            Command("board.virtual", "Use the virtual board", self._use_virtual, "Board", "", has_project),
            Command("board.disconnect", "Disconnect the board", self.context.disconnect_device, "Board", "", has_board),
            Command("edit.undo", "Undo", self.context.undo, "Edit", "Ctrl+Z", has_project),
            Command("edit.redo", "Redo", self.context.redo, "Edit", "Ctrl+Shift+Z", has_project),
            Command("view.palette", "Find a command", self.palette_overlay.open, "View", "Ctrl+K"),
            Command("view.help", "Help of this page", self.toggle_help, "View", "F1"),
            Command("view.log", "Show or hide the log", self._toggle_log, "View", "Ctrl+L"),
            Command("view.inspector", "Show or hide the inspector", self._toggle_inspector, "View", "Ctrl+I"),
            Command("view.light", "Light theme", self._moder("light"), "View"),
            Command("view.dark", "Dark theme", self._moder("dark"), "View"),
            Command("view.sunlight", "Sunlight theme", self._moder("sunlight"), "View"),
            Command("view.system", "Theme of the system", self._moder("system"), "View"),
            *(Command(f"settings.{n}", text, self._goer("settings"), "Settings") for n, text in enumerate(_SETTINGS)),
            Command("window.quit", "Quit", self._quit, "Window", "Ctrl+Q"),
        ]
        self.context.commands.set("window", commands)
        self.context.commands.add_source(self._takes)
        for command in commands:
            if command.shortcut:
                self._shortcut(command)

    def _takes(self, query: str) -> list[Command]:
        """Takes of the project whose name has the typed text in it, for the palette."""
        project = self.context.project
        if project is None:
            return []
        wanted = query.strip().lower()
        names = [name for name in project.recordings.names() if wanted in name.lower()][:MOST_TAKES]
        return [Command(f"take.{name}", name, partial(self.context.show_take, name), "Take") for name in names]

    def _goer(self, key: str) -> Any:
        return lambda: self.show_page(key)

    def _moder(self, mode: str) -> Any:
        def use() -> None:
            theme().set_mode(mode)
            self.context.settings.set("theme", mode)

        return use

    def _quit(self) -> None:
        self.close()

    def choose_project(self) -> None:
        """Ask for a project folder and open it."""
        folder = QFileDialog.getExistingDirectory(self, "Open a project", str(Path.home()))
        if folder:
            self.context.open_project(Path(folder), self._goer("record"))

    def _close_project(self) -> None:
        self.context.close_project()
        self.show_page("start")

    def _use_virtual(self) -> None:
        self.context.connect_device("virtual")

    def toggle_help(self) -> None:
        """Show or hide the page's help."""
        if self.inspector.help is not None:
            self.inspector.close_help()
            return
        if self.current is None:
            return
        panel = HelpPanel(
            self.current.title, self.current.help, self.context.commands.of("page"), self.context.commands.of("window")
        )
        panel.close_button.clicked.connect(self.inspector.close_help)
        self.inspector.open_help(panel)

    def _toggle_log(self) -> None:
        self.log.setVisible(not self.log.isVisible())

    def _toggle_inspector(self) -> None:
        self.inspector.set_folded(not self.inspector.folded)
        self._folded(self.inspector.folded)

    @Slot(bool)
    def _folded(self, folded: bool) -> None:
        self.context.settings.set("inspector_folded", folded)

    # Menus of the header

    def _menu(self, *commands: str) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command_id in commands:
            command = self.context.commands.find(command_id)
            if command is None:
                menu.addSeparator()
                continue
            action = menu.addAction(command.title)
            action.setEnabled(command.enabled())
            action.triggered.connect(command.run)
        return menu

    def _project_menu(self) -> None:
        menu = self._menu("project.start", "project.open", "-", "project.close")
        menu.popup(self.header.breadcrumb.mapToGlobal(self.header.breadcrumb.rect().bottomLeft()))

    def _board_menu(self) -> None:
        menu = self._menu("board.virtual", "-", "board.disconnect")
        self.health.add_ports(menu)
        menu.popup(self.header.board.mapToGlobal(self.header.board.rect().bottomLeft()))

    # What the context says

    @Slot()
    def _project_changed(self) -> None:
        project = self.context.project
        self.rail.set_project_open(project is not None)
        self._stages_changed()
        if project is None:
            self.header.breadcrumb.set_place("", "")
            self.setWindowTitle("Mote Studio")
            if self.current is not None and PAGES[self.current.key].needs_project:
                self.show_page("start")
        else:
            self.header.breadcrumb.set_place(project.folder.parent.name, project.config.name)
            self.setWindowTitle(f"{project.config.name} – Mote Studio")
        self.header.arrange()

    @Slot()
    def _stages_changed(self) -> None:
        self.rail.set_states(self.context.stages, known=self.context.project is not None)

    @Slot(dict)
    def _message(self, message: dict[str, Any]) -> None:
        self.banner.show_message(**message)

    @Slot(object, str)
    def _error(self, error: BaseException, details: str) -> None:
        self.banner.show_error(error, details=details)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the size, end what runs."""
        if not self.isMaximized():
            self.context.settings.set("window_size", [self.width(), self.height()])
        if self.current is not None:
            self.current.deactivated()
        self.context.close()
        super().closeEvent(event)
