"""The window's fonts: Inter from the resources with tabular numbers, else the system's own font."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from motestudio.gui.theme.tokens import load_tokens
from motestudio.shipped import resources_dir

_WEIGHTS = {400: QFont.Weight.Normal, 500: QFont.Weight.Medium, 600: QFont.Weight.DemiBold}


@lru_cache(maxsize=1)
def family() -> str:
    """The family to use, loading the bundled one where the system has none."""
    wanted = load_tokens().families[0]
    for path in sorted((resources_dir() / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    if wanted in QFontDatabase.families():
        return wanted
    return QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)).family()


@lru_cache(maxsize=64)
def _font(pixels: int, weight: int) -> QFont:
    font = QFont(family())
    font.setPixelSize(pixels)
    font.setWeight(_WEIGHTS[weight])
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("tnum"), 1)
    percent = load_tokens().letter_spacing.get(pixels, 98.5 if pixels >= 16 else 100.0)
    if percent != 100.0:
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, percent)
    return font


def font(style: str, weight: int | None = None) -> QFont:
    """The font of a type style.

    Args:
        style: ``caption``, ``caption_number``, ``section``, ``body``, ``body_number``, ``control``, ``strong``,
            ``title``, ``value``, ``headline`` or ``field_mode``.
        weight: 400, 500 or 600 instead of the style's own.
    """
    pixels, own = load_tokens().styles[style]
    return QFont(_font(pixels, weight or own))


def monospace(pixels: int = 11) -> QFont:
    """The system's fixed-width font, for logs and generated code."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(pixels)
    return font
