"""The job strip: what runs, how far, how long still, Cancel; the last result; Jobs and Log. Never a modal."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from motestudio.gui.bridge import Bridge, RunningOperation
from motestudio.gui.numbers import duration
from motestudio.gui.theme import theme
from motestudio.gui.widgets.bars import Bar
from motestudio.gui.widgets.buttons import Button
from motestudio.gui.widgets.canvas import Canvas
from motestudio.gui.widgets.labels import ElidedText, Number, Text
from motestudio.gui.widgets.marks import IconMark

# Operations that end sooner never show: a strip that flickers says nothing.
_QUIET_MS = 300


class JobStrip(QWidget):
    """Follows the bridge.

    Signals:
        log_wanted: the user wants the log; the last result was clicked, or Log.
        jobs_wanted: the user wants the jobs; what runs was clicked, or Jobs.
    """

    log_wanted = Signal()
    jobs_wanted = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().size("job_strip"))
        self._bridge = bridge
        self._shown: RunningOperation | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 1, 14, 0)
        row.setSpacing(8)
        self.title = Text("Nothing running", "caption", "text_secondary")
        self.text = ElidedText("", "caption", "text_muted")
        self.bar = Bar("accent", 4)
        self.bar.setFixedWidth(160)
        self.percent = Number("", "%", "caption_number", "right")
        self.left = Text("", "caption", "text_muted")
        self.cancel = Button("Cancel", "link")
        self.result_mark = IconMark("ph.check-circle", "ok", 14)
        self.result = ElidedText("", "caption", "text_secondary", "right")
        self.result_time = Text("", "caption", "text_muted")
        clickable: tuple[QWidget, ...] = (self.title, self.text, self.bar, self.left, self.result)
        for part in clickable:
            part.setCursor(Qt.CursorShape.PointingHandCursor)
        for words in (self.text, self.result):
            words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.jobs = Button("Jobs", "link")
        self.jobs.setToolTip("What runs and waits  Ctrl+J")
        self.log = Button("Log", "link")
        self.log.setToolTip("Ctrl+L")
        row.addWidget(self.title)
        row.addWidget(self.text)
        for widget in (self.bar, self.percent, self.left, self.cancel):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.result_mark)
        row.addWidget(self.result)
        row.addWidget(self.result_time)
        row.addWidget(self.jobs)
        row.addWidget(self.log)
        self.cancel.clicked.connect(self._cancel)
        self.log.clicked.connect(self.log_wanted)
        self.jobs.clicked.connect(self.jobs_wanted)
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self.refresh)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self.refresh)
        bridge.started.connect(self._started)
        bridge.changed.connect(self.refresh)
        bridge.finished.connect(self._finished)
        self._set_result(None)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing to show, nothing to tick."""
        self._timer.stop()
        self._quiet.stop()
        super().hideEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """What runs leads to the jobs, the last result to the log; the buttons do the same by keyboard."""
        x = event.position().x()
        if event.button() != Qt.MouseButton.LeftButton or not self.rect().contains(event.position().toPoint()):
            return
        if self.result.isVisible() and self.result_mark.x() <= x <= self.result_time.geometry().right():
            self.log_wanted.emit()
        elif x <= self._end_of_running():
            self.jobs_wanted.emit()

    def _end_of_running(self) -> int:
        widgets = (self.title, self.text, self.bar, self.percent, self.left)
        return max(w.geometry().right() for w in widgets if w.isVisible())

    @Slot(object)
    def _started(self, _: RunningOperation) -> None:
        self._quiet.start()

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running.quiet and running.state != "failed":
            return
        if running.state == "failed" or running.seconds * 1000 >= _QUIET_MS:
            self._set_result(running)
        self.refresh()

    def _cancel(self) -> None:
        if self._shown is not None:
            self._shown.cancel()
            self.cancel.setEnabled(False)
            self.cancel.set_text("Cancelling")

    def _set_result(self, running: RunningOperation | None) -> None:
        for widget in (self.result_mark, self.result, self.result_time):
            widget.setVisible(running is not None)
        if running is None:
            return
        icon, ink, word = {
            "done": ("ph.check-circle", "ok", f"done in {duration(running.seconds)}"),
            "cancelled": ("ph.minus-circle", "text_muted", "cancelled"),
            "failed": ("ph.x-circle", "bad", "failed"),
        }[running.state]
        self.result_mark.set(icon, ink)
        said = running.result if isinstance(running.result, str) and len(running.result) < 80 else word
        self.result.set_text(f"{running.title}: {said}")
        self.result_time.setText(running.wall_clock)

    @Slot()
    @Slot(object)
    def refresh(self, _: object = None) -> None:
        """Show the newest operation that runs long enough to be worth it."""
        worth = [r for r in self._bridge.running if not r.quiet and r.seconds * 1000 >= _QUIET_MS * 0.9]
        running = worth[-1] if worth else None
        if running is not self._shown:
            self.cancel.setEnabled(True)
            self.cancel.set_text("Cancel")
            self._shown = running
        known = running is not None and running.fraction >= 0
        for widget in (self.bar, self.percent):
            widget.setVisible(known)
        self.left.setVisible(known)
        self.cancel.setVisible(running is not None)
        self.text.setVisible(running is not None)
        if running is None:
            self.title.setText("Nothing running")
            self._style_title("caption", "text_secondary")
            self._timer.stop()
            return
        more = f" +{len(worth) - 1}" if len(worth) > 1 else ""
        self.title.setText(running.title + more)
        self._style_title("section", "text")
        self.text.set_text(running.text)
        if known:
            self.bar.set(running.fraction)
            self.percent.set(f"{running.fraction * 100:.0f}", "%")
            left = running.seconds_left
            self.left.setText(f"{duration(left)} left" if left is not None else "")
        if not self._timer.isActive():
            self._timer.start()

    def _style_title(self, style: str, ink: str) -> None:
        self.title.setFont(theme().font(style))
        self.title.set_ink(ink)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground and the line over it."""
        with Canvas(self) as canvas:
            canvas.fill(QRectF(self.rect()), "chrome")
            canvas.fill(QRectF(0, 0, self.width(), 1), "line")
