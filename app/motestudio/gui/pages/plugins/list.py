"""The rows of the list: icon, name and version, state in a word; origin and what it brings under it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from motestudio.gui.pages.plugins import rows
from motestudio.gui.pages.plugins.data import Plugin
from motestudio.gui.widgets import Canvas, Row
from motestudio.gui.widgets.canvas import shortened, text_width

_HEIGHT = 48


class PluginRow(Row):
    """One plugin."""

    def __init__(self, plugin: Plugin, parent: QWidget | None = None) -> None:
        super().__init__(rows.name_of(plugin), _HEIGHT, parent)
        self.plugin = plugin
        manifest = plugin.row.manifest
        self._version = manifest.version if manifest else ""
        self._note = rows.note_of(plugin)
        word = rows.STATES[plugin.row.state][0]
        self.setAccessibleName(", ".join(t for t in (self.text(), self._version, word, self._note) if t))
        self.setToolTip(f"{self.text()} {self._version}\n{plugin.row.folder}")

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        word, tone, icon = rows.STATES[self.plugin.row.state]
        if self.plugin.row.state == "ok" and self.plugin.row.notes:
            tone, icon = "warn", "ph.warning-circle"
        ink = rows.INKS[tone]
        first = QRectF(rect.left() + 24, rect.top() + 6, rect.width() - 24, 18)
        canvas.icon(icon, QRectF(rect.left(), first.center().y() - 8, 16, 16), ink)
        wide = text_width(word, "caption_number")
        canvas.text(QRectF(rect.right() - wide - 1, first.top(), wide + 2, 18), word, "caption_number", ink)
        room = first.width() - wide - 12
        name = shortened(self.text(), "control", room)
        end = canvas.text(QRectF(first.left(), first.top(), room + 1, 18), name, "control")
        left = first.left() + room - end - 6
        if self._version and text_width(self._version, "caption") <= left:
            canvas.text(QRectF(end + 6, first.top(), left + 1, 18), self._version, "caption", "text_muted")
        note = QRectF(first.left(), rect.top() + 25, first.width(), 16)
        canvas.text(note, shortened(self._note, "caption", note.width()), "caption", "text_muted")
