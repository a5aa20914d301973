"""Signal, score plots and the board's ribbon under one time axis, with flags where something was detected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QLineF, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollBar, QVBoxLayout, QWidget

from motestudio.devices.live_tail import LiveTailReader
from motestudio.domain.classes import is_background
from motestudio.gui.pages.live.run import Found, LiveRun
from motestudio.gui.plots.axes import default_axes
from motestudio.gui.plots.live_mark import LiveMark
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.score_plot import LEFT, RIGHT, ScorePlot
from motestudio.gui.plots.ticks import nice_step, tick_text, ticks
from motestudio.gui.plots.tracks import Block, Track
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import Canvas, Painted, SectionHeader, Separator, scrolled

WINDOW_S = 12.0
GUTTER = 12
"""Room for the scores' scroll bar, right of everything."""


class TimeRuler(Painted):
    """Seconds of the stream under everything."""

    def __init__(self) -> None:
        super().__init__()
        self._view = (0.0, WINDOW_S)
        self.setFixedHeight(22)
        self.setAccessibleName("Time, seconds")

    def set_view(self, start: float, end: float) -> None:
        """Show another stretch."""
        self._view = (start, end)
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Numbers at nice positions; the last one carries the unit."""
        start, end = self._view
        width = self.width() - LEFT - RIGHT
        most = max(2, width // 80)
        step = nice_step(end - start, most)
        shown = [t for t in ticks(start, end, most) if t <= end - 0.2 * step]
        for i, at in enumerate(shown):
            x = LEFT + (at - start) / ((end - start) or 1.0) * width
            words = tick_text(at, step) + (" s" if i == len(shown) - 1 else "")
            canvas.text(QRectF(x - 40, 0, 80, 20), words, "caption", "text_muted", "center")


class FlagLines(Painted):
    """Dashed lines from each flag down to where its own score crosses its threshold."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.lines: list[tuple[QLineF, Ink]] = []

    def paint(self, canvas: Canvas) -> None:
        """Draw them."""
        for line, ink in self.lines:
            pen = QPen(theme().color(ink), 1)
            pen.setDashPattern([2, 3])
            canvas.painter.setPen(pen)
            canvas.painter.drawLine(line)


