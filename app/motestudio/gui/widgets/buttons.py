"""Buttons: primary, secondary, outline, link and quiet, with icon and key cap; the big Record button; tool buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import _SHOWS_RING, Canvas, keycap_width, text_width

_BUTTON_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down)

KINDS = ("primary", "secondary", "outline", "link", "quiet")


def _key(event: QEvent) -> int:
    return event.key() if isinstance(event, QKeyEvent) else 0


class PaintedButton(QAbstractButton):
    """An abstract button that paints through a `Canvas` and shows its focus ring to the keyboard only."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.overflow: list[str] = []
        self.ring_visible = False
        self.hovered = False
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paint(self, canvas: Canvas) -> None:
        """Draw the button."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint and note what did not fit."""
        with Canvas(self) as canvas:
            self.paint(canvas)
            self.overflow = canvas.overflow

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keyboard focus shows a ring."""
        self.ring_visible = event.reason() in _SHOWS_RING
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        self.ring_visible = False
        super().focusOutEvent(event)

    def event(self, event: QEvent) -> bool:
        """With the ring shown, Space belongs to this button and not to a shortcut of the page."""
        if self.ring_visible and event.type() == QEvent.Type.ShortcutOverride and _key(event) in _BUTTON_KEYS:
            event.accept()
            return True
        return super().event(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Lighten under the pointer."""
        self.hovered = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """And back."""
        self.hovered = False
        self.update()
        super().leaveEvent(event)


