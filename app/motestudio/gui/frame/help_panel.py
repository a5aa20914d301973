"""F1: what the page is for and which keys it has, in the place of the inspector."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.widgets.buttons import IconButton
from motestudio.gui.widgets.canvas import Canvas, Painted
from motestudio.gui.widgets.labels import Text
from motestudio.gui.widgets.sections import Column, SectionHeader


class KeyLine(Painted):
    """A command and its keys."""

    def __init__(self, title: str, shortcut: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._shortcut = title, shortcut
        self.setFixedHeight(26)
        self.setAccessibleName(f"{title}: {shortcut}")

    def paint(self, canvas: Canvas) -> None:
        """Draw the line."""
        rect = QRectF(self.rect())
        right = rect.right()
        for key in reversed(self._shortcut.split("+")):
            right = canvas.keycap(right, rect.center().y(), key, ink="text_secondary") - 4
        canvas.text(QRectF(0, 0, right - 8, rect.height()), self._title, "body", "text_secondary", elide=True)


class HelpPanel(Column):
    """A page's help; `close_button.clicked` closes it."""

    def __init__(self, title: str, text: str, page: Sequence[Command], window: Sequence[Command]) -> None:
        super().__init__()
        top = QHBoxLayout()
        top.addWidget(Text(title, "title"), 1)
        self.close_button = IconButton("ph.x", "Close the help", "quiet")
        top.addWidget(self.close_button)
        self.add_layout(top)
        for paragraph in text.splitlines():
            if paragraph.strip():
                self.add(Text(paragraph.strip(), "body", "text_secondary", wrap=True))
        for heading, commands in (("Keys of this page", page), ("Keys everywhere", window)):
            keyed = [c for c in commands if c.shortcut]
            if keyed:
                self.separate()
                self.add(SectionHeader(heading))
                for command in keyed:
                    self.add(KeyLine(command.title, command.shortcut))
        self.end()
