"""The Plugins page: which plugins were found, and why one is refused."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.widgets import EmptyState


class PluginsPage(Page):
    """Says what the page is for and looks for plugins."""

    key = "plugins"
    title = "Plugins"
    help = "Every stage of a pipeline comes from a plugin. A plugin that cannot be used stays listed with the reason."

    def build(self) -> None:
        """One sentence, one button."""
        self.empty = EmptyState("ph.puzzle-piece", "Plugins", self.help, "Look for plugins")
        self.empty.action.clicked.connect(self._look)
        self.body.addWidget(self.empty)

    def _look(self) -> None:
        studio = self.context.studio
        self.context.run_operation("Look for plugins", lambda _: studio.registry, self._found)

    def _found(self, registry: object) -> None:
        rows = list(getattr(registry, "rows", ()))
        good = sum(1 for row in rows if row.state == "ok")
        self.context.show_message(f"{good} of {len(rows)} plugins can be used.", tone="ok")


PAGE = PluginsPage
