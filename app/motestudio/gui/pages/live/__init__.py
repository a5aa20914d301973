"""The Live page: watch the board infer, tune the thresholds and keep what it got wrong."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class LivePage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "live"
    title = "Live"
    help = "Watch the board infer, tune the thresholds and keep what it got wrong."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.activity",
            "Live",
            "Watch the board infer, tune the thresholds and keep what it got wrong.",
            "Deploy a model",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("deploy")


PAGE = LivePage
