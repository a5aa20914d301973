"""The Analyse page: see what a model costs in memory and time, layer by layer, before anything is flashed."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class AnalysePage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "analyse"
    title = "Analyse"
    help = "See what a model costs in memory and time, layer by layer, before anything is flashed."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.cpu",
            "Analyse",
            "See what a model costs in memory and time, layer by layer, before anything is flashed.",
            "Train a model",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("train")


PAGE = AnalysePage
