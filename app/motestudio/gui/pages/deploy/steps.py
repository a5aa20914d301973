"""The third column: the steps of the way with how each stands, the log, what fills flash and RAM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import Verdict
from motestudio.firmware.builder import BuildResult
from motestudio.firmware.chip_image import ChipImage
from motestudio.gui.numbers import byte_size, duration
from motestudio.gui.pages.deploy.size_map import SizeMap
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import Button, KeyValue, PartsGroup, SectionHeader, Separator, StatusDot, Text
from motestudio.studio.deploying import Way

_GENERATE = ("generate", "Generate", "the project, from the run")
_WHOLE = ("build", "Build", "the whole firmware, by its own build files")
STEPS: Mapping[Way, tuple[tuple[str, str, str], ...]] = {
    "virtual": (
        _GENERATE,
        ("build", "Build", "the feature code and the package"),
        ("flash", "Flash", "send it, and read its hash back"),
    ),
    "emulator": (_GENERATE, _WHOLE, ("run", "Run", "in QEMU, and connect to it")),
    "chip": (
        _GENERATE,
        _WHOLE,
        ("flash", "Flash", "write the chip, and compare"),
        ("verify", "Verify", "connect, and ask what it runs"),
    ),
    "model": (("flash", "Send", "the model into the spare slot, and read its hash back"),),
}
"""Key, title and what it does, in their order."""


class StepRow(QWidget):
    """A dot, what the step is, and how it went."""

    def __init__(self, title: str, note: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = note
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        self.dot = StatusDot("none")
        row.addWidget(self.dot)
        self.title = Text(title, "control")
        self.title.setFixedWidth(64)
        row.addWidget(self.title)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.text = Text(note, "caption", "text_muted", wrap=True)
        words.addWidget(self.text)
        self.place = Button("", "link")
        self.place.clicked.connect(self._open)
        self.place.hide()
        self._path = Path()
        line = QHBoxLayout()
        line.addWidget(self.place)
        line.addStretch(1)
        words.addLayout(line)
        row.addLayout(words, 1)
        self.seconds = Text("", "caption", "text_muted")
        row.addWidget(self.seconds)

    def set_state(self, state: str, text: str = "", seconds: float | None = None) -> None:
        """Show how it stands; an empty text says again what the step is."""
        self.dot.set_state(state)
        self.text.setText(text or self._note)
        self.text.set_ink("bad" if state == "failed" else "text_muted")
        self.seconds.setText("" if seconds is None else duration(seconds))
        self.setAccessibleName(f"{self.title.text()}: {self.dot.accessibleName()}, {self.text.text()}")
        self.place.hide()

    def set_place(self, path: Path, line: int) -> None:
        """Offer the file that stopped it, by its line."""
        self._path = path
        self.place.set_text(f"Open {path.name}, line {line}")
        self.place.setToolTip(str(path))
        self.place.show()

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path)))


class StepsColumn(QWidget):
    """Steps, log, size map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        box.addWidget(Text("Steps", "strong"))
        self._steps = QVBoxLayout()
        self._steps.setSpacing(8)
        box.addLayout(self._steps)
        self.rows: dict[str, StepRow] = {}
        self._way = ""
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setProperty("log", True)
        self.log.setMaximumBlockCount(5000)
        self.log.setFont(monospace())
        self.log.setAccessibleName("Build and flash log")
        self.log.setPlaceholderText("The compiler's words and the board's answers come here.")
        self.log.setMinimumHeight(72)
        self._end_of_log = 0
        self.log.verticalScrollBar().rangeChanged.connect(self._follow)
        box.addWidget(self.log, 1)
        box.addSpacing(8)
        self.flash = PartsGroup("Flash on the board")
        box.addWidget(self.flash)
        self._sizes = QVBoxLayout()
        self._sizes.setSpacing(4)
        box.addLayout(self._sizes)
        self._shown: list[QWidget] = []
        self.sizes = SizeMap()
        box.addWidget(self.sizes)
        self.set_way("virtual")

    def set_way(self, way: Way) -> None:
        """Show the steps of a way, and the sizes that it tells: estimated, or what a linker placed."""
        if way == self._way:
            return
        self._way = way
        for old in self.rows.values():
            self._steps.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = {key: StepRow(title, note) for key, title, note in STEPS[way]}
        for row in self.rows.values():
            self._steps.addWidget(row)
        linked = way in ("emulator", "chip")
        self.flash.setVisible(not linked)
        self.sizes.setVisible(linked)
        self.set_build(None)

    @property
    def state(self) -> str:
        """How all of it stands: ``failed`` where a step is, ``fresh`` where the last one is, else ``none``."""
        states = [row.dot.state for row in self.rows.values()]
        return "failed" if "failed" in states else ("fresh" if states[-1] == "fresh" else "none")

    def reset(self) -> None:
        """Back to the start of a build."""
        self.log.clear()
        for row in self.rows.values():
            row.set_state("none")

    def add_line(self, text: str) -> None:
        """Add to the log."""
        self.log.appendPlainText(text)

    def _follow(self, _: int, end: int) -> None:
        """Who looks at the last line goes on looking at it when lines come or the column changes its width."""
        bar = self.log.verticalScrollBar()
        if bar.value() >= self._end_of_log:
            bar.setValue(end)
        self._end_of_log = end

    def set_image(self, image: ChipImage | None, board: BoardFile) -> None:
        """Show what the linker placed; None for nothing yet."""
        self.sizes.set_parts(image.parts if image else (), board.flash_bytes, board.ram_bytes)

    def set_verdict(self, verdict: Verdict) -> None:
        """Show what the flash is made of, estimated."""
        self.flash.set_budget(verdict.budget("flash"))

    def set_build(self, built: BuildResult | None) -> None:
        """Show the sizes of the objects that were compiled."""
        for old in self._shown:
            self._sizes.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown = []
        if built is None:
            return
        self._shown = [Separator(margin=8), SectionHeader("Feature code, compiled for this computer")]
        for path, size in built.files.items():
            number, unit = byte_size(size)
            self._shown.append(KeyValue(path, number, unit, f"{size:,} B of code and constants"))
        for widget in self._shown:
            self._sizes.addWidget(widget)
