"""What was labelled in the take that runs: the newest first, each to be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.gui.pages.record.live_labels import LiveLabel
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Button, FactRow, Row, RowList, SectionHeader

_SHOWN = 5


class LabelHistory(QWidget):
    """Signals: back_wanted: the last label shall go."""

    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self.heading = SectionHeader("Labels of this take", " ")
        self.rows = RowList()
        self.back = Button("Take the last one back", "link")
        self.back.setToolTip("Take the last label back  Backspace")
        self.back.clicked.connect(self.back_wanted)
        for part in (self.heading, self.rows, self.back):
            box.addWidget(part)
        self.hide()

    def set_labels(
        self, made: Sequence[LiveLabel], held: Sequence[LiveLabel], inks: Mapping[str, Ink], rate_hz: float, first: int
    ) -> None:
        """Show labels.

        Args:
            made: in the order in which they ended.
            held: whose key is down.
            inks: colours by class.
            rate_hz: of the lead.
            first: the take's first sample, in the live tail.
        """
        shown: list[Row] = []
        for label in [*held, *reversed(made)][:_SHOWN]:
            begin = max(0.0, (label.first - first) / rate_hz) if first >= 0 else 0.0
            note = "held" if label.last < 0 else f"{(label.last - label.first) / rate_hz:.1f} s"
            shown.append(FactRow(label.label, "", f"at {begin:.1f} s, {note}", mark=inks.get(label.label, "series:7")))
        self.rows.set_rows(shown)
        self.heading.note.setText(str(len(made)))
        self.setVisible(bool(made or held))
