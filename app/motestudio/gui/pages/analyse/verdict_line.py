"""The verdict over everything else: fits or not, and the four figures against their limits."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.domain.model_report import Budget
from motestudio.gui.pages.analyse.data import AnalyseData, basis_line, budget_texts, headline
from motestudio.gui.widgets import Figure, Text, VerdictMark
from motestudio.gui.widgets.labels import announce
from motestudio.studio.analyse import shortfall

_NAMES = {"ram": "RAM", "flash": "Flash", "latency": "Latency", "energy": "Energy"}
_WIDE = 900
"""Width from which headline and figures stand side by side."""


class VerdictLine(QWidget):
    """Mark, headline, basis; RAM, flash, latency, energy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        head = QGridLayout()
        head.setHorizontalSpacing(13)
        head.setVerticalSpacing(4)
        self.mark = VerdictMark()
        self.words = Text("", "headline")
        self.basis = Text("", "caption", "text_muted", wrap=True)
        head.addWidget(self.mark, 0, 0)
        head.addWidget(self.words, 0, 1)
        head.addWidget(self.basis, 1, 1)
        head.setColumnStretch(1, 1)
        self._layout.addLayout(head, 1)
        row = QHBoxLayout()
        row.setSpacing(24)
        self.figures = {name: Figure(title) for name, title in _NAMES.items()}
        for figure in self.figures.values():
            figure.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            row.addWidget(figure)
        self._row = QVBoxLayout()
        self._row.addLayout(row)
        self._layout.addLayout(self._row)

    def set_data(self, data: AnalyseData) -> None:
        """Show a verdict."""
        tone, words = headline(data.report.verdict)
        self.mark.set_tone(tone)
        self.words.setText(words)
        short = shortfall(data.report.verdict)
        basis = basis_line(data)
        self.basis.setText(f"{short}: {basis}" if short else basis)
        self.basis.set_ink("bad" if tone == "bad" else ("warn" if tone == "warn" else "text_muted"))
        for budget in data.report.verdict.budgets:
            self._show(budget, data)
        self.setAccessibleName(f"{words}. {self.basis.text()}")
        announce(self)
        self._arrange()

    def _show(self, budget: Budget, data: AnalyseData) -> None:
        figure = self.figures[budget.name]
        if budget.name == "energy" and not budget.used:
            figure.set("–", "", foot="board not measured")
            return
        real = data.measured if data.measured and not data.measured.virtual else None
        if budget.name == "latency" and real and real.board_id == data.board.id:
            used = real.check.latency_us / 1e3
            number, unit, limit = budget_texts(Budget("latency", "ms", used, budget.limit, measured=True))
            figure.set(number, unit, limit, used / budget.limit if budget.limit else None, "measured")
            return
        number, unit, limit = budget_texts(budget)
        figure.set(number, unit, limit, budget.used / budget.limit if budget.limit else None, "per inference")
        parts = "\n".join(f"{what}: {amount:,.4g} {budget.unit}" for what, amount in budget.parts)
        figure.setToolTip(f"{budget.used:,.6g} {budget.unit} ± {budget.plus_minus:,.3g}\n{parts}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else under each other."""
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        wide = self.width() >= _WIDE
        self._layout.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
