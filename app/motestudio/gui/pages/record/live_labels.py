"""Labels that are made while a take runs: from the press of a key or a button to its release, several at once."""

from __future__ import annotations

import time
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
_KEEP_S = 0.5


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
        self._kept_at = 0.0

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
            self.release_all()
        self.changed.emit()

    @property
    def can_take_back(self) -> bool:
        """Whether a label of the take that runs can go; afterwards the Label page changes labels."""
        return self._running and bool(self.made)

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
        if self._mark(ended):
            self.made.append(ended)
        self.changed.emit()

    def release_all(self) -> None:
        """The take is about to end."""
        for label in list(self.held):
            self.release(label)

    def keep_up(self) -> None:
        """Have what is held on the disk so far: the take, or this program, may end while a key is down."""
        reader, now = self._stream.reader, time.monotonic()
        if not self.held or reader is None or now - self._kept_at < _KEEP_S:
            return
        self._kept_at = now
        for label in self.held.values():
            self._mark(LiveLabel(label.label, label.first, max(label.first + 1, reader.total)))

    def _mark(self, label: LiveLabel) -> bool:
        session = self._context.session
        if session is None:
            return False
        try:
            session.unmark_label(label.label, label.first)
            session.mark_label(label.label, label.first, label.last)
        except AppError as error:
            self._context.show_error(error)
            return False
        return True

    def take_back(self) -> None:
        """Remove the last label that was made."""
        session = self._context.session
        if not self.can_take_back or session is None:
            return
        label = self.made.pop()
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
