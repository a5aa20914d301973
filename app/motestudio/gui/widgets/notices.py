"""What a page says when it has nothing, or when something went wrong: empty state and banner. Never a modal."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.errors import AppError
from motestudio.gui.widgets.buttons import Button, IconButton
from motestudio.gui.widgets.canvas import Canvas
from motestudio.gui.widgets.labels import Text
from motestudio.gui.widgets.marks import IconMark


class EmptyState(QWidget):
    """One sentence saying what the page is for, the one button that fills it, and "Use the virtual board".

    Args:
        icon: Phosphor name.
        title: what the page is for, a few words.
        sentence: one sentence.
        action: text of the primary button; `self.action.clicked`.
        key: key cap on that button.
        virtual: also offer the virtual board; `self.virtual.clicked`.
    """

    def __init__(
        self,
        icon: str,
        title: str,
        sentence: str,
        action: str = "",
        key: str = "",
        *,
        virtual: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        box = QVBoxLayout()
        box.setSpacing(8)
        box.addWidget(IconMark(icon, "text_muted", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        box.addSpacing(8)
        self.title = Text(title, "title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence = Text(sentence, "body", "text_muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence.setFixedWidth(420)
        self.set_sentence(sentence)
        box.addWidget(self.title)
        box.addWidget(self.sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addSpacing(16)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        self.virtual = Button("Use the virtual board", "secondary", "ph.cpu")
        self.action = Button(action or "Go", "primary", key=key)
        # Only hidden here, never shown: without a parent yet they would flash up as windows and take the focus along.
        if virtual:
            buttons.addWidget(self.virtual)
        else:
            self.virtual.setParent(self)
            self.virtual.hide()
        buttons.addWidget(self.action)
        if not action:
            self.action.hide()
        buttons.addStretch(1)
        box.addLayout(buttons)
        outer.addLayout(box)
        outer.addStretch(3)

    def set_sentence(self, sentence: str) -> None:
        """Say something else, such as what is missing."""
        self.sentence.setText(sentence)
        self.sentence.setFixedHeight(self.sentence.heightForWidth(420))


class Banner(QWidget):
    """A strip over the page: what happened, why, what to do, with a button that does it.

    Signals:
        closed: the user closed it.
    """

    closed = Signal()

    _TONES: ClassVar = {
        "bad": ("bad_soft", "bad_mark", "bad", "ph.warning-circle"),
        "warn": ("warn_soft", "warn_mark", "warn", "ph.warning"),
        "ok": ("ok_soft", "ok_mark", "ok", "ph.check-circle"),
        "info": ("selection", "accent", "accent", "ph.info"),
    }

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = "bad"
        self._details = ""
        self._act: Callable[[], object] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 8, 12, 8)
        layout.setSpacing(12)
        self._icon = IconMark("ph.warning-circle", "bad", 20)
        layout.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.text = Text("", "strong", wrap=True)
        self.hint = Text("", "body", "text_secondary", wrap=True)
        words.addWidget(self.text)
        words.addWidget(self.hint)
        layout.addLayout(words, 1)
        self.copy = Button("Copy details", "link")
        self.copy.clicked.connect(self._copy)
        self.action = Button("", "secondary")
        self.action.clicked.connect(self._do)
        self.close_button = IconButton("ph.x", "Close this message", "quiet")
        self.close_button.clicked.connect(self.dismiss)
        for widget in (self.copy, self.action, self.close_button):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_message(
        self,
        text: str,
        hint: str = "",
        tone: str = "bad",
        *,
        action: str = "",
        act: Callable[[], object] | None = None,
        details: str = "",
    ) -> None:
        """Show a message until it is closed or replaced.

        Args:
            text: what happened, and why.
            hint: what to do.
            tone: ``bad``, ``warn``, ``ok`` or ``info``.
            action: text of the button that does it.
            act: what the button does; the banner closes.
            details: something to copy, such as a traceback.
        """
        self._tone, self._details, self._act = tone, details, act
        self._icon.set(self._TONES[tone][3], self._TONES[tone][2])
        self.text.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.action.set_text(action)
        self.action.setVisible(bool(action and act))
        self.copy.setVisible(bool(details))
        self.setAccessibleName(f"{text} {hint}".strip())
        self.show()
        self.updateGeometry()
        self.update()

    def show_error(
        self, error: BaseException, *, action: str = "", act: Callable[[], object] | None = None, details: str = ""
    ) -> None:
        """Show an `AppError` by its text and hint, anything else as a bug of ours with details to copy."""
        if isinstance(error, AppError):
            self.show_message(error.text, error.hint, action=action, act=act)
        else:
            text = f"Something went wrong in Mote Studio: {type(error).__name__}: {error}"
            self.show_message(text, "Nothing of yours is lost. Copy the details into a bug report.", details=details)

    def dismiss(self) -> None:
        """Close."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _do(self) -> None:
        act = self._act
        self.dismiss()
        if act:
            act()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
        self.copy.set_text("Copied")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Soft ground with a 3 px mark at the left."""
        with Canvas(self) as canvas:
            rect = QRectF(self.rect())
            canvas.fill(rect, self._TONES[self._tone][0])
            canvas.fill(QRectF(0, 0, 3, rect.height()), self._TONES[self._tone][1])
            canvas.fill(QRectF(0, rect.height() - 1, rect.width(), 1), "line")


__all__ = ["Banner", "EmptyState"]
