"""The chosen plugin: its facts, what is wrong with it, its stages with their parameters. It only shows."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.pages.plugins import rows
from motestudio.gui.widgets import Button, ElidedText, IconMark, Separator, Tag, Text
from motestudio.plugins.compatibility import missing
from motestudio.plugins.manifest import StageManifest
from motestudio.plugins.registry import PluginRow

_COLUMNS = ("Parameter", "Allowed", "Default", "What it does")
_WIDTHS = (3, 3, 2, 6)


class PluginDetail(QWidget):
    """Everything known of one plugin.

    Signals:
        open_wanted(object): show this folder in the file manager.
    """

    open_wanted = Signal(object)

    def __init__(self, row: PluginRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self.setProperty("surface", "surface")
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 16, 24, 24)
        box.setSpacing(6)
        self._head(box)
        if row.state != "ok":
            self._problem(box)
        for stage in row.manifest.stages if row.manifest else ():
            box.addSpacing(10)
            box.addWidget(Separator())
            box.addSpacing(10)
            self._stage(box, stage)
        box.addStretch(1)

    def _head(self, box: QVBoxLayout) -> None:
        row = self.row
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(Text(rows.name_of(row), "headline", wrap=True), 1)
        word, tone, _ = rows.STATES[row.state]
        top.addWidget(Tag(word, tone))
        self.open = Button("Open folder", "secondary", "ph.folder-open")
        self.open.clicked.connect(self._open)
        top.addWidget(self.open)
        box.addLayout(top)
        line = QGridLayout()
        line.setHorizontalSpacing(16)
        line.setVerticalSpacing(4)
        line.setColumnStretch(1, 1)
        facts = [("Origin", rows.ORIGINS[row.origin]), ("Folder", str(row.folder))]
        if row.manifest is not None:
            facts.insert(0, ("Version", f"{row.manifest.version}, for plugin API {row.manifest.api}"))
            facts.insert(0, ("Id", row.manifest.id))
        for n, (name, value) in enumerate(facts):
            line.addWidget(Text(name, "caption", "text_muted"), n, 0)
            line.addWidget(Text(value, "caption", "text_secondary", wrap=True), n, 1)
        box.addLayout(line)

    def _problem(self, box: QVBoxLayout) -> None:
        _, _, mark = rows.STATES[self.row.state]
        line = QHBoxLayout()
        line.setSpacing(10)
        icon = {"bad": "ph.x-circle", "warn": "ph.warning-circle"}[mark]
        line.addWidget(IconMark(icon, mark, 20))
        words = QVBoxLayout()
        words.setSpacing(2)
        self.reason = Text(self.row.reason, "body", mark, wrap=True)
        words.addWidget(self.reason)
        if self.row.state in rows.HINTS:
            words.addWidget(Text(rows.HINTS[self.row.state], "body", "text_secondary", wrap=True))
        line.addLayout(words, 1)
        box.addSpacing(8)
        box.addLayout(line)

    def _stage(self, box: QVBoxLayout, stage: StageManifest) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(Text(stage.title, "strong"))
        top.addWidget(Tag(stage.kind))
        if stage.csrc:
            top.addWidget(Tag("C for the board", "accent"))
        lacking = missing(stage.requires)
        if lacking:
            top.addWidget(Tag("incomplete", "warn"))
        top.addWidget(ElidedText(stage.id, "caption", "text_muted", "right"), 1)
        box.addLayout(top)
        box.addWidget(Text(stage.help, "body", "text_secondary", wrap=True))
        if lacking:
            box.addWidget(Text(f"Not installed: {', '.join(lacking)}", "caption", "warn", wrap=True))
        if stage.params:
            box.addSpacing(4)
            box.addLayout(_table(stage))
        else:
            box.addWidget(Text("Nothing to set.", "caption", "text_muted"))

    def _open(self) -> None:
        self.open_wanted.emit(self.row.folder)


def _table(stage: StageManifest) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(5)
    for column, (name, width) in enumerate(zip(_COLUMNS, _WIDTHS, strict=True)):
        grid.addWidget(Text(name, "section", "text_muted"), 0, column)
        grid.setColumnStretch(column, width)
    for n, param in enumerate(stage.params, 1):
        cells = (param.title or param.key, rows.range_of(param), rows.default_of(param), param.help)
        for column, words in enumerate(cells):
            ink = "text" if column in (0, 2) else "text_secondary"
            cell = Text(words, "caption_number" if column == 0 else "caption", ink, wrap=True)
            if column == 0:
                cell.setToolTip(f"{param.key} in project.toml")
            grid.addWidget(cell, n, column)
    return grid
