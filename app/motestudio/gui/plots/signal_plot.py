"""A signal over time: several channels in one axis, decimated by us, one curve each, on pyqtgraph.

Faint grid (z -20), regions (z -10), curves on top, no frame, a left axis of fixed width so that stacked plots align.
Samples are physical values; the x axis is seconds of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.gui.plots.grid import Grid
from motestudio.gui.plots.lane import AXIS_WIDTH, Region
from motestudio.gui.plots.plot_title import PlotChannel, PlotTitle
from motestudio.gui.plots.ticks import FloatArray, min_max, nice_range
from motestudio.gui.theme import Ink, theme

_TICK_ROOM = 8
_NUMBER_ROOM = 18

pg.setConfigOptions(antialias=False)


class SignalPlot(QWidget):
    """The plot.

    Args:
        title: of the channel group, such as "Accelerometer"; empty for no title line.
        unit: of the y axis.
        channels: curves, in the order of the samples' columns.
        show_time: draw the x axis' numbers (only the lowest of stacked plots does).
        axis_width: pixels left of the plot; the same for all plots of a page.
        note: at the right of the title.

    Signals:
        view_changed(float, float): the user zoomed or moved; the new ends in seconds.
        pressed(float): the user clicked at this time.
        hovered(float): the pointer is at this time.
    """

    view_changed = Signal(float, float)
    pressed = Signal(float)
    hovered = Signal(float)

    def __init__(
        self,
        title: str = "",
        unit: str = "",
        channels: Sequence[PlotChannel] = (),
        *,
        show_time: bool = True,
        axis_width: int = AXIS_WIDTH,
        note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.channels = list(channels)
        self._samples: FloatArray = np.zeros((0, max(1, len(self.channels))))
        self._rate, self._first = 1.0, 0
        self._view = (0.0, 1.0)
        self._y: tuple[float, float] | None = None
        self._y_shown = (-1.0, 1.0)
        self._regions: list[Region] = []
        self._marks: list[tuple[float, Ink]] = []
        self._cursor: float | None = None
        self._show_time = show_time
        self._region_items: list[Any] = []
        self._mark_items: list[Any] = []
        self._curves: list[Any] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.title = PlotTitle(title, unit, self.channels, note, axis_width)
        if title:
            box.addWidget(self.title)
        else:
            self.title.setParent(self)
            self.title.hide()
        self._make_plot(axis_width)
        box.addWidget(self.view, 1)
        self.setAccessibleName(title or "Signal")
        theme().changed.connect(self._recolour)
        self._recolour()

    # What pages call

    def set_channels(self, channels: Sequence[PlotChannel]) -> None:
        """Replace the curves; the samples go with them."""
        self.channels = list(channels)
        self.title.set_channels(self.channels)
        self._samples = np.zeros((0, max(1, len(self.channels))))
        self._make_curves()
        self._recolour()

    def set_data(self, samples: FloatArray, rate_hz: float, first_sample: int = 0) -> None:
        """Show samples.

        Args:
            samples: physical values, shape (n, channels).
            rate_hz: samples per second.
            first_sample: index of the first one in the recording; x is index / rate.
        """
        self._samples, self._rate, self._first = samples, rate_hz, first_sample
        self._draw()

    def show_part(
        self, samples: FloatArray, rate_hz: float, first_sample: int, view: tuple[float, float], y: tuple[float, float]
    ) -> None:
        """Samples, stretch and y range in one drawing; for live plots."""
        self._samples, self._rate, self._first, self._view, self._y = samples, rate_hz, first_sample, view, y
        self._draw()

    def set_view(self, start: float, end: float) -> None:
        """Show this stretch, in seconds, without saying `view_changed`."""
        if end > start and (start, end) != self._view:
            self._view = (start, end)
            self._draw()

    @property
    def view_range(self) -> tuple[float, float]:
        """The stretch that is shown."""
        return self._view

    def set_y_range(self, low: float | None, high: float | None) -> None:
        """Fix the y axis, or let it follow the samples in view (None)."""
        self._y = None if low is None or high is None else (low, high)
        self._draw()

    def set_values(self, values: Sequence[float] | None) -> None:
        """Show current values in the legend, or none."""
        if values is None:
            self.title.set_values(())
            return
        shown = [f"{v:+.{c.decimals}f}".replace("-", "\u2212") for v, c in zip(values, self.channels, strict=False)]
        self.title.set_values(shown)

    def set_regions(self, regions: Sequence[Region]) -> None:
        """Show coloured stretches behind the curves."""
        if list(regions) == self._regions:
            return
        self._regions = list(regions)
        for item in self._region_items:
            self.plot.removeItem(item)
        self._region_items = []
        for region in self._regions:
            item = pg.LinearRegionItem((region.start, region.end), movable=False, pen=pg.mkPen(None))
            item.setZValue(-10)
            self.plot.addItem(item, ignoreBounds=True)
            self._region_items.append(item)
        self._colour_regions()

    def set_marks(self, marks: Sequence[tuple[float, Ink]]) -> None:
        """Show dashed lines from top to bottom at these times, such as detections."""
        self._marks = list(marks)
        for item in self._mark_items:
            self.plot.removeItem(item)
        self._mark_items = [pg.InfiniteLine(at, angle=90) for at, _ in self._marks]
        for item in self._mark_items:
            item.setZValue(5)
            self.plot.addItem(item, ignoreBounds=True)
        self._colour_regions()

    def set_cursor(self, seconds: float | None) -> None:
        """Show the playhead, or none."""
        self._cursor_item.setVisible(seconds is not None)
        if seconds is not None:
            self._cursor_item.setPos(seconds)

    def set_end_dots(self, show: bool) -> None:
        """Show a dot at each curve's last sample, as in a live plot."""
        self._dots.setVisible(show)

    def x_of(self, seconds: float) -> float:
        """The x in this widget's pixels of a time."""
        start, end = self._view
        return self._axis_width + (seconds - start) / (end - start) * (self.width() - self._axis_width)

    # Inside

    def _make_plot(self, axis_width: int) -> None:
        self._axis_width = axis_width
        self.view = pg.GraphicsLayoutWidget()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setBackground(None)
        self.view.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.view.ci.layout.setContentsMargins(0, 0, 0, 0)
        self.view.ci.setSpacing(0)
        self.plot: Any = self.view.addPlot()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.vb.setDefaultPadding(0)
        self.plot.vb.setMouseEnabled(False, False)
        self.plot.layout.setContentsMargins(0, 1, 0, 0)
        self.plot.layout.setSpacing(0)
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setStyle(tickLength=0, tickFont=theme().font("caption"), tickTextOffset=8, hideOverlappingLabels=False)
            axis.setPen(pg.mkPen(None))
            axis.setStyle(tickAlpha=0)  # a tick of no length is still a dot
        self.plot.getAxis("left").setWidth(axis_width)
        self.plot.getAxis("bottom").setHeight(24 if self._show_time else 1)
        if not self._show_time:
            self.plot.getAxis("bottom").setStyle(showValues=False)
            self.plot.getAxis("bottom").setTicks([])
        self._grid = Grid(self.plot, time=self._show_time)
        self._cursor_item = pg.InfiniteLine(0, angle=90)
        self._cursor_item.setZValue(20)
        self._cursor_item.hide()
        self.plot.addItem(self._cursor_item, ignoreBounds=True)
        self._dots = pg.ScatterPlotItem(size=5, pxMode=True, antialias=True)
        self._dots.setZValue(15)
        self._dots.hide()
        self.plot.addItem(self._dots, ignoreBounds=True)
        self._make_curves()
        self.view.viewport().installEventFilter(self)
        self.view.viewport().setMouseTracking(True)

    def _make_curves(self) -> None:
        for curve in self._curves:
            self.plot.removeItem(curve)
        self._curves = [pg.PlotCurveItem(antialias=True, skipFiniteCheck=True) for _ in self.channels]
        for curve in self._curves:
            self.plot.addItem(curve, ignoreBounds=True)

    @Slot()
    def _recolour(self) -> None:
        for channel, curve in zip(self.channels, self._curves, strict=True):
            curve.setPen(pg.mkPen(theme().color(channel.ink), width=1))
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setTextPen(theme().color("text_muted"))
        self._cursor_item.setPen(pg.mkPen(theme().color("text"), width=1))
        self._colour_regions()
        self._grid.forget()
        # pyqtgraph's view caches its background, here the old theme's.
        self.view.resetCachedContent()
        self._draw()

    def _colour_regions(self) -> None:
        for region, item in zip(self._regions, self._region_items, strict=True):
            item.setBrush(theme().veil(region.ink, "selected_band" if region.selected else "band"))
        for (_, ink), item in zip(self._marks, self._mark_items, strict=True):
            pen = pg.mkPen(theme().color(ink), width=1)
            pen.setDashPattern([2, 3])
            item.setPen(pen)

    def _draw(self) -> None:
        start, end = self._view
        low = max(0, int(np.floor(start * self._rate)) - 1 - self._first)
        high = min(len(self._samples), int(np.ceil(end * self._rate)) + 2 - self._first)
        part = self._samples[low : max(low, high)]
        columns = max(64, self.width() - self._axis_width)
        ends = []
        for i, (channel, curve) in enumerate(zip(self.channels, self._curves, strict=True)):
            if not len(part):
                curve.setData([], [])
                continue
            at, values = min_max(part[:, i], columns, self._first + low)
            curve.setData((at + (self._first + low)) / self._rate, values)
            ends.append((values[-1], channel.ink))
        if self._dots.isVisible():
            x = (self._first + low + len(part) - 1) / self._rate
            self._dots.setData(
                [x] * len(ends), [y for y, _ in ends], brush=[theme().color(i) for _, i in ends], pen=None
            )
        y = self._y or self._follow(part)
        self._y_shown = y
        # Room for half a number at both ends, so that the outermost ticks keep theirs.
        pad = (y[1] - y[0]) * _TICK_ROOM / max(40, self.view.height() - 2 * _TICK_ROOM)
        self.plot.vb.setRange(xRange=(start, end), yRange=(y[0] - pad, y[1] + pad), padding=0, disableAutoRange=True)
        across = max(2, (self.width() - self._axis_width) // 80)
        room = _NUMBER_ROOM * (end - start) / columns
        self._grid.draw((start, end), y, across, max(2, min(6, self.height() // 56)), room)

    def _follow(self, part: FloatArray) -> tuple[float, float]:
        if not part.size:
            return self._y_shown
        low, high = float(part.min()), float(part.max())
        pad = 0.06 * (high - low)
        return nice_range(low - pad, high + pad)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wheel moves, Ctrl+wheel zooms around the pointer, a click says `pressed`."""
        kind = event.type()
        if kind == QEvent.Type.Wheel:
            self._wheel(event)
            return True
        if isinstance(event, QMouseEvent) and kind in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress):
            seconds = self._seconds(event.position())
            if kind == QEvent.Type.MouseMove:
                self.hovered.emit(seconds)
            elif event.button() == Qt.MouseButton.LeftButton:
                self.pressed.emit(seconds)
        return super().eventFilter(watched, event)

    def _seconds(self, at: QPointF) -> float:
        start, end = self._view
        width = max(1.0, float(self.view.width()) - self._axis_width)
        return start + (at.x() - self._axis_width) / width * (end - start)

    def _wheel(self, event: Any) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        start, end = self._view
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            pivot = self._seconds(event.position())
            factor = 0.85 if delta > 0 else 1 / 0.85
            start, end = pivot - (pivot - start) * factor, pivot + (end - pivot) * factor
        else:
            shift = -0.1 * (end - start) * (1 if delta > 0 else -1)
            start, end = start + shift, end + shift
        self.view_changed.emit(start, end)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Decimate for the new width."""
        super().resizeEvent(event)
        self._draw()


__all__ = ["AXIS_WIDTH", "PlotChannel", "Region", "SignalPlot"]
