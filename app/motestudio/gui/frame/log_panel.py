"""The log: lines of the operations of this session, in a panel over the job strip. Read only, copyable."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from motestudio.gui.bridge import Bridge, RunningOperation
from motestudio.gui.theme import theme
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets.buttons import Button, IconButton
from motestudio.gui.widgets.choices import Choice
from motestudio.gui.widgets.labels import Text


class LogPanel(QWidget):
    """Shows one operation at a time: the newest, or the one chosen."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._operations: list[RunningOperation] = []
        self.setProperty("surface", "sunken")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(24, 6, 12, 6)
        bar.addWidget(Text("Log", "strong"))
        bar.addSpacing(8)
        self.choice = Choice((), "Operation")
        self.choice.setMinimumWidth(280)
        bar.addWidget(self.choice)
        bar.addStretch(1)
        self.copy = Button("Copy", "link")
        self.close_button = IconButton("ph.x", "Close the log", "quiet")
        bar.addWidget(self.copy)
        bar.addWidget(self.close_button)
        box.addLayout(bar)
        self.lines = QPlainTextEdit()
        self.lines.setProperty("log", True)
        self.lines.setReadOnly(True)
        self.lines.setMaximumBlockCount(5000)
        self.lines.setFont(monospace())
        self.lines.setAccessibleName("Log lines")
        box.addWidget(self.lines, 1)
        self.setFixedHeight(220)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(200)
        self._late.timeout.connect(self._fill)
        self.choice.activated.connect(self._fill)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.hide)
        bridge.started.connect(self._renew)
        bridge.changed.connect(self._soon)
        bridge.finished.connect(self._soon)
        self.hide()

    def sizeHint(self) -> QSize:
        """220 px high."""
        return QSize(theme().size("inspector"), 220)

    def showEvent(self, event: QShowEvent) -> None:
        """Fill when it is looked at."""
        self._renew()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop following."""
        self._late.stop()
        super().hideEvent(event)

    @Slot(object)
    def _renew(self, _: object = None) -> None:
        if not self.isVisible() and self.sender() is not None:
            return
        self._operations = list(reversed(self._bridge.history))
        self.choice.clear()
        self.choice.addItems([f"{o.wall_clock}  {o.title}" for o in self._operations] or ["Nothing has run yet"])
        self._fill()

    @Slot(object)
    def _soon(self, _: object) -> None:
        if self.isVisible() and not self._late.isActive():
            self._late.start()

    @Slot()
    def _fill(self) -> None:
        index = self.choice.currentIndex()
        if not 0 <= index < len(self._operations):
            self.lines.setPlainText("")
            return
        operation = self._operations[index]
        text = "\n".join(f"{seconds:8.2f}  {line}" for seconds, line in operation.log)
        if text != self.lines.toPlainText():
            self.lines.setPlainText(text)
            bar = self.lines.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.lines.toPlainText())
