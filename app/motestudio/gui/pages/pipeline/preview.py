"""The preview: one window before and after the feature stage, as signal plots, curves or heat maps. It only shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import byte_size, count, significant, with_minus
from motestudio.gui.pages.pipeline.preview_data import Frame, shape_words
from motestudio.gui.plots.heat_map import HeatMap, HeatScale
from motestudio.gui.plots.line_plot import LinePlot, Series
from motestudio.gui.plots.live_plot import default_axes, plot_channels
from motestudio.gui.plots.signal_plot import Region, SignalPlot
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, ElidedText, IconButton, Painted, Swatch, Tag, Text

_AXIS = 44


class Towards(Painted):
    """The small arrow between before and after."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(32)
        self.setAccessibleName("becomes")

    def sizeHint(self) -> QSize:
        """Any height."""
        return QSize(32, 40)

    def paint(self, canvas: Canvas) -> None:
        """Draw it in the middle."""
        y = self.height() / 2 + 0.5
        ink = theme().color("line_strong")
        canvas.painter.setPen(QPen(ink, 1.5))
        canvas.painter.drawLine(QLineF(2, y, 24, y))
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(ink)
        canvas.painter.drawPolygon(QPolygonF([QPointF(29, y), QPointF(23, y - 3.5), QPointF(23, y + 3.5)]))


