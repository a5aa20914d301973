"""A row of what a virtual board can perform: so that live recognition can be seen without a board in the hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from motestudio.gui.widgets import Button, Text

_GAP = 8


class PerformRow(QWidget):
    """Buttons with number keys; those without room are hidden and stay in the palette.

    Signals:
        wanted(str): gesture to perform.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gestures: list[str] = []
        self.buttons: list[Button] = []
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 4, 0, 12)
        self._box.setSpacing(_GAP)
        self._title = Text("Perform", "section", "text_muted")
        self._title.setFixedWidth(72)
        self._box.addWidget(self._title)
        self._box.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_gestures(self, gestures: Sequence[str]) -> None:
        """Offer these; none hides the row."""
        if list(gestures) == self.gestures:
            return
        self.gestures = list(gestures)
        for old in self.buttons:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = []
        for i, name in enumerate(self.gestures):
            button = Button(name, "secondary", key=str(i + 1) if i < 9 else "")
            button.setAccessibleName(f"Perform {name}")
            button.clicked.connect(self._clicked)
            self._box.insertWidget(i + 1, button)
            self.buttons.append(button)
        self.setVisible(bool(self.gestures))
        self._arrange(self.width())

    def _arrange(self, width: int) -> None:
        left = width - self._title.width() - _GAP
        for button in self.buttons:
            left -= button.sizeHint().width() + _GAP
            button.setVisible(left >= -_GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide what has no room."""
        super().resizeEvent(event)
        self._arrange(event.size().width())

    @Slot()
    def _clicked(self) -> None:
        sender = self.sender()
        self.wanted.emit(self.gestures[self.buttons.index(sender)])  # type: ignore[arg-type]
