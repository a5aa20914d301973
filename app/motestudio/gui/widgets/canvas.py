"""Painting by tokens: text on an optical centre, 1 px lines, rounded fills, icons, focus rings.

`Painted` is the base of every hand-painted widget. It remembers texts that did not fit (`overflow`), so that a test
can find clipped text in a whole window.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.theme.icons import paint_icon

_SHOWS_RING = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)

_OWN_KEYS = (
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down,
    Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
)  # fmt: skip


@lru_cache(maxsize=128)
def _metrics(style: str, weight: int | None) -> QFontMetricsF:
    """Of a style's font, which no theme changes."""
    return QFontMetricsF(theme().font(style, weight))


@lru_cache(maxsize=8192)
def text_width(text: str, style: str, weight: int | None = None) -> float:
    """Advance of a text in pixels."""
    return _metrics(style, weight).horizontalAdvance(text)


def shortened(text: str, style: str, room: float) -> str:
    """A name or path that fits, its middle left out where it must; show the whole of it in a tooltip.

    Args:
        text: of any length: it is the user's.
        style: of the text.
        room: pixels.
    """
    return QFontMetricsF(theme().font(style)).elidedText(text, Qt.TextElideMode.ElideMiddle, room)


def number_width(number: str, unit: str, style: str) -> float:
    """Advance of a number with its unit."""
    return text_width(number, style) + (text_width(" " + unit, style, 400) if unit else 0.0)


