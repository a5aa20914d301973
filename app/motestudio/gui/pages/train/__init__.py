"""The Train page: train a model on your takes and see what it still gets wrong."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class TrainPage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "train"
    title = "Train"
    help = "Train a model on your takes and see what it still gets wrong."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.chart-line-up",
            "Train",
            "Train a model on your takes and see what it still gets wrong.",
            "Set up the pipeline",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("pipeline")


PAGE = TrainPage
