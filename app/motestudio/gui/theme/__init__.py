"""Colours, type and sizes of the window, all from ``resources/theme/tokens.json``.

Widgets ask `theme()` while they paint and never keep a colour: that is what makes light and dark switch live.
"""

from motestudio.domain.classes import class_series
from motestudio.gui.theme.core import Ink, Theme, theme
from motestudio.gui.theme.tokens import Tokens, load_tokens

__all__ = ["Ink", "Theme", "Tokens", "class_series", "load_tokens", "theme"]
