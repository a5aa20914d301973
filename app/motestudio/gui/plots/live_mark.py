"""Says whether a live plot follows the newest, or how far in the past it is; a click goes back to the newest."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QTimer, Slot
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.numbers import duration
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.theme import theme
from motestudio.gui.widgets.buttons import PaintedButton
from motestudio.gui.widgets.canvas import Canvas, text_width

_TELL_MS = 200
_FINE_S = 60.0
_DOT = 7
_WORDS_AT = 14


class LiveMark(PaintedButton):
    """ "Live" or "12.4 s ago", for a page's bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Live", parent)
        self._plot: LiveSignalPlot | None = None
        self._live = True
        self._clock = QTimer(self)
        self._clock.setInterval(_TELL_MS)
        self._clock.timeout.connect(self._tell)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._go_live)
        self.set_behind(None)

    def set_plot(self, plot: LiveSignalPlot | None) -> None:
        """Tell of a plot from now on; to be called before one that is told of goes."""
        if plot is not self._plot:
            if self._plot is not None:
                self._plot.view_changed.disconnect(self._tell)
            self._plot = plot
            if plot is not None:
                plot.view_changed.connect(self._tell)
        self._tell()

    def set_behind(self, seconds: float | None) -> None:
        """Show how far in the past the plot ends, in seconds; None where it follows the newest."""
        self._live = seconds is None
        text = "Live"
        if seconds is not None:
            text = f"{seconds:.1f} s ago" if seconds < _FINE_S else f"{duration(seconds)} ago"
        self.setText(text)
        self.setAccessibleName("Live" if self._live else f"{text}, go to the newest")
        self.setToolTip("The newest is shown" if self._live else "Go to the newest  End")
        self.update()

    @Slot()
    def _go_live(self) -> None:
        if self._plot is not None and not self._plot.view.live:
            self._plot.to_live()

    @Slot()
    def _tell(self) -> None:
        """The newest goes on while the picture is held."""
        plot = self._plot
        if plot is None or plot.view.live:
            self._clock.stop()
            self.set_behind(None)
            return
        self._clock.start()
        self.set_behind(plot.view.behind(plot.newest))

    def sizeHint(self) -> QSize:
        """Room for what it will say, so that nothing beside it moves."""
        return QSize(round(text_width("59 min 59 s ago", "caption_number")) + 30, theme().size("button"))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Dot and words; a frame where a click changes something."""
        rect, radius = QRectF(self.rect()), theme().radius("button")
        if not self._live:
            canvas.box(rect, radius, "track" if self.hovered or self.isDown() else "surface_raised", "line_strong")
        x = (rect.width() - _WORDS_AT - text_width(self.text(), "caption_number")) / 2
        dot = QPointF(x + _DOT / 2, rect.center().y())
        canvas.dot(dot, _DOT, "ok_mark" if self._live else "text_muted", hollow=not self._live)
        words = QRectF(x + _WORDS_AT, 0, rect.width() - x - _WORDS_AT, rect.height())
        canvas.text(words, self.text(), "caption_number")
        if self.ring_visible:
            canvas.ring(rect, radius)
