"""A command to copy: a read-only line with a button."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import IconButton, TextField


class CopyLine(QWidget):
    """Text in a fixed-width font; the button puts it on the clipboard."""

    def __init__(self, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.field = TextField(text, name)
        self.field.setReadOnly(True)
        self.field.setFont(monospace())
        self.field.setCursorPosition(0)
        self.field.setToolTip(text)
        self.button = IconButton("ph.copy", f"Copy: {text}", "quiet")
        self.button.clicked.connect(self._copy)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.field.text())
        self.button.setToolTip("Copied")
        self.button.icon_name = "ph.check"
        self.button.update()
