"""Field mode: plot, class and big buttons over the whole window, for the sun, for gloves, and from a step away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.cues import Cues
from motestudio.gui.pages.record.level_strip import LevelStrip
from motestudio.gui.pages.record.scope import Scope
from motestudio.gui.pages.record.touch import SIZE, TouchButton
from motestudio.gui.pages.record.troubles import TroubleStrip
from motestudio.gui.settings import Settings
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, Painted, RecordButton, text_width

SUNLIGHT = "field_sunlight"
_FLASH_MS = 180


class ClassName(Painted):
    """The class in 24 px with its colour and count; its ground flashes at a take's begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self._name = self._count = ""
        self._ink: Ink = ""
        self._flash: Ink = ""
        self.setFixedHeight(SIZE)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._calm)

    def set_class(self, name: str, ink: Ink, count: str) -> None:
        """Show a class, or without a colour what to do instead."""
        self._name, self._ink, self._count = name, ink, count
        self.setAccessibleName(f"{name} {count}")
        self.update()

    def flash(self, ink: Ink) -> None:
        """Be of a colour for a moment."""
        self._flash = ink
        self._timer.start(_FLASH_MS)
        self.update()

    @Slot()
    def _calm(self) -> None:
        self._flash = ""
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Square, name, count."""
        height = float(self.height())
        if self._flash:
            canvas.box(QRectF(self.rect()), theme().radius("big_button"), self._flash)
        left = 44.0 if self._ink else 8.0
        if self._ink:
            canvas.box(QRectF(8, height / 2 - 11, 22, 22), 6, self._ink)
        room = self.width() - left - text_width(self._count, "field_mode") - 24
        end = canvas.text(QRectF(left, 0, max(0.0, room), height), self._name, "field_mode", elide=True)
        canvas.text(
            QRectF(end + 20, 0, self.width() - end - 20, height), self._count, "field_mode", "text_muted", elide=True
        )


class FieldMode(QWidget):
    """Covers the window until it is left.

    Args:
        window: to cover.
        readers: of the live tails, the lead first.
        settings: remember whether it is made for the sun.
        cues: to be muted here.

    Signals:
        left: the user wants out.
        stepped(int): the next class (1) or the one before (-1).
        label_pressed(str): a class is held.
        label_released(str): it is let go.
    """

    left = Signal()
    stepped = Signal(int)
    label_pressed = Signal(str)
    label_released = Signal(str)

    def __init__(self, window: QWidget, readers: Sequence[LiveTailReader], settings: Settings, cues: Cues) -> None:
        super().__init__(window)
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Field mode")
        self._settings, self._cues = settings, cues
        self._mode = theme().mode
        self.holds: dict[str, TouchButton] = {}
        self.name = ClassName()
        self.sun = TouchButton("Made for the sun", "ph.sun", words=False)
        self.sun.clicked.connect(self.toggle_sunlight)
        self.sound = TouchButton("", "ph.speaker-high", words=False)
        self.sound.clicked.connect(self._toggle_sound)
        self.close_button = TouchButton("Leave field mode  Esc", "ph.x", words=False)
        self.close_button.clicked.connect(self.left)
        self.scope = Scope(readers)
        self.levels = LevelStrip()
        self.troubles = TroubleStrip(style="title")
        self.hold_row = QWidget()
        self._hold_box = QHBoxLayout(self.hold_row)
        self._hold_box.setContentsMargins(8, 0, 8, 0)
        self.hold_row.hide()
        self._make_bottom()
        self._lay_out()
        self._show_sound()
        if settings.get(SUNLIGHT, False):
            theme().set_mode("sunlight")
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def _make_bottom(self) -> None:
        self.button = RecordButton("Record")
        self.button.set_field_mode(True)
        self.before = TouchButton("The class before", "ph.caret-left", words=False)
        self.after = TouchButton("The next class", "ph.caret-right", words=False)
        self.keep = TouchButton("Keep last", "ph.clock-counter-clockwise")
        self.discard = TouchButton("Discard", "ph.trash")
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.setSpacing(12)
        top.addWidget(self.before)
        top.addWidget(self.name, 1)
        for button in (self.after, self.sun, self.sound, self.close_button):
            top.addWidget(button)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(8, 0, 8, 0)
        bottom.setSpacing(12)
        bottom.addWidget(self.button, 1)
        bottom.addWidget(self.keep)
        bottom.addWidget(self.discard)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(10)
        box.addLayout(top)
        box.addWidget(self.scope, 1)
        box.addWidget(self.levels)
        box.addWidget(self.troubles)
        box.addWidget(self.hold_row)
        box.addLayout(bottom)

    def set_holds(self, inks: Mapping[str, Ink]) -> None:
        """A button to hold for each class; none hides the row."""
        if list(inks) == list(self.holds):
            self.hold_row.setVisible(bool(inks))
            return
        while (item := self._hold_box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.holds = {}
        for label, ink in inks.items():
            button = self.holds[label] = TouchButton(label, ink=ink)
            button.setAccessibleName(f"Hold to label {label}")
            button.pressed.connect(lambda label=label: self.label_pressed.emit(label))
            button.released.connect(lambda label=label: self.label_released.emit(label))
            self._hold_box.addWidget(button, 1)
        self.hold_row.setVisible(bool(inks))

    @Slot()
    def toggle_sunlight(self) -> None:
        """Black on white with thick lines, or as the window was."""
        sunny = theme().mode != "sunlight"
        self._settings.set(SUNLIGHT, sunny)
        theme().set_mode("sunlight" if sunny else ("system" if self._mode == "sunlight" else self._mode))

    @Slot()
    def _toggle_sound(self) -> None:
        self._cues.set_on(on=not self._cues.on)
        self._show_sound()

    def _show_sound(self) -> None:
        on = self._cues.on
        self.sound.set_look("Mute" if on else "Let it be heard", "ph.speaker-high" if on else "ph.speaker-slash")

    def finish(self) -> None:
        """Give the window back."""
        window = self.parentWidget()
        if window is not None:
            window.removeEventFilter(self)
        if theme().mode != self._mode:
            theme().set_mode(self._mode)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)
