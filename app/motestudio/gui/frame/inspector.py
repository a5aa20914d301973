"""The 280 px at the right: the page's inspector or its help, in a scroll area, with an edge that folds it away."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas
from motestudio.gui.widgets.sections import scrolled


class Edge(PaintedButton):
    """The inspector's left edge: a line that folds the inspector away, or a strip that brings it back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Hide the inspector", parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.set_folded(False)

    def set_folded(self, folded: bool) -> None:
        """Show the edge or the strip."""
        self._folded = folded
        words = "Show the inspector" if folded else "Hide the inspector"
        self.setAccessibleName(words)
        self.setToolTip(f"{words}  Ctrl+I")
        self.setFixedWidth(16 if folded else 7)
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the line, and what a click does while the pointer is on it."""
        rect = QRectF(self.rect())
        canvas.fill(rect, "panel")
        canvas.fill(QRectF(0, 0, 1, rect.height()), "accent" if self.hovered else "line")
        if self._folded:
            canvas.icon("ph.caret-left", QRectF(2, rect.center().y() - 6, 12, 12), "text_muted")
        if self.ring_visible:
            canvas.ring(rect, 2)


class InspectorArea(QWidget):
    """Holds one inspector per page, and the help while it is open.

    Signals:
        folded_by_user(bool): the edge was clicked.
    """

    folded_by_user = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        # The edge lies over the first pixels, so that the inspector keeps its width and margins.
        self.edge = Edge(self)
        self.edge.clicked.connect(self._toggle)
        self.stack = QStackedWidget()
        self.stack.setFixedWidth(theme().size("inspector"))
        row.addWidget(self.stack)
        self._areas: dict[QWidget, QWidget] = {}
        self._page: QWidget | None = None
        self._help: QWidget | None = None
        self._folded = False

    @property
    def folded(self) -> bool:
        """Whether the user folded it away."""
        return self._folded

    @property
    def help(self) -> QWidget | None:
        """The help that is shown, or None."""
        return self._help

    def set_folded(self, folded: bool) -> None:
        """Fold away, or bring back."""
        self._folded = folded
        self._arrange()

    def set_inspector(self, inspector: QWidget | None) -> None:
        """Show a page's inspector; the help closes."""
        self.close_help()
        self._page = inspector
        if inspector is not None and inspector not in self._areas:
            area = scrolled(inspector)
            self._areas[inspector] = area
            self.stack.addWidget(area)
        self._arrange()

    def open_help(self, panel: QWidget) -> None:
        """Show a help in the inspector's place."""
        self.close_help()
        self._help = scrolled(panel)
        self.stack.addWidget(self._help)
        self._arrange()

    def close_help(self) -> None:
        """Back to the page's inspector."""
        if self._help is not None:
            self.stack.removeWidget(self._help)
            self._help.deleteLater()
            self._help = None
        self._arrange()

    def _toggle(self) -> None:
        self.set_folded(not self._folded)
        self.folded_by_user.emit(self._folded)

    def _arrange(self) -> None:
        shown = self._help
        if shown is None and self._page is not None:
            shown = self._areas[self._page]
        if shown is not None:
            self.stack.setCurrentWidget(shown)
        folded = self._folded and self._help is None
        self.stack.setVisible(shown is not None and not folded)
        self.edge.set_folded(folded)
        self.setFixedWidth(self.edge.width() if folded else theme().size("inspector"))
        self.setVisible(shown is not None)
        self._place_edge()

    def _place_edge(self) -> None:
        self.edge.setGeometry(0, 0, self.edge.width(), self.height())
        self.edge.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The edge is as high as the area."""
        super().resizeEvent(event)
        self._place_edge()
