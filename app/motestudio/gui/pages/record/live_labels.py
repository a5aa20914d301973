"""Labels that are made while a take runs: from the press of a key or a button to its release, several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from motestudio.errors import AppError
from motestudio.gui.board_stream import BoardStream
from motestudio.gui.context import AppContext

_FIRST_KEY = Qt.Key.Key_1.value
_MOST_KEYS = 9


@dataclass(frozen=True, slots=True)
class LiveLabel:
    """A stretch in samples of the lead's live tail; `last` is -1 while its key is held."""

    label: str
    first: int
    last: int = -1


class LiveLabels(QObject):
    """Those of the take that runs.

    Args:
        window: whose keys are meant.
        context: has the session.
        stream: whose samples are labelled.
        names: the classes, in the order of their keys.
        parent: owns it.

    Signals:
        changed: there are more, fewer or others.

    Attributes:
        made: in the order in which they ended.
        held: those whose key is down, by class.
    """

    changed = Signal()

    def __init__(
        self,
        window: Callable[[], QWidget],
        context: AppContext,
        stream: BoardStream,
        names: Callable[[], Sequence[str]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._context, self._stream, self._names = window, context, stream, names
        self.made: list[LiveLabel] = []
        self.held: dict[str, LiveLabel] = {}
        self._running = False

    def set_running(self, *, running: bool) -> None:
        """Take the digit keys while a take runs that is labelled so; its end is that of all that are held."""
        if running == self._running:
            return
        self._running = running
        app = QApplication.instance()
        assert app is not None
        if running:
            self.made, self.held = [], {}
            app.installEventFilter(self)
        else:
            app.removeEventFilter(self)
            for label in list(self.held):
                self.release(label)
        self.changed.emit()

    def press(self, label: str) -> None:
        """A label begins now."""
        reader = self._stream.reader
        if self._running and reader is not None and label not in self.held:
            self.held[label] = LiveLabel(label, reader.total)
            self.changed.emit()

    def release(self, label: str) -> None:
        """It ends now, and is on the disk a moment later."""
        reader, begun = self._stream.reader, self.held.pop(label, None)
        if begun is None or reader is None:
            return
        ended = LiveLabel(label, begun.first, max(begun.first + 1, reader.total))
        session = self._context.session
        if session is not None:
            try:
                session.mark_label(ended.label, ended.first, ended.last)
                self.made.append(ended)
            except AppError as error:
                self._context.show_error(error)
        self.changed.emit()

    def take_back(self, index: int = -1) -> None:
        """Remove a label that was made, the last one where nothing else is said."""
        session = self._context.session
        if not self.made or session is None:
            return
        label = self.made.pop(index)
        try:
            session.unmark_label(label.label, label.first)
        except AppError as error:
            self._context.show_error(error)
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Digits of the window, wherever its focus is, but for fields that one types into."""
        kind = event.type()
        keys = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        if kind not in keys or not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        index = event.key() - _FIRST_KEY
        names = self._names()
        if not 0 <= index < min(_MOST_KEYS, len(names)) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if watched.window() is not self._window() or isinstance(watched, QLineEdit | QPlainTextEdit):
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()  # or the key would choose a class
        elif not event.isAutoRepeat():
            (self.press if kind == QEvent.Type.KeyPress else self.release)(names[index])
        return True
