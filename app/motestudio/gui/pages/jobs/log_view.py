"""The log of one job: its last lines as they come, found, copied, followed or held still."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from motestudio.gui.numbers import count
from motestudio.gui.theme import theme
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import Button, FittingText, IconButton, Segmented, Text, TextField, Toggle

MOST_LINES = 1000
_MOST_FOUND = 500
_COPIED_MS = 1500


def added(old: tuple[str, ...], new: tuple[str, ...]) -> int | None:
    """How many lines at the end of `new` come after those of `old`, of which the first may be gone.

    Returns:
        None where `new` does not go on from `old`.
    """
    if not old:
        return len(new)
    for gone in range(len(old)):
        if old[gone] == (new[0] if new else None) and old[gone:] == new[: len(old) - gone]:
            return len(new) - (len(old) - gone)
    return None


class _Lines(QPlainTextEdit):
    """Read only, fixed width, no wrapping: a line of a log is a line."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setProperty("log", True)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(monospace())
        self.setAccessibleName(name)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )


class LogView(QWidget):
    """The log, and the traceback behind it where there is one.

    Attributes:
        lines: the log.
        trace: the traceback; in the log's place while it is asked for.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, ...] = ()
        self._found: list[QTextCursor] = []
        self._at = -1
        self._moving = False
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.lines = _Lines("Log of the job")
        self.lines.setMaximumBlockCount(MOST_LINES)
        self.trace = _Lines("Traceback")
        self.trace.hide()
        box.addLayout(self._bar())
        box.addWidget(self.lines, 1)
        box.addWidget(self.trace, 1)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._copy_again)
        self.lines.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme().changed.connect(self._find)

    def _bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(24, 8, 24, 8)
        bar.setSpacing(8)
        self.title = Text("Log", "strong")
        self.note = FittingText("", style="caption", ink="text_muted")
        self.views = Segmented(["Log", "Traceback"], 0, "Show")
        self.views.changed.connect(self._view)
        self.views.hide()
        self.field = TextField("", "Find in the log", "Find in the log")
        self.field.setFixedWidth(168)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.hits = Text("", "caption", "text_muted")
        self.before = IconButton("ph.caret-up", "Find the one before", "quiet")
        self.after = IconButton("ph.caret-down", "Find the next one", "quiet")
        self.before.clicked.connect(self._find_before)
        self.after.clicked.connect(self._find_after)
        self.follow = Toggle("Follow the end of the log", on=True)
        self.follow.setToolTip("Show the newest line as it comes. Scrolling up stops it.")
        self.follow.toggled.connect(self._follow)
        self.copy = Button("Copy", "link")
        self.copy.clicked.connect(self.copy_all)
        bar.addWidget(self.title)
        bar.addWidget(self.views)
        bar.addWidget(self.note, 1)
        finding: tuple[QWidget, ...] = (self.hits, self.field, self.before, self.after)
        for widget in finding:
            bar.addWidget(widget)
        bar.addSpacing(8)
        bar.addWidget(Text("Follow", "caption", "text_secondary"))
        bar.addWidget(self.follow)
        bar.addWidget(self.copy)
        self._arrows()
        return bar

    # What is shown

    def clear(self) -> None:
        """Another job: nothing of it yet, and its end in view."""
        self._shown = ()
        self.lines.clear()
        self.set_traceback("")
        self.follow.setChecked(True)

    def set_lines(self, lines: tuple[str, ...]) -> None:
        """Show a job's lines; only what is new is added."""
        if lines == self._shown:
            self._tell()
            return
        bar = self.lines.verticalScrollBar()
        place, before = bar.value(), len(self._shown)
        new = added(self._shown, lines)
        self._moving = True
        if new is None:
            self.lines.setPlainText("\n".join(lines))
        else:
            self.lines.appendPlainText("\n".join(lines[len(lines) - new :]))
            # Lines that went at the top must not move those that are being read.
            place -= max(0, before + new - len(lines))
        self._shown = lines
        bar.setValue(bar.maximum() if self.follow.isChecked() else max(0, place))
        self._moving = False
        self._tell()
        if self.field.text():
            self._find()

    def set_traceback(self, text: str) -> None:
        """Offer a traceback, or none."""
        if text != self.trace.toPlainText():
            self.trace.setPlainText(text)
        self.views.setVisible(bool(text))
        self.title.setVisible(not text)
        if not text:
            self.views.set_current(0)

    def _tell(self) -> None:
        n = len(self._shown)
        if n >= MOST_LINES:
            self.note.set_texts(f"the last {count(MOST_LINES)} lines", count(MOST_LINES), "")
        elif n:
            self.note.set_texts(f"{count(n)} line{'s' if n != 1 else ''}", count(n), "")
        else:
            self.note.set_texts("no lines", "")

    def _view(self, index: int) -> None:
        self.lines.setVisible(index == 0)
        self.trace.setVisible(index == 1)
        self._find()

    @property
    def _text(self) -> QPlainTextEdit:
        return self.trace if self.views.current == 1 else self.lines

    # Following

    def _follow(self, on: bool) -> None:
        if on:
            bar = self.lines.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _scrolled(self, value: int) -> None:
        if not self._moving and self.lines.isVisible():
            self.follow.setChecked(value >= self.lines.verticalScrollBar().maximum())

    # Finding

    def begin_find(self) -> None:
        """Begin to type what to find."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _find(self) -> None:
        wanted, document = self.field.text(), self._text.document()
        self._found = []
        cursor = document.find(wanted) if wanted else QTextCursor()
        while wanted and not cursor.isNull() and len(self._found) < _MOST_FOUND:
            self._found.append(cursor)
            cursor = document.find(wanted, cursor, QTextDocument.FindFlag(0))
        self._at = min(self._at, len(self._found) - 1)
        self._mark()

    def _find_after(self) -> None:
        self._step(1)

    def _find_before(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if not self._found:
            return
        first = 0 if by > 0 else len(self._found) - 1
        self._at = first if self._at < 0 else (self._at + by) % len(self._found)
        self.follow.setChecked(False)
        cursor = QTextCursor(self._found[self._at])
        cursor.setPosition(cursor.selectionStart())
        self._text.setTextCursor(cursor)
        self._text.centerCursor()
        self._mark()

    def _mark(self) -> None:
        marks = []
        for i, cursor in enumerate(self._found):
            mark = QTextEdit.ExtraSelection()
            form = QTextCharFormat()
            form.setBackground(theme().color("accent_fill" if i == self._at else "warn_soft"))
            form.setForeground(theme().color("on_accent" if i == self._at else "warn"))
            mark.format = form
            mark.cursor = cursor
            marks.append(mark)
        self._text.setExtraSelections(marks)
        if not self.field.text():
            self.hits.setText("")
        elif not self._found:
            self.hits.setText("not found")
        else:
            more = "+" if len(self._found) == _MOST_FOUND else ""
            at = f"{self._at + 1} of " if self._at >= 0 else ""
            self.hits.setText(f"{at}{len(self._found)}{more}")
        self._arrows()

    def _arrows(self) -> None:
        for arrow in (self.before, self.after):
            arrow.setEnabled(bool(self._found))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """In the field, Enter goes to the next one, Shift+Enter to the one before, Escape clears."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.field.clear()
                return True
        return False

    # Copying

    def copy_all(self) -> None:
        """Put everything that is shown on the clipboard."""
        QGuiApplication.clipboard().setText(self._text.toPlainText())
        self.copy.set_text("Copied")
        self._copied.start()

    def _copy_again(self) -> None:
        self.copy.set_text("Copy")
