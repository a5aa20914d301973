"""Versions of this program and what it stands on, to read and to copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.pages.settings.fields import LABEL
from motestudio.gui.widgets import Button, Text


class About(QWidget):
    """A table of names and versions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(12)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, LABEL)
        self._grid.setColumnStretch(1, 1)
        box.addLayout(self._grid)
        line = QHBoxLayout()
        self.copy = Button("Copy versions", "secondary", "ph.copy")
        self.copy.clicked.connect(self._copy)
        line.addWidget(self.copy)
        line.addStretch(1)
        box.addLayout(line)
        self.rows: list[tuple[str, str]] = []

    def set_versions(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show versions; an empty one is not installed."""
        if self.rows == list(rows):
            return
        self.rows = list(rows)
        while (item := self._grid.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for line, (name, version) in enumerate(self.rows):
            self._grid.addWidget(Text(name, "body", "text_secondary"), line, 0)
            ink = "text" if version else "text_muted"
            self._grid.addWidget(Text(version or "not installed", "body_number", ink), line, 1)

    def _copy(self) -> None:
        words = "\n".join(f"{name} {version or 'not installed'}" for name, version in self.rows)
        QGuiApplication.clipboard().setText(words)
        self.copy.set_text("Copied")
