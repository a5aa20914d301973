"""The header: where we are, the search field that opens the palette, and the board with its link's health."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, number_width, text_width
from motestudio.gui.widgets.marks import STATES

_SEARCH_WIDTH = 300


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What the header says of the board.

    Attributes:
        name: of the board, empty where none is connected.
        virtual: a program that poses as a board.
        state: ``none``, ``fresh`` (streaming or idle, all well), ``stale`` (losing samples), ``failed``, ``running``
            (connecting).
        figures: (number, unit) such as ("104.0", "Hz"), ("0", "lost"); the last ones go first when room is short.
    """

    name: str = ""
    virtual: bool = False
    state: str = "none"
    figures: tuple[tuple[str, str], ...] = ()


class Breadcrumb(PaintedButton):
    """Folder / project, with a menu of what to do with projects."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("No project open", parent)
        self._folder = ""
        self._name = ""

    def set_place(self, folder: str, name: str) -> None:
        """Show a project, or that none is open where `name` is empty."""
        self._folder, self._name = folder, name
        words = f"{folder} / {name}" if name else "No project open"
        self.setText(words)
        self.setAccessibleName(f"Project: {words}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        if not self._name:
            return QSize(int(text_width("No project open", "body")) + 44, 32)
        width = text_width(self._folder, "body") + 22 + text_width(self._name, "strong") + 44
        return QSize(int(width), 32)

    def paint(self, canvas: Canvas) -> None:
        """Draw folder, slash, name, caret."""
        rect = QRectF(self.rect())
        if self.hovered or self.isDown():
            canvas.box(rect, theme().radius("button"), "track")
        x, right = 8.0, rect.right() - 24
        if not self._name:
            x = canvas.text(QRectF(x, 0, right - x, rect.height()), "No project open", "body", "text_secondary")
        else:
            name_width = text_width(self._name, "strong")
            if x + text_width(self._folder, "body") + 22 + name_width <= right + 1:
                x = canvas.text(QRectF(x, 0, right, rect.height()), self._folder, "body", "text_secondary") + 8
                x = canvas.text(QRectF(x, 0, 10, rect.height()), "/", "body", "text_muted") + 8
            x = canvas.text(QRectF(x, 0, right - x + 1, rect.height()), self._name, "strong", elide=True)
        canvas.icon("ph.caret-down", QRectF(min(x + 6, right + 4), rect.center().y() - 7, 14, 14), "text_muted")
        if self.ring_visible:
            canvas.ring(rect, theme().radius("button"))


class SearchButton(PaintedButton):
    """Looks like a field, opens the command palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Find a command, take or setting", parent)
        self.setToolTip("Command palette  Ctrl+K")

    def paint(self, canvas: Canvas) -> None:
        """Draw the field."""
        rect = QRectF(self.rect())
        border = "text_disabled" if self.hovered else "line_strong"
        canvas.box(rect, theme().radius("field"), "surface", border if theme().dark or self.hovered else "line")
        canvas.icon("ph.magnifying-glass", QRectF(8, rect.center().y() - 7, 14, 14), "text_muted")
        key_width = text_width("Ctrl K", "caption_number")
        right = rect.right() - 10 - key_width
        canvas.text(QRectF(right, 0, key_width + 1, rect.height()), "Ctrl K", "caption_number", "text_muted")
        words = self.text() if text_width(self.text(), "body") < right - 40 else "Find"
        canvas.text(QRectF(32, 0, right - 40, rect.height()), words, "body", "text_muted")
        if self.ring_visible:
            canvas.ring(rect, theme().radius("field"))


