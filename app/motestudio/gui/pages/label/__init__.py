"""The Label page: mark where each class begins and ends in what you recorded."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class LabelPage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "label"
    title = "Label"
    help = "Mark where each class begins and ends in what you recorded."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.tag", "Label", "Mark where each class begins and ends in what you recorded.", "Record a take"
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("record")


PAGE = LabelPage
