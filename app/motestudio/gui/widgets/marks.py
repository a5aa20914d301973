"""Small marks: status dot with halo, tag, key cap, key hint, colour square, verdict icon, separator."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, keycap_width, text_width

STATES: dict[str, tuple[str, bool]] = {
    "none": ("text_disabled", True),
    "running": ("accent", False),
    "fresh": ("ok_mark", False),
    "stale": ("warn_mark", False),
    "failed": ("bad_mark", False),
}
"""Ink and hollowness of a stage's state."""

_STATE_TEXT = {"none": "nothing yet", "running": "running", "fresh": "fresh", "stale": "stale", "failed": "failed"}


class StatusDot(Painted):
    """A 6 px dot with a halo in the background's colour.

    Args:
        state: ``none``, ``running``, ``fresh``, ``stale`` or ``failed``.
        diameter: of the dot; 8 beside words.
    """

    def __init__(self, state: str = "none", diameter: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._diameter = diameter
        self.setFixedSize(diameter + 4, diameter + 4)
        self.set_state(state)

    def set_state(self, state: str) -> None:
        """Show another state."""
        self.state = state
        self.setAccessibleName(_STATE_TEXT[state])
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the dot."""
        ink, hollow = STATES[self.state]
        canvas.dot(QRectF(self.rect()).center(), self._diameter, ink, hollow=hollow)


class Tag(Painted):
    """A small word on a soft ground: "virtual", "proposed", "fresh".

    Args:
        text: one word or two.
        tone: ``neutral``, ``accent``, ``ok``, ``warn`` or ``bad``.
    """

    _TONES: ClassVar = {
        "neutral": ("track", "text_secondary"),
        "accent": ("selection", "accent"),
        "ok": ("ok_soft", "ok"),
        "warn": ("warn_soft", "warn"),
        "bad": ("bad_soft", "bad"),
    }

    def __init__(self, text: str, tone: str = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set(text, tone)

    def set(self, text: str, tone: str = "neutral") -> None:
        """Change text and tone."""
        self._text, self._tone = text, tone
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """18 px high."""
        return QSize(int(text_width(self._text, "caption_number")) + 15, theme().size("tag"))

    def minimumSizeHint(self) -> QSize:
        """Tags never elide."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw the tag."""
        fill, ink = self._TONES[self._tone]
        rect = QRectF(self.rect())
        canvas.box(rect, theme().radius("tag"), fill)
        canvas.text(rect, self._text, "caption_number", ink, "center")


class KeyHints(Painted):
    """A row of key caps with what they do, for the hint bar: ``[(("Space",), "play"), (("1", "2"), "label")]``.

    Hints that have no room are left out from the right; F1 tells them all.
    """

    def __init__(self, hints: list[tuple[tuple[str, ...], str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().size("hint_bar"))
        self.set_hints(hints)

    def set_hints(self, hints: list[tuple[tuple[str, ...], str]]) -> None:
        """Show other hints."""
        self.hints = hints
        self.setAccessibleName("; ".join(f"{' '.join(keys)} {what}" for keys, what in hints))
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw as many as fit."""
        rect = QRectF(self.rect())
        more = "All shortcuts  F1"
        more_width = text_width(more, "caption")
        limit = rect.width() - 48 - more_width - 16
        x, middle = 24.0, rect.center().y()
        canvas.fill(QRectF(0, 0, rect.width(), 1), "line")
        for keys, what in self.hints:
            width = sum(keycap_width(k) + 4 for k in keys) + 4 + text_width(what, "caption")
            if x + width > limit:
                break
            for key in keys:
                cap = keycap_width(key)
                canvas.keycap(x + cap, middle, key, ink="text_secondary")
                x += cap + 4
            x = canvas.text(QRectF(x + 4, 0, 400, rect.height()), what, "caption", "text_muted") + 20
        canvas.text(QRectF(24, 0, rect.width() - 48, rect.height()), more, "caption", "text_muted", "right")


class KeyCap(Painted):
    """One key cap."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self.setFixedSize(int(keycap_width(key)) + 1, theme().size("keycap"))
        self.setAccessibleName(key)

    def paint(self, canvas: Canvas) -> None:
        """Draw the cap."""
        canvas.keycap(self.width(), self.height() / 2, self._key, ink="text_secondary")


class Swatch(Painted):
    """The 10 px colour square of a class or channel."""

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.setFixedSize(10, 10)

    def set_ink(self, ink: Ink) -> None:
        """Change the colour."""
        self._ink = ink
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the square."""
        canvas.box(QRectF(self.rect()), 3, self._ink)


class IconMark(Painted):
    """An icon that is only looked at: a verdict, a stage's picture."""

    def __init__(self, name: str, ink: str = "text_secondary", size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)
        self.set(name, ink)

    def set(self, name: str, ink: str) -> None:
        """Change icon and ink."""
        self._name, self._ink = name, ink
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the icon."""
        canvas.icon(self._name, QRectF(self.rect()), self._ink)


class VerdictMark(Painted):
    """The filled circle before a verdict line: a tick on green, a cross on red, a mark on amber."""

    _SHAPES: ClassVar = {"ok": "ph.check-bold", "bad": "ph.x-bold", "warn": "ph.warning-bold"}

    def __init__(self, tone: str = "ok", size: int = 22, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)
        self.set_tone(tone)

    def set_tone(self, tone: str) -> None:
        """``ok``, ``warn`` or ``bad``."""
        self._tone = tone
        self.setAccessibleName({"ok": "fits", "warn": "close", "bad": "does not fit"}[tone])
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the mark."""
        side = float(self.width())
        canvas.dot(QPointF(side / 2, side / 2), side, self._tone)
        inner = side * 0.55
        canvas.icon(self._SHAPES[self._tone], QRectF((side - inner) / 2, (side - inner) / 2, inner, inner), "surface")


class Separator(Painted):
    """A 1 px line.

    Args:
        vertical: a line from top to bottom.
        margin: free pixels on both sides of the line.
    """

    def __init__(self, *, vertical: bool = False, margin: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vertical = vertical
        thick = 1 + 2 * margin
        self._margin = margin
        if vertical:
            self.setFixedWidth(thick)
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        else:
            self.setFixedHeight(thick)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paint(self, canvas: Canvas) -> None:
        """Draw the line."""
        rect = QRectF(self.rect())
        line = QRectF(self._margin, 0, 1, rect.height()) if self._vertical else QRectF(0, self._margin, rect.width(), 1)
        canvas.fill(line, "line")
