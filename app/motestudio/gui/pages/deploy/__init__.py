"""The Deploy page: turn a model into firmware, build it and put it on the board."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class DeployPage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "deploy"
    title = "Deploy"
    help = "Turn a model into firmware, build it and put it on the board."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.rocket-launch",
            "Deploy",
            "Turn a model into firmware, build it and put it on the board.",
            "Analyse a model",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("analyse")


PAGE = DeployPage
