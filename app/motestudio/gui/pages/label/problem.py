"""What stands in the place of the plots where a recording has nothing to draw: the reason, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.gui.widgets import IconMark, Text


class Problem(QWidget):
    """A mark, what is wrong, what to do."""

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(48, 24, 24, 24)
        box.setSpacing(8)
        box.addStretch(2)
        self.mark = IconMark("ph.warning-circle", "bad", 32)
        box.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignHCenter)
        self.text = Text("", "strong", wrap=True)
        self.hint = Text("", "body", "text_muted", wrap=True)
        for words in (self.text, self.hint):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            box.addWidget(words)
        box.addStretch(3)

    def tell(self, text: str, hint: str = "", *, bad: bool = True) -> None:
        """Say it."""
        self.mark.set("ph.warning-circle" if bad else "ph.waveform", "bad" if bad else "text_muted")
        self.text.setText(text)
        self.hint.setText(hint)
        self.setAccessibleName(f"{text} {hint}".strip())
