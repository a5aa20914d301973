"""Two cursors on a live plot: where they stand, and what there is to read between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtWidgets import QSizePolicy

from motestudio.gui.numbers import quantity, with_minus
from motestudio.gui.plots.plot_title import PlotChannel
from motestudio.gui.widgets.canvas import Canvas, Painted, text_width

_HEIGHT = 22


class Cursors:
    """Two moments of the lead's time axis.

    Attributes:
        on: whether they are shown.
        at: seconds of A and of B.
        active: index of the one that keys move.
    """

    def __init__(self) -> None:
        self.on = False
        self.at = [-math.inf, -math.inf]  # nowhere, until they are placed
        self.active = 1

    def place(self, view: tuple[float, float]) -> None:
        """Show them at the thirds of a stretch, unless they stand in it already."""
        self.on = True
        start, end = view
        if not any(start <= at <= end for at in self.at):
            self.at = [start + (end - start) / 3, end - (end - start) / 3]

    def nearest(self, seconds: float) -> int:
        """The cursor that is closer to a moment."""
        return min((0, 1), key=lambda i: abs(self.at[i] - seconds))

    def switch(self) -> None:
        """Let the keys move the other one."""
        self.active = 1 - self.active

    def lines(self) -> list[tuple[float, str, bool]]:
        """For `Lane.set_cursors`."""
        return [(self.at[i], "AB"[i], i == self.active) for i in (0, 1)] if self.on else []


class CursorLine(Painted):
    """One line of words: times, difference, frequency, and each channel's values at both cursors."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: list[tuple[str, str]] = []
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Cursors")

    def set_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show pairs of a name and a value."""
        if list(facts) != self._facts:
            self._facts = list(facts)
            self.setAccessibleName("Cursors: " + ", ".join(f"{name} {value}" for name, value in facts))
            self.update()

    def sizeHint(self) -> QSize:
        """A line."""
        return QSize(200, _HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """As many pairs as there is room for."""
        x, height = 0.0, float(self.height())
        for name, value in self._facts:
            wide = text_width(name, "caption") + 6 + text_width(value, "caption_number")
            if x + wide > self.width():
                return
            end = canvas.text(QRectF(x, 0, wide, height), name, "caption", "text_muted")
            x = canvas.text(QRectF(end + 6, 0, wide, height), value, "caption_number") + 18


def read(
    cursors: Cursors, readers: Sequence[tuple[Any, float, Sequence[int], Sequence[PlotChannel]]]
) -> list[tuple[str, str]]:
    """What the cursors tell.

    Args:
        cursors: where they stand.
        readers: of each lane: reader, seconds of the lead's axis minus its own, channel indices, how they are drawn.

    Returns:
        Pairs of a name and a value with its unit.
    """
    a, b = cursors.at
    gap = b - a
    facts = [("A", f"{a:.4f} s"), ("B", f"{b:.4f} s"), ("B \u2212 A", _signed(gap, "s"))]
    if gap:
        number, unit = quantity(1 / abs(gap), "Hz", 4)
        facts.append(("1 / (B \u2212 A)", f"{number} {unit}"))
    for reader, offset_s, indices, channels in readers:
        values = [_value_at(reader, at - offset_s) for at in (a, b)]
        for index, channel in zip(indices, channels, strict=True):
            unit = reader.group.channels[index].unit
            if values[0] is None or values[1] is None:
                continue
            first, second = float(values[0][index]), float(values[1][index])
            shown = [with_minus(f"{v:+.{channel.decimals}f}") for v in (first, second, second - first)]
            name = reader.group.channels[index].name
            facts.append((name, f"{shown[0]} \u2192 {shown[1]} {unit}".rstrip() + f" (\u0394 {shown[2]})"))
    return facts


def _signed(value: float, unit: str) -> str:
    number, prefix = quantity(abs(value), unit, 4)
    return f"{chr(0x2212) if value < 0 else ''}{number} {prefix}"


def _value_at(reader: Any, seconds: float) -> np.ndarray | None:
    index = round(seconds * reader.group.rate_hz)
    raw, first = reader.window(index, 1)
    if not len(raw) or first != index:
        return None
    values: np.ndarray = reader.group.to_physical(raw)[0]
    return values
