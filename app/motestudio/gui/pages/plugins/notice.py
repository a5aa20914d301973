"""The notice over the list: safe mode, or the project's own code and whether the user trusts it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from motestudio.gui.pages.plugins.data import Found
from motestudio.gui.widgets import Banner


class PluginNotice(Banner):
    """One notice at a time; it goes only when its reason goes.

    Signals:
        trust_wanted(bool): trust the project's folder, or stop trusting it.
    """

    trust_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.close_button.hide()
        # Without that button its place is the action's.
        self.setContentsMargins(0, 0, 12, 0)

    def show_found(self, found: Found) -> None:
        """Say what there is to say, or nothing."""
        own = len(found.own)
        if found.safe_mode:
            text = "Safe mode: only the plugins that come with Mote Studio are used."
            self.show_message(text, "Start it without --safe-mode to use the others again.", "warn")
        elif own and not found.trusted:
            self.show_message(
                f"This project brings its own code: {_plugins(own)} in {found.project}.",
                "A plugin can do on this computer what you can. Trust the folder only if you know who wrote it.",
                "warn",
                action="Trust this folder",
                act=self._trust,
            )
        elif own:
            self.show_message(
                f"You trust this project's folder, so its own {_plugins(own)} can be used.",
                str(found.project),
                "info",
                action="Stop trusting",
                act=self._stop,
            )
        else:
            self.dismiss()

    def _trust(self) -> None:
        self.trust_wanted.emit(True)

    def _stop(self) -> None:
        self.trust_wanted.emit(False)


def _plugins(count: int) -> str:
    return "1 plugin" if count == 1 else f"{count} plugins"
