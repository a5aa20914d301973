"""A budget and what it is made of: stacked bar with a legend, for inspectors."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.model_report import Budget
from motestudio.gui.numbers import budget_text, byte_size
from motestudio.gui.theme import theme
from motestudio.gui.widgets.bars import BudgetBar, part_ink
from motestudio.gui.widgets.labels import ElidedText, Number, Text
from motestudio.gui.widgets.marks import Swatch


class PartsGroup(QWidget):
    """A budget as a stacked bar with its parts: title, "19 ± 2 of 96 KB", bar, legend."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        top = QHBoxLayout()
        top.addWidget(Text(title, "strong"))
        top.addStretch(1)
        self.total = Number("–", "", "body_number", "right")
        top.addWidget(self.total)
        self._box.addLayout(top)
        self.bar = BudgetBar()
        self._box.addSpacing(4)
        self._box.addWidget(self.bar)
        self._box.addSpacing(4)
        self._legend: list[QWidget] = []
        self._budget: Budget | None = None
        theme().changed.connect(self._recolour)

    @Slot()
    def _recolour(self) -> None:
        if self._budget is not None:
            self.set_budget(self._budget)

    def set_budget(self, budget: Budget) -> None:
        """Show a budget."""
        self._budget = budget
        number, unit, limit = budget_text(budget.used, budget.plus_minus, budget.limit, budget.unit)
        self.total.set(
            number, f"of {limit} {unit}" if limit else unit, f"{budget.used:,.0f} ± {budget.plus_minus:,.0f} B"
        )
        parts = [(what, amount) for what, amount in budget.parts if amount > 0]
        self.bar.set([amount for _, amount in parts], budget.limit)
        for old in self._legend:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._legend = []
        for index, (what, amount) in enumerate(parts):
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(8)
            line.addWidget(Swatch(part_ink(index)))
            line.addWidget(ElidedText(what, "caption", "text_secondary"), 1)
            line.addWidget(Number(*byte_size(amount), "caption_number", "right", f"{amount:,.0f} B"))
            self._legend.append(row)
            self._box.addWidget(row)
