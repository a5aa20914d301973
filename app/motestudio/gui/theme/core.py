"""The theme object: the scheme in force, colours and mixes by role, fonts, sizes; switches live.

It must not know any widget. Widgets read it while painting; plots connect to `changed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from motestudio.domain.classes import class_series
from motestudio.gui.theme import fonts, icons, style
from motestudio.gui.theme.tokens import Scheme, load_tokens

Ink = str | QColor
"""A colour: a role (``text_muted``), ``series:3``, ``#RRGGBB`` or a QColor."""

MODES = ("system", "light", "dark", "sunlight")

# (light, dark) share of the class or kind colour in an opaque mix with the surface.
_TINTS = {
    "segment": (0.42, 0.50),
    "proposed": (0.28, 0.28),
    "accepted": (0.12, 0.12),
    "flag": (0.26, 0.26),
    "arena": (0.20, 0.26),
    "arena_selected": (0.42, 0.52),
    "tile": (0.10, 0.16),
}
# (light, dark) alpha of bands over signals.
_ALPHAS = {"band": (0.08, 0.10), "selected_band": (0.13, 0.13), "score": (0.09, 0.10), "score_above": (0.36, 0.42)}


class Theme(QObject):
    """The scheme in force.

    Signals:
        changed: the scheme is another one; everything painted by hand repaints.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens = load_tokens()
        self._mode = "system"
        self._scheme = self._wanted()
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._applied = False
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self._mode

    @property
    def scheme(self) -> Scheme:
        """The scheme in force."""
        return self._scheme

    @property
    def dark(self) -> bool:
        """Whether the dark scheme is in force."""
        return self._scheme.name == "dark"

    @property
    def bold(self) -> bool:
        """Whether lines are drawn thicker, to be seen in the sun."""
        return self._scheme.name == "sunlight"

    def set_mode(self, mode: str) -> None:
        """Follow the system, or stay with one scheme."""
        if mode not in MODES:
            raise ValueError(mode)
        self._mode = mode
        self._follow()

    def apply(self, app: QApplication) -> None:
        """Give the application its style, palette, fonts and style sheet."""
        self._applied = True
        app.setStyle("Fusion")
        app.setFont(self.font("body"))
        app.setPalette(style.palette(self))
        app.setStyleSheet(style.sheet(self))

    def _wanted(self) -> Scheme:
        name = self._mode
        if name == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            name = "dark" if dark else "light"
        return self.tokens.schemes[name]

    def _follow(self) -> None:
        wanted = self._wanted()
        if wanted.name == self._scheme.name:
            return
        self._scheme = wanted
        app = QApplication.instance()
        if self._applied and isinstance(app, QApplication):
            app.setPalette(style.palette(self))
            # A new style sheet repaints every widget. Never walk allWidgets() here: wrappers that PySide makes for
            # widgets of Qt's own outlive them, and the next one at the same address crashes.
            app.setStyleSheet(style.sheet(self))
        self.changed.emit()

    def color(self, ink: Ink) -> QColor:
        """The colour of a role, a series (``series:3``) or a literal."""
        if isinstance(ink, QColor):
            return ink
        if ink.startswith("series:"):
            return self.series(int(ink[7:]))
        return QColor(ink if ink.startswith("#") else self._scheme.colors[ink])

    def series(self, number: int) -> QColor:
        """Series colour 1..8; higher numbers repeat."""
        return QColor(self._scheme.series[(number - 1) % len(self._scheme.series)])

    def class_colors(self, classes: Sequence[str]) -> dict[str, QColor]:
        """The colour of each of a project's classes."""
        return {name: self.series(number) for name, number in class_series(classes).items()}

    def mix(self, base: Ink, over: Ink, share: float) -> QColor:
        """Opaque mix: `base` with this share of `over`."""
        a, b = self.color(base), self.color(over)
        pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
        return QColor(*(round(x + (y - x) * share) for x, y in pairs))

    def tint(self, ink: Ink, kind: str, base: Ink = "surface") -> QColor:
        """An opaque tint: ``segment``, ``proposed``, ``accepted``, ``flag``, ``arena``,
        ``arena_selected``, ``tile``.
        """
        return self.mix(base, ink, _TINTS[kind][self.dark])

    def veil(self, ink: Ink, kind: str) -> QColor:
        """A see-through colour over signals: ``band``, ``selected_band``, ``score``, ``score_above``."""
        color = QColor(self.color(ink))
        color.setAlphaF(_ALPHAS[kind][self.dark])
        return color

    def heat_table(self) -> list[int]:
        """256 opaque ARGB values from the surface colour upwards, for an indexed QImage."""
        stops = self._scheme.heat_stops
        table = []
        for i in range(256):
            at = i / 255
            j = next(k for k in range(1, len(stops)) if at <= stops[k][0] or k == len(stops) - 1)
            (p0, c0), (p1, c1) = stops[j - 1], stops[j]
            table.append(self.mix(c0, c1, (at - p0) / (p1 - p0)).rgb())
        return table

    def font(self, name: str, weight: int | None = None) -> QFont:
        """The font of a type style, see `fonts.font`."""
        return fonts.font(name, weight)

    def radius(self, role: str) -> int:
        """Corner radius in pixels."""
        return self.tokens.radius[role]

    def size(self, role: str) -> int:
        """A size in pixels."""
        return self.tokens.size[role]

    def icon(self, name: str, ink: str = "text_secondary") -> QIcon:
        """A Phosphor icon (``ph.record``) in a role's colour, right at any scale and after a theme switch."""
        key = (name, ink)
        if key not in self._icons:
            self._icons[key] = icons.icon(name, partial(self._icon_color, ink))
        return self._icons[key]

    def _icon_color(self, ink: str, mode: QIcon.Mode) -> QColor:
        return self.color("text_disabled" if mode == QIcon.Mode.Disabled else ink)


_current: Theme | None = None


def theme() -> Theme:
    """The application's theme, made at the first call after the QApplication."""
    global _current  # noqa: PLW0603 - one per process, like the QApplication it belongs to
    if _current is None:
        _current = Theme()
    return _current
