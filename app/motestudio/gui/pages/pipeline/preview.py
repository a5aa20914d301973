"""The preview: one window before and after the chosen stage. It only shows; `previewing` says what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.gui.numbers import byte_size, count, with_minus
from motestudio.gui.pages.pipeline.block_view import AXIS, BlockView, scale_words, words_of
from motestudio.gui.pages.pipeline.preview_data import Frame
from motestudio.gui.plots.axes import default_axes, plot_channels
from motestudio.gui.plots.heat_map import HeatScale
from motestudio.gui.plots.signal_plot import Region, SignalPlot
from motestudio.gui.plots.ticks import nice_range
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Button, Canvas, ElidedText, FittingText, IconButton, Painted, Swatch, Tag, Text


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
        box.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.title = Text(title, "section", "text_secondary")
        # As high as a link, so that both halves begin at one height.
        self.title.setFixedHeight(24)
        self.words = FittingText("", style="caption", ink="text_muted")
        head.addWidget(self.title)
        head.addWidget(self.words, 1)
        self.head = head
        box.addLayout(head)
        self._content = QVBoxLayout()
        self._content.setSpacing(8)
        box.addLayout(self._content, 1)
        self.plots: list[SignalPlot] = []
        self.blocks: list[BlockView] = []
        self.reason: Text | None = None
        self._form: object = None

    def _renew(self, form: object) -> bool:
        """Empty the half where what it draws has another form; returns whether it has."""
        if form == self._form:
            return False
        self._form = form
        while (item := self._content.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.plots, self.blocks, self.reason = [], [], None
        return True

    def say(self, *wordings: str) -> None:
        """The shape of what is shown, the fullest wording first; nothing where none has room."""
        self.words.set_texts(*wordings, "")

    def show_signal(self, title: str, frame: Frame, values: npt.NDArray[np.float64], first: int) -> None:
        """Show samples from index `first` of a recording on."""
        self.title.setText(title)
        axes = default_axes(frame.group)
        if self._renew(("signals", frame.group)):
            for n, (name, indices) in enumerate(axes):
                unit = frame.group.channels[indices[0]].unit
                last = n == len(axes) - 1
                channels = plot_channels(frame.group, indices)
                self.plots.append(SignalPlot(name, unit, channels, show_time=last, axis_width=AXIS))
                self._content.addWidget(self.plots[-1])
        rate = frame.group.rate_hz
        for plot, (_, indices) in zip(self.plots, axes, strict=True):
            plot.set_data(values[:, indices], rate, first)
            plot.set_view(first / rate, (first + max(2, len(values))) / rate)
            plot.set_y_range(None, None)
            plot.set_regions([])
        n, channels_n = values.shape
        size = " ".join(byte_size(n * channels_n * 2))
        shape = f"{count(n)} samples × {channels_n} channel{'s' if channels_n != 1 else ''}"
        self.say(f"{shape}, int16, {size}", shape)

    def show_blocks(self, frame: Frame) -> list[tuple[float, float]]:
        """Show features; returns the ends of the colour scales."""
        self.title.setText("After")
        if self._renew(("blocks", len(frame.blocks))):
            for _ in frame.blocks:
                self.blocks.append(BlockView())
                self._content.addWidget(self.blocks[-1], 1)
        several = len(frame.blocks) > 1
        ends = []
        for view, block in zip(self.blocks, frame.blocks, strict=True):
            scale = view.show_block(frame, block, named=several)
            if scale is not None:
                ends.append(scale)
        words = f"{len(frame.blocks)} stages side by side" if several else words_of(frame.blocks[0])
        self.say(words, words.partition(",")[0])
        return ends

    def show_reason(self, title: str, words: str, ink: str = "bad") -> None:
        """Say why there is nothing to show."""
        self.title.setText(title)
        self.say("")
        if self._renew("reason"):
            self.reason = Text("", "body", wrap=True)
            self._content.addWidget(self.reason, 0, Qt.AlignmentFlag.AlignTop)
        if self.reason is not None:
            self.reason.set_ink(ink)
            self.reason.setText(words)


class Preview(QWidget):
    """Header with the window's place, then before and after.

    Signals:
        stepped(int): the user wants the window so many further on.
        shuffled: the user wants another altered copy.
    """

    stepped = Signal(int)
    shuffled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 12)
        box.setSpacing(6)
        box.addLayout(self._header())
        halves = QHBoxLayout()
        halves.setSpacing(8)
        self.before, self.after = Side("Before"), Side("After")
        self.shuffle = Button("Reshuffle", "link", "ph.shuffle")
        self.shuffle.setToolTip("Another altered copy  R")
        self.shuffle.clicked.connect(self.shuffled)
        self.after.head.addWidget(self.shuffle)
        halves.addWidget(self.before, 1)
        halves.addWidget(Towards())
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
        self.live = Tag("live", "accent")
        self.live.setToolTip("Computed just now with the values in the form; the stage itself has not run with them.")
        self.stale = Tag("stale", "warn")
        line.addSpacing(4)
        line.addWidget(self.place)
        line.addWidget(self.live)
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

    def show_frame(self, frame: Frame, ink: Ink) -> None:
        """Show a window whose class has this ink."""
        self.frame = frame
        self.place.setText(frame.place)
        self.live.setVisible(frame.live)
        self.stale.setVisible(frame.stale)
        self.stale.setToolTip(frame.reason)
        self.swatch.set_ink(ink)
        times = f"{with_minus(f'{frame.start_s:.2f}')} to {frame.end_s:.2f} s"
        self.take.set_text(f"{frame.take or frame.label}, {times}")
        self.previous.setEnabled(not frame.first)
        self.next.setEnabled(not frame.last)
        self.shuffle.setVisible(frame.altered is not None)
        self.scale.hide()
        if frame.whole is not None:
            self._show_take(frame, frame.whole, ink)
        else:
            self.before.show_signal("Before", frame, frame.samples, 0)
            self._show_after(frame)

    def _show_take(self, frame: Frame, whole: npt.NDArray[np.float64], ink: Ink) -> None:
        self.before.show_signal("Take", frame, whole, frame.whole_first)
        rate = frame.group.rate_hz
        start, end = frame.whole_first / rate, (frame.whole_first + len(whole)) / rate
        regions = [Region(a, b, ink) for a, b in frame.cuts if a != frame.start_s]
        regions.append(Region(frame.start_s, frame.end_s, ink, selected=True))
        for plot in self.before.plots:
            plot.set_regions(regions)
            plot.set_view(min(start, *(a for a, _ in frame.cuts)), max(end, *(b for _, b in frame.cuts)))
        many = len(frame.cuts)
        windows = f"{many} window{'s' if many != 1 else ''}"
        shape = f"{count(len(whole))} samples × {whole.shape[1]} channel{'s' if whole.shape[1] != 1 else ''}"
        self.before.say(f"{shape}, {windows}", windows)
        self.after.show_signal("Window", frame, frame.samples, 0)

    def _show_after(self, frame: Frame) -> None:
        if frame.altered is not None:
            self.after.show_signal("Altered copy", frame, frame.altered, 0)
            if frame.altered_words:
                self.after.say(frame.altered_words)
            self._share_range(frame, frame.altered)
        elif frame.altered_words:
            self.after.show_reason("Altered copy", frame.altered_words)
        elif frame.blocks:
            ends = self.after.show_blocks(frame)
            for view in self.after.blocks:
                view.column_hovered.connect(self._column, Qt.ConnectionType.UniqueConnection)
            if len(ends) == 1 and len(frame.blocks) == 1:
                self.scale.set_ends(*scale_words(*ends[0]))
                self.scale.show()
        else:
            words = "There is no feature stage to look at." if not frame.reason else frame.reason
            self.after.show_reason("After", words, "text_muted")

    def _share_range(self, frame: Frame, altered: npt.NDArray[np.float64]) -> None:
        """The same y axes on both sides, so that they can be compared."""
        axes = default_axes(frame.group)
        for mine, theirs, (_, indices) in zip(self.before.plots, self.after.plots, axes, strict=True):
            both = np.concatenate([frame.samples[:, indices], altered[:, indices]])
            pad = 0.05 * (float(np.ptp(both)) or 1.0)
            ends = nice_range(float(both.min()) - pad, float(both.max()) + pad)
            mine.set_y_range(*ends)
            theirs.set_y_range(*ends)

    def _column(self, column: int) -> None:
        """Mark a feature frame in its maps, and the stretch of signal that it is made of."""
        frame = self.frame
        views = [v for v in self.after.blocks if v is self.sender()]
        if frame is None or not views:
            return
        block = frame.blocks[self.after.blocks.index(views[0])]
        if block.values is None:
            return
        views[0].mark(column)
        hop = block.hop_s or (frame.end_s - frame.start_s) / block.values.shape[0]
        region = Region(column * hop, column * hop + (block.frame_s or hop), "accent", selected=True)
        for plot in self.before.plots:
            plot.set_regions([region])
