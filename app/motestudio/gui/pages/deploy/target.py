"""The first column: the target, whether the model fits, what the board holds, what this computer has and lacks."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import budget_text
from motestudio.gui.pages.deploy.computer import ComputerCard
from motestudio.gui.pages.deploy.data import DeployData
from motestudio.gui.widgets import Button, Choice, Column, Figure, StatusDot, Text
from motestudio.studio import flash_chip
from motestudio.studio.device_session import DeviceSession

_TOOL_WORDS: Mapping[flash_chip.Tool, str] = {
    "stm32loader": "By its serial boot loader: set BOOT0 high and reset the board first, low again afterwards.",
    "esptool": "By its serial boot loader, which esptool starts by itself.",
    "pyocd": "By pyOCD; the board is reset afterwards.",
}


class TargetColumn(Column):
    """The column.

    Signals:
        connect_wanted(str): a port, or ``virtual``.
        through_wanted(str): what shall write the chip, a port or `data.PROBE`.
        disconnect_wanted: let the board go.
        page_wanted(str): a link was followed.
    """

    connect_wanted = Signal(str)
    through_wanted = Signal(str)
    disconnect_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__("surface", 16)
        self.add(Text("Target", "section", "text_muted"))
        self.board = Text("", "title", wrap=True)
        self.about = Text("", "caption", "text_muted", wrap=True)
        self.add(self.board)
        self.add(self.about)
        self._link()
        self._writing()
        self._fit()
        self.separate()
        self.computer = ComputerCard()
        self.computer.settings_wanted.connect(lambda: self.page_wanted.emit("settings"))
        self.add(self.computer)
        self.end()

    def _link(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        self.dot = StatusDot("none")
        self.state = Text("", "body", "text", wrap=True)
        line.addWidget(self.dot)
        line.addWidget(self.state, 1)
        self.add_layout(line)
        self.held = Text("", "caption", "text_muted", wrap=True)
        self.add(self.held)
        self.ports = Choice(["Virtual board"], "Port")
        self.add(self.ports)
        buttons = QHBoxLayout()
        self.connect_button = Button("Connect", "secondary")
        self.connect_button.clicked.connect(self._connect)
        self.leave = Button("Disconnect", "link")
        self.leave.clicked.connect(self.disconnect_wanted)
        buttons.addWidget(self.connect_button)
        buttons.addWidget(self.leave)
        buttons.addStretch(1)
        self.add_layout(buttons)
        self._paths = ["virtual"]

    def _writing(self) -> None:
        self._writer = QWidget()
        box = QVBoxLayout(self._writer)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(4)
        box.addWidget(Text("Write the chip through", "section", "text_muted"))
        self.through = Choice([], "Write the chip through")
        self.through.activated.connect(self._through)
        self.tool = Text("", "caption", "text_muted", wrap=True)
        box.addWidget(self.through)
        box.addWidget(self.tool)
        self.add(self._writer)
        self._places: tuple[str, ...] = ()

    def _fit(self) -> None:
        self.separate()
        self.add(Text("Fit", "section", "text_muted"))
        line = QHBoxLayout()
        line.setSpacing(16)
        self.figures = {"ram": Figure("RAM"), "flash": Figure("Flash")}
        for figure in self.figures.values():
            line.addWidget(figure, 1)
        self.add_layout(line)
        self.reason = Text("", "body", "bad", wrap=True)
        self.add(self.reason)
        self.analyse = Button("See why in Analyse", "link")
        self.analyse.clicked.connect(lambda: self.page_wanted.emit("analyse"))
        left = QHBoxLayout()
        left.addWidget(self.analyse)
        left.addStretch(1)
        self.add_layout(left)

    def set_data(self, data: DeployData, session: DeviceSession | None) -> None:
        """Show all of it."""
        self.board.setText(data.board.name)
        self.about.setText(f"{data.board.chip}, {data.board.clock_hz / 1e6:g} MHz, kernels: {data.board.kernels}")
        for name, figure in self.figures.items():
            budget = data.verdict.budget(name)
            number, unit, limit = budget_text(budget.used, budget.plus_minus, budget.limit, budget.unit)
            figure.set(number, unit, limit, budget.used / budget.limit if budget.limit else None)
        self.reason.setText(f"{data.blocked}: nothing is built or sent." if data.blocked else "")
        self.reason.setVisible(bool(data.blocked))
        self.analyse.setVisible(bool(data.blocked))
        self.set_link(data, session)
        self._set_writing(data)
        self.computer.set_needs(data.needs)

    def set_link(self, data: DeployData, session: DeviceSession | None) -> None:
        """Show the board that is connected, or the ports there are."""
        connected = session is not None and session.connected
        self.dot.set_state("fresh" if connected else "none")
        for widget in (self.ports, self.connect_button):
            widget.setVisible(not connected)
        self.leave.setVisible(connected)
        self.held.setVisible(connected)
        if not connected or session is None:
            self.state.setText("No board is connected.")
            names = [f"{p.path} {p.description}".strip() for p in data.ports]
            self._paths = ["virtual", *(p.path for p in data.ports)]
            self.ports.clear()
            self.ports.addItems(["Virtual board", *names])
            return
        about = session.description
        self.state.setText(f"{about.name}{', virtual' if about.virtual else ''}, {about.firmware}")
        model = about.model
        holds = (
            "no model yet" if model is None else (f"{data.run.id}, verified by its hash" if data.held else model.name)
        )
        other = model is not None and not data.held
        self.held.setText(f"Holds {holds}{': another model than this run' if other else ''}.")
        self.held.set_ink("ok" if data.held else "text_muted")

    def _connect(self) -> None:
        self.connect_wanted.emit(self._paths[max(0, self.ports.currentIndex())])

    def _set_writing(self, data: DeployData) -> None:
        self._writer.setVisible(data.way == "chip")
        self._places = tuple(data.places)
        self.through.clear()
        self.through.addItems(list(data.places.values()))
        self.through.setCurrentIndex(self._places.index(data.through) if data.places else -1)
        self.through.setEnabled(bool(data.places))
        self.tool.setText(_TOOL_WORDS[data.tool])

    def _through(self, index: int) -> None:
        self.through_wanted.emit(self._places[index])
