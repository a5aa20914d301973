"""The Plugins page: every plugin that was found, good and bad, with its stages. It imports no plugin code."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.plugins import data, rows
from motestudio.gui.pages.plugins.data import Found, Plugin
from motestudio.gui.pages.plugins.detail import PluginDetail
from motestudio.gui.pages.plugins.list import PluginRow
from motestudio.gui.pages.plugins.notice import PluginNotice
from motestudio.gui.pages.plugins.testing import PluginTests
from motestudio.gui.widgets import (
    Button,
    EmptyState,
    PageBar,
    RowList,
    Segmented,
    Separator,
    Text,
    TextField,
    scrolled,
)
from motestudio.plugins.places import user_plugins

_LIST_WIDTH = 288
_MARGIN = 24 - PluginRow.outset


class PluginsPage(Page):
    """A list at the left, the chosen plugin at the right."""

    key = "plugins"
    title = "Plugins"
    help = (
        "Every stage of a pipeline comes from a plugin, those that come with Mote Studio too.\n"
        "A plugin is a folder with a plugin.toml. Put your own into your plugin folder, then look again.\n"
        "A plugin that cannot be used stays listed with the reason.\n"
        "Plugins that a project brings run only after you trust its folder."
    )
    margins = (0, 0, 0, 0)

    def build(self) -> None:
        """Bar, notice, list and details."""
        self._found = Found(())
        self._shown: list[Plugin] = []
        self._chosen = ""
        self.bar = bar = PageBar("Plugins")
        bar.setContentsMargins(24, 0, 24, 0)
        self.folder = Button("My folder", "secondary", "ph.folder-open")
        self.folder.setToolTip(str(user_plugins()))
        self.folder.clicked.connect(self.open_own)
        self.rescan = Button("Look again", "primary", "ph.arrows-clockwise")
        self.rescan.setToolTip("Ctrl+R")
        self.rescan.clicked.connect(self.look)
        bar.add_action(self.folder)
        bar.add_action(self.rescan)
        self.body.addWidget(bar)
        self.notice = PluginNotice()
        self.notice.trust_wanted.connect(self.context.trust_project)
        self.body.addWidget(self.notice)
        self.details = scrolled(QWidget())
        halves = QWidget()
        across = QHBoxLayout(halves)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self._left())
        across.addWidget(Separator(vertical=True))
        across.addWidget(self.details, 1)
        self.empty = EmptyState("ph.puzzle-piece", "No plugins", "Every stage comes from a plugin.", "Look again")
        self.empty.action.clicked.connect(self.look)
        self.stack = QStackedWidget()
        self.stack.addWidget(halves)
        self.stack.addWidget(self.empty)
        self.body.addWidget(Separator())
        self.body.addWidget(self.stack, 1)
        self.context.plugins_changed.connect(self._looked)
        self.tests = PluginTests(self.context, self)
        self.tests.changed.connect(self._test_changed)

    def _left(self) -> QWidget:
        self.field = TextField("", "Find a plugin, stage or parameter", "Find a plugin, stage, parameter")
        self.field.textChanged.connect(self._filter)
        self.filter = Segmented(["All", "Problems"], 0, "Show")
        self.filter.changed.connect(self._filter)
        self.list = RowList()
        self.list.chosen.connect(self._choose)
        self.nothing = Text("", "body", "text_muted", wrap=True)
        self.nothing.setContentsMargins(PluginRow.outset, 8, 0, 0)
        self.nothing.hide()
        holder = QWidget()
        holder.setProperty("surface", "surface")
        box = QVBoxLayout(holder)
        box.setContentsMargins(_MARGIN, 0, 8, 12)
        box.addWidget(self.list)
        box.addWidget(self.nothing)
        box.addStretch(1)
        self.area = scrolled(holder)
        left = QWidget()
        left.setFixedWidth(_LIST_WIDTH)
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 12, 0, 0)
        box.setSpacing(8)
        for widget in (self.field, self.filter):
            line = QHBoxLayout()
            line.setContentsMargins(24, 0, 16, 0)
            line.addWidget(widget, 1 if widget is self.field else 0)
            if widget is self.filter:
                line.addStretch(1)
            box.addLayout(line)
        box.addWidget(self.area, 1)
        return left

    # Looking

    def activated(self) -> None:
        """Show what is known; the first time that looks for plugins."""
        self._read()

    @Slot()
    def _looked(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        studio = self.context.studio
        self.context.run_operation(
            "Read the plugins", lambda _: data.read(studio, studio.registry), self._show, quiet=True
        )

    def look(self) -> None:
        """Look for plugins again."""
        self.context.look_for_plugins()

    @Slot(object)
    def _show(self, found: Found) -> None:
        bad = sum(rows.has_problem(p) for p in found.plugins)
        facts = [f"{len(found.plugins) - bad} ready"] + ([f"{bad} with a problem"] if bad else [])
        self.bar.set_facts("", facts)
        self.notice.show_found(found)
        self.stack.setCurrentIndex(0 if found.plugins else 1)
        self.filter.set_choices([f"All {len(found.plugins)}", f"Problems {bad}"])
        if found.plugins != self._found.plugins:
            self._found = found
            self._shown = []
            self._filter()
        self._found = found

    @Slot()
    def _filter(self) -> None:
        wanted, only_bad = self.field.text(), self.filter.current == 1
        shown = [p for p in self._found.plugins if rows.matches(p, wanted) and (rows.has_problem(p) or not only_bad)]
        self.nothing.setVisible(not shown)
        if not shown:
            self.nothing.setText("Nothing here has a problem." if only_bad and not wanted else "No plugin says that.")
        if shown != self._shown:
            self._shown = shown
            self.list.set_rows([PluginRow(p) for p in shown])
        index = next((i for i, p in enumerate(shown) if str(p.row.folder) == self._chosen), 0)
        if shown:
            self.list.set_current(index)
            self._choose(index)

    @Slot(int)
    def _choose(self, index: int) -> None:
        plugin = self._shown[index]
        self._chosen = str(plugin.row.folder)
        detail = PluginDetail(plugin, self.field.text())
        detail.open_wanted.connect(self._open_chosen)
        detail.copy_wanted.connect(self._copy_path)
        detail.page_wanted.connect(self._open_page)
        detail.test_wanted.connect(self.test)
        detail.result.stop_wanted.connect(self._stop_test)
        detail.result.close_wanted.connect(self._forget_test)
        detail.show_test(self.tests.of(plugin.row.folder))
        old = self.details.takeWidget()
        self.details.setWidget(detail)
        if old is not None:
            old.deleteLater()

    @property
    def detail(self) -> PluginDetail:
        """What is shown of the chosen plugin."""
        shown = self.details.widget()
        assert isinstance(shown, PluginDetail)
        return shown

    # Doing

    def open_folder(self, folder: Path) -> None:
        """Show a folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.context.show_message(f"No program opened {folder}.", "Open it in your file manager.", "warn")

    def open_own(self) -> None:
        """Show the user's own plugin folder, making it where there is none yet."""
        folder = user_plugins()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.context.show_error(error)
            return
        self.open_folder(folder)

    def _open_chosen(self) -> None:
        if self._chosen:
            self.open_folder(Path(self._chosen))

    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(self._chosen)
        self.context.show_message("The folder's path is on the clipboard.", tone="ok")

    @Slot(str)
    def _open_page(self, address: str) -> None:
        url = QUrl(address)
        # Only what a browser shows: a manifest could name anything.
        if url.scheme() not in ("http", "https") or not QDesktopServices.openUrl(url):
            self.context.show_message(f"No program opened {address}.", "Copy it into your browser.", "warn")

    def test(self) -> None:
        """Run the conformance kit over the chosen plugin."""
        if self.detail.test.isEnabled():
            self.tests.start(self.detail.plugin)

    def _stop_test(self) -> None:
        self.tests.stop(Path(self._chosen))

    def _forget_test(self) -> None:
        self.tests.forget(Path(self._chosen))

    @Slot(object)
    def _test_changed(self, folder: Path) -> None:
        if str(folder) == self._chosen:
            self.detail.show_test(self.tests.of(folder))

    def _find(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _step(self, by: int) -> None:
        index = self.list.current + by
        if 0 <= index < len(self._shown):
            self.list.set_current(index)
            self.list.rows[index].setFocus(Qt.FocusReason.TabFocusReason)
            self._choose(index)

    def commands(self) -> list[Command]:
        """What can be done here by name."""

        def has_chosen() -> bool:
            return bool(self._chosen)

        return [
            Command("plugins.look", "Look for plugins again", self.look, "Plugins", "Ctrl+R"),
            Command("plugins.find", "Find a plugin", self._find, "Plugins", "Ctrl+F"),
            Command("plugins.open", "Open the chosen plugin's folder", self._open_chosen, "Plugins", "", has_chosen),
            Command("plugins.copy", "Copy the chosen plugin's path", self._copy_path, "Plugins", "", has_chosen),
            Command("plugins.test", "Test the chosen plugin", self.test, "Plugins", "", has_chosen),
            Command("plugins.own", "Open my plugin folder", self.open_own, "Plugins"),
            Command("plugins.next", "Choose the next plugin", lambda: self._step(1), "Plugins", "Down"),
            Command("plugins.previous", "Choose the plugin before", lambda: self._step(-1), "Plugins", "Up"),
        ]


PAGE = PluginsPage
