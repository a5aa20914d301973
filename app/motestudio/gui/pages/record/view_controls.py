"""How the live plots are looked at: lanes, past and live, zoom, cursors and ranges, by buttons and by keys.

Knows plots only: whether something is recorded meanwhile is nothing to it, and recording goes on whatever is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.context import AppContext
from motestudio.gui.plots.axes import is_sound
from motestudio.gui.plots.live_mark import LiveMark
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.view_commands import view_commands
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, PaintedButton, text_width

_WIDE_BAR = 800
"""Pixels of the bar from which on its buttons have words."""
_ICON = 16


class Shown(Protocol):
    """What is looked at; a `Scope` is one."""

    plot: LiveSignalPlot

    def isVisible(self) -> bool:
        """Whether it is on the screen."""


class ViewToggle(PaintedButton):
    """A button that stays down: icon and word, or the icon alone where the bar that it is in is narrow.

    Args:
        icon: a Phosphor name.
        text: what is shown when it is down; the accessible name.
        tip: a sentence about it.
    """

    def __init__(self, icon: str, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon, self._compact = icon, False
        self._bar: QWidget | None = None
        self.setToolTip(tip)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as what it shows."""
        height = theme().size("button")
        words = 0.0 if self._compact else text_width(self.text(), "control") + 16
        return QSize(height + round(words + 0.5), height)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """Follow the width of the bar that it is put into."""
        if event.type() == QEvent.Type.ParentChange:
            if self._bar is not None:
                self._bar.removeEventFilter(self)
            self._bar = self.parentWidget()
            if self._bar is not None:
                self._bar.installEventFilter(self)
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Words where there is room for them."""
        if event.type() == QEvent.Type.Resize and self._bar is not None:
            compact = self._bar.width() < _WIDE_BAR
            if compact != self._compact:
                self._compact = compact
                self.updateGeometry()
        return super().eventFilter(watched, event)

    def paint(self, canvas: Canvas) -> None:
        """Draw it."""
        rect, radius, on = QRectF(self.rect()), theme().radius("button"), self.isChecked()
        fill = "selection" if on else ("track" if self.hovered or self.isDown() else "surface_raised")
        ink = "accent" if on else "text"
        canvas.box(rect, radius, fill, "accent" if on else "line_strong")
        x = (rect.height() - _ICON) / 2
        canvas.icon(self._icon, QRectF(x, rect.center().y() - _ICON / 2, _ICON, _ICON), ink)
        if not self._compact:
            left = x + _ICON + 8
            canvas.text(QRectF(left, 0, rect.width() - left, rect.height()), self.text(), "control", ink)
        if self.ring_visible:
            canvas.ring(rect, radius)


class ViewControls(QObject):
    """Buttons and commands over the plots of a page. The page puts `widgets` into its bar, adds `commands()` to its
    own, and calls `attach` whenever its scopes are other ones.

    Layout is the same in all scopes and remembered between starts. Keys act on the scope in front: the last one that
    is visible, so that field mode has its own past and its own cursors.

    Args:
        context: its settings remember the layout, as ``record_by_channel`` and ``record_spectrogram``.
        parent: the page; the widgets are its children until they are put elsewhere.

    Signals:
        changed: the layout, the stretch in view, or whether the newest is followed is another one.

    Attributes:
        per_channel: button "Per channel".
        spectrogram: button "Spectrogram"; visible only where a scope has sound.
        live_mark: says "Live" or "12.4 s ago".
        widgets: these, for a page's bar; hidden while there is no scope.
    """

    changed = Signal()

    def __init__(self, context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = context.settings
        self._scopes: list[Shown] = []
        self.per_channel = ViewToggle("ph.rows", "Per channel", "Give each channel an axis of its own", parent)
        self.per_channel.setChecked(self._settings.get("record_by_channel", False))
        self.spectrogram = ViewToggle("ph.waves", "Spectrogram", "Show which frequencies sound is made of", parent)
        self.spectrogram.setChecked(self._settings.get("record_spectrogram", True))
        self.live_mark = LiveMark(parent)
        self.widgets: list[QWidget] = [self.per_channel, self.spectrogram, self.live_mark]
        self.per_channel.toggled.connect(self._layout_chosen)
        self.spectrogram.toggled.connect(self._layout_chosen)
        self.attach([])

    # What the page says

    def attach(self, scopes: Sequence[Shown]) -> None:
        """Look after these scopes from now on, and no other; new ones get the layout of those before.

        Args:
            scopes: of the page, those in front last.
        """
        for scope in scopes:
            if not any(scope is known for known in self._scopes):
                scope.plot.view_changed.connect(self.changed)
        self._scopes = list(scopes)
        self._lay_out()
        for widget in self.widgets:
            widget.setVisible(bool(self._scopes))
        self.spectrogram.setVisible(self._has_sound())
        self.live_mark.set_plot(self._told())

    @property
    def live(self) -> bool:
        """Whether the scope in front follows the newest; also where there is none."""
        plot = self._told()
        return plot is None or plot.view.live

    def commands(self) -> list[Command]:
        """By name, with their keys; those that have nothing to act on cannot be done."""

        def there() -> bool:
            return self._front() is not None

        lanes, sound = self.per_channel.toggle, self.spectrogram.toggle
        return [
            *view_commands("record.view", self._front),
            Command("record.view_channels", "Show each channel by itself, or not", lanes, "View", "", there),
            Command("record.view_spectrum", "Show or hide spectrograms", sound, "View", "", self._has_sound),
        ]

    # Layout

    def _has_sound(self) -> bool:
        return any(is_sound(reader.group) for scope in self._scopes for reader in scope.plot.readers)

    @Slot()
    def _layout_chosen(self) -> None:
        self._settings.set("record_by_channel", self.per_channel.isChecked())
        self._settings.set("record_spectrogram", self.spectrogram.isChecked())
        self._lay_out()
        self.changed.emit()

    def _lay_out(self) -> None:
        for scope in self._scopes:
            scope.plot.set_layout(by_channel=self.per_channel.isChecked(), spectrograms=self.spectrogram.isChecked())

    # Which plot

    def _front(self) -> LiveSignalPlot | None:
        """The plot that keys act on."""
        visible = [scope for scope in self._scopes if scope.isVisible()]
        return visible[-1].plot if visible else None

    def _told(self) -> LiveSignalPlot | None:
        """The plot that the mark tells of; what is attached may be shown only later."""
        return self._front() or (self._scopes[-1].plot if self._scopes else None)