class LiveScope(QWidget):
    """Follows the live tail; scores and detections come from a `LiveRun`.

    Args:
        reader: of the tail.
        classes: of the model, in output order.
        inks: colour by class.
        run: where scores come from.

    Signals:
        ticked: something new was drawn.
        rule_changed: the user moved a threshold.
    """

    ticked = Signal()
    rule_changed = Signal()

    def __init__(self, reader: LiveTailReader, classes: Sequence[str], inks: Mapping[str, Ink], run: LiveRun) -> None:
        super().__init__()
        self.reader, self._run = reader, run
        self._classes, self._inks = list(classes), dict(inks)
        self.axes = default_axes(reader.group)
        self._drag: tuple[str, float] | None = None
        self.flags = Track("Detections", "flag", LEFT)
        self.signal = self._signal(0)
        self.score_plots = [self._score_plot(name) for name in classes]
        self.board = Track("Board  int8", "ribbon", LEFT)
        self.ruler = TimeRuler()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, GUTTER, 8)
        self._box.setSpacing(4)
        self._box.addLayout(_inset(self.flags))
        self._signal_box = _inset(self.signal)
        self._box.addLayout(self._signal_box, 2)
        self._box.addWidget(SectionHeader("Class scores", "the board's, int8"))
        holder = QWidget()
        scores = QVBoxLayout(holder)
        scores.setContentsMargins(0, 0, 0, 0)
        scores.setSpacing(0)
        for plot in self.score_plots:
            scores.addWidget(plot, 1)
        self._scores = scrolled(holder)
        # The bar lies beside the scores instead of taking width from them: all times stay aligned.
        self._scores.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inner = self._scores.verticalScrollBar()
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._inner.rangeChanged.connect(self._scroll_range)
        self._inner.valueChanged.connect(self._bar.setValue)
        self._inner.valueChanged.connect(self.place)
        self._bar.valueChanged.connect(self._inner.setValue)
        self._box.addWidget(self._scores, 3)
        self._box.addWidget(Separator(margin=4))
        self._box.addLayout(_inset(self.board))
        self._box.addWidget(self.ruler)
        self.lines = FlagLines(self)
        self.mark = LiveMark(self)
        self._show_mark()
        self._bar.hide()

    def _signal(self, axis: int) -> LiveSignalPlot:
        plot = LiveSignalPlot([self.reader], [self.axes[axis]], axis_width=LEFT, show_time=False)
        plot.setMinimumHeight(110)
        plot.set_window(WINDOW_S)
        plot.ticked.connect(self._ticked)
        plot.view_changed.connect(self._show_mark)
        return plot

    def _score_plot(self, name: str) -> ScorePlot:
        rule = self._run.rule
        plot = ScorePlot(name, self._inks[name], None if is_background(name) else rule.limit(name))
        plot.threshold_moved.connect(self._moved)
        plot.threshold_changed.connect(self._let_go)
        return plot

    def show_axis(self, index: int) -> None:
        """Show another group of channels."""
        old = self.signal
        self.signal = self._signal(index)
        self.signal.view = old.view
        self._signal_box.replaceWidget(old, self.signal)
        self._show_mark()
        old.hide()
        old.deleteLater()

    @Slot()
    def _show_mark(self) -> None:
        """In the past there is something to come back from: at the lower end of the signal, where nothing gives way."""
        self.mark.set_plot(self.signal)
        self.mark.setVisible(self.signal.paused)
        self.mark.raise_()

    @property
    def view(self) -> tuple[float, float]:
        """The stretch that is shown, seconds of the tail."""
        return self.signal.view_range

    def show_rule(self) -> None:
        """Put the thresholds where the rule has them."""
        for name, plot in zip(self._classes, self.score_plots, strict=True):
            if plot.threshold is not None:
                plot.set_threshold(self._run.rule.limit(name))
        self.show_scores()

    def show_scores(self) -> None:
        """Show what the run has."""
        times = self._run.times.tolist()
        for i, plot in enumerate(self.score_plots):
            plot.set_scores(times, self._run.scores[:, i].tolist() if len(times) else [])
        blocks = [Block(a, b, label, self._inks[label]) for a, b, label in self._run.stretches()]
        self.board.set_blocks(blocks)

    def show_found(self, found: Sequence[Found]) -> None:
        """Flags and dots for detections."""
        blocks = []
        for one in found:
            d = one.detection
            note = "wrong" if one.kept else f"{d.score:.2f}"
            blocks.append(Block(d.time_s, d.time_s, d.label, self._inks[d.label], note))
        self.flags.set_blocks(blocks)
        for name, plot in zip(self._classes, self.score_plots, strict=True):
            plot.set_detections([f.detection.time_s for f in found if f.detection.label == name])
        self.place()

    @Slot()
    def _ticked(self) -> None:
        start, end = self.view
        for track in (self.flags, self.board):
            track.set_view(start, end)
        for plot in self.score_plots:
            plot.set_view(start, end)
        self.ruler.set_view(start, end)
        self.place()
        self.ticked.emit()

    @Slot()
    def place(self) -> None:
        """Where the mark and the dashed lines go; lines under the scroll area's edge end there."""
        start, end = self.view
        lane, size = self.signal.lead, self.mark.sizeHint()
        corner = lane.mapTo(self, lane.rect().bottomRight())
        self.mark.setGeometry(QRect(corner - QPoint(size.width() + 8, size.height() + 8), size))
        width = self.width() - GUTTER - LEFT - RIGHT
        top = self.flags.y() + self.flags.height()
        area = self._scores.viewport()
        low = area.mapTo(self, QPoint(0, area.height())).y()
        lines: list[tuple[QLineF, Ink]] = []
        for one in self._run.found[-40:]:
            d = one.detection
            if not start <= d.time_s <= end or d.label not in self._classes:
                continue
            plot = self.score_plots[self._classes.index(d.label)]
            y = plot.mapTo(self, QPoint(0, 0)).y() + plot.y_of(plot.threshold or 0.0) - 4
            x = round(LEFT + (d.time_s - start) / (end - start) * width) + 0.5
            lines.append((QLineF(x, top, x, min(float(low), max(float(top), y))), self._inks[d.label]))
        self.lines.lines = lines
        self.lines.update()

    def _sender_class(self) -> tuple[ScorePlot, str]:
        plot = self.sender()
        assert isinstance(plot, ScorePlot)
        return plot, self._classes[self.score_plots.index(plot)]

    @Slot(float)
    def _moved(self, threshold: float) -> None:
        plot, name = self._sender_class()
        if self._drag is None or self._drag[0] != name:
            self._drag = (name, self._run.rule.limit(name))
        self._run.set_threshold(name, threshold)
        plot.set_effect(self._run.effect(name, self._drag[1], threshold))
        self.show_scores()

    @Slot(float)
    def _let_go(self, threshold: float) -> None:
        _, name = self._sender_class()
        self._drag = None
        self._run.set_threshold(name, threshold)
        self.show_scores()
        self.place()
        self.rule_changed.emit()

    @Slot(int, int)
    def _scroll_range(self, low: int, high: int) -> None:
        self._bar.setRange(low, high)
        self._bar.setPageStep(self._inner.pageStep())
        self._bar.setVisible(high > low)
        self._arrange()

    def _arrange(self) -> None:
        self._bar.setGeometry(self.width() - 8, self._scores.y(), 8, self._scores.height())
        self._bar.raise_()
        self.lines.setGeometry(self.rect())
        self.lines.raise_()
        self.place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lines cover everything."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """Now everything has its place."""
        super().showEvent(event)
        self._arrange()


def _inset(widget: QWidget) -> QHBoxLayout:
    """Leave the score plots' margin at the right, so that all times align."""
    box = QHBoxLayout()
    box.setContentsMargins(0, 0, RIGHT, 0)
    box.addWidget(widget)
    return box
