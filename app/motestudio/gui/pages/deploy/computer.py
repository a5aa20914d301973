"""What the chosen way needs on this computer: what is here and where, what is missing and how to get it."""

from __future__ import annotations

import sys

from PySide6.QtCore import QRectF, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.firmware.tflm import TFLM_PIN
from motestudio.gui.pages.deploy.copy_line import CopyLine
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Button, ElidedText, IconButton, IconMark, Segmented, Text
from motestudio.gui.widgets.canvas import Canvas, shortened
from motestudio.studio.deploying import Need, Needs, TflmNeed

_SYSTEMS = ("windows", "macos", "linux")
_NAMES = ("Windows", "macOS", "Linux")
_HERE = {"win32": 0, "darwin": 1}.get(sys.platform, 2)


class PathText(ElidedText):
    """A path that gives way in its middle: both its beginning and its name tell something."""

    def paint(self, canvas: Canvas) -> None:
        """Draw; the whole is in the tool tip."""
        shown = shortened(self.text, self._style, self.width())
        canvas.text(QRectF(self.rect()), shown, self._style, self._ink, self._align)
        self.setToolTip(self.text)


class ComputerCard(QWidget):
    """The card.

    Signals:
        refresh_wanted: look again.
        get_wanted: get TensorFlow Lite Micro.
        build_wanted: build it for the project's board.
        settings_wanted: name the folder where it lies already.
    """

    refresh_wanted = Signal()
    get_wanted = Signal()
    build_wanted = Signal()
    settings_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needs: Needs | None = None
        self._busy = False
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(Text("This computer", "section", "text_muted"))
        head.addStretch(1)
        self.refresh = IconButton("ph.arrow-clockwise", "Look again", "quiet")
        self.refresh.clicked.connect(self.refresh_wanted)
        head.addWidget(self.refresh)
        box.addLayout(head)
        self.nothing = Text("This way needs nothing more here.", "caption", "text_muted", wrap=True)
        box.addWidget(self.nothing)
        self.system = Segmented(_NAMES, _HERE, "How to install on")
        self.system.changed.connect(self._fill)
        box.addWidget(self.system)
        self._box = QVBoxLayout()
        self._box.setSpacing(4)
        box.addLayout(self._box)
        self._rows: list[QWidget] = []

    def set_needs(self, needs: Needs) -> None:
        """Show them; nothing moves where they are the same."""
        if needs != self._needs:
            self._needs = needs
            self._fill()

    def set_busy(self, busy: bool) -> None:
        """TensorFlow Lite Micro is being got or built."""
        self._busy = busy
        for row in self._rows:
            for button in row.findChildren(Button):
                if not isinstance(button, IconButton):
                    button.setEnabled(not busy)

    def _fill(self) -> None:
        for old in self._rows:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        needs = self._needs
        if needs is None:
            return
        self.nothing.setVisible(not needs.tools and needs.tflm is None)
        self.system.setVisible(bool(needs.missing))
        # What is to be done first stands first.
        tools = sorted(needs.tools, key=lambda need: bool(need.found))
        self._rows = [self._found(t) if t.found else self._missing(t) for t in tools]
        if needs.tflm is not None:
            self._rows.append(self._tflm(needs.tflm))
        for row in self._rows:
            self._box.addWidget(row)
        self.set_busy(self._busy)

    def _found(self, need: Need) -> QWidget:
        row = _line("ph.check-circle", "ok", need.name)
        box = row.layout()
        assert isinstance(box, QHBoxLayout)
        box.addWidget(PathText(need.found, "caption", "text_muted", "right"), 1)
        row.setToolTip(f"{need.name} {need.purpose}")
        return row

    def _missing(self, need: Need) -> QWidget:
        holder, box = _block()
        box.addWidget(_line("ph.x-circle", "bad", f"{need.name} is missing"))
        box.addWidget(Text(f"It {need.purpose}.", "caption", "text_muted", wrap=True))
        way = need.hints[_SYSTEMS[self.system.current]]
        box.addWidget(CopyLine(way, f"How to get {need.name} on {_NAMES[self.system.current]}"))
        return holder

    def _tflm(self, need: TflmNeed) -> QWidget:
        holder, box = _block()
        icon, ink = ("ph.check-circle", "ok") if need.ready else ("ph.warning-circle", "bad" if need.folder else "warn")
        box.addWidget(_line(icon, ink, "TensorFlow Lite Micro"))
        if need.folder:
            box.addWidget(PathText(need.folder, "caption", "text_muted"))
        if need.problem:
            box.addWidget(Text(need.problem, "caption", "bad", wrap=True))
        elif not need.folder:
            words = f"Without it the board streams, but infers nothing. {TFLM_PIN.gzip_bytes / 1e6:.0f} MB to download."
            box.addWidget(Text(words, "caption", "text_muted", wrap=True))
        elif not need.built:
            words = f"Its library for {need.core} is not built yet; that takes some minutes, once."
            box.addWidget(Text(words, "caption", "text_muted", wrap=True))
        if not need.folder or need.problem:
            self._button(box, "Get TensorFlow Lite Micro", self.get_wanted)
            self._button(box, "Set its folder in Settings", self.settings_wanted, "link")
        elif not need.built:
            self._button(box, "Build it for this board", self.build_wanted)
        return holder

    def _button(self, box: QVBoxLayout, text: str, signal: SignalInstance, kind: str = "secondary") -> None:
        button = Button(text, kind)
        button.clicked.connect(signal)
        line = QHBoxLayout()
        line.addWidget(button)
        line.addStretch(1)
        box.addLayout(line)


def _line(icon: str, ink: str, text: str) -> QWidget:
    row = QWidget()
    row.setMinimumHeight(theme().size("row_list") - 8)
    box = QHBoxLayout(row)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(8)
    box.addWidget(IconMark(icon, ink, 16))
    box.addWidget(Text(text, "body", "bad" if ink == "bad" else "text"))
    if ink != "ok":
        box.addStretch(1)
    return row


def _block() -> tuple[QWidget, QVBoxLayout]:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 4, 0, 4)
    box.setSpacing(4)
    return holder, box
