"""The size map after the link: what fills the chip's flash and RAM, as two bars over one table of bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.firmware.link_map import PartSize
from motestudio.gui.numbers import byte_size
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Number, Painted, Swatch, Text

_INKS: Mapping[str, str] = {
    "model": "series:3",
    "kernels and TFLM": "series:2",
    "arena": "series:1",
    "features": "series:4",
    "signal": "series:6",
    "application": "series:5",
    "port": "series:8",
    "user": "accent",
    "libraries": "series:7",
    "stack": "line_strong",
}
_EMPTY = "What fills flash and RAM is shown here after the first link."
_HEIGHT = 26


def size_ink(part: str) -> str:
    """The colour of a part, the same in both bars and in the table."""
    return _INKS.get(part, "text_disabled")


def _words(count: int) -> str:
    return " ".join(byte_size(count))


class SizeBar(Painted):
    """One region of the chip, filled from the left; arrows and the pointer go through its parts.

    Signals:
        chosen(str): name of a part, or empty.
    """

    chosen = Signal(str)

    def __init__(self, region: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._region = region
        self._parts: tuple[tuple[str, int], ...] = ()
        self._limit = 1
        self._part = ""
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(200, _HEIGHT)

    def set_parts(self, parts: Sequence[tuple[str, int]], limit: int) -> None:
        """Show parts in bytes against the region's size."""
        self._parts = tuple((name, count) for name, count in parts if count > 0)
        self._limit = max(1, limit)
        used = sum(count for _, count in self._parts)
        self.setAccessibleName(f"{self._region}: {_words(used)} of {_words(limit)}")
        self.setAccessibleDescription(", ".join(f"{name} {count:,} bytes" for name, count in self._parts))
        self.update()

    def set_part(self, part: str) -> None:
        """Mark a part without saying `chosen`."""
        if part != self._part:
            self._part = part
            self.update()

    def _places(self) -> list[tuple[str, QRectF]]:
        used = sum(count for _, count in self._parts)
        scale = self.width() / max(self._limit, used)
        x, places = 0.0, []
        for name, count in self._parts:
            width = max(3.0, count * scale)
            places.append((name, QRectF(x, 3, max(2.0, width - 1), self.height() - 6)))
            x += width
        return places

    def paint(self, canvas: Canvas) -> None:
        """Track, blocks with a solid left edge as on the arena map, what is left free for the stack hatched."""
        canvas.fill(QRectF(0, 3, self.width(), self.height() - 6), "track")
        for name, rect in self._places():
            ink = size_ink(name)
            if name == "stack":
                hatch = QColor(theme().color("line_strong"))
                canvas.painter.fillRect(rect, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
            else:
                canvas.fill(rect, theme().tint(ink, "arena_selected" if name == self._part else "arena"))
                canvas.fill(QRectF(rect.left(), rect.top(), min(3.0, rect.width()), rect.height()), ink)
            if name == self._part:
                canvas.box(rect.adjusted(0, -1, 0, 1), 1, None, "text")
        if self.ring_visible:
            canvas.ring(QRectF(self.rect()), 2)

    def _choose(self, part: str) -> None:
        if part != self._part:
            self.set_part(part)
            count = dict(self._parts).get(part, 0)
            self.setToolTip(f"{part}: {_words(count)} ({count:,} B)" if part else "")
            self.chosen.emit(part)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """What is under the pointer."""
        at = event.position()
        self._choose(next((name for name, rect in self._places() if rect.left() <= at.x() <= rect.right() + 1), ""))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right, to the ends with Home and End."""
        names = [name for name, _ in self._parts]
        at = names.index(self._part) if self._part in names else -1
        to = {
            Qt.Key.Key_Left: max(0, at - 1),
            Qt.Key.Key_Right: min(len(names) - 1, at + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(names) - 1,
        }.get(Qt.Key(event.key()))
        if to is None or not names:
            super().keyPressEvent(event)
        else:
            self._choose(names[to])


class SizeMap(QWidget):
    """Both bars, and a row for each part."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(Text("Flash and RAM", "strong"))
        self.empty = Text(_EMPTY, "caption", "text_muted", wrap=True)
        box.addWidget(self.empty)
        self._whole = QWidget()
        inner = QVBoxLayout(self._whole)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(2)
        self.bars = {name: SizeBar(name) for name in ("Flash", "RAM")}
        self.totals = {name: Number("–", "", "caption_number", "right") for name in self.bars}
        for name, bar in self.bars.items():
            head = QGridLayout()
            head.setColumnStretch(0, 1)
            head.addWidget(Text(name, "control"), 0, 0)
            head.addWidget(self.totals[name], 0, 1)
            inner.addLayout(head)
            inner.addWidget(bar)
            bar.chosen.connect(self._chosen)
        inner.addSpacing(4)
        self._table = QWidget()
        inner.addWidget(self._table)
        box.addWidget(self._whole)
        self._inner = inner
        self.names: dict[str, Text] = {}
        self.set_parts((), 0, 0)

    def set_parts(self, parts: Sequence[PartSize], flash_bytes: int, ram_bytes: int) -> None:
        """Show what the linker placed; nothing brings the empty state back.

        Args:
            parts: as `link_map.read_link_map` gives them.
            flash_bytes: of the board.
            ram_bytes: likewise.
        """
        self.empty.setVisible(not parts)
        self._whole.setVisible(bool(parts))
        sizes = {
            "Flash": ([(p.name, p.flash_bytes) for p in parts], flash_bytes),
            "RAM": ([(p.name, p.ram_bytes) for p in parts], ram_bytes),
        }
        for name, (rows, limit) in sizes.items():
            used = sum(count for _, count in rows)
            self.bars[name].set_parts(rows, limit)
            number, unit = byte_size(used)
            exact = f"{used:,} of {limit:,} B"
            self.totals[name].set(number, f"{unit} of {_words(limit)}", exact, "bad" if used > limit else "text")
        self._fill(parts)

    def _fill(self, parts: Sequence[PartSize]) -> None:
        self._inner.removeWidget(self._table)
        self._table.hide()
        self._table.deleteLater()
        self._table, self.names = QWidget(), {}
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for column, word in ((2, "Flash"), (3, "RAM")):
            grid.addWidget(Text(word, "caption", "text_muted"), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, part in enumerate(parts, 1):
            name = self.names[part.name] = Text(part.name, "caption", "text_secondary")
            grid.addWidget(Swatch(size_ink(part.name)), row, 0)
            grid.addWidget(name, row, 1)
            for column, count in ((2, part.flash_bytes), (3, part.ram_bytes)):
                shown = byte_size(count) if count else ("–", "")
                grid.addWidget(Number(*shown, "caption_number", "right", f"{count:,} B"), row, column)
        self._inner.addWidget(self._table)

    def _chosen(self, part: str) -> None:
        for bar in self.bars.values():
            bar.set_part(part)
        for name, text in self.names.items():
            text.set_ink("accent" if name == part else "text_secondary")
