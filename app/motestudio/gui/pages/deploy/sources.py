"""The middle column: the generated project as a tree with the state of every file, and the selected one's diff."""

from __future__ import annotations

from pathlib import PurePosixPath

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from motestudio.firmware.generator import FirmwareProject, GeneratedFile
from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.deploy.data import STATES, shown_text
from motestudio.gui.theme import theme
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import Button, ElidedText, FittingText, Text

_PATH = Qt.ItemDataRole.UserRole


class DiffColours(QSyntaxHighlighter):
    """Added, removed and position lines of a unified diff; only while `on`."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.on = False

    def highlightBlock(self, text: str) -> None:
        """Colour one line by its first characters."""
        if not self.on or not text:
            return
        inks = {"+": "ok", "-": "bad", "@": "accent"}
        if ink := inks.get(text[0]):
            form = QTextCharFormat()
            form.setForeground(theme().color("text_muted" if text[:3] in ("+++", "---") else ink))
            self.setFormat(0, len(text), form)


class SourcesColumn(QWidget):
    """Tree over diff."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project: FirmwareProject | None = None
        self._files: dict[str, GeneratedFile] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 0)
        box.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Text("Project", "strong"))
        self.note = FittingText("", ink="text_muted")
        head.addWidget(self.note, 1)
        self.open = Button("Open folder", "link")
        self.open.clicked.connect(self._open)
        head.addWidget(self.open)
        box.addLayout(head)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Files of the firmware project")
        self.tree.setFont(theme().font("body"))
        self.tree.setIconSize(QSize(16, 16))
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(self._chosen)
        lower = QWidget()
        under = QVBoxLayout(lower)
        under.setContentsMargins(0, 8, 0, 0)
        under.setSpacing(4)
        self.title = ElidedText("", "control")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setProperty("log", True)
        self.text.setFont(monospace())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Content or diff of the selected file")
        self.colours = DiffColours(self.text.document())
        under.addWidget(self.title)
        under.addWidget(self.text, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        box.addWidget(self.splitter, 1)
        theme().changed.connect(self._recolour)

    def set_project(self, project: FirmwareProject | None, *, written: bool = False) -> None:
        """Show what would be written, or what was."""
        keep = self.current_path
        self._project = project
        self._files = {f.path: f for f in project.files} if project else {}
        self.open.setVisible(project is not None and project.folder.is_dir())
        self._fill()
        if project is None:
            self.note.set_texts("")
            return
        changed, total = len(project.changed), len(project.files)
        verb = "written" if written else "to write"
        self.note.set_texts(f"{project.folder.name}: {changed} of {total} files {verb}", f"{changed} of {total} {verb}")
        self.select(keep or next((f.path for f in project.edited + project.changed if f.diff), "README.md"))

    @property
    def current_path(self) -> str:
        """The selected file, or empty."""
        item = self.tree.currentItem()
        return str(item.data(0, _PATH) or "") if item is not None else ""

    def select(self, path: str) -> None:
        """Select a file."""
        for item in self.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive):
            if item.data(0, _PATH) == path:
                self.tree.setCurrentItem(item)
                return

    def _fill(self) -> None:
        self.tree.clear()
        folders: dict[str, QTreeWidgetItem] = {}
        for path, file in sorted(self._files.items(), key=lambda row: ("/" not in row[0], row[0])):
            pure = PurePosixPath(path)
            parent = self.tree.invisibleRootItem()
            for depth in range(1, len(pure.parts)):
                name = "/".join(pure.parts[:depth])
                if name not in folders:
                    folders[name] = QTreeWidgetItem(parent, [pure.parts[depth - 1], ""])
                    folders[name].setIcon(0, theme().icon("ph.folder"))
                parent = folders[name]
            word, ink = STATES[file.state]
            item = QTreeWidgetItem(parent, [pure.name, word])
            item.setData(0, _PATH, path)
            item.setIcon(0, theme().icon("ph.file-text"))
            item.setForeground(1, theme().color(ink))
            item.setToolTip(0, path)
            if file.changed:
                self._open_up(item)

    def _open_up(self, item: QTreeWidgetItem) -> None:
        at = item.parent()
        while at is not None:
            at.setExpanded(True)
            at = at.parent()

    @Slot()
    def _recolour(self) -> None:
        keep = self.current_path
        self._fill()
        self.select(keep)
        self.colours.rehighlight()

    @Slot()
    def _chosen(self) -> None:
        file = self._files.get(self.current_path)
        if file is None:
            return
        number, unit = byte_size(len(file.content))
        word = STATES[file.state][0] or "unchanged"
        more = ": your edit is kept beside it as .orig" if file.state == "edited" else ""
        self.title.set_text(f"{file.path}   {number} {unit}, {word}{more}")
        self.colours.on = bool(file.diff)
        self.text.setPlainText(shown_text(file.path, file.state, file.diff, file.content))

    def _open(self) -> None:
        if self._project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._project.folder)))
