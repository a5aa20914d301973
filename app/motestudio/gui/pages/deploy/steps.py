"""The third column: the three steps with how each stands, the log, what the flash is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from motestudio.domain.model_report import Verdict
from motestudio.firmware.builder import BuildResult
from motestudio.gui.numbers import byte_size, duration
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import KeyValue, PartsGroup, SectionHeader, Separator, StatusDot, Text

STEPS = (
    ("generate", "Generate", "the project, from the run"),
    ("build", "Build", "the feature code and the package"),
    ("flash", "Flash", "send it, and read its hash back"),
)


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
        self.text = Text(note, "caption", "text_muted", wrap=True)
        row.addWidget(self.text, 1)
        self.seconds = Text("", "caption", "text_muted")
        row.addWidget(self.seconds)

    def set_state(self, state: str, text: str = "", seconds: float | None = None) -> None:
        """Show how it stands; an empty text says again what the step is."""
        self.dot.set_state(state)
        self.text.setText(text or self._note)
        self.text.set_ink("bad" if state == "failed" else "text_muted")
        self.seconds.setText("" if seconds is None else duration(seconds))
        self.setAccessibleName(f"{self.title.text()}: {self.dot.accessibleName()}, {self.text.text()}")


class StepsColumn(QWidget):
    """Steps, log, size map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        box.addWidget(Text("Build and flash", "strong"))
        self.rows = {key: StepRow(title, note) for key, title, note in STEPS}
        for row in self.rows.values():
            box.addWidget(row)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setProperty("log", True)
        self.log.setMaximumBlockCount(5000)
        self.log.setFont(monospace())
        self.log.setAccessibleName("Build and flash log")
        self.log.setPlaceholderText("The compiler's words and the board's answers come here.")
        self.log.setMinimumHeight(72)
        box.addWidget(self.log, 1)
        box.addSpacing(8)
        self.flash = PartsGroup("Flash on the board")
        box.addWidget(self.flash)
        self._sizes = QVBoxLayout()
        self._sizes.setSpacing(4)
        box.addLayout(self._sizes)
        self._shown: list[QWidget] = []

    def reset(self) -> None:
        """Back to the start of a build."""
        self.log.clear()
        for row in self.rows.values():
            row.set_state("none")

    def add_line(self, text: str) -> None:
        """Add to the log."""
        self.log.appendPlainText(text)

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
