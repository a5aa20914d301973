"""Live signals: lanes over one time axis, drawn 60 times a second with no signal per sample.

It draws what readers have, live tails mostly: files that another process appends to. Several channel groups stand under
each other on the lead's time axis; the board's clock says how theirs lie to it. The newest is followed until the user
goes into the past; nothing then moves, and whoever records goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QMouseEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.domain.signal import ChannelGroup, Samples
from motestudio.gui.plots.alignment import aligned
from motestudio.gui.plots.cursors import CursorLine, Cursors, read
from motestudio.gui.plots.lane import AXIS_WIDTH, Lane, Region
from motestudio.gui.plots.lane_rows import LaneRow, make_rows
from motestudio.gui.plots.time_view import TimeView
from motestudio.gui.plots.trace_lane import TraceLane
from motestudio.gui.theme import Ink, theme

_TICK_MS = 17
_VALUES_EVERY_S = 0.2
_GRAB_PX = 8
_WHEEL_STEP = 120.0
_SHARE = 0.1
"""Of the stretch in view that one step of the wheel or an arrow key moves it by."""
_ZOOM = 0.8


class Reader(Protocol):
    """Where live samples come from; see `devices.live_tail.LiveTailReader`."""

    @property
    def group(self) -> ChannelGroup:
        """Channels and rate."""

    @property
    def total(self) -> int:
        """Samples ever received."""

    def window(self, start: int, count: int) -> tuple[Samples, int]:
        """What is there of a stretch, and the index of its first sample."""


class LiveSignalPlot(QWidget):
    """One or more channel groups.

    Args:
        readers: of the groups, the lead first.
        axes: indices of channels per axis of the lead, with a title each; one axis per unit where None.
        axis_width: pixels left of the lanes.
        show_time: seconds under the lowest lane.

    Signals:
        ticked: something new was drawn; at most 60 a second.
        view_changed: the stretch is another one, or is followed or held now, by the user's hand.

    Attributes:
        view: which stretch is shown.
        cursors: two moments to read values at.
        rows: the lanes with their titles.
        total: samples of the lead that are drawn.
    """

    ticked = Signal()
    view_changed = Signal()

    def __init__(
        self,
        readers: Sequence[Reader],
        axes: Sequence[tuple[str, Sequence[int]]] | None = None,
        *,
        axis_width: int = AXIS_WIDTH,
        show_time: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.readers = list(readers)
        self.view = TimeView(12.0)
        self.cursors = Cursors()
        self.total = -1
        self.by_channel = False
        self.spectrograms = True
        self._axes, self._axis_width, self._show_time = axes, axis_width, show_time
        self._regions: list[Region] = []
        self._growing: float | None = None
        self._drawn: tuple[int, ...] = ()
        self._values_at = 0.0
        self._offsets = [0.0] * len(self.readers)
        self._drag: tuple[str, float] | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self.rows: list[LaneRow] = []
        self.cursor_line = CursorLine()
        self.cursor_line.hide()
        self._box.addWidget(self.cursor_line)
        self._build()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.refresh)
        theme().changed.connect(self._recolour)

    # What pages call

    @property
    def lanes(self) -> list[Lane]:
        """All lanes, from the top."""
        return [row.lane for row in self.rows]

    @property
    def lead(self) -> Lane:
        """The topmost lane; its reader's time axis is the plot's."""
        return self.rows[0].lane

    @property
    def view_range(self) -> tuple[float, float]:
        """The stretch that is shown, seconds of the lead."""
        if self.lead.columns != (0, 0):
            return self.lead.view_range
        end = self.view.end(self.newest)  # it has no size yet, as after another layout
        return end - self.view.seconds, end

    def x_of(self, seconds: float) -> float:
        """The x in this widget's pixels of a time of the lead."""
        return self.lead.mapTo(self, self.lead.rect().topLeft()).x() + self.lead.x_of(seconds)

    def set_layout(self, *, by_channel: bool, spectrograms: bool) -> None:
        """One lane per channel instead of one per unit; spectrograms under sound or not."""
        if (by_channel, spectrograms) != (self.by_channel, self.spectrograms):
            self.by_channel, self.spectrograms = by_channel, spectrograms
            self._build()
            self.refresh(again=True)

    def set_window(self, seconds: float) -> None:
        """How much time to show."""
        self.view.seconds = seconds
        self._view_moved()

    @property
    def paused(self) -> bool:
        """Whether the picture is held."""
        return not self.view.live

    def set_paused(self, paused: bool) -> None:
        """Hold the picture while samples go on arriving, or follow them again."""
        if paused:
            self.view.hold(self.newest)
        else:
            self.view.release()
        self._view_moved()

    def set_regions(self, regions: Sequence[Region]) -> None:
        """Takes or detections behind all lanes, in seconds of the lead."""
        if list(regions) == self._regions:
            return
        self._regions = list(regions)
        for lane in self.lanes:
            lane.set_regions(self._regions)
        self.refresh(again=True)

    def set_growing(self, since: float | None, ink: Ink = "bad_mark") -> None:
        """A stretch that is being recorded, from a time of the lead on."""
        self._growing = since
        for lane in self.lanes:
            lane.set_growing(since, ink)

    # Going into the past

    @property
    def newest(self) -> float:
        """Time of the newest sample of the lead."""
        return float(self.readers[0].total / self.readers[0].group.rate_hz)

    @property
    def oldest(self) -> float:
        """Time of the first sample that can still be shown."""
        reader: Any = self.readers[0]
        first = getattr(reader, "oldest", max(0, reader.total - getattr(reader, "capacity", reader.total)))
        return float(first / reader.group.rate_hz)

    def go(self, by: float) -> None:
        """Move by seconds; into the past where negative."""
        self.view.scroll(by, self.oldest, self.newest)
        self._view_moved()

    def step(self, steps: float) -> None:
        """Move by tenths of what is in view."""
        self.go(steps * _SHARE * self.view.seconds)

    def to_oldest(self) -> None:
        """Go as far back as there is something."""
        self.go(-1e12)

    def to_live(self) -> None:
        """Follow the newest again."""
        self.view.release()
        self._view_moved()

    def zoom(self, steps: float, at: float | None = None) -> None:
        """Show less time (positive) or more; around a moment where the picture is held."""
        start, end = self.view_range
        self.view.zoom(_ZOOM**steps, (start + end) / 2 if at is None else at, self.oldest, self.newest)
        self._view_moved()

    def _view_moved(self) -> None:
        self.refresh(again=True)
        self._run()
        self.view_changed.emit()

    # Cursors

    def toggle_cursors(self) -> None:
        """Show two cursors, or none."""
        if self.cursors.on:
            self.cursors.on = False
        else:
            self.cursors.place(self.view_range)
        self._show_cursors()
        self.view_changed.emit()

    def switch_cursor(self) -> None:
        """Let the keys move the other cursor."""
        self.cursors.switch()
        self._show_cursors()

    def move_cursor(self, pixels: float) -> None:
        """Move the active cursor by pixels, or by samples where those are wider; it stays in view."""
        start, end = self.view_range
        step = max(self.lead.seconds_at(1) - self.lead.seconds_at(0), 1.0 / self.readers[0].group.rate_hz)
        moved = self.cursors.at[self.cursors.active] + pixels * step
        self.cursors.at[self.cursors.active] = min(max(moved, start), end)
        self._show_cursors()

    def _show_cursors(self) -> None:
        self.cursor_line.setVisible(self.cursors.on)
        for lane in self.lanes:
            lane.set_cursors(self.cursors.lines())
        if self.cursors.on:
            seen: list[tuple[Any, float, Sequence[int], Any]] = []
            for row in self.rows:
                if isinstance(row.lane, TraceLane):
                    seen.append((row.lane.reader, row.lane.offset_s, row.indices, row.channels))
            self.cursor_line.set_facts(read(self.cursors, seen))

    # Drawing

    def _build(self) -> None:
        for row in self.rows:
            self._box.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = make_rows(
            self.readers,
            self._axes,
            self._axis_width,
            by_channel=self.by_channel,
            spectrograms=self.spectrograms,
            show_time=self._show_time,
        )
        for place, row in enumerate(self.rows):
            self._box.insertWidget(place, row, 1)
            row.lane.installEventFilter(self)
            row.lane.set_seconds(self.view.seconds)
            row.lane.set_regions(self._regions)
            row.lane.set_growing(self._growing)
            row.lane.set_cursors(self.cursors.lines())
            row.lock_changed.connect(self._again)
        self._drawn = ()

    def toggle_locks(self) -> None:
        """Keep every axis of values as it stands, or let all follow the signal where all are kept already."""
        rows = [row for row in self.rows if row.locked is not None]
        keep = not all(row.locked for row in rows)
        for row in rows:
            if row.locked != keep:
                row.toggle_lock()

    @Slot()
    def _recolour(self) -> None:
        for lane in self.lanes:
            lane.forget()
        self.refresh(again=True)

    @Slot()
    def _again(self) -> None:
        self.refresh(again=True)

    def _run(self) -> None:
        if self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw while visible."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while not."""
        self._timer.stop()
        super().hideEvent(event)

    @Slot()
    def refresh(self, *, again: bool = False) -> None:
        """Draw what is new; nothing where nothing is, or while the picture is held, or the window is minimised."""
        totals = tuple(reader.total for reader in self.readers)
        again = again or not self._drawn
        if not again and (totals == self._drawn or not self.view.live or self.window().isMinimized()):
            return
        self._drawn, self.total = totals, totals[0]
        pixel = self.view.seconds / max(1, self.width())
        self._offsets = aligned(self.readers, self._offsets, pixel)
        end = self.view.end(totals[0] / self.readers[0].group.rate_hz)
        for row in self.rows:
            lane, offset = row.lane, self._offsets[row.reader]
            if lane.seconds != self.view.seconds:
                lane.set_seconds(self.view.seconds)
            lane.offset_s = offset
            lane.show_until((end - offset) * lane.rate_hz, totals[row.reader])
        now = time.monotonic()
        if again or now - self._values_at >= _VALUES_EVERY_S:
            self._values_at = now
            for row in self.rows:
                row.show_values()
            if self.cursors.on:
                self._show_cursors()
        self.ticked.emit()

    # Mouse

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wheel and drag move through time, Ctrl+wheel zooms, a cursor can be dragged, a double click goes live."""
        if isinstance(watched, Lane):
            if event.type() == QEvent.Type.Resize:
                self._drawn = ()  # a lane of another size is empty: it is drawn again, also where the picture is held
            if isinstance(event, QWheelEvent):
                self._wheel(watched, event)
                return True
            if isinstance(event, QMouseEvent):
                self._mouse(watched, event)
        return super().eventFilter(watched, event)

    def _wheel(self, lane: Lane, event: QWheelEvent) -> None:
        steps = (event.angleDelta().y() or event.angleDelta().x()) / _WHEEL_STEP
        at = event.position()
        if at.x() < self._axis_width and isinstance(lane, TraceLane):
            lane.y_range.zoom(steps, lane.value_at(at.y()))
            for row in self.rows:
                row.show_lock()
            self.refresh(again=True)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(steps, lane.seconds_at(at.x()))
        else:
            self.step(-steps)

    def _mouse(self, lane: Lane, event: QMouseEvent) -> None:
        kind, seconds = event.type(), lane.seconds_at(event.position().x())
        left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if kind == QEvent.Type.MouseButtonDblClick:
            self.to_live()
        elif kind == QEvent.Type.MouseButtonPress and left:
            nearest = self.cursors.nearest(seconds)
            if self.cursors.on and abs(lane.x_of(self.cursors.at[nearest]) - event.position().x()) <= _GRAB_PX:
                self.cursors.active = nearest
                self._drag = ("cursor", seconds)
            else:
                self._drag = ("time", event.globalPosition().x())
        elif kind == QEvent.Type.MouseMove and left and self._drag is not None:
            what, before = self._drag
            if what == "cursor":
                self.cursors.at[self.cursors.active] = seconds
                self._show_cursors()
            else:
                pixels = event.globalPosition().x() - before
                if abs(pixels) >= 1:
                    self._drag = ("time", event.globalPosition().x())
                    self.go(-pixels * self.view.seconds / max(1, lane.width() - self._axis_width))
        elif kind == QEvent.Type.MouseButtonRelease:
            self._drag = None
