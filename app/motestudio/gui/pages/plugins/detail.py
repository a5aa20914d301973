"""The chosen plugin: its facts, what is wrong with it, its boards, its stages by kind. It only shows and asks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from motestudio.gui.pages.plugins import rows
from motestudio.gui.pages.plugins.data import Plugin
from motestudio.gui.pages.plugins.stage import StageSection
from motestudio.gui.pages.plugins.testing import PluginTest, TestResult
from motestudio.gui.widgets import Button, IconButton, IconMark, Row, Separator, Tag, Text
from motestudio.gui.widgets.canvas import shortened

_MARGIN = 24
_FEW = 2
"""So many stages are shown with their parameters at once; of more, those that are asked for."""


class PluginDetail(QWidget):
    """Everything known of one plugin.

    Attributes:
        sections: of its stages.

    Args:
        plugin: to show.
        wanted: what was searched for: stages that match are shown with their parameters.

    Signals:
        open_wanted: show its folder in the file manager.
        copy_wanted: put the folder's path on the clipboard.
        page_wanted(str): show its home page.
        test_wanted: run the conformance kit over it.
    """

    open_wanted = Signal()
    copy_wanted = Signal()
    page_wanted = Signal(str)
    test_wanted = Signal()

    def __init__(self, plugin: Plugin, wanted: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plugin = plugin
        self.sections: list[StageSection] = []
        self.setProperty("surface", "surface")
        self.box = QVBoxLayout(self)
        # Rows stand out, so that their text aligns with the rest, which is set in.
        self.box.setContentsMargins(_MARGIN - Row.outset, 16, _MARGIN - Row.outset, 24)
        self.box.setSpacing(6)
        self._head()
        self._facts()
        if rows.has_problem(plugin):
            self._problem()
        self.result = TestResult()
        self._add(self.result)
        self.result.hide()
        if plugin.boards:
            self._boards()
        self._stages(wanted)
        self.box.addStretch(1)

    def show_test(self, test: PluginTest | None) -> None:
        """Show the plugin's test, or that there is none."""
        self.result.setVisible(test is not None)
        self.test.setEnabled(self.plugin.trusted and (test is None or test.running is None))
        if test is not None:
            self.result.show_test(test)

    def _add(self, content: QWidget | QLayout) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(Row.outset, 0, Row.outset, 0)
        if isinstance(content, QWidget):
            line.addWidget(content)
        else:
            line.addLayout(content)
        self.box.addLayout(line)

    def _head(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(Text(rows.name_of(self.plugin), "headline", wrap=True), 1)
        word, tone, _ = rows.STATES[self.plugin.row.state]
        top.addWidget(Tag(word, tone))
        self.copy = IconButton("ph.copy", "Copy the folder's path", "quiet")
        self.copy.clicked.connect(self.copy_wanted)
        self.open = Button("Open folder", "secondary", "ph.folder-open")
        self.open.clicked.connect(self.open_wanted)
        self.test = Button("Test", "secondary", "ph.flask")
        self.test.setToolTip("Try every stage as the conformance kit does: bounds, seeds, cancel, memory, its C")
        self.test.clicked.connect(self.test_wanted)
        # Its code must not run.
        self.test.setEnabled(self.plugin.trusted)
        for button in (self.copy, self.test, self.open):
            top.addWidget(button)
        self._add(top)
        manifest = self.plugin.row.manifest
        if manifest is not None and manifest.description:
            self._add(Text(manifest.description, "body", "text_secondary", wrap=True))

    def _facts(self) -> None:
        row, manifest = self.plugin.row, self.plugin.row.manifest
        facts = [("Id", row.id)]
        if manifest is not None:
            facts.append(("Version", f"{manifest.version}, for plugin API {manifest.api}"))
        facts.append(("Origin", rows.ORIGINS[row.origin][1]))
        if manifest is not None:
            facts += [(n, v) for n, v in (("Author", manifest.author), ("License", manifest.license)) if v]
        facts.append(("Folder", str(row.folder)))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for n, (name, value) in enumerate(facts):
            grid.addWidget(Text(name, "caption", "text_muted"), n, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Text(value, "caption", "text_secondary", wrap=True), n, 1)
        if manifest is not None and manifest.homepage:
            self.home = Button(shortened(manifest.homepage, "section", 400), "link")
            self.home.clicked.connect(self._home)
            grid.addWidget(Text("Home page", "caption", "text_muted"), len(facts), 0)
            grid.addWidget(self.home, len(facts), 1, Qt.AlignmentFlag.AlignLeft)
        self._add(grid)

    def _home(self) -> None:
        if self.plugin.row.manifest is not None:
            self.page_wanted.emit(self.plugin.row.manifest.homepage)

    def _problem(self) -> None:
        row = self.plugin.row
        _, tone, icon = rows.STATES[row.state]
        if row.state == "ok":
            tone, icon = "warn", "ph.warning-circle"
        ink = rows.INKS[tone]
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(IconMark(icon, ink, 20), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        reasons = [*((row.reason,) if row.reason else ()), *row.notes]
        self.reason = Text("\n".join(_sentence(r) for r in reasons), "body", ink, wrap=True)
        words.addWidget(self.reason)
        if row.state in rows.HINTS:
            words.addWidget(Text(rows.HINTS[row.state], "body", "text_secondary", wrap=True))
        line.addLayout(words, 1)
        self.box.addSpacing(8)
        self._add(line)

    def _boards(self) -> None:
        self._heading("Boards", f"{len(self.plugin.boards)}")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for n, board in enumerate(self.plugin.boards):
            grid.addWidget(Text(board.name or board.id, "control"), n, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Text(board.id if board.name else "", "caption", "text_muted"), n, 1)
            ink = "warn" if board.problem else "text_secondary"
            grid.addWidget(Text(board.problem or board.chip, "caption", ink, wrap=True), n, 2)
        self._add(grid)

    def _stages(self, wanted: str) -> None:
        manifest = self.plugin.row.manifest
        if manifest is None:
            return
        few = len(manifest.stages) <= _FEW
        for heading, stages in rows.by_kind(manifest.stages):
            self._heading(heading, f"{len(stages)}" if len(stages) > 1 else "")
            for stage in stages:
                is_open = few or rows.stage_matches(stage, wanted)
                section = StageSection(stage, self.plugin.missing_of(stage), is_open=is_open)
                self.sections.append(section)
                self.box.addWidget(section)

    def _heading(self, title: str, note: str = "") -> None:
        self.box.addSpacing(12)
        self._add(Separator())
        self.box.addSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Text(title, "section", "text_muted"))
        line.addWidget(Text(note, "caption", "text_muted"), 1)
        self._add(line)


def _sentence(text: str) -> str:
    """A reason with a capital, unless it begins with a name."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() else text
