"""What settings are made of: a group with a heading, a labelled row, a folder with its button, a list of folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.widgets import Button, FittingText, IconButton, Text, TextField

LABEL = 200


class Group(QWidget):
    """A heading over rows."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(12)
        self.box.addWidget(Text(title, "strong"))

    def add(self, title: str, field: QWidget, note: str = "") -> None:
        """A row: title at the left, the field, what it does under it."""
        row = QHBoxLayout()
        row.setSpacing(16)
        label = Text(title, "body")
        label.setBuddy(field)
        label.setFixedWidth(LABEL)
        label.setMinimumHeight(32)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(field)
        if note:
            right.addWidget(Text(note, "caption", "text_muted", wrap=True))
        row.addLayout(right, 1)
        self.box.addLayout(row)


class FolderField(QWidget):
    """A folder to type or to choose.

    Signals:
        changed(str): the user set another one; empty for none.
    """

    changed = Signal(str)

    def __init__(self, name: str, folder: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._folder = folder
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.field = TextField(folder, name, placeholder)
        self.field.editingFinished.connect(self._typed)
        self.choose = Button("Choose", "secondary", "ph.folder-open")
        self.choose.setAccessibleName(f"Choose: {name}")
        self.choose.clicked.connect(self._choose)
        row.addWidget(self.field, 1)
        row.addWidget(self.choose)

    def _typed(self) -> None:
        self._take(self.field.text().strip())

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._name, self._folder or str(Path.home()))
        if folder:
            self.field.setText(folder)
            self._take(folder)

    def _take(self, folder: str) -> None:
        if folder != self._folder:
            self._folder = folder
            self.changed.emit(folder)


class FolderList(QWidget):
    """Folders, each with a button that takes it off the list, and one to add another.

    Signals:
        changed(list): the user changed the list.
        removed(str): a folder was taken off.
    """

    changed = Signal(list)
    removed = Signal(str)

    def __init__(self, name: str, folders: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.folders = list(folders)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        box.addLayout(self._rows)
        line = QHBoxLayout()
        self.add = Button("Add a folder", "secondary", "ph.plus")
        self.add.clicked.connect(self._choose)
        line.addWidget(self.add)
        line.addStretch(1)
        box.addLayout(line)
        self._shown: list[QWidget] = []
        self.buttons: list[IconButton] = []
        self._fill()

    def set_folders(self, folders: Sequence[str]) -> None:
        """Show others, and say so."""
        self.folders = list(folders)
        self._fill()
        self.changed.emit(list(self.folders))

    def _fill(self) -> None:
        for old in self._shown:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown, self.buttons = [], []
        for folder in self.folders:
            holder = QWidget()
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            there = Path(folder).is_dir()
            note = "" if there else " (not there)"
            path = Path(folder)
            short = [f"…/{'/'.join(path.parts[-n:])}{note}" for n in (3, 2, 1) if len(path.parts) > n]
            row.addWidget(FittingText(f"{folder}{note}", *short, ink="text" if there else "warn"), 1)
            remove = IconButton("ph.x", f"Take {folder} off the list", "quiet")
            remove.clicked.connect(self._remover(folder))
            row.addWidget(remove)
            self.buttons.append(remove)
            self._shown.append(holder)
            self._rows.addWidget(holder)

    def _remover(self, folder: str) -> Callable[[], None]:
        def remove() -> None:
            self.set_folders([f for f in self.folders if f != folder])
            self.removed.emit(folder)

        return remove

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._name, str(Path.home()))
        if folder and folder not in self.folders:
            self.set_folders([*self.folders, folder])
