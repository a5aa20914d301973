"""Tests of plugins by the conformance kit: one at a time runs, results stay until the window closes; and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import duration
from motestudio.gui.pages.plugins.data import Plugin
from motestudio.gui.widgets import Bar, Button, ElidedText, IconMark, Separator, Text
from motestudio.studio.operation import Happening, Operation

if TYPE_CHECKING:
    from motestudio.gui.bridge import RunningOperation
    from motestudio.gui.context import AppContext
    from motestudio.studio.conformance import Row

_MARKS = {
    "passed": ("ph.check-circle", "ok", "text_secondary"),
    "failed": ("ph.x-circle", "bad", "bad"),
    "skipped": ("ph.minus-circle", "text_muted", "text_muted"),
}


@dataclass
class PluginTest:
    """The test of one plugin, running or over.

    Attributes:
        folder: of the plugin.
        rows: of the checks made so far.
        expected: how many there will be.
        running: what runs, or None when it is over.
        text: why it ended before its end, or empty.
    """

    folder: Path
    expected: int
    rows: list[Row] = field(default_factory=list)
    running: RunningOperation | None = None
    text: str = ""

    @property
    def counts(self) -> str:
        """What came out of it, in words."""
        states = [row.state for row in self.rows]
        found = [(states.count(s), s) for s in ("failed", "passed", "skipped")]
        return ", ".join(f"{n} {state}" for n, state in found if n) or "no checks yet"

    @property
    def report(self) -> str:
        """Every row as a line."""
        return "\n".join(
            f"{row.state:8} {row.stage:30} {row.title}: {row.text} ({row.seconds:.2f} s)" for row in self.rows
        )


class PluginTests(QObject):
    """All tests of this session.

    Signals:
        changed(object): the folder of the plugin whose test has news.
    """

    changed = Signal(object)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._tests: dict[Path, PluginTest] = {}
        context.bridge.finished.connect(self._finished)

    def of(self, folder: Path) -> PluginTest | None:
        """The last test of a plugin."""
        return self._tests.get(folder)

    def start(self, plugin: Plugin) -> None:
        """Test a plugin anew; nothing where its test runs."""
        folder, studio = plugin.row.folder, self._context.studio
        present = self._tests.get(folder)
        if present is not None and present.running is not None:
            return
        test = self._tests[folder] = PluginTest(folder, _expected(plugin))

        def tell(row: Row, operation: Operation) -> None:
            # Happenings carry words only; the window reads the row when this one wakes it.
            test.rows.append(row)
            operation.report(len(test.rows) / test.expected, f"{row.stage}: {row.title}")

        def work(operation: Operation) -> str:
            from motestudio.studio.conformance import Wanted, check_plugin

            operation.report(0.0, "")
            check_plugin(folder, Wanted(tell=lambda row: tell(row, operation), operation=operation), studio)
            return test.counts

        def over(text: str = "") -> None:
            test.running, test.text = None, text
            self.changed.emit(folder)

        def failed(error: BaseException) -> None:
            over(str(error))
            self._context.show_error(error)

        def happened(_: Happening) -> None:
            self.changed.emit(folder)

        name = plugin.row.manifest.name if plugin.row.manifest else plugin.row.id
        test.running = self._context.run_operation(f"Test {name}", work, lambda _: over(), failed, happened)
        self.changed.emit(folder)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        # A cancelled operation calls nobody back.
        for test in self._tests.values():
            if test.running is running and running.state == "cancelled":
                test.running, test.text = None, "cancelled"
                self.changed.emit(test.folder)

    def stop(self, folder: Path) -> None:
        """End a test that runs."""
        test = self._tests.get(folder)
        if test is not None and test.running is not None:
            test.running.cancel()

    def forget(self, folder: Path) -> None:
        """Let the result of a test go; one that runs is stopped."""
        self.stop(folder)
        self._tests.pop(folder, None)
        self.changed.emit(folder)


def _expected(plugin: Plugin) -> int:
    from motestudio.studio.conformance.catalogue import CHECKS

    stages = plugin.row.manifest.stages if plugin.row.manifest else ()
    each = [sum(c.id != "manifest" and (not c.kinds or s.kind in c.kinds) for c in CHECKS) for s in stages]
    return 1 + sum(each)


class TestResult(QWidget):
    """The rows of one test, growing while it runs.

    Signals:
        stop_wanted: end the test.
        close_wanted: let the result go.
    """

    __test__ = False

    stop_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._test: PluginTest | None = None
        self._shown = 0
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addSpacing(6)
        box.addWidget(Separator())
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(Text("Test", "section", "text_muted"))
        self.note = ElidedText("", "caption", "text_secondary")
        top.addWidget(self.note, 1)
        self.bar = Bar("accent", 4)
        self.bar.setFixedWidth(120)
        top.addWidget(self.bar)
        self.stop = Button("Cancel", "link")
        self.copy = Button("Copy", "link")
        self.close_button = Button("Close", "link")
        self.stop.clicked.connect(self.stop_wanted)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.close_wanted)
        for button in (self.stop, self.copy, self.close_button):
            top.addWidget(button)
        box.addLayout(top)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(3, 1)
        box.addLayout(self._grid)

    def show_test(self, test: PluginTest) -> None:
        """Show a test; rows that are there stay."""
        self._test = test
        while self._shown < len(test.rows):
            self._add(test.rows[self._shown])
        runs = test.running is not None
        took = duration(sum(row.seconds for row in test.rows))
        self.note.set_text(f"{test.counts}{f', {test.text}' if test.text else ''}, {took}")
        self.bar.setVisible(runs)
        self.bar.set(len(test.rows) / test.expected)
        self.stop.setVisible(runs)
        self.copy.setVisible(not runs)
        self.close_button.setVisible(not runs)

    def _add(self, row: Row) -> None:
        icon, ink, text_ink = _MARKS[row.state]
        line, top = self._shown, Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(IconMark(icon, ink, 14), line, 0, top)
        self._grid.addWidget(Text(row.stage.rpartition("/")[2], "caption", "text_muted"), line, 1, top)
        self._grid.addWidget(Text(row.title, "caption_number"), line, 2, top)
        self._grid.addWidget(Text(row.text, "caption", text_ink, wrap=True), line, 3, top)
        self._grid.addWidget(Text(duration(row.seconds), "caption", "text_muted"), line, 4, top)
        self._shown += 1

    def _copy(self) -> None:
        if self._test is not None:
            QGuiApplication.clipboard().setText(self._test.report)
            self.copy.set_text("Copied")
