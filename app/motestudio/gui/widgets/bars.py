"""Bars: a thin share, a thick budget in stacked parts, a figure with its limit under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from motestudio.gui.theme import Ink, theme
from motestudio.gui.widgets.canvas import Canvas, Painted, number_width, text_width

_PART_SHARES = (0.0, 0.28, 0.46, 0.60, 0.72)


class Bar(Painted):
    """A share of something: 6 px in rows, 4 px thin, 3 px in the job strip.

    Args:
        ink: colour of the filled part.
        height: of the bar in pixels.
    """

    def __init__(self, ink: Ink = "accent", height: int = 6, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self._share = 0.0
        self.setFixedHeight(height)
        self.setMinimumWidth(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        """0..1."""
        return self._share

    def set(self, share: float, ink: Ink | None = None) -> None:
        """Show a share 0..1, perhaps in another colour."""
        self._share = share
        if ink is not None:
            self._ink = ink
        self.setAccessibleName(f"{share:.0%}")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the bar."""
        canvas.bar(QRectF(self.rect()), self._share, self._ink, radius=self.height() / 2)


def part_ink(index: int) -> Ink:
    """The colour of the n-th part of a stacked budget; also of its legend square."""
    return theme().mix("accent", "surface", _PART_SHARES[min(index, len(_PART_SHARES) - 1)])


class BudgetBar(Painted):
    """Stacked parts against a limit, 12 px; red where the limit is passed.

    The parts are shades of one colour, with 1 px between them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[float, ...] = ()
        self._limit = 1.0
        self.setFixedHeight(theme().size("budget_bar"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, parts: Sequence[float], limit: float) -> None:
        """Show parts and limit, in the same unit."""
        self._parts = tuple(parts)
        self._limit = limit or sum(parts) or 1.0
        self.setAccessibleName(f"{sum(parts) / self._limit:.0%} used")
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Draw the parts from the left."""
        rect = QRectF(self.rect())
        radius = theme().radius("bar")
        canvas.box(rect, radius, "track")
        total = sum(self._parts)
        scale = rect.width() / max(self._limit, total)
        x = 0.0
        for i, part in enumerate(self._parts):
            width = part * scale
            ink = "bad_mark" if total > self._limit and i == 0 else part_ink(i)
            if width >= 1:
                canvas.box(QRectF(x, 0, max(1.0, width - 1), rect.height()), radius if i == 0 else 0, ink)
            x += width
        if total > self._limit:
            canvas.fill(QRectF(round(self._limit * scale), 0, 2, rect.height()), "text")


class Figure(Painted):
    """A named figure over its bar: "RAM … of 96", "34.2 KB", bar. Used in the verdict line.

    `set` takes ready text, so that units and uncertainty are the caller's.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._number, self._unit, self._limit, self._foot = "–", "", "", ""
        self._share: float | None = None
        self._ink = "ok_mark"
        self.setFixedHeight(52)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def set(self, number: str, unit: str, limit: str = "", share: float | None = None, foot: str = "") -> None:
        """Show a figure.

        Args:
            number: formatted, perhaps with ± .
            unit: of number and limit.
            limit: formatted, or empty where there is none.
            share: used part of the limit; None draws `foot` instead of a bar.
            foot: caption in place of the bar.
        """
        self._number, self._unit, self._limit, self._share, self._foot = number, unit, limit, share, foot
        self._ink = "ok_mark" if share is None or share <= 0.9 else ("warn_mark" if share <= 1 else "bad_mark")
        of = f", of {limit} {unit}" if limit else ""
        self.setAccessibleName(f"{self._name} {number} {unit}{of}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for both lines."""
        top = text_width(self._name, "caption_number") + text_width(f"of {self._limit}", "caption") + 16
        need = max(top, number_width(self._number, self._unit, "value"), text_width(self._foot, "caption"), 76)
        return QSize(int(need) + 2, 52)

    def minimumSizeHint(self) -> QSize:
        """Numbers never elide."""
        return self.sizeHint()

    def paint(self, canvas: Canvas) -> None:
        """Draw name, value and bar."""
        width = float(self.width())
        canvas.text(QRectF(0, 2, width, 14), self._name, "caption_number", "text_secondary")
        if self._limit:
            canvas.text(QRectF(0, 2, width, 14), f"of {self._limit}", "caption", "text_muted", "right")
        canvas.number(QRectF(0, 18, width, 20), self._number, self._unit, "value")
        if self._share is not None:
            canvas.bar(QRectF(0, 42, width, 4), self._share, self._ink)
        elif self._foot:
            canvas.text(QRectF(0, 38, width, 14), self._foot, "caption", "text_muted")
