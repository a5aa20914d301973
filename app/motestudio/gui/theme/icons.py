"""Phosphor icons, drawn from the font that qtawesome ships and tinted by role.

qtawesome itself is not imported: it loads every one of its icon sets, which costs more than the rest of the window.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QIconEngine,
    QPainter,
    QPainterPath,
    QPixmap,
    QRawFont,
    QTransform,
)


@lru_cache(maxsize=1)
def _charmap() -> tuple[QRawFont, dict[str, int]]:
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("qtawesome")
    folder = Path(next(iter(spec.submodule_search_locations))) / "fonts"
    font_path = sorted(folder.glob("phosphor-[0-9]*.ttf"))[-1]
    map_path = sorted(folder.glob("phosphor-charmap-*.json"))[-1]
    names = json.loads(map_path.read_text("utf-8"))
    raw = QRawFont(str(font_path), 64.0)
    return raw, {name: int(code, 16) for name, code in names.items()}


@lru_cache(maxsize=256)
def outline(name: str) -> QPainterPath:
    """The icon's outline in a 1 x 1 square.

    Args:
        name: with or without the ``ph.`` prefix: ``ph.record``, ``tag``.

    Raises:
        KeyError: the set has no such icon.
    """
    raw, codes = _charmap()
    code = codes[name.removeprefix("ph.")]
    path = QPainterPath(raw.pathForGlyph(raw.glyphIndexesForString(chr(code))[0]))
    # The set is drawn on a square em whose baseline lies at its ascent.
    scale = 1.0 / (raw.ascent() + raw.descent())
    path.translate(0.0, raw.ascent())

    return QTransform.fromScale(scale, scale).map(path)


def paint_icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draw an icon into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width(), rect.height())
    painter.fillPath(outline(name), color)
    painter.restore()


class _Engine(QIconEngine):
    """Draws at whatever size and scale it is asked for, in the colour of the moment."""

    def __init__(self, name: str, color: Callable[[QIcon.Mode], QColor]) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QPointF(QRectF(rect).center()))
        paint_icon(painter, self._name, square, self._color(mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._color)


def icon(name: str, color: Callable[[QIcon.Mode], QColor]) -> QIcon:
    """An icon for menus and standard widgets; `color` is asked at every drawing."""
    outline(name)
    return QIcon(_Engine(name, color))
