"""What a widget has painted, as a test looks at it."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from motestudio.gui.theme import theme


def drawn_rows(widget: QWidget, x: float, ink: str) -> list[int]:
    """Rows in which a column of a widget has exactly the colour of an ink."""
    image = widget.grab().toImage()
    wanted = QColor(theme().color(ink)).rgb()
    return [y for y in range(image.height()) if image.pixelColor(round(x), y).rgb() == wanted]
