"""What one feature stage makes of a window: curves over time, heat maps, bars, or why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from motestudio.domain.signal import ChannelGroup
from motestudio.gui.numbers import byte_size, significant
from motestudio.gui.pages.pipeline.bars import FeatureBars
from motestudio.gui.pages.pipeline.preview_data import Block, Frame, shape_words
from motestudio.gui.plots.axes import default_axes, plot_channels
from motestudio.gui.plots.heat_map import HeatMap
from motestudio.gui.plots.signal_plot import SignalPlot
from motestudio.gui.widgets import ElidedText, Text

AXIS = 44


class BlockView(QWidget):
    """One block; keeps its plots while their form stays.

    Signals:
        column_hovered(int): the feature frame under the pointer.
    """

    column_hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        self.head = ElidedText("", "section", "text_secondary")
        box.addWidget(self.head)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        box.addLayout(self._grid, 1)
        self.plots: list[SignalPlot] = []
        self.maps: list[HeatMap] = []
        self.bars: FeatureBars | None = None
        self.reason: Text | None = None
        self._form: object = None

    def show_block(self, frame: Frame, block: Block, *, named: bool) -> tuple[float, float] | None:
        """Show a block; `named` where several stand above each other.

        Returns:
            The ends of the colour scale, None where there is none.
        """
        self.head.set_text(f"{block.name}  {words_of(block)}")
        self.head.setVisible(named)
        values = block.values
        if values is None:
            if self._renew("reason"):
                self.reason = Text("", "body", "bad", wrap=True)
                self._grid.addWidget(self.reason, 0, 0, Qt.AlignmentFlag.AlignTop)
            assert self.reason is not None
            self.reason.setText(block.reason)
            return None
        channels = len(frame.group.channels)
        if block.axes == ("time", "channel") and values.shape[1] == channels and not named:
            self._curves(frame, values)
            return None
        if values.ndim == 3 or (values.ndim == 2 and block.axes[0] == "time"):
            return self._maps(frame, block, values, named=named)
        self._bars(frame, block, values)
        return None

    def mark(self, column: int) -> None:
        """Mark a feature frame in all maps, -1 for none."""
        for picture in self.maps:
            picture.set_column(column)

    def _renew(self, form: object) -> bool:
        """Empty the view where what it draws has another form; returns whether it has."""
        if form == self._form:
            return False
        self._form = form
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.plots, self.maps, self.bars, self.reason = [], [], None, None
        return True

    def _curves(self, frame: Frame, values: npt.NDArray[np.float32]) -> None:
        axes = default_axes(frame.group)
        if self._renew(("curves", frame.group)):
            for n, (title, indices) in enumerate(axes):
                last = n == len(axes) - 1
                plot = SignalPlot(title, "", plot_channels(frame.group, indices), show_time=last, axis_width=AXIS)
                self.plots.append(plot)
                self._grid.addWidget(plot, n, 0)
        rate = len(values) / (frame.end_s - frame.start_s)
        for plot, (_, indices) in zip(self.plots, axes, strict=True):
            plot.set_data(values[:, indices].astype(np.float64), rate, 0)
            plot.set_view(0, max(2, len(values)) / rate)

    def _maps(self, frame: Frame, block: Block, values: npt.NDArray[np.float32], *, named: bool) -> tuple[float, float]:
        stack = values[:, :, None] if values.ndim == 2 else values
        names = _map_names(frame.group, block, stack.shape[2])
        across = 3 if stack.shape[2] > 2 else stack.shape[2]
        if self._renew(("maps", stack.shape, block.axes)):
            for n, name in enumerate(names):
                ink = f"series:{n % 3 + 1}" if len(names) > 1 else "text_muted"
                picture = HeatMap(name, ink, axis_width=AXIS if n % across == 0 else 0, show_x=True)
                rows = ("", "") if named else ("0", str(stack.shape[1] - 1))
                picture.set_axes((f"{block.axes[0]} 0", str(stack.shape[0] - 1)), rows)
                picture.column_hovered.connect(self.column_hovered)
                self.maps.append(picture)
                self._grid.addWidget(picture, n // across, n % across)
        low, high = float(stack.min()), float(stack.max())
        for n, picture in enumerate(self.maps):
            picture.set_data(stack[:, :, n], low, high)
        return low, high

    def _bars(self, frame: Frame, block: Block, values: npt.NDArray[np.float32]) -> None:
        if self._renew("bars"):
            self.bars = FeatureBars("", axis_width=AXIS)
            self._grid.addWidget(self.bars, 0, 0)
        assert self.bars is not None
        names = [c.name for c in frame.group.channels]
        groups = names if values.ndim == 2 and block.axes[0] == "channel" and len(values) == len(names) else []
        self.bars.set_values(values if values.ndim == 2 else values.reshape(-1), groups)


def words_of(block: Block) -> str:
    """ "26 frames × 12 bands, float32, 1.2 KB"."""
    if block.values is None:
        return ""
    return f"{shape_words(block.values.shape, block.axes)}, float32, {' '.join(byte_size(block.values.nbytes))}"


def scale_words(low: float, high: float) -> tuple[str, str]:
    """The ends of a colour scale."""
    return significant(low), significant(high)


def _map_names(group: ChannelGroup, block: Block, maps: int) -> Sequence[str]:
    channels = [c.name for c in group.channels]
    if maps == len(channels) and maps > 1:
        return channels
    return [f"{block.axes[1]} over {block.axes[0]}".capitalize()] if maps == 1 else [str(n) for n in range(maps)]
