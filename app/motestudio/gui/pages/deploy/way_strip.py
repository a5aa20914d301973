"""The way from the run to something that runs it: a choice under the page's bar, with what it does or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.pages.deploy.data import DeployData
from motestudio.gui.widgets import Button, Segmented, Text
from motestudio.studio.deploying import WAYS, Way

NAMES: Mapping[Way, str] = {
    "virtual": "Virtual board",
    "emulator": "Emulator",
    "chip": "Chip",
    "model": "Model only",
}
ABOUT: Mapping[Way, str] = {
    "virtual": "A board that is a program: it is sent the model as a package and infers with TensorFlow Lite Micro.",
    "emulator": "The whole firmware is built and run in QEMU; the window connects to it. It runs until you stop it.",
    "chip": "The whole firmware is built, written into the chip and compared; then the board is asked what it runs.",
    "model": "Only the model goes to the connected board, into the slot that is not in use; its firmware stays.",
}


class WayStrip(QWidget):
    """The choice and a sentence.

    Signals:
        chosen(str): another way.
        computer_wanted: show what this computer lacks.
    """

    chosen = Signal(str)
    computer_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 24, 8)
        row.setSpacing(16)
        self.choice = Segmented([NAMES[way] for way in WAYS], 0, "Deploy to")
        self.choice.changed.connect(self._changed)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.text = Text("", "caption", "text_secondary", wrap=True)
        self.closed = Text("", "caption", "text_muted", wrap=True)
        words.addWidget(self.text)
        words.addWidget(self.closed)
        row.addWidget(self.choice)
        row.addLayout(words, 1)
        self.show_lacking = Button("Show what is missing", "link")
        self.show_lacking.clicked.connect(self.computer_wanted)
        row.addWidget(self.show_lacking)

    def set_data(self, data: DeployData) -> None:
        """Show which way is gone and what stands in it, and why others cannot be."""
        self.choice.set_blocked({})
        self.choice.blockSignals(True)
        self.choice.set_current(WAYS.index(data.way))
        self.choice.blockSignals(False)
        self.choice.set_blocked({WAYS.index(way): reason for way, reason in data.closed.items()})
        obstacle = data.obstacle
        self.text.setText(obstacle or ABOUT[data.way])
        self.text.set_ink("bad" if obstacle else "text_secondary")
        self.show_lacking.setVisible(data.lacking)
        self.closed.setText("   ".join(f"{NAMES[way]}: {reason}" for way, reason in data.closed.items()))
        self.closed.setVisible(bool(data.closed))

    def _changed(self, index: int) -> None:
        self.chosen.emit(WAYS[index])
