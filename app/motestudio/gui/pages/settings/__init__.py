"""The Settings page: the theme."""

from __future__ import annotations

from motestudio.gui.page import Page
from motestudio.gui.theme import theme
from motestudio.gui.theme.core import MODES
from motestudio.gui.widgets import PageBar, Segmented, Text, labelled


class SettingsPage(Page):
    """What the window remembers."""

    key = "settings"
    title = "Settings"
    help = "Settings are kept per user, projects keep their own."

    def build(self) -> None:
        """One group."""
        self.body.addWidget(PageBar("Settings"))
        self.body.addSpacing(16)
        self._modes = modes = Segmented(["System", "Light", "Dark"], MODES.index(theme().mode), "Theme")
        modes.changed.connect(self._mode)
        row = labelled("Theme", modes, beside=True)
        row.setFixedWidth(360)
        self.body.addWidget(row)
        self.body.addSpacing(8)
        self.body.addWidget(
            Text("System follows the light or dark setting of your desktop at once.", "caption", "text_muted")
        )
        self.body.addStretch(1)

    def activated(self) -> None:
        """The palette may have changed the theme meanwhile."""
        self._modes.set_current(MODES.index(theme().mode))

    def _mode(self, index: int) -> None:
        theme().set_mode(MODES[index])
        self.context.settings.set("theme", MODES[index])


PAGE = SettingsPage
