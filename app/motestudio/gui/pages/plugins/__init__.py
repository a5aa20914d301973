"""The Plugins page: every plugin that was found, good and bad, with its stages. It imports no plugin code."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from motestudio.errors import AppError
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.plugins import data, rows
from motestudio.gui.pages.plugins.data import Found, Plugin
from motestudio.gui.pages.plugins.detail import PluginDetail
from motestudio.gui.pages.plugins.list import PluginList
from motestudio.gui.pages.plugins.new_plugin import NewPlugin
from motestudio.gui.pages.plugins.notice import PluginNotice
from motestudio.gui.pages.plugins.testing import PluginTests
from motestudio.gui.widgets import Button, EmptyState, PageBar, Separator, scrolled
from motestudio.plugins.places import user_plugins
from motestudio.studio.operation import Operation


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
        self._came = False
        self.bar = bar = PageBar("Plugins")
        bar.setContentsMargins(24, 0, 24, 0)
        self.folder = Button("My folder", "secondary", "ph.folder-open")
        self.folder.setToolTip(str(user_plugins()))
        self.folder.clicked.connect(self.open_own)
        self.rescan = Button("Look again", "secondary", "ph.arrows-clockwise")
        self.rescan.setToolTip("Ctrl+R")
        self.rescan.clicked.connect(self.look)
        self.new = Button("New plugin", "primary", "ph.plus")
        self.new.setToolTip("Ctrl+N")
        self.new.clicked.connect(self.begin_new)
        for button in (self.folder, self.rescan, self.new):
            bar.add_action(button)
        self.body.addWidget(bar)
        self.notice = PluginNotice()
        self.notice.trust_wanted.connect(self.context.trust_project)
        self.body.addWidget(self.notice)
        self.details = scrolled(QWidget())
        halves = QWidget()
        across = QHBoxLayout(halves)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.list = PluginList()
        self.list.picked.connect(self._picked)
        across.addWidget(self.list)
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

    # Looking

    def activated(self) -> None:
        """Show what is known; the first time that looks for plugins."""
        self._came = True
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
        self.list.set_plugins(found.plugins)
        if self._came and self.isVisible():
            # So that the arrows walk at once; later reads leave the keyboard where it is.
            self._came = False
            self.list.take_focus(Qt.FocusReason.ActiveWindowFocusReason)

    @Slot(object)
    def _picked(self, plugin: Plugin) -> None:
        detail = PluginDetail(plugin, self.list.field.text())
        detail.open_wanted.connect(self._open_chosen)
        detail.copy_wanted.connect(self._copy_path)
        detail.page_wanted.connect(self._open_page)
        detail.test_wanted.connect(self.test)
        detail.result.stop_wanted.connect(self._stop_test)
        detail.result.close_wanted.connect(self._forget_test)
        detail.show_test(self.tests.of(plugin.row.folder))
        self._show_right(detail)

    def _show_right(self, content: QWidget) -> None:
        old = self.details.takeWidget()
        self.details.setWidget(content)
        self.new.setEnabled(not isinstance(content, NewPlugin))
        if old is not None:
            old.deleteLater()

    @property
    def detail(self) -> PluginDetail | None:
        """What is shown of the chosen plugin, where nothing else is shown in its place."""
        shown = self.details.widget()
        return shown if isinstance(shown, PluginDetail) else None

    # A new one

    def begin_new(self) -> None:
        """Show the form for a new plugin in the place of the chosen one."""
        from motestudio.studio import plugin_scaffold

        places = [("My plugin folder", plugin_scaffold.default_place())]
        if self.context.project is not None:
            places.append(("This project", self.context.project.folder / "plugins"))
        form = NewPlugin(plugin_scaffold.kinds(), places)
        form.create_wanted.connect(self._create)
        form.closed.connect(self.list.pick_again)
        self._show_right(form)
        form.name.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(str, str, object)
    def _create(self, name: str, kind: str, place: Path) -> None:
        form = self.details.widget()

        def work(_: Operation) -> Path:
            from motestudio.studio.plugin_scaffold import new_plugin

            return new_plugin(name, kind, place)

        def failed(error: BaseException) -> None:
            if isinstance(error, AppError) and form is self.details.widget() and isinstance(form, NewPlugin):
                form.set_problem(error)
            else:
                self.context.show_error(error)

        self.context.run_operation(f"Write the plugin {name}", work, self._created, failed)

    @Slot(object)
    def _created(self, folder: Path) -> None:
        self.list.choose_when_found(str(folder.resolve()))
        text = f"{folder.name} is written. Change it in your editor, then test it."
        self.context.show_message(
            text, str(folder), tone="ok", action="Open folder", act=lambda: self.open_folder(folder)
        )
        self.look()

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
        if self.list.chosen:
            self.open_folder(Path(self.list.chosen))

    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(self.list.chosen)
        self.context.show_message("The folder's path is on the clipboard.", tone="ok")

    @Slot(str)
    def _open_page(self, address: str) -> None:
        url = QUrl(address)
        # Only what a browser shows: a manifest could name anything.
        if url.scheme() not in ("http", "https") or not QDesktopServices.openUrl(url):
            self.context.show_message(f"No program opened {address}.", "Copy it into your browser.", "warn")

    def test(self) -> None:
        """Run the conformance kit over the chosen plugin."""
        if self.detail is not None and self.detail.test.isEnabled():
            self.tests.start(self.detail.plugin)

    def _stop_test(self) -> None:
        self.tests.stop(Path(self.list.chosen))

    def _forget_test(self) -> None:
        self.tests.forget(Path(self.list.chosen))

    @Slot(object)
    def _test_changed(self, folder: Path) -> None:
        if str(folder) == self.list.chosen and self.detail is not None:
            self.detail.show_test(self.tests.of(folder))

    def commands(self) -> list[Command]:
        """What can be done here by name."""

        def has_chosen() -> bool:
            return bool(self.list.chosen)

        return [
            Command("plugins.look", "Look for plugins again", self.look, "Plugins", "Ctrl+R"),
            Command("plugins.new", "Write a new plugin", self.begin_new, "Plugins", "Ctrl+N"),
            Command("plugins.find", "Find a plugin", self.list.begin_find, "Plugins", "Ctrl+F"),
            Command("plugins.open", "Open the chosen plugin's folder", self._open_chosen, "Plugins", "", has_chosen),
            Command("plugins.copy", "Copy the chosen plugin's path", self._copy_path, "Plugins", "", has_chosen),
            Command("plugins.test", "Test the chosen plugin", self.test, "Plugins", "", has_chosen),
            Command("plugins.own", "Open my plugin folder", self.open_own, "Plugins"),
        ]


PAGE = PluginsPage