class Canvas:
    """A painter that speaks in roles and type styles; a context manager over one paint event."""

    def __init__(self, widget: QWidget) -> None:
        self.painter = QPainter(widget)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.overflow: list[str] = []

    @classmethod
    def over(cls, painter: QPainter) -> Canvas:
        """A canvas over a painter that belongs to somebody else, such as an item delegate's; not to be entered."""
        canvas = cls.__new__(cls)
        canvas.painter = painter
        canvas.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        canvas.overflow = []
        return canvas

    def __enter__(self) -> Canvas:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.painter.end()

    def fill(self, rect: QRectF, ink: Ink) -> None:
        """Fill on whole pixels, without antialiasing."""
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.painter.fillRect(rect, theme().color(ink))
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def box(
        self, rect: QRectF, radius: float, fill: Ink | None = None, border: Ink | None = None, width: float = 1
    ) -> None:
        """A rounded rectangle; the border lies inside `rect`."""
        inset = width / 2 if border is not None else 0.0
        self.painter.setPen(QPen(theme().color(border), width) if border is not None else Qt.PenStyle.NoPen)
        self.painter.setBrush(theme().color(fill) if fill is not None else Qt.BrushStyle.NoBrush)
        self.painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset)

    def text(
        self,
        rect: QRectF,
        text: str,
        style: str = "body",
        ink: Ink = "text",
        align: str = "left",
        *,
        weight: int | None = None,
        elide: bool = False,
    ) -> float:
        """Draw one line, centred by cap height in the height of `rect`.

        Returns:
            The x where the text ends.
        """
        font = theme().font(style, weight)
        metrics = _metrics(style, weight)
        width = text_width(text, style, weight)
        if width > rect.width() + 0.5:
            self.overflow.append(text)
            if elide:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
                width = metrics.horizontalAdvance(text)
        x = rect.left()
        if align == "right":
            x = rect.right() - width
        elif align == "center":
            x = rect.left() + (rect.width() - width) / 2
        baseline = rect.center().y() + metrics.capHeight() / 2
        self.painter.setFont(font)
        self.painter.setPen(theme().color(ink))
        self.painter.drawText(QPointF(x, baseline), text)
        return float(x + width)

    def number(
        self,
        rect: QRectF,
        number: str,
        unit: str = "",
        style: str = "body_number",
        align: str = "left",
        ink: Ink = "text",
        unit_ink: Ink = "text_muted",
    ) -> float:
        """Draw a number and, lighter, its unit on one baseline; returns the x where it ends."""
        width = number_width(number, unit, style)
        if width > rect.width() + 0.5:
            self.overflow.append(f"{number} {unit}")
        x = {"left": rect.left(), "right": rect.right() - width, "center": rect.center().x() - width / 2}[align]
        end = self.text(QRectF(x, rect.top(), width + 1, rect.height()), number, style, ink)
        if unit:
            end = self.text(
                QRectF(end, rect.top(), x + width - end + 1, rect.height()), " " + unit, style, unit_ink, weight=400
            )
        return end

    def icon(self, name: str, rect: QRectF, ink: Ink = "text_secondary") -> None:
        """A Phosphor icon filling the square."""
        paint_icon(self.painter, name, rect, theme().color(ink))

    def dot(self, center: QPointF, diameter: float, ink: Ink, *, hollow: bool = False, halo: Ink | None = None) -> None:
        """A status dot: first the halo in the background's colour (9 px for a 6 px dot), then the dot."""
        if halo is not None:
            self._circle(center, diameter * 1.5, theme().color(halo))
        if hollow:
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.setPen(QPen(theme().color(ink), 1.2))
            self.painter.drawEllipse(center, diameter / 2 - 0.6, diameter / 2 - 0.6)
        else:
            self._circle(center, diameter, theme().color(ink))

    def _circle(self, center: QPointF, diameter: float, color: QColor) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(color)
        self.painter.drawEllipse(center, diameter / 2, diameter / 2)

    def bar(self, rect: QRectF, share: float, ink: Ink, track: Ink = "track", radius: float = 2) -> None:
        """A bar filled from the left; at least 2 px where the share is above zero."""
        self.box(rect, radius, track)
        if share > 0:
            width = max(2.0, rect.width() * min(1.0, share))
            self.box(QRectF(rect.left(), rect.top(), width, rect.height()), min(radius, width / 2), ink)

    def curve(self, points: Sequence[QPointF], ink: Ink, width: float = 1.2) -> None:
        """A polyline."""
        self.painter.setPen(QPen(theme().color(ink), width))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawPolyline(list(points))

    def ring(self, rect: QRectF, radius: float) -> None:
        """The 2 px focus ring, inside `rect`."""
        self.box(rect, radius, None, "accent", theme().size("focus_ring"))

    def keycap(
        self, right: float, center_y: float, key: str, *, on_fill: bool = False, ink: Ink = "text_muted"
    ) -> float:
        """A key cap whose right edge is at `right`; returns its left edge."""
        width = keycap_width(key)
        height = theme().size("keycap")
        rect = QRectF(round(right - width), round(center_y - height / 2), width, height)
        if on_fill:
            veil = QColor(255, 255, 255, 56)
            self.box(rect, 4, veil)
            self.text(rect, key, "section", "on_accent", "center")
        else:
            self.box(rect, 4, None, "line_strong")
            self.text(rect, key, "caption_number", ink, "center")
        return rect.left()


def keycap_width(key: str) -> float:
    """Width of a key cap."""
    return max(18.0, round(text_width(key, "caption_number") + 10))


class Painted(QWidget):
    """A widget that paints itself through a `Canvas`; override `paint`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.overflow: list[str] = []
        self.ring_visible = False

    def paint(self, canvas: Canvas) -> None:
        """Draw everything; `self.rect()` is the place."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint and note what did not fit."""
        with Canvas(self) as canvas:
            self.paint(canvas)
            self.overflow = canvas.overflow

    def event(self, event: QEvent) -> bool:
        """With the ring shown, arrows belong to this widget and not to a shortcut of the page."""
        if self.ring_visible and event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            mine = event.key() in _OWN_KEYS
            event.setAccepted(mine)
            if mine:
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keyboard focus shows a ring, a mouse click does not."""
        self.ring_visible = event.reason() in _SHOWS_RING
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        self.ring_visible = False
        self.update()
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Repaint when enabled or disabled."""
        self.update()
        super().changeEvent(event)