class Side(QWidget):
    """One half: a heading with the data's shape, and what draws it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.title = Text(title, "section", "text_secondary")
        self.words = ElidedText("", "caption", "text_muted")
        head.addWidget(self.title)
        head.addWidget(self.words, 1)
        box.addLayout(head)
        self.content = QGridLayout()
        self.content.setContentsMargins(0, 4, 0, 0)
        self.content.setHorizontalSpacing(16)
        self.content.setVerticalSpacing(4)
        box.addLayout(self.content, 1)
        self.plots: list[SignalPlot] = []
        self.maps: list[HeatMap] = []
        self.line: LinePlot | None = None
        self._signature: object = None

    def renew(self, signature: object) -> bool:
        """Empty the half where what it draws has another form; returns whether it has."""
        if signature == self._signature:
            return False
        self._signature = signature
        while (item := self.content.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.plots, self.maps, self.line = [], [], None
        return True


class Preview(QWidget):
    """Header with the window's place, then before and after.

    Signals:
        stepped(int): the user wants the window so many further on.
    """

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 12)
        box.setSpacing(6)
        box.addLayout(self._header())
        halves = QHBoxLayout()
        halves.setSpacing(8)
        self.before, self.after = Side("Before"), Side("After")
        self._towards = Towards()
        halves.addWidget(self.before, 1)
        halves.addWidget(self._towards)
        halves.addWidget(self.after, 1)
        box.addLayout(halves, 1)
        self.scale = HeatScale()
        box.addWidget(self.scale, 0, Qt.AlignmentFlag.AlignRight)
        self.frame: Frame | None = None

    def _header(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Text("Preview", "strong"))
        self.place = Text("", "body", "text_muted")
        self.stale = Tag("stale", "warn")
        self.stale.setToolTip("Computed before the last change; run the stale stages to see what it does.")
        line.addSpacing(4)
        line.addWidget(self.place)
        line.addWidget(self.stale)
        self.swatch = Swatch("text_muted")
        self.take = ElidedText("", "body", "text_secondary", "right")
        line.addStretch(1)
        line.addWidget(self.swatch)
        line.addWidget(self.take)
        self.previous = IconButton("ph.caret-left", "Previous window  Page Up")
        self.next = IconButton("ph.caret-right", "Next window  Page Down")
        self.previous.clicked.connect(self._back)
        self.next.clicked.connect(self._on)
        line.addSpacing(8)
        line.addWidget(self.previous)
        line.addWidget(self.next)
        return line

    def _back(self) -> None:
        self.stepped.emit(-1)

    def _on(self) -> None:
        self.stepped.emit(1)

    def show_frame(self, frame: Frame, total: int, ink: Ink, *, stale: bool) -> None:
        """Show a window.

        Args:
            frame: the window; with `whole` it shows what the window stage does, else the feature stage.
            total: how many windows there are.
            ink: of its class.
            stale: it was computed before the last change.
        """
        self.frame = frame
        self.place.setText(f"window {count(frame.index + 1)} of {count(total)}, {frame.split}")
        self.stale.setVisible(stale)
        self.swatch.set_ink(ink)
        times = f"{with_minus(f'{frame.start_s:.2f}')} to {frame.end_s:.2f} s"
        self.take.set_text(f"{frame.take or frame.label}, {times}")
        self.previous.setEnabled(frame.index > 0)
        self.next.setEnabled(frame.index + 1 < total)
        if frame.whole is not None:
            self._signals(self.before, frame, frame.whole, frame.whole_first, "Take")
            region = Region(frame.start_s, frame.end_s, ink, selected=True)
            rate = frame.group.rate_hz
            ends = (frame.whole_first / rate, (frame.whole_first + len(frame.whole)) / rate)
            for plot in self.before.plots:
                plot.set_regions([region])
                plot.set_view(min(ends[0], frame.start_s), max(ends[1], frame.end_s))
            self._signals(self.after, frame, frame.samples, 0, "Window")
            self.scale.hide()
            return
        self._signals(self.before, frame, frame.samples, 0, "Before")
        for plot in self.before.plots:
            plot.set_regions([])
        self._features(frame)

    def _signals(self, side: Side, frame: Frame, values: np.ndarray, first: int, title: str) -> None:
        side.title.setText(title)
        axes = default_axes(frame.group)
        if side.renew(("signals", frame.group)):
            for n, (name, indices) in enumerate(axes):
                plot = SignalPlot(
                    name,
                    frame.group.channels[indices[0]].unit,
                    plot_channels(frame.group, indices),
                    show_time=n == len(axes) - 1,
                    axis_width=_AXIS,
                )
                side.plots.append(plot)
                side.content.addWidget(plot, n, 0)
        rate = frame.group.rate_hz
        for plot, (_, indices) in zip(side.plots, axes, strict=True):
            plot.set_data(values[:, indices], rate, first)
            plot.set_view(first / rate, (first + max(2, len(values))) / rate)
        n, channels = values.shape
        size = " ".join(byte_size(n * channels * 2))
        side.words.set_text(f"{count(n)} samples × {channels} channel{'s' if channels != 1 else ''}, int16, {size}")

    def _features(self, frame: Frame) -> None:
        side, values = self.after, frame.features
        side.title.setText("After")
        self.scale.setVisible(False)
        if values is None:
            if side.renew("none"):
                words = "The feature stage has not run on these windows yet."
                side.content.addWidget(Text(words, "body", "text_muted", wrap=True), 0, 0)
            side.words.set_text("")
            return
        size = " ".join(byte_size(values.nbytes))
        side.words.set_text(f"{shape_words(values.shape, frame.axes)}, float32, {size}")
        if frame.axes == ("time", "channel") and values.shape[1] == len(frame.group.channels):
            self._curves(frame, values)
        elif values.ndim in (2, 3):
            self._maps(frame, values)
        else:
            self._vector(values.reshape(-1))

    def _curves(self, frame: Frame, values: np.ndarray) -> None:
        side = self.after
        axes = default_axes(frame.group)
        if side.renew(("curves", frame.group)):
            for n, (title, indices) in enumerate(axes):
                last = n == len(axes) - 1
                plot = SignalPlot(title, "", plot_channels(frame.group, indices), show_time=last, axis_width=_AXIS)
                side.plots.append(plot)
                side.content.addWidget(plot, n, 0)
        seconds = frame.end_s - frame.start_s
        rate = len(values) / seconds
        for plot, (_, indices) in zip(side.plots, axes, strict=True):
            plot.set_data(values[:, indices].astype(np.float64), rate, 0)
            plot.set_view(0, max(2, len(values)) / rate)

    def _maps(self, frame: Frame, values: np.ndarray) -> None:
        side = self.after
        stack = values[:, :, None] if values.ndim == 2 else values
        names = _map_names(frame, stack.shape[2])
        across = 3 if stack.shape[2] > 2 else stack.shape[2]
        if side.renew(("maps", stack.shape, frame.axes)):
            for n, name in enumerate(names):
                left = n % across == 0
                picture = HeatMap(
                    name,
                    f"series:{n % 3 + 1}" if len(names) > 1 else "text_muted",
                    axis_width=_AXIS if left else 0,
                    show_x=True,
                )
                picture.set_axes(
                    (f"{frame.axes[0]} 0", str(stack.shape[0] - 1)), (f"{frame.axes[1]} 0", str(stack.shape[1] - 1))
                )
                picture.column_hovered.connect(self._column)
                side.maps.append(picture)
                side.content.addWidget(picture, n // across, n % across)
        low, high = float(stack.min()), float(stack.max())
        for n, picture in enumerate(side.maps):
            picture.set_data(stack[:, :, n], low, high)
        self.scale.set_ends(significant(low), significant(high))
        self.scale.setVisible(True)

    def _vector(self, values: np.ndarray) -> None:
        side = self.after
        if side.renew(("vector", len(values))):
            side.line = LinePlot("Features", "", "value")
            side.content.addWidget(side.line, 0, 0)
        if side.line is not None:
            side.line.set_series([Series("value", range(len(values)), values.astype(float).tolist(), "series:3")])

    def _column(self, column: int) -> None:
        """Mark a feature frame in all maps, and the stretch of signal that it is made of."""
        frame = self.frame
        if frame is None or frame.features is None:
            return
        for picture in self.after.maps:
            picture.set_column(column)
        hop = frame.hop_s or (frame.end_s - frame.start_s) / frame.features.shape[0]
        start = column * hop
        region = Region(start, start + (frame.frame_s or hop), "accent", selected=True)
        for plot in self.before.plots:
            plot.set_regions([region])


def _map_names(frame: Frame, maps: int) -> Sequence[str]:
    channels = [c.name for c in frame.group.channels]
    if maps == len(channels):
        return channels
    return [f"{frame.axes[1]} over {frame.axes[0]}".capitalize()] if maps == 1 else [str(n) for n in range(maps)]
