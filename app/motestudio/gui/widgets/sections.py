"""What pages are laid out with: section header, page bar, inspector column, scroll area, key-value rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import Button
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width
from motestudio.gui.widgets.labels import ElidedText, Number, Text
from motestudio.gui.widgets.marks import Separator
from motestudio.gui.widgets.rows import Row, RowList


class SectionHeader(QWidget):
    """A small heading with a note or a link at its right.

    Args:
        title: the heading.
        note: muted text at the right.
        action: text of a link button at the right instead; its `clicked` is `self.action.clicked`.
        strong: 13 px and dark (page sections) instead of 11 px and muted (inspector groups).
    """

    def __init__(
        self, title: str, note: str = "", action: str = "", *, strong: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self.title = Text(title, "strong" if strong else "section", "text" if strong else "text_muted")
        self.note = Text(note, "caption" if not strong else "body", "text_muted")
        layout.addWidget(self.title)
        if strong:
            layout.addWidget(self.note)
            layout.addStretch(1)
        else:
            layout.addStretch(1)
            layout.addWidget(self.note)
        self.action: Button | None = None
        if action:
            self.action = Button(action, "link")
            layout.addWidget(self.action)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)


class FactsLine(Painted):
    """A few facts in a row, muted; those that have no room are left out from the right and told in the tool tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(20)

    @property
    def text(self) -> str:
        """All of them."""
        return "   ".join(self._facts)

    def set_facts(self, facts: Sequence[str]) -> None:
        """Change them."""
        if tuple(facts) != self._facts:
            self._facts = tuple(facts)
            self.setAccessibleName(", ".join(facts))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """All of them."""
        return QSize(sum(int(text_width(f, "body")) + 12 for f in self._facts), 20)

    def minimumSizeHint(self) -> QSize:
        """None of them."""
        return QSize(8, 20)

    def paint(self, canvas: Canvas) -> None:
        """Draw as many as fit."""
        x = 0.0
        for fact in self._facts:
            if x + text_width(fact, "body") > self.width() + 0.5:
                break
            x = canvas.text(QRectF(x, 0, self.width() - x + 1, self.height()), fact, "body", "text_muted") + 12
        else:
            self.setToolTip("")
            return
        self.setToolTip(self.text)


class PageBar(QWidget):
    """The 48 px bar on top of a page: title, a few facts, and actions at the right (the primary one last)."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().size("page_bar"))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.title = Text(title, "title")
        self._layout.addWidget(self.title)
        self._layout.addSpacing(4)
        self.name = Text("", "control", "text_secondary")
        self.facts = FactsLine()
        self._layout.addWidget(self.name)
        self._layout.addSpacing(4)
        self._layout.addWidget(self.facts, 1)

    def set_facts(self, name: str, facts: Sequence[str] = ()) -> None:
        """Show the subject's name ("run 17") and facts about it ("13 ops", "1.07 M MAC")."""
        self.name.setText(name)
        self.facts.set_facts(facts)

    def add_action(self, widget: QWidget) -> None:
        """Add a control at the right."""
        self._layout.addWidget(widget)


class Column(QWidget):
    """A column on a ground, for inspectors: 16 px margin, separators between groups.

    Args:
        surface: ``panel``, ``surface`` or ``chrome``.
    """

    def __init__(self, surface: str = "panel", margin: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", surface)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.box = QVBoxLayout(self)
        # Rows reach `Row.outset` beyond their text: the column leaves them that room and insets everything else.
        self._inset = Row.outset
        self.box.setContentsMargins(margin - self._inset, margin, margin - self._inset, margin)
        self.box.setSpacing(8)

    def add(self, widget: QWidget, space: int = 0) -> QWidget:
        """Add a widget, perhaps with more space before it; rows stand out so that their text aligns."""
        if space:
            self.box.addSpacing(space)
        if isinstance(widget, Row | RowList):
            self.box.addWidget(widget)
            return widget
        line = QHBoxLayout()
        line.addWidget(widget)
        self.add_layout(line)
        return widget

    def add_layout(self, layout: QLayout) -> None:
        """Add a layout of widgets, inset like `add`."""
        margins = layout.contentsMargins()
        layout.setContentsMargins(self._inset, margins.top(), self._inset, margins.bottom())
        self.box.addLayout(layout)

    def separate(self) -> None:
        """A separator with the space of a group around it."""
        self.box.addSpacing(8)
        self.add(Separator())
        self.box.addSpacing(8)

    def end(self) -> None:
        """Push everything up."""
        self.box.addStretch(1)


def scrolled(content: QWidget) -> QScrollArea:
    """Put something into a vertical scroll area without a frame; its width follows the area's."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


class KeyValue(QWidget):
    """A name at the left and a value with unit at the right: "Energy above floor  14.2 dB"."""

    def __init__(
        self, name: str, number: str = "–", unit: str = "", exact: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.value = Number(number, unit, "caption_number", "right", exact)
        layout.addWidget(ElidedText(name, "caption", "text_secondary"), 1)
        layout.addWidget(self.value)
