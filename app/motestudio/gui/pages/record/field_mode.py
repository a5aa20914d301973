"""Field mode: plot, class and button over the whole window, to be read from where the board moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.pages.record.scope import Scope
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Canvas, IconButton, Painted, RecordButton, text_width


class ClassName(Painted):
    """The class in 24 px with its colour and count."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._ink, self._count = "", "series:7", ""
        self.setFixedHeight(40)

    def set_class(self, name: str, ink: Ink, count: str) -> None:
        """Show a class."""
        self._name, self._ink, self._count = name, ink, count  # type: ignore[assignment]
        self.setAccessibleName(f"{name} {count}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Square, name, count."""
        height = float(self.height())
        canvas.box(QRectF(0, height / 2 - 9, 18, 18), 5, self._ink)
        room = self.width() - 32 - text_width(self._count, "field_mode") - 24
        end = canvas.text(QRectF(32, 0, max(0.0, room), height), self._name, "field_mode", elide=True)
        canvas.text(QRectF(end + 20, 0, self.width() - end, height), self._count, "field_mode", "text_muted")


class FieldMode(QWidget):
    """Covers the window until it is left.

    Signals:
        left: the user wants out.
    """

    left = Signal()

    def __init__(self, window: QWidget, reader: LiveTailReader) -> None:
        super().__init__(window)
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Field mode")
        self.name = ClassName()
        self.close_button = IconButton("ph.x", "Leave field mode  Esc", "quiet")
        self.close_button.clicked.connect(self.left)
        self.scope = Scope([reader])
        self.button = RecordButton("Record")
        self.button.set_field_mode(True)
        top = QHBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addWidget(self.name, 1)
        top.addWidget(self.close_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 24, 24, 32)
        box.setSpacing(16)
        box.addLayout(top)
        box.addWidget(self.scope, 1)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(8, 0, 8, 0)
        bottom.addWidget(self.button)
        box.addLayout(bottom)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)
