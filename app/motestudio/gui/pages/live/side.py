"""The inspector: what the board says now, how it does, what it detected, how scores become detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.detection import DetectionRule
from motestudio.gui.numbers import count
from motestudio.gui.pages.live.run import Found
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets import (
    Button,
    Canvas,
    Column,
    Number,
    NumberField,
    Painted,
    Row,
    RowList,
    SectionHeader,
    Sparkline,
    Text,
    labelled,
)

_SPARK_POINTS = 120
_MOST_ROWS = 30


class NowMark(Painted):
    """The leading class in large type, with its score."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._ink, self._score = "–", "line_strong", ""
        self.setFixedHeight(36)

    def set_now(self, name: str, ink: Ink, score: str) -> None:
        """Show a class, or a dash."""
        self._name, self._ink, self._score = name, ink, score  # type: ignore[assignment]
        self.setAccessibleName(f"Now {name} {score}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Bar, name, score."""
        rect = QRectF(self.rect())
        canvas.box(QRectF(0, 8, 4, 20), 2, self._ink)
        canvas.text(QRectF(0, 0, rect.width(), rect.height()), self._score, "headline", align="right")
        canvas.text(QRectF(16, 0, rect.width() - 84, rect.height()), self._name, "headline", elide=True)


class ScoreLine(Painted):
    """Square, class, score, bar; only looked at."""

    def __init__(self, name: str, ink: Ink) -> None:
        super().__init__()
        self._name, self._ink = name, ink
        self._score: float | None = None
        self.setFixedHeight(24)
        self.setAccessibleName(name)

    def set_score(self, score: float | None) -> None:
        """Show a score, 0..1, or that there is none."""
        if score != self._score:
            self._score = score
            self.setAccessibleName(self._name if score is None else f"{self._name} {score:.2f}")
            self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the line."""
        rect = QRectF(self.rect())
        middle = rect.center().y()
        canvas.box(QRectF(0, middle - 5, 10, 10), 3, self._ink)
        canvas.text(QRectF(18, 0, 84, rect.height()), self._name, "body", elide=True)
        score = "–" if self._score is None else f"{self._score:.2f}"
        canvas.text(QRectF(106, 0, 34, rect.height()), score, "caption_number", align="right")
        canvas.bar(QRectF(152, middle - 2, rect.width() - 152, 4), self._score or 0.0, self._ink)


class Course(QWidget):
    """A figure of the board: name, value, note, sparkline of the last minute."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(0)
        self.value = Number("–", "", "value")
        self.value.setMinimumWidth(92)
        self.note = Text("", "caption", "text_muted")
        self.spark = Sparkline()
        grid.addWidget(Text(name, "section", "text_secondary"), 0, 0)
        top = QHBoxLayout()
        top.addStretch(1)
        top.addWidget(self.note)
        grid.addLayout(top, 0, 1)
        grid.addWidget(self.value, 1, 0)
        grid.addWidget(self.spark, 1, 1)
        grid.setColumnStretch(1, 1)

    def show_course(self, number: str, unit: str, note: str, values: npt.NDArray[np.float64], top: float = 0.0) -> None:
        """Show a figure and its course."""
        self.value.set(number, unit)
        self.note.setText(note)
        step = max(1, len(values) // _SPARK_POINTS)
        self.spark.set_values(values[::step].tolist(), top)
        self.spark.setAccessibleName(f"{self._name}, last minute")


class FoundRow(Row):
    """One detection: time, class, score; red where it was wrong."""

    def __init__(self, found: Found, ink: Ink) -> None:
        d = found.detection
        super().__init__(f"{d.label} at {d.time_s:.1f} s, {d.score:.2f}" + (", wrong" if found.kept else ""), 28)
        self.found, self._ink = found, ink

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        d = self.found.detection
        if self.found.kept and not self.isChecked():
            canvas.box(QRectF(self.rect()), theme().radius("row"), "bad_soft")
        middle = rect.center().y()
        canvas.number(
            QRectF(rect.left(), rect.top(), 52, rect.height()), f"{d.time_s:.1f}", "s", "caption_number", "right"
        )
        canvas.box(QRectF(rect.left() + 64, middle - 4, 8, 8), 2, self._ink)
        words, ink = ("wrong", "bad") if self.found.kept else (f"{d.score:.2f}", "text")
        canvas.text(rect, words, "section" if self.found.kept else "caption_number", ink, "right")
        canvas.text(
            QRectF(rect.left() + 80, rect.top(), rect.width() - 130, rect.height()), d.label, "body", elide=True
        )


class LiveSide(Column):
    """Signals: rule_changed(int, float): inferences averaged and quiet seconds; open_wanted: show Label."""

    rule_changed = Signal(int, float)
    open_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._inks: dict[str, Ink] = {}
        self.now_heading = SectionHeader("Now", " ")
        self.now = NowMark()
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self.lines: list[ScoreLine] = []
        self.add(self.now_heading)
        self.add(self.now)
        self.add_layout(self._lines)
        self.separate()
        self.board_heading = SectionHeader("Board", "last 60 s")
        self.latency, self.load, self.jitter = Course("Latency"), Course("Load"), Course("Link jitter")
        for part in (self.board_heading, self.latency, self.load, self.jitter):
            self.add(part)
        self.separate()
        self.add(SectionHeader("Detections", "score"))
        self.nothing = Text("Nothing detected yet.", "caption", "text_muted")
        self.add(self.nothing)
        self.rows = RowList()
        self.add(self.rows)
        self.review = QWidget()
        line = QHBoxLayout(self.review)
        line.setContentsMargins(0, 0, 0, 0)
        self.review_text = Text("", "caption", "text_secondary")
        self.open_button = Button("Open", "link")
        self.open_button.setAccessibleName("Open Label")
        self.open_button.clicked.connect(self.open_wanted)
        line.addWidget(self.review_text, 1)
        line.addWidget(self.open_button)
        self.add(self.review)
        self.review.hide()
        self._rule_fields()
        self.end()

    def _rule_fields(self) -> None:
        self.separate()
        self.add(SectionHeader("Detection"))
        self.smooth = NumberField(3, minimum=1, maximum=32, name="Inferences averaged")
        self.quiet = NumberField(
            1.5, minimum=0.0, maximum=30.0, step=0.5, decimals=1, unit="s", name="Quiet after a detection"
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(labelled("Averaged", self.smooth))
        row.addWidget(labelled("Quiet after", self.quiet))
        self.add_layout(row)
        self.smooth.value_changed.connect(self._rule)
        self.quiet.value_changed.connect(self._rule)

    @Slot()
    def _rule(self) -> None:
        self.rule_changed.emit(int(self.smooth.value), self.quiet.value)

    def set_rule(self, rule: DetectionRule) -> None:
        """Show a rule."""
        self.smooth.set_value(rule.smooth)
        self.quiet.set_value(rule.suppress_s)

    def set_classes(self, classes: Sequence[str], inks: Mapping[str, Ink]) -> None:
        """Another model."""
        self._inks = dict(inks)
        for old in self.lines:
            self._lines.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.lines = [ScoreLine(name, inks[name]) for name in classes]
        for line in self.lines:
            self._lines.addWidget(line)
        self.clear()

    def clear(self) -> None:
        """Nothing is known."""
        self.now.set_now("–", "line_strong", "")
        self.now_heading.note.setText(" ")
        for line in self.lines:
            line.set_score(None)
        for course in (self.latency, self.load):
            course.show_course("–", "", "", np.zeros(0))

    def show_scores(self, at: float, names: Sequence[str], scores: Sequence[float]) -> None:
        """The newest inference, averaged."""
        best = max(range(len(scores)), key=scores.__getitem__)
        self.now.set_now(names[best], self._inks[names[best]], f"{scores[best]:.2f}")
        self.now_heading.note.setText(f"{at:.1f} s")
        for line, score in zip(self.lines, scores, strict=True):
            line.set_score(score)

    def show_board(self, name: str, *, virtual: bool) -> None:
        """Say on what latency is measured."""
        self.board_heading.title.setText("Virtual board, this computer's time" if virtual else "Board")
        self.board_heading.title.setToolTip(name)

    def show_latency(self, latencies_ms: npt.NDArray[np.float64], period_ms: float) -> None:
        """Latency and the share of the time between two inferences that it takes."""
        if not len(latencies_ms):
            return
        typical = float(np.median(latencies_ms[-20:]))
        p95 = float(np.percentile(latencies_ms, 95))
        self.latency.show_course(_ms(typical), "ms", f"p95 {_ms(p95)}", latencies_ms)
        if period_ms > 0:
            load = latencies_ms / period_ms * 100
            decimals = 0 if load.max() >= 10 else 1
            median, most = float(np.median(load[-20:])), float(load.max())
            self.load.show_course(f"{median:.{decimals}f}", "%", f"max {most:.{decimals}f}", load)

    def show_jitter(self, values_ms: npt.NDArray[np.float64], lost: int) -> None:
        """The link's jitter and what it lost."""
        if len(values_ms):
            self.jitter.show_course(f"{values_ms[-1]:.1f}", "ms", f"{count(lost)} lost", values_ms, 1.0)

    def show_found(self, found: Sequence[Found], current: Found | None = None) -> None:
        """The newest detections on top."""
        newest = list(reversed(found))[:_MOST_ROWS]
        self.nothing.setVisible(not newest)
        self.rows.set_rows([FoundRow(f, self._inks.get(f.detection.label, "series:7")) for f in newest])
        if current in newest:
            self.rows.set_current(newest.index(current))

    def current_found(self) -> Found | None:
        """The row that the user chose."""
        index = self.rows.current
        row = self.rows.rows[index] if index >= 0 else None
        return row.found if isinstance(row, FoundRow) else None

    def show_waiting(self, number: int) -> None:
        """How many wrong takes wait in Label."""
        self.review.setVisible(number > 0)
        words = "1 wrong take waits in Label" if number == 1 else f"{count(number)} wrong takes wait in Label"
        self.review_text.setText(words)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
