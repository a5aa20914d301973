"""Lanes with what stands over and beside them: title, legend, lock of the y range; and which lanes there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import signed
from motestudio.gui.plots.axes import default_axes, is_sound, plot_channels
from motestudio.gui.plots.columns import Columns
from motestudio.gui.plots.lane import Lane
from motestudio.gui.plots.plot_title import PlotChannel, PlotTag, PlotTitle
from motestudio.gui.plots.spectrum_lane import SpectrumLane
from motestudio.gui.plots.trace_lane import TraceLane
from motestudio.gui.widgets.buttons import IconButton

_UNLOCKED = ("ph.lock-simple-open", "Keep this range  Y")
_LOCK = 28
_LEAST_COMPACT = 20
_LOCKED = ("ph.lock-simple", "Let the range follow the signal  Y")


class LaneRow(QWidget):
    """A lane under its title.

    Args:
        lane: what is drawn.
        reader: index of its reader.
        title: over it.
        unit: after the title.
        indices: of the channels in the reader's group.
        channels: how they are drawn.
        note: at the right of the title.
        axis_width: as of the lane.
        compact: the title lies on the lane, so that many find room under each other.

    Signals:
        lock_changed: the y range is kept now, or follows.
    """

    lock_changed = Signal()

    def __init__(
        self,
        lane: Lane,
        reader: int,
        title: str,
        unit: str,
        indices: Sequence[int],
        channels: Sequence[PlotChannel],
        note: str,
        axis_width: int,
        *,
        compact: bool,
    ) -> None:
        super().__init__()
        self.lane, self.reader = lane, reader
        self.indices, self.channels = list(indices), list(channels)
        self._left = axis_width
        self.lock = IconButton(*_UNLOCKED, "quiet", self)
        self.lock.setFixedSize(_LOCK, _LOCK)
        self.lock.clicked.connect(self.toggle_lock)
        self.lock.setVisible(isinstance(lane, TraceLane))
        self.lock.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.title: PlotTitle | PlotTag
        if compact:
            lane.set_least_height(_LEAST_COMPACT)
            box.addWidget(lane, 1)
            self.title = PlotTag(title, unit, self.channels, self)
            self.lock.raise_()
        else:
            self.title = PlotTitle(title, unit, self.channels, note, axis_width)
            head = QHBoxLayout()
            head.setContentsMargins(0, 0, 0, 0)
            head.setSpacing(4)
            head.addWidget(self.title, 1)
            head.addWidget(self.lock)
            box.addLayout(head)
            box.addWidget(lane, 1)
        self.setAccessibleName(title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What lies on the lane keeps its corner."""
        super().resizeEvent(event)
        if isinstance(self.title, PlotTag):
            self.title.setGeometry(QRect(QPoint(self._left + 2, 2), self.title.sizeHint()))
            self.lock.move(self.width() - _LOCK, 0)

    @property
    def locked(self) -> bool | None:
        """Whether the y range is kept; None where there is no axis of values."""
        return self.lane.y_range.locked if isinstance(self.lane, TraceLane) else None

    @Slot()
    def toggle_lock(self) -> None:
        """Keep the y range as it is, or let it follow the signal again."""
        if isinstance(self.lane, TraceLane):
            self.lane.set_locked(not self.lane.y_range.locked)
            self.show_lock()
            self.lock_changed.emit()

    def show_lock(self) -> None:
        """Show whether the range is kept."""
        if isinstance(self.lane, TraceLane):
            icon, name = _LOCKED if self.lane.y_range.locked else _UNLOCKED
            self.lock.icon_name = icon
            self.lock.setAccessibleName(name)
            self.lock.setToolTip(name)
            self.lock.update()

    def show_values(self) -> None:
        """The newest values into the legend."""
        if isinstance(self.lane, TraceLane) and self.lane.last is not None:
            values = self.lane.last.tolist()
            self.title.set_values([signed(v, c.decimals) for v, c in zip(values, self.channels, strict=True)])


def make_rows(
    readers: Sequence[Any],
    axes: Sequence[tuple[str, Sequence[int]]] | None,
    axis_width: int,
    *,
    by_channel: bool,
    spectrograms: bool,
    show_time: bool,
) -> list[LaneRow]:
    """The lanes of some groups, from the top.

    Args:
        readers: of the groups, the lead first.
        axes: of the lead; one per unit where None.
        axis_width: pixels left of the lanes.
        by_channel: a lane per channel instead of one per axis.
        spectrograms: one under each channel of sound.
        show_time: seconds under the lowest lane.
    """
    planned: list[tuple[int, str, list[int], bool]] = []
    for number, reader in enumerate(readers):
        group = reader.group
        wanted = axes if axes is not None and number == 0 else default_axes(group)
        for title, indices in wanted:
            if by_channel:
                planned += [(number, group.channels[i].name, [i], False) for i in indices]
            else:
                planned.append((number, title, list(indices), False))
        if spectrograms and is_sound(group):
            planned += [(number, f"Spectrum {c.name}", [i], True) for i, c in enumerate(group.channels)]
    columns = [Columns(reader) for reader in readers]
    rows = []
    for place, (number, title, indices, spectrum) in enumerate(planned):
        reader, ruler = readers[number], show_time and place == len(planned) - 1
        group = reader.group
        channels = plot_channels(group, indices)
        unit = group.channels[indices[0]].unit
        if spectrum:
            lane: Lane = SpectrumLane(reader, indices[0], axis_width, ruler=ruler)
            rows.append(LaneRow(lane, number, title, "Hz", indices, (), "", axis_width, compact=by_channel))
            continue
        if by_channel:
            channels = _coloured(group, indices[0], channels[0])
        peak = max(group.channels[i].full_scale for i in indices)
        note = f"range ±{peak:,.0f} {unit}".rstrip() if peak >= 2 and unit else ""
        lane = TraceLane(columns[number], indices, channels, axis_width, ruler=ruler)
        lane.setAccessibleName(title)
        rows.append(LaneRow(lane, number, title, unit, indices, channels, note, axis_width, compact=by_channel))
    return rows


def _coloured(group: Any, index: int, channel: PlotChannel) -> list[PlotChannel]:
    """A channel alone keeps the colour that it has among those of its unit."""
    for _, indices in default_axes(group):
        if index in indices:
            return [
                PlotChannel(channel.name, plot_channels(group, indices)[indices.index(index)].ink, channel.decimals)
            ]
    return [channel]
