"""The left pane: filters over the list, the list's heading, the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from motestudio.domain.labels import UNNAMED
from motestudio.gui.pages.label.flow import FlowLayout
from motestudio.gui.pages.label.rows import Counts, Filter, class_text
from motestudio.gui.pages.label.segment_list import SegmentList
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Canvas, Chip, Painted, Segmented

_LINE = 22


class ListHeading(Painted):
    """Names of the list's columns."""

    def __init__(self, rows: SegmentList) -> None:
        super().__init__()
        self._rows = rows
        self.setFixedHeight(26)

    def paint(self, canvas: Canvas) -> None:
        """Draw the names over the columns of the rows."""
        height = self.height() - 1.0
        right = self._rows.viewport().width() - 8.0
        canvas.text(QRectF(8, 0, 80, height), "Segment", "section", "text_muted")
        canvas.text(QRectF(right - 60, 0, 60, height), "source", "section", "text_muted", "right")
        canvas.text(QRectF(right - 142, 0, 70, height), "start, s", "section", "text_muted", "right")
        canvas.fill(QRectF(8, height, self.width() - 16, 1), "line")


class ListPane(QWidget):
    """Filters and list.

    Signals:
        filter_changed: the user wants to see others.
    """

    filter_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(264)
        self.kind = Segmented(("All", "To review"), 0, "Show")
        self.kind.changed.connect(self._changed)
        self.chips: dict[str, Chip] = {}
        self._known: list[str] = []
        self._flow_holder = QWidget()
        self._flow = FlowLayout(6, self._flow_holder)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._flow_holder.setSizePolicy(policy)
        self.list = SegmentList()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 0, 8, 0)
        box.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(8, 0, 8, 0)
        head.setSpacing(10)
        head.addWidget(self.kind)
        head.addWidget(self._flow_holder)
        box.addLayout(head)
        box.addSpacing(6)
        self.heading = ListHeading(self.list)
        box.addWidget(self.heading)
        box.addSpacing(4)
        box.addWidget(self.list, 1)

    @property
    def filter(self) -> Filter:
        """What the user wants to see."""
        hidden = frozenset(name for name, chip in self.chips.items() if not chip.isChecked())
        return Filter(self.kind.current == 1, hidden)

    def set_counts(self, counts: Counts) -> None:
        """Say how many there are."""
        self.heading.update()
        self.kind.set_choices((f"All {counts.segments:,}", f"To review {counts.review:,}"))

    def set_classes(self, classes: Sequence[str], inks: Mapping[str, Ink]) -> None:
        """One chip per class; what was off stays off."""
        if list(classes) != self._known:
            off = {name for name, chip in self.chips.items() if not chip.isChecked()}
            for chip in self.chips.values():
                self._flow.removeWidget(chip)
                chip.hide()
                chip.deleteLater()
            self.chips = {}
            for name in classes:
                chip = Chip(class_text(name), inks.get(name, "text_muted"), name not in off)
                chip.setAccessibleName(f"Show {class_text(name)}")
                chip.toggled.connect(self._changed)
                self._flow.addWidget(chip)
                self.chips[name] = chip
            self._known = list(classes)
            self._flow_holder.updateGeometry()
        self.list.set_inks(inks)

    def show_all(self) -> None:
        """Take all filters off, without saying `filter_changed`."""
        for widget in (self.kind, *self.chips.values()):
            widget.blockSignals(True)
        self.kind.set_current(0)
        for chip in self.chips.values():
            chip.setChecked(True)
        for widget in (self.kind, *self.chips.values()):
            widget.blockSignals(False)

    def _changed(self) -> None:
        self.filter_changed.emit()


def shown_classes(configured: Sequence[str], found: Sequence[str]) -> list[str]:
    """The project's classes, then others that labels have, `UNNAMED` last."""
    more = sorted(set(found) - set(configured) - {UNNAMED})
    return [*configured, *more, *([UNNAMED] if UNNAMED in found else [])]
