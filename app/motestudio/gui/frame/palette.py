"""The command palette: type a few letters, Enter does it. An overlay in the window, not a dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from motestudio.gui.commands import Command, CommandRegistry
from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import Canvas, text_width
from motestudio.gui.widgets.rows import Row

_OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Escape)


class CommandRow(Row):
    """A command with its group and shortcut."""

    outset = 12

    def __init__(self, command: Command, parent: QWidget | None = None) -> None:
        super().__init__(command.title, 32, parent)
        self.command = command
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        right = rect.right()
        for key in reversed(self.command.shortcut.split("+") if self.command.shortcut else []):
            right = canvas.keycap(right, rect.center().y(), key, ink="text_secondary") - 4
        end = canvas.text(QRectF(rect.left(), 0, right - rect.left(), rect.height()), self.text(), "body", elide=True)
        group = self.command.group
        if group and end + 12 + text_width(group, "caption") < right:
            canvas.text(QRectF(end + 12, 0, right - end, rect.height()), group, "caption", "text_muted")


class CommandPalette(QWidget):
    """Field over rows.

    Signals:
        closed: it went away, with or without a choice.
    """

    closed = Signal()
    WIDTH = 560

    def __init__(self, commands: CommandRegistry, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands = commands
        self._window = parent
        self._rows: list[CommandRow] = []
        self._current = 0
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(0)
        self.field = QLineEdit()
        self.field.setFont(theme().font("body"))
        self.field.setPlaceholderText("Find a command, take or setting")
        self.field.setAccessibleName("Command palette")
        self.field.textChanged.connect(self._refresh)
        self.field.installEventFilter(self)
        box.addWidget(self.field)
        box.addSpacing(8)
        self._box = box
        self.hide()

    @property
    def shown(self) -> list[Command]:
        """The commands in view, best first."""
        return [row.command for row in self._rows]

    def open(self) -> None:
        """Show it under the header, ready to type."""
        parent = self._window
        width = min(self.WIDTH, parent.width() - 32)
        self.setGeometry((parent.width() - width) // 2, 40, width, 64)
        self.field.clear()
        self._refresh()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _refresh(self) -> None:
        for row in self._rows:
            self._box.removeWidget(row)
            row.hide()
            row.deleteLater()
        found = self._commands.matching(self.field.text())
        self._rows = [CommandRow(command) for command in found]
        for row in self._rows:
            row.clicked.connect(self._clicked)
            self._box.addWidget(row)
        self._choose(0)
        height = 8 + self.field.sizeHint().height() + 8 + 32 * max(1, len(self._rows)) + 8
        self.resize(self.width(), min(height, self._window.height() - 56))

    def _choose(self, index: int) -> None:
        self._current = index % len(self._rows) if self._rows else 0
        for i, row in enumerate(self._rows):
            row.setChecked(i == self._current)

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, CommandRow):
            self._do(row.command)

    def _do(self, command: Command) -> None:
        self.close_palette()
        command.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move, Enter does, Escape and losing the focus close."""
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and not self.underMouse():
            self.close_palette()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in _OWN_KEYS:
            # A page may have these as shortcuts; while the palette is open they are its own.
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._choose(self._current + (1 if key == Qt.Key.Key_Down else -1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._rows:
                    self._do(self._rows[self._current].command)
                return True
            if key == Qt.Key.Key_Escape:
                self.close_palette()
                return True
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """A field and some rows."""
        return QSize(self.WIDTH, 64)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised ground; a word where nothing matches."""
        with Canvas(self) as canvas:
            rect = QRectF(self.rect())
            canvas.box(rect, theme().radius("card"), "surface_raised", "line_strong")
            if not self._rows:
                place = QRectF(20, 52, rect.width() - 40, 32)
                canvas.text(place, f"Nothing is called “{self.field.text()}”.", "body", "text_muted")
