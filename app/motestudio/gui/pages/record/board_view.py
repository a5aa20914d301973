"""What a connected board shows: plots with takes and labels, what is wrong, level meters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.pages.record.levels import Levels
from motestudio.gui.pages.record.scope import Scope
from motestudio.gui.pages.record.troubles import TroubleStrip


class BoardView(QWidget):
    """Attributes:
    scope: plots over the live tails, or None where there are none.
    troubles: what is wrong at the moment.
    levels: of all channels.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope: Scope | None = None
        self.troubles = TroubleStrip()
        self.levels = Levels()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 12)
        self._box.setSpacing(4)
        self._box.addWidget(self.troubles)
        self._box.addWidget(self.levels)

    def set_readers(self, readers: Sequence[LiveTailReader]) -> None:
        """Show other live tails, the lead's first, or none."""
        if self.scope is not None:
            self._box.removeWidget(self.scope)
            self.scope.hide()
            self.scope.deleteLater()
            self.scope = None
        self.levels.set_readers(readers)
        if readers:
            self.scope = Scope(readers)
            self._box.insertWidget(0, self.scope, 1)