class Button(PaintedButton):
    """A push button.

    Args:
        text: what it does, a verb.
        kind: ``primary`` (one per page), ``secondary``, ``outline`` (accent), ``link`` or ``quiet`` (no frame).
        icon: a Phosphor name such as ``ph.plus``, or empty.
        key: what the key cap says, or empty; the caller binds the shortcut.
    """

    def __init__(
        self, text: str, kind: str = "secondary", icon: str = "", key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        if kind not in KINDS:
            raise ValueError(kind)
        self.kind = kind
        self.icon_name = icon
        self.key = key
        self.small = kind == "link"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        """Change the text and the accessible name; the size follows."""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self.updateGeometry()

    def _style(self) -> str:
        return "section" if self.small else ("control" if self.kind in ("link", "quiet") else "strong")

    def _content(self) -> float:
        width = text_width(self.text(), self._style())
        if self.icon_name:
            width += 16 + (8 if self.text() else 0)
        if self.key:
            width += 12 + keycap_width(self.key)
        return width

    def sizeHint(self) -> QSize:
        """Wide enough for icon, text and key cap."""
        if self.kind == "link":
            return QSize(int(self._content()) + 4, 24)
        margin = 16 if self.text() else 8
        return QSize(round(self._content() + 0.5) + 2 * margin, theme().size("button"))

    def minimumSizeHint(self) -> QSize:
        """Text never leaves the button."""
        return self.sizeHint()

    def _inks(self) -> tuple[str | None, str | None, str]:
        if not self.isEnabled():
            return (None if self.kind in ("link", "quiet") else "track"), None, "text_disabled"
        pressed = self.isDown()
        if self.kind == "primary":
            return ("accent_fill_hover" if self.hovered or pressed else "accent_fill"), None, "on_accent"
        if self.kind == "secondary":
            return ("track" if self.hovered or pressed else "surface_raised"), "line_strong", "text"
        if self.kind == "outline":
            return ("selection" if self.hovered or pressed else "surface_raised"), "accent", "accent"
        if self.kind == "quiet":
            return ("track" if self.hovered or pressed else None), None, "text_secondary"
        return None, None, "accent"

    def paint(self, canvas: Canvas) -> None:
        """Draw the button."""
        rect = QRectF(self.rect())
        radius = theme().radius("button")
        fill, border, ink = self._inks()
        if fill or border:
            canvas.box(rect, radius, fill, border)
        x = 2.0 if self.kind == "link" else (rect.width() - self._content()) / 2
        if self.kind == "link" and rect.width() > self._content() + 8:
            x = 2.0
        if self.icon_name:
            canvas.icon(self.icon_name, QRectF(x, rect.center().y() - 8, 16, 16), ink)
            x += 24
        right = rect.right() - (2 if self.kind == "link" else 12)
        if self.key:
            cap = text_width(self.text(), self._style()) + x + 12 + keycap_width(self.key)
            canvas.keycap(cap, rect.center().y(), self.key, on_fill=self.kind == "primary", ink=ink)
            right = cap - keycap_width(self.key)
        if self.text():
            end = canvas.text(QRectF(x, 0, max(0.0, right - x + 1), rect.height()), self.text(), self._style(), ink)
            if self.kind == "link" and self.hovered and self.isEnabled():
                canvas.fill(QRectF(x, rect.center().y() + 7, end - x, 1), ink)
        if self.ring_visible:
            canvas.ring(rect, radius)
            if self.kind == "primary":
                canvas.box(rect.adjusted(2, 2, -2, -2), radius - 2, None, "on_accent")


class IconButton(Button):
    """A square 32 px button with an icon only.

    Args:
        icon: a Phosphor name.
        name: what it does; becomes the tool tip and the accessible name.
    """

    def __init__(self, icon: str, name: str, kind: str = "secondary", parent: QWidget | None = None) -> None:
        super().__init__("", kind, icon, "", parent)
        self.setAccessibleName(name)
        self.setToolTip(name)


class RecordButton(PaintedButton):
    """The one big button: "Record wave" with its key cap, or "Stop" with elapsed time and size."""

    def __init__(self, text: str = "Record", key: str = "Space", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.key = key
        self._running = False
        self._detail = ""
        self._style = "title"
        self.setMinimumHeight(theme().size("record_button"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """56 px high, at least as wide as its words."""
        need = 24 + 18 + 16 + text_width(self.text(), self._style) + 24 + keycap_width(self.key) + 16
        return QSize(round(max(need, 200)), self.minimumHeight())

    def set_text(self, text: str) -> None:
        """What the button does, as "Record wave"."""
        self.setText(text)
        self.setAccessibleName(text)
        self.update()

    def set_running(self, running: bool, detail: str = "") -> None:
        """Turn into Stop, with `detail` ("2.1 s  12 KB") at the right, or back."""
        self._running = running
        self._detail = detail
        self.setAccessibleName(f"Stop, {detail}" if running else self.text())
        self.update()

    def set_field_mode(self, on: bool) -> None:
        """24 px text and twice the height, to be read from where the board moves."""
        self._style = "field_mode" if on else "title"
        self.setMinimumHeight(96 if on else theme().size("record_button"))
        self.updateGeometry()

    def paint(self, canvas: Canvas) -> None:
        """Draw the button."""
        rect = QRectF(self.rect())
        radius = theme().radius("big_button")
        if not self.isEnabled():
            fill, ink = "track", "text_disabled"
        elif self._running:
            fill, ink = "bad_soft", "bad"
        else:
            fill, ink = ("accent_fill_hover" if self.hovered or self.isDown() else "accent_fill"), "on_accent"
        canvas.box(rect, radius, fill, "bad_mark" if self._running and self.isEnabled() else None)
        middle = rect.center().y()
        if self._running:
            canvas.box(QRectF(24, middle - 8, 16, 16), 2, "bad_mark")
        else:
            canvas.dot(QPointF(32, middle), 18, ink)
        right = rect.right() - 16
        if self._running:
            width = text_width(self._detail, "body_number")
            canvas.text(QRectF(right - width, 0, width + 1, rect.height()), self._detail, "body_number", ink)
            right -= width + 12
        elif self.key:
            right = canvas.keycap(right, middle, self.key, on_fill=self.isEnabled()) - 8
        words = "Stop" if self._running else self.text()
        canvas.text(QRectF(56, 0, right - 56, rect.height()), words, self._style, ink, elide=True)
        if self.ring_visible:
            canvas.ring(rect, radius)
            canvas.box(rect.adjusted(2, 2, -2, -2), radius - 2, None, "surface")
