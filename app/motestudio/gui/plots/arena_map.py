"""The arena over the run: x is the operator, y is bytes; every tensor is a block from birth to death.

Fed by `domain.model_report.MemoryPlan`; knows nothing of files or boards.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.domain.model_report import MemoryPlan, ModelGraph, Placement
from motestudio.gui.numbers import byte_size
from motestudio.gui.plots.ticks import nice_step
from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, text_width

LEFT = 48
_BOTTOM = 26

KIND_INKS: Mapping[str, str] = {
    "CONV_2D": "series:3",
    "DEPTHWISE_CONV_2D": "series:2",
    "ADD": "series:4",
    "FULLY_CONNECTED": "series:5",
}


def kind_ink(kernel: str) -> Ink:
    """The colour of an operator kind, the same in map and table."""
    return KIND_INKS.get(kernel, "series:7")


class ArenaMap(Painted):
    """The map.

    Signals:
        hovered(int): operator under the pointer, -1 outside.
        chosen(int): operator that the user chose by click or arrows.
    """

    hovered = Signal(int)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: MemoryPlan | None = None
        self._kinds: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._ops = 1
        self._held = 0
        self._op = -1
        self._title = self._advice = ""
        self._broken: tuple[int, tuple[list[str], float, bool]] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Arena map")

    def sizeHint(self) -> QSize:
        """About as in the picture."""
        return QSize(960, 330)

    def set_plan(self, plan: MemoryPlan, graph: ModelGraph | None = None, held_bytes: int = 0) -> None:
        """Show a plan.

        Args:
            plan: where every tensor lies.
            graph: for operator kinds and names; without it all blocks are grey.
            held_bytes: persistent part of the arena, hatched above the plan.
        """
        self._plan, self._held = plan, held_bytes
        self._ops = max(1, len(plan.alive))
        self._kinds, self._names = {}, {}
        for op in graph.ops if graph else ():
            for tensor in op.outputs:
                self._kinds[tensor] = op.kernel
                self._names[tensor] = f"out {op.index}"
        for tensor in graph.inputs if graph else ():
            self._names[tensor] = "input"
        self._op = plan.peak_op
        self._broken = None
        self.update()

    def set_callout(self, title: str, advice: str) -> None:
        """The sentence at the peak: what it is in bold, then what to change; broken into lines where narrow."""
        self._title, self._advice = title, advice
        self._broken = None
        self.setAccessibleDescription(f"{title} {advice}")
        self.update()

    def set_op(self, op: int) -> None:
        """Mark an operator without saying `chosen`."""
        if op != self._op:
            self._op = op
            self.update()

    # Places

    def _area(self) -> QRectF:
        top = 34.0 + 18.0 * len(self._lines) if self._title else 16.0
        return QRectF(LEFT, top, max(1, self.width() - LEFT), max(1.0, self.height() - top - _BOTTOM))

    @property
    def _lines(self) -> list[str]:
        return self._callout_lines()[0]

    def _top_bytes(self) -> float:
        head = self._plan.head_bytes if self._plan else 1
        return float(max(1, head + self._held)) * 1.04

    def _column(self, op: int) -> tuple[float, float]:
        wide = max(1, self.width() - LEFT) / self._ops
        return LEFT + op * wide, wide

    def _y(self, count: float) -> float:
        area = self._area()
        return area.bottom() - count / self._top_bytes() * area.height()

    def _block(self, placement: Placement) -> QRectF:
        left, wide = self._column(placement.first_op)
        count = placement.last_op - placement.first_op + 1
        top, bottom = self._y(placement.offset + placement.nbytes), self._y(placement.offset)
        if bottom - top < 4:
            top = bottom - 4
        return QRectF(left, top + 0.5, count * wide - 1, bottom - top - 1)

    # Drawing

    def paint(self, canvas: Canvas) -> None:
        """Grid, marked column, blocks, what is held, callout."""
        if self._plan is None:
            return
        area = self._area()
        self._axes(canvas, area)
        if 0 <= self._op < self._ops:
            left, wide = self._column(self._op)
            canvas.fill(QRectF(left, area.top() - 8, wide, area.height() + 8 + _BOTTOM - 4), "selection")
        self._op_numbers(canvas, area)
        for placement in self._plan.placements:
            self._draw_block(canvas, placement)
        if self._held:
            self._draw_held(canvas, area)
        self._callout(canvas, area)
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), 4)

    def _axes(self, canvas: Canvas, area: QRectF) -> None:
        top = self._top_bytes()
        unit, size = ("KB", 1024.0) if top >= 1024 else ("B", 1.0)
        step = nice_step(top / size, max(2, int(area.height() // 48)))
        value = 0.0
        while value * size <= top:
            y = round(self._y(value * size))
            canvas.fill(QRectF(area.left(), y, area.width(), 1), "grid_zero" if value == 0 else "grid")
            words = f"{value:g}"
            canvas.text(QRectF(0, y - 8, LEFT - 12, 16), words, "caption", "text_muted", "right")
            value += step
        canvas.text(QRectF(0, area.top() - 20, LEFT - 12, 14), unit, "caption", "text_muted", "right")

    def _op_numbers(self, canvas: Canvas, area: QRectF) -> None:
        _, wide = self._column(0)
        every = max(1, -(-24 // max(1, int(wide))))
        foot = area.bottom() + 4
        canvas.text(QRectF(0, foot, LEFT - 12, 18), "op", "caption", "text_muted", "right")
        for op in range(self._ops):
            chosen = op == self._op
            if op % every and not chosen:
                continue
            left, wide = self._column(op)
            words = f"op {op}" if chosen and wide >= 36 else f"{op}"
            style, ink = ("section", "text") if chosen else ("caption", "text_muted")
            middle = QRectF(left + wide / 2 - 30, foot, 60, 18)
            canvas.text(middle, words, style, ink, "center")

    def _draw_block(self, canvas: Canvas, placement: Placement) -> None:
        rect = self._block(placement)
        ink = kind_ink(self._kinds.get(placement.tensor, ""))
        alive = placement.first_op <= self._op <= placement.last_op
        canvas.box(rect, 2, theme().tint(ink, "arena_selected" if alive else "arena"))
        canvas.fill(QRectF(rect.left(), rect.top(), 3, rect.height()), ink)
        name = self._names.get(placement.tensor, placement.name or "scratch")
        number, unit = byte_size(placement.nbytes)
        room = rect.adjusted(12, 0, -6, 0)
        if text_width(name, "section") > room.width() or rect.height() < 13:
            return
        if rect.height() >= 34:
            middle = rect.center().y()
            canvas.text(QRectF(room.left(), middle - 16, room.width(), 16), name, "section")
            if number_width(number, unit, "caption") <= room.width():
                canvas.text(
                    QRectF(room.left(), middle, room.width(), 16), f"{number} {unit}", "caption", "text_secondary"
                )
            return
        end = canvas.text(room, name, "section")
        note = f"{number} {unit}"
        if end + 8 + text_width(note, "caption") <= room.right():
            canvas.text(QRectF(end + 8, rect.top(), 80, rect.height()), note, "caption", "text_secondary")

    def _draw_held(self, canvas: Canvas, area: QRectF) -> None:
        head = float(self._plan.head_bytes if self._plan else 0)
        band = QRectF(area.left(), self._y(head + self._held), area.width(), self._y(head) - self._y(head + self._held))
        hatch = QColor(theme().color("line_strong"))
        hatch.setAlphaF(0.5)
        canvas.painter.fillRect(band, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        pen = QPen(theme().color("text"), 1)
        pen.setDashPattern([2, 3])
        canvas.painter.setPen(pen)
        y = round(band.bottom()) + 0.5
        canvas.painter.drawLine(QLineF(area.left(), y, area.right(), y))
        number, unit = byte_size(self._held)
        words, note = "Held for the whole run: op state, quantisation, tensor table", f"{number} {unit}"
        if text_width(words, "section") + 120 > area.width():
            words = "Held for the whole run"
        width = text_width(words, "section") + text_width(note, "caption") + 28
        left = self._clear_of_callout(area, width)
        label = QRectF(left, band.center().y() - 9, width, 18)
        if band.height() >= 14:
            canvas.box(label, 4, "surface")
            end = canvas.text(label.adjusted(8, 0, 0, 0), words, "section", "text_secondary")
            canvas.text(QRectF(end + 8, label.top(), 80, 18), note, "caption", "text_muted")

    def _clear_of_callout(self, area: QRectF, width: float) -> float:
        peak = self._plan.peak_op if self._plan else 0
        left, wide = self._column(peak)
        after = left + wide + 4
        return after if after + width < area.right() else max(area.left() + 8, left - width - 4)

    def _callout_lines(self) -> tuple[list[str], float, bool]:
        """The advice broken into lines (the first one follows the title), their left or right edge, and which."""
        if not self._title or self._plan is None:
            return [], 0.0, False
        if self._broken is not None and self._broken[0] == self.width():
            return self._broken[1]
        made = self._break_callout(self._plan)
        self._broken = (self.width(), made)
        return made

    def _break_callout(self, plan: MemoryPlan) -> tuple[list[str], float, bool]:
        left, wide = self._column(plan.peak_op)
        x = round(left + wide / 2)
        to_left = self.width() - x < x and text_width(f"{self._title} {self._advice}", "body") > self.width() - x - 32
        room = (x - 16.0) if to_left else self.width() - x - 16.0
        lines = [""]
        offset = text_width(self._title, "strong") + 4
        for word in self._advice.split():
            longer = f"{lines[-1]} {word}".strip()
            if offset + text_width(longer, "body") > room and (lines[-1] or offset):
                lines.append(word)
                offset = 0.0
            else:
                lines[-1] = longer
        return lines, (x - 16.0) if to_left else x + 16.0, to_left

    def _callout(self, canvas: Canvas, area: QRectF) -> None:
        if not self._title or self._plan is None:
            return
        left, wide = self._column(self._plan.peak_op)
        x = round(left + wide / 2)
        y = self._y(self._plan.head_bytes)
        canvas.fill(QRectF(x, 18, 1.5, y - 18), "warn_mark")
        canvas.dot(QPointF(x + 0.5, y), 6, "warn_mark", halo="surface")
        canvas.dot(QPointF(x + 0.5, 12), 13, "warn_mark")
        canvas.fill(QRectF(x, 8, 1.5, 5), "surface")
        canvas.fill(QRectF(x, 15, 1.5, 1.5), "surface")
        lines, edge, to_left = self._callout_lines()
        title = text_width(self._title, "strong")
        for number, line in enumerate(lines):
            width = text_width(line, "body") + (title + 4 if number == 0 else 0)
            start = max(0.0, edge - width) if to_left else edge
            if number == 0:
                canvas.text(QRectF(start, 2, title + 1, 20), self._title, "strong")
                start += title + 4
            canvas.text(QRectF(start, 2 + 18 * number, self.width() - start, 20), line, "body", "text_secondary")

    # Mouse and keys

    def _op_at(self, x: float) -> int:
        area = self._area()
        op = int((x - area.left()) / (area.width() / self._ops))
        return op if area.left() <= x <= area.right() and 0 <= op < self._ops else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the operator under the pointer, tell the block in the tool tip."""
        op = self._op_at(event.position().x())
        self.hovered.emit(op)
        tip = ""
        for placement in self._plan.placements if self._plan else ():
            if self._block(placement).contains(event.position()):
                name = self._names.get(placement.tensor, placement.name)
                ops = f"op {placement.first_op} to {placement.last_op}"
                tip = f"{name}: {placement.nbytes:,} B at {placement.offset:,}, {ops}"
        self.setToolTip(tip)

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer."""
        self.hovered.emit(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the operator under the pointer."""
        self._choose(self._op_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._choose(self._op + step)

    def _choose(self, op: int) -> None:
        if 0 <= op < self._ops:
            self.set_op(op)
            self.chosen.emit(op)
