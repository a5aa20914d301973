"""The Settings page: what the window remembers of its user. Everything is applied at once and kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio import shipped
from motestudio.devices.baud import BAUDS
from motestudio.gui.page import Page
from motestudio.gui.pages.settings.about import About
from motestudio.gui.pages.settings.fields import FolderField, FolderList, Group
from motestudio.gui.theme import theme
from motestudio.gui.theme.core import MODES
from motestudio.gui.widgets import Button, Choice, PageBar, Segmented, Separator, TextField, scrolled
from motestudio.studio.checks import versions

WAITS = (0, 10, 30, 60, 300)
_WIDTH = 760
_VIRTUAL = "The virtual board"


class SettingsPage(Page):
    """Theme, board, folders, plugins, versions."""

    key = "settings"
    title = "Settings"
    margins = (0, 0, 0, 0)
    help = (
        "Settings belong to you, not to a project, and take effect at once.\n"
        "The port and speed here are used where a project names none.\n"
        "Plugin folders are looked into beside your own and the built-in ones."
    )

    def build(self) -> None:
        """All groups under each other."""
        self.bar = PageBar(self.title)
        top = QVBoxLayout()
        top.setContentsMargins(24, 0, 24, 0)
        top.addWidget(self.bar)
        self.body.addLayout(top)
        content = QWidget()
        content.setProperty("surface", "clear")
        row = QHBoxLayout(content)
        row.setContentsMargins(24, 8, 24, 24)
        column = QWidget()
        column.setMaximumWidth(_WIDTH)
        row.addWidget(column, 100)
        row.addStretch(1)
        self._box = QVBoxLayout(column)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(20)
        groups = (self._appearance(), self._board(), self._folders(), self._plugins(), self._about())
        for index, group in enumerate(groups):
            if index:
                self._box.addWidget(Separator())
            self._box.addWidget(group)
        self._box.addStretch(1)
        self.body.addWidget(scrolled(content), 1)
        theme().changed.connect(self._theme_changed)

    # Groups

    def _appearance(self) -> Group:
        group = Group("Appearance")
        self.modes = Segmented(["System", "Light", "Dark", "Sunlight"], MODES.index(theme().mode), "Theme")
        self.modes.changed.connect(self._mode)
        group.add("Theme", self.modes, "System follows the light or dark setting of your desktop at once.")
        return group

    def _board(self) -> Group:
        group = Group("Board")
        self.port = Choice([], "Default port")
        self.port.activated.connect(self._port_chosen)
        group.add("Default port", self.port, "Used where a project names no port of its own.")
        self.baud = Choice([f"{b:,}" for b in BAUDS], "Default speed in baud")
        kept = self.context.settings.get("baud", 115200)
        self.baud.setCurrentIndex(BAUDS.index(kept) if kept in BAUDS else BAUDS.index(115200))
        self.baud.activated.connect(self._baud_chosen)
        group.add("Default speed, baud", self.baud, "USB serial ports of a board itself take any speed.")
        self.waits = Choice([f"{s} s" if s else "Not at all" for s in WAITS], "Wait for a board that went")
        waited = round(self.context.settings.get("reconnect_s", 30.0))
        self.waits.setCurrentIndex(WAITS.index(waited) if waited in WAITS else WAITS.index(30))
        self.waits.activated.connect(self._wait_chosen)
        group.add("Wait for a board that went", self.waits, "A recording goes on when it is back, with a gap.")
        self._ports: list[str] = [""]
        return group

    def _folders(self) -> Group:
        group = Group("Folders")
        settings = self.context.settings
        usual = str(Path.home() / "mote")
        self.projects = FolderField("Folder of new projects", settings.get("projects_dir", ""), usual)
        self.projects.changed.connect(self._projects_changed)
        group.add("New projects", self.projects, "Proposed when a project is created; projects may lie anywhere.")
        self.tflm = FolderField("Folder of TensorFlow Lite Micro", settings.get("tflm_dir", ""), "not set")
        self.tflm.changed.connect(self._tflm_changed)
        group.add("TensorFlow Lite Micro", self.tflm, "MOTE_TFLM_DIR of the CMake command that Deploy shows.")
        own = QWidget()
        line = QHBoxLayout(own)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        place = TextField(str(shipped.user_dir()), "Folder of your data")
        place.setReadOnly(True)
        place.setCursorPosition(0)
        line.addWidget(place, 1)
        self.open = Button("Open", "secondary", "ph.folder-open")
        self.open.clicked.connect(self._open)
        line.addWidget(self.open)
        note = "Settings, recent projects and your own plugins; MOTE_DATA_DIR names another folder."
        group.add("Your data", own, note)
        self._check_folders()
        return group

    def _plugins(self) -> Group:
        group = Group("Plugins")
        self.plugins = FolderList("Folder of plugins", [str(p) for p in self.context.plugin_dirs])
        self.plugins.changed.connect(self._plugins_changed)
        self.plugins.removed.connect(self._plugins_removed)
        group.add("Further folders", self.plugins, "A plugin, or a folder of plugins. They are looked for at once.")
        return group

    def _about(self) -> Group:
        group = Group("About")
        self.about = About()
        group.box.addWidget(self.about)
        return group

    def activated(self) -> None:
        """Ports and versions may have changed."""

        def read(_: object) -> tuple[list[tuple[str, str]], list[str]]:
            from motestudio.devices.ports import list_ports

            return versions(), [p.path for p in list_ports()]

        self.context.run_operation("Settings", read, self._read, quiet=True)
        self._theme_changed()

    def _read(self, found: tuple[list[tuple[str, str]], list[str]]) -> None:
        rows, ports = found
        self.about.set_versions(rows)
        kept = self.context.settings.get("port", "")
        self._ports = ["", *ports]
        if kept and kept not in self._ports:
            self._ports.append(kept)
        self.port.clear()
        names = [_VIRTUAL, *(p if p in ports else f"{p} (not there now)" for p in self._ports[1:])]
        self.port.addItems(names)
        self.port.setCurrentIndex(self._ports.index(kept))

    # What the user sets

    def _theme_changed(self) -> None:
        self.modes.set_current(MODES.index(theme().mode))

    def _mode(self, index: int) -> None:
        if MODES[index] != theme().mode:
            theme().set_mode(MODES[index])
            self.context.settings.set("theme", MODES[index])

    def _port_chosen(self, index: int) -> None:
        self.context.settings.set("port", self._ports[index])

    def _baud_chosen(self, index: int) -> None:
        self.context.settings.set("baud", BAUDS[index])

    def _wait_chosen(self, index: int) -> None:
        self.context.settings.set("reconnect_s", float(WAITS[index]))

    def _projects_changed(self, folder: str) -> None:
        self.context.settings.set("projects_dir", folder)
        self._check_folders()

    def _tflm_changed(self, folder: str) -> None:
        self.context.settings.set("tflm_dir", folder)
        self._check_folders()

    def _check_folders(self) -> None:
        """Mark what is not there; it is kept all the same, a disk may be away."""
        folder = self.context.settings.get("tflm_dir", "")
        inside = Path(folder) / "tensorflow" / "lite" / "micro" if folder else None
        problem = "" if inside is None or inside.is_dir() else f"There is no tensorflow/lite/micro in {folder}."
        self.tflm.field.set_problem(problem)
        base = self.context.settings.get("projects_dir", "")
        self.projects.field.set_problem("" if not base or Path(base).is_absolute() else "Name a whole path.")

    def _plugins_changed(self, folders: list[str]) -> None:
        self.context.settings.set("plugin_dirs", list(folders))
        studio, dirs = self.context.studio, self.context.plugin_dirs
        changed = self.context.pipeline_changed.emit
        self.context.run_operation("Look for plugins", lambda _: studio.rescan(dirs), lambda _: changed())

    def _plugins_removed(self, folder: str) -> None:
        self.context.show_message(
            f"{folder} is no longer looked into.",
            "The folder itself stays as it is.",
            action="Put it back",
            act=lambda: self.plugins.set_folders([*self.plugins.folders, folder]),
        )

    def _open(self) -> None:
        folder = shipped.user_dir()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.context.show_message(f"No program opened {folder}.", "Open it in your file manager.", "warn")


PAGE = SettingsPage
