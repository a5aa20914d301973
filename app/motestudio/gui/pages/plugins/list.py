"""The list of plugins with its search; a row tells name, version and state, origin and what it brings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.pages.plugins import rows
from motestudio.gui.pages.plugins.data import Plugin
from motestudio.gui.widgets import Canvas, Row, RowList, Segmented, Text, TextField, scrolled
from motestudio.gui.widgets.canvas import shortened, text_width

_HEIGHT = 48
_WIDTH = 288


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


class PluginList(QWidget):
    """All plugins, or those that match.

    Attributes:
        shown: the plugins in view.
        chosen: folder of the plugin that is chosen, as text; it stays chosen while it is filtered out.

    Signals:
        picked(object): another plugin is chosen, or the chosen one was read anew.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: list[Plugin] = []
        self.chosen = ""
        self._plugins: tuple[Plugin, ...] = ()
        self.setFixedWidth(_WIDTH)
        self.field = TextField("", "Find a plugin, stage or parameter", "Find a plugin, stage, parameter")
        self.field.textChanged.connect(self._filter)
        self.filter = Segmented(["All", "Problems"], 0, "Show")
        self.filter.changed.connect(self._filter)
        self.list = RowList()
        self.list.chosen.connect(self.pick)
        self.nothing = Text("", "body", "text_muted", wrap=True)
        self.nothing.setContentsMargins(Row.outset, 8, 0, 0)
        holder = QWidget()
        holder.setProperty("surface", "surface")
        box = QVBoxLayout(holder)
        box.setContentsMargins(24 - Row.outset, 0, 8, 12)
        box.addWidget(self.list)
        box.addWidget(self.nothing)
        box.addStretch(1)
        self.nothing.hide()
        self.area = scrolled(holder)
        top = QVBoxLayout()
        top.setContentsMargins(24, 0, 16, 0)
        top.setSpacing(8)
        top.addWidget(self.field)
        line = QHBoxLayout()
        line.addWidget(self.filter)
        line.addStretch(1)
        top.addLayout(line)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 12, 0, 0)
        outer.setSpacing(8)
        outer.addLayout(top)
        outer.addWidget(self.area, 1)

    @property
    def rows(self) -> list[Row]:
        """The rows in view."""
        return self.list.rows

    def set_plugins(self, plugins: Sequence[Plugin]) -> None:
        """Show other plugins; nothing happens where they are the same."""
        bad = sum(rows.has_problem(p) for p in plugins)
        self.filter.set_choices([f"All {len(plugins)}", f"Problems {bad}"])
        if tuple(plugins) != self._plugins:
            self._plugins = tuple(plugins)
            self.shown = []
            self._filter()

    def choose_when_found(self, folder: str) -> None:
        """Choose a plugin that will be among the next ones."""
        self.field.clear()
        self.filter.set_current(0)
        self.chosen = folder

    @Slot()
    def _filter(self) -> None:
        wanted, only_bad = self.field.text(), self.filter.current == 1
        shown = [p for p in self._plugins if rows.matches(p, wanted) and (rows.has_problem(p) or not only_bad)]
        self.nothing.setVisible(not shown)
        self.nothing.setText("Nothing here has a problem." if only_bad and not wanted else "No plugin says that.")
        if shown != self.shown:
            self.shown = shown
            self.list.set_rows([PluginRow(p) for p in shown])
        if shown:
            self.pick(next((i for i, p in enumerate(shown) if str(p.row.folder) == self.chosen), 0))

    @Slot(int)
    def pick(self, index: int) -> None:
        """Choose a row in view."""
        self.list.set_current(index)
        self.chosen = str(self.shown[index].row.folder)
        self.picked.emit(self.shown[index])

    def pick_again(self) -> None:
        """Say the chosen one once more and give it the keyboard."""
        if 0 <= self.list.current < len(self.shown):
            self.pick(self.list.current)
            self.take_focus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self, reason: Qt.FocusReason) -> None:
        """Give the chosen row the keyboard."""
        if 0 <= self.list.current < len(self.rows):
            self.rows[self.list.current].setFocus(reason)

    def begin_find(self) -> None:
        """Begin to type what to find."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
