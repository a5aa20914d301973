"""The quiet bar over the page while the open project brings plugins of its own that the user has not trusted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.gui.context import AppContext
from motestudio.gui.widgets.buttons import Button
from motestudio.gui.widgets.notices import Banner


class TrustBar(Banner):
    """Follows the plugins of the open project. The Plugins page says the same in its own place."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._page = ""
        self._untrusted = 0
        self._closed: Path | None = None
        self.look = Button("Look at it", "link")
        self.look.clicked.connect(self._look)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(layout.indexOf(self.action), self.look)
        self.close_button.clicked.connect(self._close_for_now)
        context.plugins_changed.connect(self.refresh)
        context.project_changed.connect(self._project_changed)

    def set_page(self, key: str) -> None:
        """Another page is shown."""
        self._page = key
        self._show()

    @Slot()
    def _project_changed(self) -> None:
        if self._context.project is None:
            self._untrusted, self._closed = 0, None
            self._show()

    @Slot()
    def refresh(self) -> None:
        """Count the plugins that wait for the user's word."""
        context = self._context
        if context.project is None:
            return
        studio = context.studio

        def work(_: object) -> int:
            return sum(row.state == "untrusted" for row in studio.registry.rows)

        context.run_operation("Look at the project's plugins", work, self._counted, quiet=True)

    @Slot(object)
    def _counted(self, untrusted: int) -> None:
        self._untrusted = untrusted
        self._show()

    def _show(self) -> None:
        project = self._context.project
        wanted = project is not None and self._untrusted > 0 and project.folder != self._closed
        if not wanted or self._page == "plugins":
            self.hide()
            return
        what = "Its plugin is" if self._untrusted == 1 else f"Its {self._untrusted} plugins are"
        self.show_message(
            "This project brings its own code.",
            f"{what} not used until you trust this folder.",
            "info",
            action="Trust this folder",
            act=self._trust,
        )

    def _trust(self) -> None:
        self._context.trust_project(True)

    def _look(self) -> None:
        self._context.goto("plugins")

    def _close_for_now(self) -> None:
        project = self._context.project
        self._closed = project.folder if project is not None else None
