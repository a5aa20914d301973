"""The inspector: how the takes were split, which parameters two runs do not share, the windows behind a cell."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.domain.classes import class_series
from motestudio.gui.pages.train.data import RunRow, SplitFacts, TrainData, shown
from motestudio.gui.pages.train.errors_view import ErrorsView
from motestudio.gui.widgets import Button, Canvas, Choice, Column, Painted, SectionHeader, Text
from motestudio.studio.run_store import Difference, differences

_SPLITS = (("train", "Train"), ("validation", "Valid."), ("test", "Test"))
_GROUPS_SHOWN = 6


class SplitTable(Painted):
    """Takes by class (rows) and split (columns)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._split: SplitFacts | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_split(self, split: SplitFacts) -> None:
        """Show counts."""
        self._split = split
        self.setFixedHeight(20 * (len(split.classes) + 1))
        totals = ", ".join(f"{name} {sum(split.counts.get(key, {}).values())}" for key, name in _SPLITS)
        self.setAccessibleName(f"Takes: {totals}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Head, then a row for each class."""
        if self._split is None:
            return
        wide = 44.0
        left = self.width() - wide * len(_SPLITS)
        series = class_series(self._split.classes)
        for column, (_, name) in enumerate(_SPLITS):
            place = QRectF(left + column * wide, 0, wide, 20)
            canvas.text(place, name, "caption", "text_muted", "right")
        for line, name in enumerate(self._split.classes, 1):
            y = 20.0 * line
            canvas.box(QRectF(0, y + 5, 10, 10), 3, f"series:{series[name]}")
            canvas.text(QRectF(18, y, left - 18, 20), name, "caption", "text_secondary", elide=True)
            for column, (key, _) in enumerate(_SPLITS):
                count = self._split.counts.get(key, {}).get(name, 0)
                place = QRectF(left + column * wide, y, wide, 20)
                canvas.text(place, f"{count}", "caption_number", "text" if count else "text_disabled", "right")


class DiffRow(QWidget):
    """A parameter: its key, then before and after."""

    def __init__(self, difference: Difference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 2, 0, 2)
        box.setSpacing(0)
        box.addWidget(Text(difference.key, "caption", "text_muted", wrap=True))
        words = f"{shown(difference.before)} → {shown(difference.after)}"
        box.addWidget(Text(words, "control", wrap=True))
        self.setAccessibleName(f"{difference.key}: {words}")


class TrainInspector(Column):
    """Split, comparison, windows.

    Signals:
        compare_wanted(int): index of the run to compare with.
        pipeline_wanted: the split is to be changed.
    """

    compare_wanted = Signal(int)
    pipeline_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.split_head = SectionHeader("Split")
        self.add(self.split_head)
        self.split_text = Text("", "body", wrap=True)
        self.add(self.split_text)
        self.table = SplitTable()
        self.add(self.table)
        self.groups = Text("", "caption", "text_muted", wrap=True)
        self.add(self.groups)
        self.change = Button("Change split or parameters", "link")
        self.change.clicked.connect(self.pipeline_wanted)
        left = QHBoxLayout()
        left.addWidget(self.change)
        left.addStretch(1)
        self.add_layout(left)
        self.separate()
        self.diff_head = SectionHeader("Compare with")
        self.add(self.diff_head)
        self.other = Choice([], "Compare with")
        self.other.activated.connect(self._picked)
        self.add(self.other)
        self._diffs = QVBoxLayout()
        self._diffs.setSpacing(4)
        self.add_layout(self._diffs)
        self._rows: list[QWidget] = []
        self._indices: list[int] = []
        self.separate()
        self.add(SectionHeader("Windows"))
        self.errors = ErrorsView()
        self.box.addWidget(self.errors)
        self.end()

    def set_data(self, data: TrainData, other: int) -> None:
        """Show a run's split, and how it differs from another."""
        row = data.row
        if data.split is not None:
            self._set_split(data.split, row.run.id if row else "")
        others = [i for i in range(len(data.rows)) if i != data.current]
        self._indices = list(reversed(others))
        self.other.clear()
        self.other.addItems([data.rows[i].run.id for i in self._indices])
        self.other.setVisible(bool(others))
        if other in self._indices:
            self.other.setCurrentIndex(self._indices.index(other))
        self._set_diff(row, data.rows[other] if other in others else None)

    def _set_split(self, split: SplitFacts, run_id: str) -> None:
        self.split_head.note.setText(run_id or "as it is now")
        held = len(split.held_out)
        self.split_text.setText(
            f"By {split.by}: {held} {split.by}{'s' if held != 1 else ''} held out, never trained on"
        )
        self.table.set_split(split)
        names = ", ".join(split.held_out[:_GROUPS_SHOWN])
        more = f" and {held - _GROUPS_SHOWN} more" if held > _GROUPS_SHOWN else ""
        self.groups.setText(f"Held out: {names}{more}" if held else "Nothing is held out.")
        self.groups.setToolTip(", ".join(split.held_out))

    def _set_diff(self, row: RunRow | None, other: RunRow | None) -> None:
        for old in self._rows:
            self._diffs.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = self._diff_rows(row, other)
        for widget in self._rows:
            self._diffs.addWidget(widget)

    def _diff_rows(self, row: RunRow | None, other: RunRow | None) -> list[QWidget]:
        if row is None or other is None:
            return [Text("There is one run: train another to compare.", "caption", "text_muted", wrap=True)]
        found: Sequence[Difference] = differences(other.run, row.run)
        if not found:
            return [Text("No parameter differs; data or code does.", "caption", "text_muted", wrap=True)]
        return [DiffRow(d) for d in found]

    def _picked(self, index: int) -> None:
        self.compare_wanted.emit(self._indices[index])
