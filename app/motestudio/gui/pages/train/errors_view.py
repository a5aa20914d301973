"""The windows behind a cell of the confusion matrix: a list, and the chosen one's signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motestudio.gui.plots.plot_title import PlotChannel
from motestudio.gui.plots.signal_plot import SignalPlot
from motestudio.gui.widgets import FactRow, RowList, Text
from motestudio.studio.evaluate import HeldOutWindow

_MOST = 8


class ErrorsView(QWidget):
    """Rows of recording, time and score; the first one's signal under them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        inset = QVBoxLayout()
        inset.setContentsMargins(FactRow.outset, 0, FactRow.outset, 0)
        self.title = Text("", "control", wrap=True)
        self.hint = Text("", "caption", "text_muted", wrap=True)
        inset.addWidget(self.title)
        inset.addWidget(self.hint)
        self._box.addLayout(inset)
        self.rows = RowList()
        self.rows.chosen.connect(self._show_signal)
        self._box.addWidget(self.rows)
        self._signals = QVBoxLayout()
        self._signals.setContentsMargins(FactRow.outset, 0, FactRow.outset, 0)
        self._box.addLayout(self._signals)
        self._plots: list[SignalPlot] = []
        self._windows: list[HeldOutWindow] = []
        self.clear()

    def clear(self) -> None:
        """Say how to fill it."""
        self.title.setText("")
        self.title.hide()
        self.hint.setText("Choose a cell of the confusion matrix to see the windows behind it.")
        self._windows = []
        self.rows.set_rows([])
        self._drop()

    def set_windows(self, truth: str, said: str, windows: Sequence[HeldOutWindow]) -> None:
        """Show the windows of a cell, the surest first."""
        self._windows = list(windows[:_MOST])
        right = truth == said
        self.title.setText(f"{truth}, recognised" if right else f"{truth} taken for {said}")
        self.title.show()
        more = f", the {_MOST} surest of them here" if len(windows) > _MOST else ""
        self.hint.setText(f"{len(windows)} held-out windows{more}." if len(windows) != 1 else "1 held-out window.")
        self.rows.set_rows(
            [FactRow(w.recording, f"from {w.start_s:.2f} s", f"{w.score:.2f}", "", "") for w in self._windows]
        )
        if self._windows:
            self.rows.set_current(0)
            self._show_signal(0)
        else:
            self._drop()

    def _drop(self) -> None:
        for plot in self._plots:
            self._signals.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        self._plots = []

    def _show_signal(self, index: int) -> None:
        """A plot for each unit, as on the other pages."""
        self._drop()
        window = self._windows[index]
        group = window.signal.group
        for unit in dict.fromkeys(c.unit for c in group.channels):
            columns = [i for i, c in enumerate(group.channels) if c.unit == unit]
            channels = [PlotChannel(group.channels[i].name, f"series:{k % 8 + 1}", 2) for k, i in enumerate(columns)]
            plot = SignalPlot("", unit, channels, axis_width=36)
            plot.setFixedHeight(96)
            scale = np.array([group.channels[i].scale for i in columns])
            plot.set_data(window.samples[:, columns] * scale, group.rate_hz, 0)
            plot.set_view(0.0, len(window.samples) / group.rate_hz)
            plot.setAccessibleName(f"{window.recording}, {unit}")
            self._plots.append(plot)
            self._signals.addWidget(plot)
