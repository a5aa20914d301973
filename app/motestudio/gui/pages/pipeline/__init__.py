"""The Pipeline page: see what each stage makes of your data, and change how it does it."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class PipelinePage(Page):
    """Says what the page is for and leads to what fills it."""

    key = "pipeline"
    title = "Pipeline"
    help = "See what each stage makes of your data, and change how it does it."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState(
            "ph.flow-arrow",
            "Pipeline",
            "See what each stage makes of your data, and change how it does it.",
            "Record a take",
        )
        self.empty.action.clicked.connect(self._fill)
        self.body.addWidget(self.empty)

    def _fill(self) -> None:
        self.context.goto("record")


PAGE = PipelinePage
