"""The Record page: record takes from a board: watch the signal, choose a class, press Space."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class RecordPage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "record"
    title = "Record"
    help = "Record takes from a board: watch the signal, choose a class, press Space."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.record",
            "Record",
            "Record takes from a board: watch the signal, choose a class, press Space.",
            "Use the virtual board",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.connect_device("virtual")


PAGE = RecordPage
