"""A stage of the pipeline as a card, and the arrow between two cards with what flows through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, shortened, text_width
from motestudio.gui.widgets.marks import STATES

CARD_HEIGHT = 176
"""Of a card that stands alone; a lower one leaves its origin and its figures out."""
_STATE_INK = {"none": "text_muted", "running": "accent", "fresh": "ok", "stale": "warn", "failed": "bad"}
_WITH_FIGURE, _WITH_ORIGIN = 72, 150

Figure = tuple[str, str, str]
"""(name, number, unit)."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card shows.

    Attributes:
        title: of the stage.
        summary: its main parameters, joined by ", "; those that have no room are left out.
        origin: plugin and version.
        state: ``none``, ``running``, ``fresh``, ``stale`` or ``failed``.
        state_text: beside the dot; the state's name where empty ("57 %" while running).
        icon: Phosphor name.
        figures: up to two; a low card shows the last. A number with ± that has no room becomes "~" and the number.
        fraction: 0..1 while running, else negative.
        brief: instead of a summary of which not even the first part has room.
    """

    title: str
    summary: str = ""
    origin: str = ""
    state: str = "none"
    state_text: str = ""
    icon: str = "ph.cube"
    figures: Sequence[Figure] = ()
    fraction: float = -1.0
    brief: str = ""


class StageCard(PaintedButton):
    """A card; checkable, chosen by click, Enter or Space. As high as it is made, see `CARD_HEIGHT`."""

    def __init__(self, facts: CardFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts.title, parent)
        self.setCheckable(True)
        self.setMinimumSize(92, 40)
        self.setMaximumHeight(CARD_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_facts(facts)

    def set_facts(self, facts: CardFacts) -> None:
        """Show other facts."""
        self.facts = facts
        self.setText(facts.title)
        self.setAccessibleName(f"{facts.title}, {facts.state_text or facts.state}")
        figures = [" ".join(t for t in figure if t) for figure in facts.figures]
        self.setToolTip("\n".join(t for t in (facts.title, facts.summary, facts.origin, *figures) if t))
        self.update()

    def sizeHint(self) -> QSize:
        """122 x 176, as in the picture."""
        return QSize(122, CARD_HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """Draw the card."""
        rect = QRectF(self.rect())
        radius = theme().radius("card")
        chosen = self.isChecked()
        canvas.box(rect, radius, "surface_raised", "accent" if chosen else "line", 2 if chosen else 1)
        # Narrow cards, in a small window, give up their margin before their words.
        left = 16.0 if rect.width() >= 116 else 9.0
        if rect.height() >= _WITH_ORIGIN:
            self._high(canvas, rect, left, chosen)
        else:
            self._low(canvas, rect, min(left, 12.0))
        facts = self.facts
        if facts.fraction >= 0:
            canvas.bar(QRectF(8, rect.height() - 5, rect.width() - 16, 3), facts.fraction, "accent", radius=1.5)
        if self.ring_visible and not chosen:
            canvas.ring(rect, radius)
        elif self.ring_visible:
            canvas.box(rect.adjusted(3, 3, -3, -3), radius - 3, None, "accent")

    def _high(self, canvas: Canvas, rect: QRectF, left: float, chosen: bool) -> None:
        facts = self.facts
        words = facts.state_text or facts.state
        width = text_width(words, "caption_number")
        if width < rect.width() - 62:
            canvas.icon(facts.icon, QRectF(left, 16, 20, 20), "accent" if chosen else "text_secondary")
        right = rect.right() - min(12.0, left)
        canvas.text(QRectF(right - width, 17, width + 1, 18), words, "caption_number", _STATE_INK[facts.state])
        ink, hollow = STATES[facts.state]
        canvas.dot(QPointF(right - width - 9, 26), 6, ink, hollow=hollow)
        room = rect.width() - 2 * left + (4 if left > 9 else 0)
        style = "title" if text_width(facts.title, "title") <= room else "strong"
        canvas.text(QRectF(left, 48, room, 22), shortened(facts.title, style, room), style)
        canvas.text(QRectF(left, 69, room, 16), self._summary(room), "caption", "text_secondary", elide=True)
        canvas.text(QRectF(left, 87, room, 16), shortened(facts.origin, "caption", room), "caption", "text_muted")
        canvas.fill(QRectF(left, 116, rect.width() - 2 * left, 1), "line")
        for i, figure in enumerate(facts.figures[:2]):
            _figure(canvas, QRectF(left, 124 + 20 * i, rect.width() - 2 * left, 18), figure)

    def _low(self, canvas: Canvas, rect: QRectF, left: float) -> None:
        facts = self.facts
        lines = 3 if rect.height() >= _WITH_FIGURE and facts.figures else 2
        top = round((rect.height() - 18 * lines) / 2)
        ink, hollow = STATES[facts.state]
        canvas.dot(QPointF(rect.right() - left - 3, top + 9), 6, ink, hollow=hollow)
        room = rect.width() - 2 * left
        canvas.text(QRectF(left, top, room - 12, 18), shortened(facts.title, "strong", room - 12), "strong")
        canvas.text(QRectF(left, top + 18, room, 16), self._summary(room), "caption", "text_secondary", elide=True)
        if lines == 3:
            _figure(canvas, QRectF(left, top + 35, room, 18), facts.figures[-1])

    def _summary(self, room: float) -> str:
        facts = self.facts
        summary = facts.summary
        while ", " in summary and text_width(summary, "caption") > room:
            summary = summary.rpartition(", ")[0]
        if text_width(summary, "caption") > room:
            summary = facts.brief if facts.brief and text_width(facts.brief, "caption") <= room else ""
        return summary


def _figure(canvas: Canvas, line: QRectF, figure: Figure) -> None:
    name, number, unit = figure
    room = line.width() - text_width(name, "caption") - 6
    if number and number_width(number, unit, "caption_number") > room:
        value, spread, _ = number.partition(" ±")
        number = f"~{value}" if spread else value
    # A number without its name is in the tool tip with it.
    if not number or number_width(number, unit, "caption_number") <= room:
        canvas.text(line, name, "caption", "text_secondary")
    if number:
        canvas.number(line, number, unit, "caption_number", "right")


class FlowArrow(Painted):
    """What flows from one card to the next: two lines over an arrow, the size under it; dashed amber when stale.

    Squeezed below its size hint it is an arrow only, and its words are in the tool tip. From or to cards that stand
    above each other it branches, see `set_branches`.
    """

    def __init__(self, count: str = "", shape: str = "", size: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(CARD_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._from: tuple[float, ...] = ()
        self._to: tuple[float, ...] = ()
        self._sides = (0.0, 0.0)
        self.set(count, shape, size)

    def set(self, count: str, shape: str = "", size: str = "", *, stale: bool = False, words: str = "") -> None:
        """Show what flows, as ("1,284", "128 x 6", "1.9 MB"); `words` tell it in full."""
        self._count, self._shape, self._size, self._stale = count, shape, size, stale
        words = words or ", ".join(t for t in (count, shape, size) if t)
        self.setToolTip(words)
        self.setAccessibleName(words + (", stale" if stale else ""))
        self.updateGeometry()
        self.update()

    def branch(self, start: bool, end: bool) -> None:
        """Leave room for branches at either end."""
        self._sides = (10.0 if start else 0.0, 16.0 if end else 0.0)
        self.updateGeometry()

    def set_branches(self, start: Sequence[float] = (), end: Sequence[float] = ()) -> None:
        """Come from and go to these heights; from and to the middle without any."""
        self._from, self._to = tuple(start), tuple(end)
        self.update()

    def sizeHint(self) -> QSize:
        """At least as wide as its words."""
        need = max(
            text_width(self._count, "section"),
            text_width(self._shape, "caption"),
            text_width(self._size, "caption"),
            44,
        )
        return QSize(int(need + sum(self._sides)) + 16, CARD_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """The arrow."""
        return QSize(24, CARD_HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """Draw words and arrow."""
        width, y = float(self.width()), round(self.height() / 2) + 0.5
        if width + 8 >= self.sizeHint().width():
            left, room = self._sides[0], width - sum(self._sides)
            canvas.text(QRectF(left, y - 38.5, room, 16), self._count, "section", "text", "center")
            canvas.text(QRectF(left, y - 22.5, room, 16), self._shape, "caption", "text_muted", "center")
            canvas.text(QRectF(left, y + 7.5, room, 16), self._size, "caption", "text_muted", "center")
        ink = theme().color("warn_mark" if self._stale else "line_strong")
        pen = QPen(ink, 1.5)
        if self._stale:
            pen.setDashPattern([3, 2])
        canvas.painter.setPen(pen)
        tip = width - 4
        ends = self._to if len(self._to) > 1 else (y,)
        lines = [QLineF(10 if len(self._from) > 1 else 4, y, tip - 12 if len(ends) > 1 else tip - 5, y)]
        if len(self._from) > 1:
            lines += [QLineF(2, at, 10, at) for at in self._from]
            lines.append(QLineF(10, min(self._from), 10, max(self._from)))
        if len(ends) > 1:
            lines += [QLineF(tip - 12, at, tip - 5, at) for at in ends]
            lines.append(QLineF(tip - 12, min(ends), tip - 12, max(ends)))
        canvas.painter.drawLines(lines)
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(ink)
        for at in ends:
            head = QPolygonF([QPointF(tip, at), QPointF(tip - 6, at - 3.5), QPointF(tip - 6, at + 3.5)])
            canvas.painter.drawPolygon(head)
