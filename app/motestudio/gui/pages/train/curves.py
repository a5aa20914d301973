"""Learning curves: loss and accuracy, training solid, validation dashed; live from metric events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QBoxLayout, QWidget

from motestudio.gui.plots.line_plot import LinePlot, Series

_TITLES = {"": "training", "val_": "validation"}
_INKS = {"": "series:3", "val_": "series:1"}


class Curves(QWidget):
    """The two plots, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        self.plots = {
            "loss": LinePlot("Loss", "", "epoch"),
            "accuracy": LinePlot("Accuracy", "", "epoch", (0.0, 1.0)),
        }
        for plot in self.plots.values():
            plot.setMinimumHeight(190)
            row.addWidget(plot, 1)
        self.setMaximumHeight(520)
        self._values: dict[str, list[float]] = {}
        self._end = 0

    @property
    def values(self) -> Mapping[str, Sequence[float]]:
        """What is shown, by name."""
        return self._values

    def clear(self, epochs: int) -> None:
        """Start anew; `epochs` fixes the right end."""
        self._values, self._end = {}, epochs
        self._show()

    def set_curves(self, curves: Mapping[str, Sequence[float]]) -> None:
        """Show finished curves."""
        self._values = {name: list(values) for name, values in curves.items()}
        self._end = 0
        self._show()

    def add(self, name: str, value: float) -> None:
        """Add a value to a curve."""
        self._values.setdefault(name, []).append(value)

    def show_added(self) -> None:
        """Draw what was added."""
        self._show()

    def _show(self) -> None:
        for what, plot in self.plots.items():
            series = []
            for prefix in ("", "val_"):
                values = self._values.get(prefix + what)
                if values:
                    steps = [float(i) for i in range(1, len(values) + 1)]
                    series.append(Series(_TITLES[prefix], steps, values, _INKS[prefix], dashed=bool(prefix)))
            plot.set_series(series, float(self._end))
