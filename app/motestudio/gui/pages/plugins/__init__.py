"""The Plugins page: every plugin that was found, good and bad, with its stages. It imports no plugin code."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio import shipped
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.plugins import rows
from motestudio.gui.pages.plugins.detail import PluginDetail
from motestudio.gui.widgets import Button, EmptyState, FactRow, PageBar, RowList, Separator, scrolled
from motestudio.plugins.registry import PluginRow, Registry

_LIST_WIDTH = 288


class PluginsPage(Page):
    """A list at the left, the chosen plugin at the right."""

    key = "plugins"
    title = "Plugins"
    help = (
        "Every stage of a pipeline comes from a plugin, those that come with Mote Studio too.\n"
        "A plugin is a folder with a plugin.toml. Put your own into your plugin folder, then look again.\n"
        "A plugin that cannot be used stays listed with the reason."
    )
    margins = (24 - FactRow.outset, 0, 0, 0)

    def build(self) -> None:
        """Bar, list and details."""
        self._rows: list[PluginRow] = []
        self._chosen = ""
        self.bar = bar = PageBar("Plugins")
        # Rows stand out to the left, so everything else is set in.
        bar.setContentsMargins(FactRow.outset, 0, 24, 0)
        self.folder = Button("Open my plugin folder", "secondary", "ph.folder-open")
        self.folder.clicked.connect(self.open_own)
        self.rescan = Button("Look again", "primary", "ph.arrows-clockwise")
        self.rescan.setToolTip("Ctrl+R")
        self.rescan.clicked.connect(self.look)
        bar.add_action(self.folder)
        bar.add_action(self.rescan)
        self.body.addWidget(bar)
        self.list = RowList()
        self.list.chosen.connect(self._choose)
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

    def _left(self) -> QWidget:
        holder = QWidget()
        holder.setProperty("surface", "surface")
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 10, 8, 12)
        box.addWidget(self.list)
        box.addStretch(1)
        area = scrolled(holder)
        area.setFixedWidth(_LIST_WIDTH)
        return area

    def activated(self) -> None:
        """Show what is known; the first time that looks for plugins."""
        studio = self.context.studio
        self.context.run_operation("Read the plugins", lambda _: studio.registry, self._show, quiet=True)

    def look(self) -> None:
        """Look for plugins again."""
        studio = self.context.studio
        self.context.run_operation("Look for plugins", lambda _: studio.rescan(), self._found)

    @Slot(object)
    def _found(self, registry: Registry) -> None:
        self._show(registry)
        self.context.pipeline_changed.emit()

    @Slot(object)
    def _show(self, registry: Registry) -> None:
        found = rows.order(registry.rows)
        good = sum(1 for row in found if row.state == "ok")
        facts = [f"{good} ready"] + ([f"{len(found) - good} with a problem"] if good < len(found) else [])
        self.bar.set_facts("", facts)
        self.stack.setCurrentIndex(0 if found else 1)
        if found == self._rows:
            return
        self._rows = found
        self.list.set_rows([_row(r) for r in found])
        index = next((i for i, r in enumerate(found) if str(r.folder) == self._chosen), 0)
        if found:
            self.list.set_current(index)
            self._choose(index)

    @Slot(int)
    def _choose(self, index: int) -> None:
        row = self._rows[index]
        self._chosen = str(row.folder)
        detail = PluginDetail(row)
        detail.open_wanted.connect(self.open_folder)
        old = self.details.takeWidget()
        self.details.setWidget(detail)
        if old is not None:
            old.deleteLater()

    @Slot(object)
    def open_folder(self, folder: Path) -> None:
        """Show a folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.context.show_message(f"No program opened {folder}.", "Open it in your file manager.", "warn")

    def open_own(self) -> None:
        """Show the user's own plugin folder, making it where there is none yet."""
        folder = shipped.user_dir() / "plugins"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.context.show_error(error)
            return
        self.open_folder(folder)

    def _open_chosen(self) -> None:
        if self._chosen:
            self.open_folder(Path(self._chosen))

    def _step(self, by: int) -> None:
        index = self.list.current + by
        if 0 <= index < len(self._rows):
            self.list.set_current(index)
            self.list.rows[index].setFocus(Qt.FocusReason.TabFocusReason)
            self._choose(index)

    def commands(self) -> list[Command]:
        """What can be done here by name."""
        return [
            Command("plugins.look", "Look for plugins again", self.look, "Plugins", "Ctrl+R"),
            Command("plugins.open", "Open the chosen plugin's folder", self._open_chosen, "Plugins"),
            Command("plugins.own", "Open my plugin folder", self.open_own, "Plugins"),
            Command("plugins.next", "Choose the next plugin", lambda: self._step(1), "Plugins", "Down"),
            Command("plugins.previous", "Choose the plugin before", lambda: self._step(-1), "Plugins", "Up"),
        ]


def _row(row: PluginRow) -> FactRow:
    word, _, mark = rows.STATES[row.state]
    made = FactRow(rows.name_of(row), rows.note_of(row), "" if row.state == "ok" else word, mark=mark)
    made.value_ink = {"ok": "text_muted", "warn": "warn", "bad": "bad"}[mark]
    return made


PAGE = PluginsPage
