"""No board yet: what this computer can record from, how that is to be read, and the button that connects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.baud import AUTO, BAUDS, too_slow
from motestudio.devices.ports import PortInfo
from motestudio.devices.recorder_messages import Listened
from motestudio.devices.transports import REPLAY, LinePolicy
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.gui.pages.record.sources import VIRTUAL, Source, find_sources, row_for
from motestudio.gui.pages.record.stream_choice import AUTO as FOUND
from motestudio.gui.pages.record.stream_choice import StreamChoice
from motestudio.gui.widgets import Button, Choice, IconMark, RowList, Text, scrolled
from motestudio.project.store import Project
from motestudio.studio.decoders import candidates
from motestudio.studio.operation import Operation

RATES = (AUTO, *BAUDS)
LINES: tuple[LinePolicy, ...] = ("auto", "on", "off")
_LINE_WORDS = ("As its chip needs", "Asserted", "Left alone")
_LOOK_MS = 3000
_WIDTH = 440
_MOST_KEPT = 50


class ConnectPanel(QWidget):
    """A list of ports and one button."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.sources: list[Source] = [Source(VIRTUAL), Source(REPLAY)]
        self._file = ""
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
        column.addWidget(self.stream)
        column.addWidget(self.file_button, 0, Qt.AlignmentFlag.AlignHCenter)
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
        self._show_rows(())

    def _make_settings(self) -> None:
        """What can be set of a port."""
        self.baud = Choice([f"{b:,}" if b else "Found by listening" for b in RATES], "Baud rate")
        kept = self._context.settings.get("baud", 115200)
        self.baud.setCurrentIndex(RATES.index(kept) if kept in RATES else RATES.index(115200))
        self.baud.currentIndexChanged.connect(self._show_warning)
        self.baud_row = _labelled("Baud rate", self.baud)
        self.lines = Choice(_LINE_WORDS, "DTR and RTS")
        self.lines_row = _labelled("DTR and RTS", self.lines)
        self.stream = StreamChoice(candidates(self._context.studio.registry))
        self.stream.listen_wanted.connect(self._listen)
        self.stream.changed.connect(self._stream_changed)
        self.file_button = Button("Choose another file", "link")
        self.file_button.clicked.connect(self.choose_file)
        self.warning = Text("", "caption", "warn", wrap=True)
        self.warning.setContentsMargins(8, 0, 8, 0)

    def showEvent(self, event: QShowEvent) -> None:
        """Look for ports while visible."""
        super().showEvent(event)
        self._timer.start()
        self._look()
        self._context.prepare_recorder()

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
        source = self._source()
        decoder, params = (self.stream.decoder, self.stream.params) if source.decodes else ("", {})
        self._context.connect_device(self.chosen, baud=baud, lines=lines, decoder=decoder, params=params)

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

        def look(_: Operation) -> tuple[list[Source], ChannelGroup | None]:
            return find_sources(), _last_signal(project) if project is not None else None

        self._context.run_operation("Look for boards", look, self._found, self._not_found, quiet=True)

    def _not_found(self, error: BaseException) -> None:
        self._looking = False
        self._timer.stop()
        self._context.show_error(error)

    def _found(self, found: tuple[list[Source], ChannelGroup | None]) -> None:
        self._looking = False
        sources, self._signal = found
        if sources != self.sources[1:-1]:
            self._show_rows(sources)
        self._show_warning()

    def _show_rows(self, found: Sequence[Source]) -> None:
        project = self._context.project
        board = project.config.board if project else ""
        self.sources = [Source(VIRTUAL), *found, Source(REPLAY + self._file)]
        self.ports.set_rows([row_for(source, board) for source in self.sources])
        urls = [source.url for source in self.sources]
        if self.chosen not in urls:
            self.chosen = VIRTUAL
        self.ports.set_current(urls.index(self.chosen))
        self._show_choice()

    @Slot(int)
    def _choose(self, index: int) -> None:
        if self.sources[index].is_file and not self._file:
            self.choose_file()
            return
        self._take(self.sources[index])

    def choose_file(self) -> None:
        """Ask for a file that was recorded before."""
        path, _ = QFileDialog.getOpenFileName(self, "A file that was recorded before", self._file or str(Path.home()))
        if path:
            self._file = path
            self.chosen = REPLAY + path
            self._show_rows(self.sources[1:-1])
            self._take(self.sources[-1])
        else:
            self.ports.set_current([source.url for source in self.sources].index(self.chosen))

    def _take(self, source: Source) -> None:
        """Make a source the chosen one, with what was set for it before."""
        self.chosen = source.url
        kept = self._kept().get(source.key, {})
        params = kept.get("params", {})
        self.stream.set_choice(str(kept.get("decoder", FOUND)), params if isinstance(params, dict) else {})
        self._show_choice()

    def _kept(self) -> dict[str, Any]:
        kept = self._context.settings.get("streams", {})
        return {key: value for key, value in kept.items() if isinstance(value, dict)}

    @Slot()
    def _stream_changed(self) -> None:
        source = self._source()
        kept = self._kept()
        kept.pop(source.key, None)
        kept[source.key] = {"decoder": self.stream.decoder, "params": self.stream.params}
        while len(kept) > _MOST_KEPT:
            kept.pop(next(iter(kept)))
        self._context.settings.set("streams", kept)

    @Slot()
    def _listen(self) -> None:
        """Hear what the chosen port sends."""
        from motestudio.studio.decoders import wish_for
        from motestudio.studio.listening import listen

        studio, source = self._context.studio, self._source()
        baud, lines = RATES[self.baud.currentIndex()], LINES[self.lines.currentIndex()]
        decoder, params = self.stream.decoder, self.stream.params
        self.stream.set_listening(listening=True)

        def work(_: Operation) -> tuple[Source, Listened]:
            wish = wish_for(studio.registry, decoder, params)
            return source, listen(studio, source.url, wish, baud=baud, lines=lines)

        self._context.run_operation(f"Listen to {source.url}", work, self._heard, self._not_heard)

    def _heard(self, result: tuple[Source, Listened]) -> None:
        source, heard = result
        self.stream.set_listening(listening=False)
        if source.url == self.chosen:
            self.stream.set_heard(heard)
            if heard.baud in RATES and self.baud_row.isVisible():
                self.baud.setCurrentIndex(RATES.index(heard.baud))

    def _not_heard(self, error: BaseException) -> None:
        self.stream.set_listening(listening=False)
        self._context.show_error(error)

    def _source(self) -> Source:
        return next((s for s in self.sources if s.url == self.chosen), Source(VIRTUAL))

    def _port(self) -> PortInfo | None:
        return self._source().port

    def _show_choice(self) -> None:
        """What can be set of the chosen port: a board with USB of its own has no baud rate."""
        port = self._port()
        self.baud_row.setVisible(port is not None and (port.chip is None or port.uart))
        self.lines_row.setVisible(port is not None)
        source = self._source()
        self.stream.setVisible(source.decodes)
        self.file_button.setVisible(source.is_file)
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
