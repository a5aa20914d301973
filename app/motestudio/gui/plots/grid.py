"""The grid and the axis numbers of a pyqtgraph plot: 1 px lines behind everything, redone only when they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from motestudio.gui.plots.ticks import nice_step, tick_text, ticks
from motestudio.gui.theme import theme


class Grid:
    """Lines at nice positions.

    Args:
        plot: the pyqtgraph PlotItem.
        time: number the x axis, in seconds.
    """

    def __init__(self, plot: Any, *, time: bool) -> None:
        self._plot = plot
        self._time = time
        self._vertical: list[Any] = []
        self._horizontal: list[Any] = []
        self._key: tuple[Any, ...] = ()

    def forget(self) -> None:
        """Draw anew at the next chance, as after a change of the theme."""
        self._key = ()

    def draw(self, x: tuple[float, float], y: tuple[float, float], across: int, up: int, room: float = 0.0) -> None:
        """Draw for these ranges with at most so many intervals; no number within `room` of the right end."""
        xs, ys = ticks(*x, across), ticks(*y, up)
        while len(ys) < 2 and up < 6:
            # One number tells no scale.
            up += 1
            ys = ticks(*y, up)
        key = (tuple(xs), tuple(ys), bool(xs) and xs[-1] <= x[1] - room)
        if key == self._key:
            return
        self._key = key
        grid, zero = theme().color("grid"), theme().color("grid_zero")
        self._lines(self._vertical, xs, 90, [grid] * len(xs))
        self._lines(self._horizontal, ys, 0, [zero if at == 0 else grid for at in ys])
        step = nice_step(y[1] - y[0], up)
        self._plot.getAxis("left").setTicks([[(at, tick_text(at, step)) for at in ys]])
        if self._time:
            step = nice_step(x[1] - x[0], across)
            named = [at for at in xs if at <= x[1] - room]
            names = [tick_text(at, step) for at in named]
            if names:
                names[-1] += " s"
            self._plot.getAxis("bottom").setTicks([list(zip(named, names, strict=True))])

    def _lines(self, pool: list[Any], at: Sequence[float], angle: int, colors: Sequence[QColor]) -> None:
        while len(pool) < len(at):
            line = pg.InfiniteLine(0, angle=angle)
            line.setZValue(-20)
            self._plot.addItem(line, ignoreBounds=True)
            pool.append(line)
        for i, line in enumerate(pool):
            line.setVisible(i < len(at))
            if i < len(at):
                line.setPos(at[i])
                line.setPen(pg.mkPen(colors[i], width=1))
