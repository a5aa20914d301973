"""The rail: one item per stage of the work with its state as a dot; Plugins and Settings at the bottom."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from motestudio.gui.page import OTHER_PAGES, WORK_PAGES, PageSpec
from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, Painted
from motestudio.gui.widgets.marks import STATES

_STATE_WORDS = {"none": "nothing yet", "running": "running", "fresh": "fresh", "stale": "stale", "failed": "failed"}


class Mark(Painted):
    """The three motes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(72, 44)

    def paint(self, canvas: Canvas) -> None:
        """Draw them rising."""
        for x, y, share in ((27.0, 26.5, 0.6), (35.5, 21.5, 0.3), (45.0, 16.5, 0.0)):
            canvas.dot(QPointF(x, y), 7, theme().mix("accent", "chrome", share))


class RailItem(PaintedButton):
    """Icon over word, 56 x 52."""

    def __init__(self, spec: PageSpec, shortcut: str = "", parent: QWidget | None = None) -> None:
        super().__init__(spec.title, parent)
        self.spec = spec
        self._state = ""
        self._shortcut = shortcut
        self.setCheckable(True)
        self.setFixedSize(*theme().tokens.pairs["rail_item"])
        self.set_state("")

    def set_state(self, state: str) -> None:
        """Show a state's dot, or none for an empty text."""
        self._state = state
        words = f"{self.spec.title}, {_STATE_WORDS[state]}" if state else self.spec.title
        self.setAccessibleName(words)
        self.setToolTip(f"{words}  {self._shortcut}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        """As in the pictures."""
        return QSize(*theme().tokens.pairs["rail_item"])

    def paint(self, canvas: Canvas) -> None:
        """Draw ground, icon, word and dot."""
        rect = QRectF(self.rect())
        chosen = self.isChecked()
        ground = "chrome"
        if chosen:
            ground = "selection"
        elif self.hovered and self.isEnabled():
            ground = "track"
        if ground != "chrome":
            canvas.box(rect, theme().radius("rail_item"), ground)
        ink = "accent" if chosen else ("text_secondary" if self.isEnabled() else "text_disabled")
        canvas.icon(self.spec.icon, QRectF(18, 9, 20, 20), ink)
        canvas.text(
            QRectF(0, 30, rect.width(), 16), self.text(), "section" if chosen else "caption_number", ink, "center"
        )
        if self._state and self.isEnabled():
            dot, hollow = STATES[self._state]
            canvas.dot(QPointF(41, 11), 6, dot, hollow=hollow, halo=ground)
        if self.ring_visible:
            canvas.ring(rect, theme().radius("rail_item"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down walk along the rail, Enter chooses."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class Rail(QWidget):
    """All items.

    Signals:
        chosen(str): key of the page that the user wants.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "chrome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(theme().size("rail") - 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 8)
        box.setSpacing(4)
        box.addWidget(Mark())
        box.addSpacing(4)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self.items: dict[str, RailItem] = {}
        for n, spec in enumerate(WORK_PAGES, 1):
            self._add(box, RailItem(spec, f"Ctrl+{n}"))
        box.addStretch(1)
        for spec in OTHER_PAGES:
            self._add(box, RailItem(spec))

    def _add(self, box: QVBoxLayout, item: RailItem) -> None:
        self.items[item.spec.key] = item
        self._group.addButton(item)
        box.addWidget(item, 0, Qt.AlignmentFlag.AlignHCenter)
        item.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        item = self.sender()
        if isinstance(item, RailItem):
            item.setChecked(True)
            self.chosen.emit(item.spec.key)

    def set_current(self, key: str) -> None:
        """Mark the page that is shown."""
        for item in self.items.values():
            item.setChecked(item.spec.key == key)

    def set_project_open(self, is_open: bool) -> None:
        """Pages of the work need a project."""
        for item in self.items.values():
            item.setEnabled(is_open or not item.spec.needs_project)

    def set_states(self, states: Mapping[str, str], *, known: bool) -> None:
        """Show the stages' states; `known` False hides all dots."""
        for spec in WORK_PAGES:
            self.items[spec.key].set_state(states.get(spec.key, "none") if known else "")
