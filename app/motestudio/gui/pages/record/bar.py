"""The bar of the Record page: what is recorded or how much there is, and how the plots are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from motestudio.domain.signal import ChannelGroup
from motestudio.gui.numbers import byte_size, count, duration
from motestudio.gui.pages.record.control import TakeControl
from motestudio.gui.settings import Settings
from motestudio.gui.widgets import Button, IconButton, PageBar, Segmented
from motestudio.project.schema import RecordConfig
from motestudio.studio.takes import TakeSummary

WINDOWS = (5, 12, 30)
_WINDOW = "record_window"
_WIDE = 800


class RecordBar(PageBar):
    """Title, facts and buttons.

    Args:
        settings: remember the time shown.
        view: widgets of `ViewControls`.
    """

    def __init__(self, settings: Settings, view: Sequence[QWidget]) -> None:
        super().__init__("Record")
        self._settings = settings
        self._recording = self._there = False
        seconds = settings.get(_WINDOW, 12)
        index = WINDOWS.index(seconds) if seconds in WINDOWS else 1
        self.windows = Segmented([f"{s} s" for s in WINDOWS], index, "Time shown")
        self.windows.changed.connect(lambda chosen: settings.set(_WINDOW, WINDOWS[chosen]))
        self.reconnect = Button("Reconnect", "secondary", "ph.arrow-clockwise")
        self.field_mode = IconButton("ph.arrows-out", "Field mode: plot, class and big buttons only  F")
        self.pause = IconButton("ph.pause", "Hold the picture  P")
        for widget in (self.reconnect, *view, self.windows, self.field_mode, self.pause):
            self.add_action(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is no room for both, what is recorded is worth more than how much of it is seen."""
        self.windows.setVisible(self._there and not (self._recording and self.width() < _WIDE))

    @property
    def seconds(self) -> int:
        """Time to show."""
        return int(self._settings.get(_WINDOW, 12))

    def set_paused(self, *, paused: bool) -> None:
        """Show whether the picture is held."""
        self.pause.icon_name = "ph.play" if paused else "ph.pause"
        self.pause.setAccessibleName("Follow the signal  P" if paused else "Hold the picture  P")
        self.pause.setToolTip(self.pause.accessibleName())
        self.pause.update()

    def set_board(self, *, there: bool, connected: bool, gone: bool) -> None:
        """Show what can be done.

        Args:
            there: signals are shown.
            connected: the board answers.
            gone: it was connected and is not any more.
        """
        self.reconnect.setVisible(gone)
        for widget in (self.field_mode, self.pause):
            widget.setVisible(there)
        self._there = there
        self._fit()
        self.field_mode.setEnabled(connected)

    def set_state(
        self, control: TakeControl, group: ChannelGroup | None, record: RecordConfig | None, summary: TakeSummary
    ) -> None:
        """Say what is recorded, or how much there is."""
        self._recording = control.running
        self._fit()
        self.title.set_ink("bad" if control.running else "text")
        if control.running:
            self.title.setText(f"Recording {control.label}".rstrip())
            seconds = record.seconds if record is not None else 0.0
            done = control.samples / group.rate_hz if group is not None else 0.0
            self.set_facts(control.name, [f"{done:.1f} of {seconds:.1f} s" if seconds else f"{done:.1f} s"])
            return
        self.title.setText("Armed" if control.state == "armed" else "Record")
        number, unit = byte_size(summary.size_bytes)
        facts = [
            duration(summary.seconds),
            f"{count(summary.takes)} take{'s' if summary.takes != 1 else ''}",
            f"{number} {unit}",
        ]
        if summary.unreadable:
            facts.append(f"{count(summary.unreadable)} unreadable")
        session = record.session if record is not None else ""
        self.set_facts(f"Session {session}" if session else "", facts if summary.names else ["no takes yet"])
