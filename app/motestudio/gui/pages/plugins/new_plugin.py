"""The form for a new plugin: name, kind of stage, place. It writes nothing; the page does, by the studio's verb."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.pipeline import StageKind
from motestudio.errors import AppError
from motestudio.gui.pages.plugins import rows
from motestudio.gui.widgets import Button, Choice, Text, TextField, labelled

_WIDTH = 420


class NewPlugin(QWidget):
    """Asks for what a new plugin needs.

    Args:
        kinds: that there are templates for.
        places: (word, folder) of where it may be written.

    Signals:
        create_wanted(str, str, object): name, kind and folder in which the plugin's own is made.
        closed: the user does not want one.
    """

    create_wanted = Signal(str, str, object)
    closed = Signal()

    def __init__(
        self, kinds: tuple[StageKind, ...], places: list[tuple[str, Path]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kinds = [k for k in rows.KINDS if k in kinds]
        self._places = places
        self.setProperty("surface", "surface")
        outer = QHBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        column = QWidget()
        column.setMaximumWidth(_WIDTH)
        outer.addWidget(column, 100)
        outer.addStretch(1)
        box = QVBoxLayout(column)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(16)
        box.addWidget(Text("New plugin", "headline"))
        told = "A folder with a working stage, its manifest and its tests, to be changed into what you need."
        box.addWidget(Text(told, "body", "text_secondary", wrap=True))
        self.name = TextField("", "Name of the plugin", "band-level")
        self.kind = Choice([rows.KINDS[k].removesuffix("s") for k in self._kinds], "Kind of stage")
        self.kind.setCurrentIndex(max(0, self._kinds.index("feature") if "feature" in self._kinds else 0))
        self.what = Text("", "caption", "text_muted", wrap=True)
        self.place = Choice([word for word, _ in places], "Where")
        self.path = Text("", "caption", "text_muted", wrap=True)
        self.problem = Text("", "body", "bad", wrap=True)
        for title, field, note in (
            ("Name", self.name, self.problem),
            ("Stage", self.kind, self.what),
            ("Where", self.place, self.path),
        ):
            group = QVBoxLayout()
            group.setSpacing(4)
            group.addWidget(labelled(title, field))
            group.addWidget(note)
            box.addLayout(group)
        self.problem.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.write = Button("Create", "primary", key="Enter")
        self.cancel = Button("Cancel", "secondary")
        buttons.addWidget(self.write)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        box.addLayout(buttons)
        box.addStretch(1)
        self.write.clicked.connect(self._create)
        self.cancel.clicked.connect(self.closed)
        self.name.returnPressed.connect(self._create)
        self.name.textChanged.connect(self._tell)
        self.kind.currentIndexChanged.connect(self._tell)
        self.place.currentIndexChanged.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        self.what.setText(rows.PURPOSES[self._kinds[self.kind.currentIndex()]])
        name = re.sub(r"[\s_]+", "-", self.name.text().strip()).lower()
        self.path.setText(str(self._places[self.place.currentIndex()][1] / (name or "…")))
        self.write.setEnabled(bool(name))
        self.set_problem(None)

    def set_problem(self, error: AppError | None) -> None:
        """Say why it cannot be written, or that nothing is known against it."""
        self.name.set_problem(error.text if error is not None else "")
        self.problem.setText(f"{error.text} {error.hint}" if error is not None else "")
        self.problem.setVisible(error is not None)

    def _create(self) -> None:
        if self.write.isEnabled():
            kind, place = self._kinds[self.kind.currentIndex()], self._places[self.place.currentIndex()][1]
            self.create_wanted.emit(self.name.text(), kind, place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
