"""The first column: the target, whether the model fits, what the board holds, what this computer has and lacks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import budget_text
from motestudio.gui.pages.deploy.copy_line import CopyLine
from motestudio.gui.pages.deploy.data import DeployData
from motestudio.gui.widgets import Button, Choice, Column, FactRow, Figure, StatusDot, Text
from motestudio.studio.checks import Check
from motestudio.studio.device_session import DeviceSession

_VERSION = 10
"""Letters of a version that are shown; the tool tip has the rest."""


class TargetColumn(Column):
    """The column.

    Signals:
        connect_wanted(str): a port, or ``virtual``.
        disconnect_wanted: let the board go.
        page_wanted(str): a link was followed.
    """

    connect_wanted = Signal(str)
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
        self._fit()
        self.separate()
        self.add(Text("This computer", "section", "text_muted"))
        self._tools = QVBoxLayout()
        self._tools.setSpacing(0)
        self.box.addLayout(self._tools)
        self._rows: list[QWidget] = []
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

    def set_data(self, data: DeployData, session: DeviceSession | None, tflm_dir: str) -> None:
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
        self._set_tools(data.checks, tflm_dir)

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

    def _set_tools(self, checks: tuple[Check, ...], tflm_dir: str) -> None:
        for old in self._rows:
            self._tools.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = [_tool(check) for check in checks] + [self._tflm(tflm_dir)]
        for row in self._rows:
            self._tools.addWidget(row)

    def _tflm(self, folder: str) -> QWidget:
        holder = _block("Whole firmware", "CMake builds it in the generated project with TFLM's sources.", "text_muted")
        box = holder.layout()
        assert box is not None
        box.addWidget(CopyLine(f"cmake -B build -DMOTE_TFLM_DIR={folder or '<its folder>'}", "Command for CMake"))
        if not folder:
            link = Button("Set TFLM's folder in Settings", "link")
            link.clicked.connect(lambda: self.page_wanted.emit("settings"))
            box.addWidget(link)
        return holder


def _tool(check: Check) -> QWidget:
    if check.found:
        version = check.version if check.version != "found" else ""
        short = version if len(version) <= _VERSION else version[: _VERSION - 1] + "…"
        row = FactRow(check.name, "", short, "", "ok")
        row.setToolTip(f"{check.purpose}; {version}" if version else check.purpose)
        row.setCheckable(False)
        return row
    needed = "missing" if check.needed else "not here"
    holder = _block(f"{check.name}, {needed}", f"For {check.purpose}.", "bad" if check.needed else "text_muted")
    box = holder.layout()
    assert box is not None
    box.addWidget(CopyLine(check.fix, f"How to get {check.name}"))
    return holder


def _block(title: str, text: str, ink: str) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(FactRow.outset, 8, FactRow.outset, 4)
    box.setSpacing(4)
    box.addWidget(Text(title, "control", "bad" if ink == "bad" else "text", wrap=True))
    box.addWidget(Text(text, "caption", "text_muted", wrap=True))
    return holder
