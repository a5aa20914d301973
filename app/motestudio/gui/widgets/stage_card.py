"""A stage of the pipeline as a card, and the arrow between two cards with what flows through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width
from motestudio.gui.widgets.marks import STATES

_STATE_INK = {"none": "text_muted", "running": "accent", "fresh": "ok", "stale": "warn", "failed": "bad"}


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
        figures: up to two of (name, number, unit).
        fraction: 0..1 while running, else negative.
        brief: instead of a summary of which not even the first part has room.
    """

    title: str
    summary: str = ""
    origin: str = ""
    state: str = "none"
    state_text: str = ""
    icon: str = "ph.cube"
    figures: Sequence[tuple[str, str, str]] = ()
    fraction: float = -1.0
    brief: str = ""


class StageCard(PaintedButton):
    """A card; checkable, chosen by click, Enter or Space."""

    def __init__(self, facts: CardFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts.title, parent)
        self.setCheckable(True)
        self.setMinimumWidth(92)
        self.setFixedHeight(176)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_facts(facts)

    def set_facts(self, facts: CardFacts) -> None:
        """Show other facts."""
        self.facts = facts
        self.setText(facts.title)
        self.setAccessibleName(f"{facts.title}, {facts.state_text or facts.state}")
        self.setToolTip("\n".join(t for t in (facts.title, facts.summary, facts.origin) if t))
        self.update()

    def sizeHint(self) -> QSize:
        """122 x 176, as in the picture."""
        return QSize(122, 176)

    def paint(self, canvas: Canvas) -> None:
        """Draw the card."""
        facts = self.facts
        rect = QRectF(self.rect())
        radius = theme().radius("card")
        chosen = self.isChecked()
        canvas.box(rect, radius, "surface_raised", "accent" if chosen else "line", 2 if chosen else 1)
        # Narrow cards, in a small window, give up their margin before their words.
        left = 16.0 if rect.width() >= 116 else 9.0
        words = facts.state_text or facts.state
        width = text_width(words, "caption_number")
        if width < rect.width() - 62:
            canvas.icon(facts.icon, QRectF(left, 16, 20, 20), "accent" if chosen else "text_secondary")
        right = rect.right() - min(12.0, left)
        canvas.text(QRectF(right - width, 17, width + 1, 18), words, "caption_number", _STATE_INK[facts.state])
        ink, hollow = STATES[facts.state]
        canvas.dot(QPointF(right - width - 9, 26), 6, ink, hollow=hollow)
        room = rect.width() - 2 * left + (4 if left > 9 else 0)
        canvas.text(QRectF(left, 48, room, 22), facts.title, "title", elide=True)
        summary = facts.summary
        while ", " in summary and text_width(summary, "caption") > room:
            summary = summary.rpartition(", ")[0]
        if facts.brief and text_width(summary, "caption") > room:
            summary = facts.brief if text_width(facts.brief, "caption") <= room else ""
        canvas.text(QRectF(left, 69, room, 16), summary, "caption", "text_secondary", elide=True)
        canvas.text(QRectF(left, 87, room, 16), facts.origin, "caption", "text_muted", elide=True)
        canvas.fill(QRectF(left, 116, rect.width() - 2 * left, 1), "line")
        for i, (name, number, unit) in enumerate(facts.figures[:2]):
            line = QRectF(left, 124 + 20 * i, rect.width() - 2 * left, 18)
            canvas.text(line, name, "caption", "text_secondary")
            if number:
                canvas.number(line, number, unit, "caption_number", "right")
        if facts.fraction >= 0:
            canvas.bar(QRectF(8, rect.height() - 5, rect.width() - 16, 3), facts.fraction, "accent", radius=1.5)
        if self.ring_visible and not chosen:
            canvas.ring(rect, radius)
        elif self.ring_visible:
            canvas.box(rect.adjusted(3, 3, -3, -3), radius - 3, None, "accent")


class FlowArrow(Painted):
    """What flows from one card to the next: two lines over an arrow, the size under it; dashed amber when stale.

    Squeezed below its size hint it is an arrow only, and its words are in the tool tip.
    """

    def __init__(self, count: str = "", shape: str = "", size: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(176)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set(count, shape, size)

    def set(self, count: str, shape: str = "", size: str = "", *, stale: bool = False) -> None:
        """Show what flows, as ("1,284", "128 x 6", "1.9 MB")."""
        self._count, self._shape, self._size, self._stale = count, shape, size, stale
        words = ", ".join(t for t in (count, shape, size) if t)
        self.setToolTip(words)
        self.setAccessibleName(words + (", stale" if stale else ""))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """At least as wide as its words."""
        need = max(
            text_width(self._count, "section"),
            text_width(self._shape, "caption"),
            text_width(self._size, "caption"),
            44,
        )
        return QSize(int(need) + 16, 176)

    def minimumSizeHint(self) -> QSize:
        """The arrow."""
        return QSize(12, 176)

    def paint(self, canvas: Canvas) -> None:
        """Draw words and arrow."""
        width = float(self.width())
        if width + 8 >= self.sizeHint().width():
            canvas.text(QRectF(0, 50, width, 16), self._count, "section", "text", "center")
            canvas.text(QRectF(0, 66, width, 16), self._shape, "caption", "text_muted", "center")
            canvas.text(QRectF(0, 96, width, 16), self._size, "caption", "text_muted", "center")
        y, ink = 88.5, theme().color("warn_mark" if self._stale else "line_strong")
        pen = QPen(ink, 1.5)
        if self._stale:
            pen.setDashPattern([3, 2])
        canvas.painter.setPen(pen)
        canvas.painter.drawLine(QLineF(4, y, width - 9, y))
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(ink)
        tip = width - 4
        canvas.painter.drawPolygon(QPolygonF([QPointF(tip, y), QPointF(tip - 6, y - 3.5), QPointF(tip - 6, y + 3.5)]))
