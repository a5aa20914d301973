"""No board yet: the ports of this computer, the virtual board first, and the button that connects."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.ports import PortInfo, list_ports
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.widgets import Button, Choice, FactRow, IconMark, Row, RowList, Text, scrolled

VIRTUAL = "virtual"
BAUDS = (115200, 230400, 460800, 921600, 1000000, 2000000)
_LOOK_MS = 3000
_WIDTH = 440


class ConnectPanel(QWidget):
    """A list of ports and one button."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ports: list[PortInfo] = []
        self._looking = False
        self.chosen = VIRTUAL
        inner = QWidget()
        inner.setFixedWidth(_WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        title = Text("Connect a board", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        sentence = Text(
            "See its signal here and record takes of each class. Without a board, the virtual one moves for you.",
            "body",
            "text_muted",
            wrap=True,
        )
        sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.ports = RowList()
        self.ports.chosen.connect(self._choose)
        self.baud = Choice([f"{b:,}" for b in BAUDS], "Baud rate")
        self.baud_row = QWidget()
        beside = QHBoxLayout(self.baud_row)
        beside.setContentsMargins(8, 0, 0, 0)
        beside.addWidget(Text("Baud rate", "body"), 1)
        self.baud.setFixedWidth(140)
        beside.addWidget(self.baud)
        self.button = Button("Connect", "primary", key="Space")
        self.button.clicked.connect(self.connect_chosen)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.button)
        buttons.addStretch(1)
        column.addWidget(IconMark("ph.cpu", "text_muted", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addWidget(sentence)
        column.addSpacing(8)
        column.addWidget(self.ports)
        column.addWidget(self.baud_row)
        column.addSpacing(8)
        column.addLayout(buttons)
        holder = QWidget()
        across = QHBoxLayout(holder)
        across.addStretch(1)
        across.addWidget(inner, 0, Qt.AlignmentFlag.AlignVCenter)
        across.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(holder))
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        context.bridge.finished.connect(self._operation_ended)
        self._show_rows()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for ports while visible."""
        super().showEvent(event)
        self._timer.start()
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while not."""
        self._timer.stop()
        super().hideEvent(event)

    @Slot()
    def connect_chosen(self) -> None:
        """Connect to the chosen port."""
        if not self.button.isEnabled():
            return
        self.button.setEnabled(False)
        self.button.set_text("Connecting …")
        self._context.connect_device(self.chosen, baud=BAUDS[self.baud.currentIndex()])

    @Slot(object)
    def _operation_ended(self, running: RunningOperation) -> None:
        if running.title.startswith("Connect"):
            self.button.setEnabled(True)
            self.button.set_text("Connect")

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        self._context.run_operation("Look for boards", lambda _: list_ports(), self._found, self._not_found, quiet=True)

    def _not_found(self, error: BaseException) -> None:
        self._looking = False
        self._timer.stop()
        self._context.show_error(error)

    def _found(self, ports: list[PortInfo]) -> None:
        self._looking = False
        if ports != self._ports:
            self._ports = ports
            self._show_rows()

    def _show_rows(self) -> None:
        project = self._context.project
        board = project.config.board if project else ""
        note = f"A program that poses as {board} and performs gestures" if board else "A program that poses as a board"
        rows: list[Row] = [FactRow("Virtual board", note)]
        for port in self._ports:
            about = port.description or port.manufacturer or "Serial port"
            if port.serial_number:
                about += f", {port.serial_number}"
            if port.holder:
                about = f"In use by {port.holder}"
            rows.append(FactRow(Path(port.path).name, about, mark="warn" if port.holder else ""))
        self.ports.set_rows(rows)
        paths = [VIRTUAL, *(p.path for p in self._ports)]
        if self.chosen not in paths:
            self.chosen = VIRTUAL
        self.ports.set_current(paths.index(self.chosen))
        self.baud_row.setVisible(self.chosen != VIRTUAL)

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.chosen = VIRTUAL if index == 0 else self._ports[index - 1].path
        self.baud_row.setVisible(self.chosen != VIRTUAL)
