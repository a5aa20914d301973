"""No board yet: the ports of this computer, the virtual board first, and the button that connects."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.baud import AUTO, BAUDS, too_slow
from motestudio.devices.ports import PortInfo, list_ports
from motestudio.devices.transports import LinePolicy
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.widgets import Button, Choice, FactRow, IconMark, Row, RowList, Text, scrolled
from motestudio.project.store import Project
from motestudio.studio.operation import Operation

VIRTUAL = "virtual"
RATES = (AUTO, *BAUDS)
LINES: tuple[LinePolicy, ...] = ("auto", "on", "off")
_LINE_WORDS = ("As its chip needs", "Asserted", "Left alone")
_LOOK_MS = 3000
_WIDTH = 440


class ConnectPanel(QWidget):
    """A list of ports and one button."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ports: list[PortInfo] = []
        self._signal: ChannelGroup | None = None
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
        self._make_settings()
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
        column.addWidget(self.lines_row)
        column.addWidget(self.warning)
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

    def _make_settings(self) -> None:
        """What can be set of a port."""
        self.baud = Choice([f"{b:,}" if b else "Found by listening" for b in RATES], "Baud rate")
        kept = self._context.settings.get("baud", 115200)
        self.baud.setCurrentIndex(RATES.index(kept) if kept in RATES else RATES.index(115200))
        self.baud.currentIndexChanged.connect(self._show_warning)
        self.baud_row = _labelled("Baud rate", self.baud)
        self.lines = Choice(_LINE_WORDS, "DTR and RTS")
        self.lines_row = _labelled("DTR and RTS", self.lines)
        self.warning = Text("", "caption", "warn", wrap=True)
        self.warning.setContentsMargins(8, 0, 8, 0)

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
        baud, lines = RATES[self.baud.currentIndex()], LINES[self.lines.currentIndex()]
        self._context.connect_device(self.chosen, baud=baud, lines=lines)

    @Slot(object)
    def _operation_ended(self, running: RunningOperation) -> None:
        if running.title.startswith("Connect"):
            self.button.setEnabled(True)
            self.button.set_text("Connect")

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        project = self._context.project

        def look(_: Operation) -> tuple[list[PortInfo], ChannelGroup | None]:
            return list_ports(), _last_signal(project) if project is not None else None

        self._context.run_operation("Look for boards", look, self._found, self._not_found, quiet=True)

    def _not_found(self, error: BaseException) -> None:
        self._looking = False
        self._timer.stop()
        self._context.show_error(error)

    def _found(self, found: tuple[list[PortInfo], ChannelGroup | None]) -> None:
        self._looking = False
        ports, self._signal = found
        if ports != self._ports:
            self._ports = ports
            self._show_rows()
        self._show_warning()

    def _show_rows(self) -> None:
        project = self._context.project
        board = project.config.board if project else ""
        note = f"A program that poses as {board} and performs gestures" if board else "A program that poses as a board"
        rows: list[Row] = [FactRow("Virtual board", note)]
        for port in self._ports:
            facts = [f"in use by {port.holder}" if port.holder else "", port.title]
            facts += [f"no. {port.serial_number}" if port.serial_number else ""]
            facts += [f"at {port.location}" if port.location else ""]
            about = ", ".join(f for f in facts if f)
            row = FactRow(
                Path(port.path).name, about[:1].upper() + about[1:], port.ids, mark="warn" if port.holder else ""
            )
            row.setToolTip("\n".join(_all_facts(port)))
            rows.append(row)
        self.ports.set_rows(rows)
        paths = [VIRTUAL, *(p.path for p in self._ports)]
        if self.chosen not in paths:
            self.chosen = VIRTUAL
        self.ports.set_current(paths.index(self.chosen))
        self._show_choice()

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.chosen = VIRTUAL if index == 0 else self._ports[index - 1].path
        self._show_choice()

    def _port(self) -> PortInfo | None:
        return next((p for p in self._ports if p.path == self.chosen), None)

    def _show_choice(self) -> None:
        """What can be set of the chosen port: a board with USB of its own has no baud rate."""
        port = self._port()
        self.baud_row.setVisible(port is not None and (port.chip is None or port.uart))
        self.lines_row.setVisible(port is not None)
        self._show_warning()

    @Slot()
    def _show_warning(self) -> None:
        """Say where the rate cannot carry what this project records; what the board really sends is known later."""
        port, baud = self._port(), RATES[self.baud.currentIndex()]
        slow = None
        if port is not None and port.uart and self._signal is not None and baud != AUTO:
            slow = too_slow([self._signal], baud)
        self.warning.setText(f"{slow.text} {slow.hint}" if slow is not None else "")
        self.warning.setVisible(slow is not None)


def _labelled(word: str, field: QWidget) -> QWidget:
    row = QWidget()
    beside = QHBoxLayout(row)
    beside.setContentsMargins(8, 0, 0, 0)
    beside.addWidget(Text(word, "body"), 1)
    field.setFixedWidth(180)
    beside.addWidget(field)
    return row


def _last_signal(project: Project) -> ChannelGroup | None:
    """The channels of the project's latest recording, None where there is none that opens."""
    names = project.recordings.names()
    try:
        return project.recordings.load(names[-1]).group if names else None
    except AppError:
        return None


def _all_facts(port: PortInfo) -> list[str]:
    """Everything that is known of a port, a line each."""
    chip = port.chip
    facts = [
        port.path,
        port.title,
        f"It says of itself: {port.description}" if port.description else "",
        f"Manufacturer: {port.manufacturer}" if port.manufacturer else "",
        f"USB id: {port.ids}" if port.ids else "",
        f"Serial number: {port.serial_number}" if port.serial_number else "",
        f"Plugged in at: {port.location}" if port.location else "",
        f"In use by {port.holder}" if port.holder else "Nobody has it open.",
        chip.note if chip else "",
    ]
    return [f for f in facts if f]
