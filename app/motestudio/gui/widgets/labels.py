"""Text that follows the theme: plain, wrapped, elided with a tool tip, and numbers with a lighter unit."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, text_width


class Text(QLabel):
    """A line (or, wrapped, a paragraph) in a type style and an ink.

    Args:
        text: plain text, never markup.
        style: type style, see `theme.fonts.font`.
        ink: ``text``, ``text_secondary``, ``text_muted``, ``text_disabled``, ``accent``, ``ok``, ``warn``, ``bad``.
        wrap: break lines at the width.
    """

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        ink: str = "text",
        *,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("ink", ink)
        self.setFont(theme().font(style))
        self.setWordWrap(wrap)
        self._pixels = theme().tokens.styles[style][0]
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.setText(text)

    def minimumSizeHint(self) -> QSize:
        """Wrapped text asks for its height by its width; without this a scroll area reserves room for a narrow one."""
        if self.wordWrap():
            return QSize(40, round(self._pixels * 1.3))
        return super().minimumSizeHint()

    def set_ink(self, ink: str) -> None:
        """Change the ink."""
        if self.property("ink") != ink:
            self.setProperty("ink", ink)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedText(Painted):
    """One line that gives way with "…" and then tells the whole in its tool tip."""

    def __init__(
        self, text: str = "", style: str = "body", ink: str = "text", align: str = "left", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._style = style
        self._ink = ink
        self._align = align
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Change the text."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def set_ink(self, ink: str) -> None:
        """Change the ink."""
        self._ink = ink
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the text."""
        pixels = theme().tokens.styles[self._style][0]
        return QSize(int(text_width(self._text, self._style)) + 2, round(pixels * 1.5))

    def minimumSizeHint(self) -> QSize:
        """May shrink to a few letters."""
        return QSize(min(self.sizeHint().width(), 24), self.sizeHint().height())

    def paint(self, canvas: Canvas) -> None:
        """Draw; what does not fit goes to the tool tip."""
        canvas.text(QRectF(self.rect()), self._text, self._style, self._ink, self._align, elide=True)
        self.setToolTip(self._text if canvas.overflow else "")


class FittingText(ElidedText):
    """One line in several wordings, the fullest first: the first that fits is shown, the first one is the name."""

    def __init__(self, *wordings: str, style: str = "body", ink: str = "text", parent: QWidget | None = None) -> None:
        super().__init__("", style, ink, parent=parent)
        self._wordings = wordings or ("",)
        self.set_texts(*self._wordings)

    def set_texts(self, *wordings: str) -> None:
        """Change the wordings."""
        self._wordings = wordings
        self.set_text(wordings[0])
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the first wording that fits, or elide the last."""
        shown = next((w for w in self._wordings if text_width(w, self._style) <= self.width()), self._wordings[-1])
        canvas.text(QRectF(self.rect()), shown, self._style, self._ink, self._align, elide=True)
        self.setToolTip("" if shown == self._wordings[0] else self._wordings[0])


class Number(Painted):
    """A number with its unit in a lighter weight, on one baseline, as wide as the widest it has shown.

    Args:
        number: formatted by `gui.numbers`.
        unit: SI unit with prefix.
        style: ``body_number``, ``caption_number``, ``value`` or ``headline``.
        align: ``left`` or ``right``.
        exact: tool tip with the exact value.
    """

    def __init__(
        self,
        number: str = "–",
        unit: str = "",
        style: str = "body_number",
        align: str = "left",
        exact: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._style = style
        self._align = align
        self._ink = "text"
        self._widest = 0
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.set(number, unit, exact)

    def set(self, number: str, unit: str = "", exact: str = "", ink: str = "text") -> None:
        """Show a value; cheap enough for every display tick."""
        self._number, self._unit, self._ink = number, unit, ink
        self.setToolTip(exact)
        self.setAccessibleName(f"{number} {unit}".strip())
        width = int(number_width(number, unit, self._style)) + 2
        if width > self._widest:
            self._widest = width
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Grows, never shrinks: nothing jumps when data arrives."""
        return QSize(self._widest, round(theme().tokens.styles[self._style][0] * 1.5))

    def minimumSizeHint(self) -> QSize:
        """Numbers never elide."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw the value."""
        canvas.number(QRectF(self.rect()), self._number, self._unit, self._style, self._align, self._ink)


def announce(widget: QWidget) -> None:
    """Tell assistive technology that a widget's name changed."""
    QAccessible.updateAccessibility(QAccessibleEvent(widget, QAccessible.Event.NameChanged))