class BoardButton(PaintedButton):
    """The board's name and the link's health; a click opens what can be done with boards."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("No board connected", parent)
        self._facts = LinkFacts()

    def set_facts(self, facts: LinkFacts) -> None:
        """Show a board."""
        if facts == self._facts:
            return
        wider = facts.name != self._facts.name or len(facts.figures) != len(self._facts.figures)
        self._facts = facts
        self.setText(facts.name or "No board connected")
        health = ", ".join(f"{n} {u}" for n, u in facts.figures)
        self.setAccessibleName(f"Board: {self.text()}" + (f", {health}" if health else ""))
        if wider:
            parent = self.parentWidget()
            if isinstance(parent, Header):
                parent.arrange()
        self.update()

    def widths(self) -> list[float]:
        """Width with 0, 1, 2 ... figures."""
        base = 8 + 16 + text_width(self.text(), "strong" if self._facts.name else "body") + 8
        if self._facts.virtual:
            base += 8 + text_width("virtual", "caption_number") + 14
        widths = [base]
        for i, (number, unit) in enumerate(self._facts.figures):
            # Figures move with every tick: leave room so that nothing jumps.
            widths.append(widths[-1] + number_width(number, unit, "body_number") + (33 if i == 0 else 20))
        return widths

    def paint(self, canvas: Canvas) -> None:
        """Draw dot, name, tag and figures."""
        rect = QRectF(self.rect())
        if self.hovered or self.isDown():
            canvas.box(rect, theme().radius("button"), "track")
        widths = self.widths()
        count = max((i for i, w in enumerate(widths) if w <= rect.width() + 1), default=0)
        x = rect.right() - widths[count] + 8
        ink, hollow = STATES[self._facts.state]
        ground = "track" if self.hovered else "chrome"
        canvas.dot(QPointF(x + 4, rect.center().y()), 8, ink, hollow=hollow, halo=ground)
        style, colour = ("strong", "text") if self._facts.name else ("body", "text_secondary")
        x = canvas.text(QRectF(x + 16, 0, rect.width(), rect.height()), self.text(), style, colour)
        if self._facts.virtual:
            width = text_width("virtual", "caption_number") + 14
            tag = QRectF(x + 8, rect.center().y() - 9, width, 18)
            canvas.box(tag, 4, "track")
            canvas.text(tag, "virtual", "caption_number", "text_secondary", "center")
            x = tag.right()
        for i, (number, unit) in enumerate(self._facts.figures[:count]):
            if i == 0:
                canvas.fill(QRectF(round(x + 16), rect.center().y() - 8, 1, 16), "line_strong")
                x += 13
            place = QRectF(x + 20, 0, number_width(number, unit, "body_number") + 1, rect.height())
            x = canvas.number(place, number, unit, "body_number")
        if self.ring_visible:
            canvas.ring(rect, theme().radius("button"))


class Header(QWidget):
    """Breadcrumb at the left, search in the window's middle, board at the right; gives way when narrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().size("header"))
        self.breadcrumb = Breadcrumb(self)
        self.search = SearchButton(self)
        self.board = BoardButton(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the three parts."""
        self.arrange()
        super().resizeEvent(event)

    def arrange(self) -> None:
        """Give the board what it needs, then the place, then the search."""
        width = self.width()
        widths = self.board.widths()
        place = self.breadcrumb.sizeHint().width()
        search_least = 140
        board = next((w for w in reversed(widths) if w + place + search_least + 40 <= width), widths[0])
        place = int(min(place, max(120.0, width - board - search_least - 40)))
        self.breadcrumb.setGeometry(8, 6, place, 32)
        board_left = int(width - board - 8)
        self.board.setGeometry(board_left, 6, int(board), 32)
        left, right = 8 + place + 12, board_left - 12
        search = max(search_least, min(_SEARCH_WIDTH, right - left))
        middle = (width - theme().size("rail")) // 2
        x = min(max(left, middle - search // 2), right - search)
        self.search.setGeometry(int(x), 8, int(search), 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground and the line under it."""
        with Canvas(self) as canvas:
            canvas.fill(QRectF(self.rect()), "chrome")
            canvas.fill(QRectF(0, self.height() - 1, self.width(), 1), "line")


__all__ = ["BoardButton", "Breadcrumb", "Header", "LinkFacts", "SearchButton"]
