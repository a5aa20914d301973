"""The size map of the Deploy page: two bars and a table, by pointer and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from motestudio.firmware.link_map import PARTS, PartSize
from motestudio.gui.pages.deploy.size_map import SizeMap, size_ink
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Number
from support.pixels import drawn_rows

SIZES = (
    PartSize("model", 20_000, 0),
    PartSize("kernels and TFLM", 40_000, 12),
    PartSize("arena", 0, 30_000),
    PartSize("stack", 0, 8_192),
)


@pytest.fixture
def sizes(shown):
    made = shown(SizeMap(), 360, 400)
    made.set_parts(SIZES, 131_072, 65_536)
    return made


def test_before_the_first_link_it_says_what_will_be_here(shown):
    made = shown(SizeMap(), 360, 200)
    assert made.empty.isVisible()
    assert not made.bars["Flash"].isVisible()


def test_all_bytes_can_be_read_without_seeing_the_bars(sizes):
    assert sizes.bars["Flash"].accessibleName() == "Flash: 58.6 KB of 128 KB"
    assert sizes.bars["Flash"].accessibleDescription() == "model 20,000 bytes, kernels and TFLM 40,000 bytes"
    assert sizes.bars["RAM"].accessibleDescription() == (
        "kernels and TFLM 12 bytes, arena 30,000 bytes, stack 8,192 bytes"
    )
    assert list(sizes.names) == ["model", "kernels and TFLM", "arena", "stack"]
    assert {"20,000 B", "30,000 B"} <= {number.toolTip() for number in sizes.findChildren(Number)}


def test_arrows_go_through_the_parts_and_mark_them_in_both_bars_and_the_table(sizes):
    bar = sizes.bars["RAM"]
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert bar.toolTip() == "arena: 29.3 KB (30,000 B)"
    assert sizes.names["arena"].property("ink") == "accent"
    QTest.keyClick(bar, Qt.Key.Key_End)
    assert sizes.names["stack"].property("ink") == "accent"
    assert sizes.names["arena"].property("ink") == "text_secondary"
    QTest.keyClick(bar, Qt.Key.Key_Home)
    assert bar.toolTip().startswith("kernels and TFLM")


def test_the_pointer_tells_the_part_under_it(qtbot, sizes):
    bar = sizes.bars["Flash"]
    qtbot.mouseMove(bar, QPoint(round(bar.width() * 10_000 / 131_072), 12))
    qtbot.waitUntil(lambda: bar.toolTip().startswith("model: 19.5 KB"))
    qtbot.mouseMove(bar, QPoint(bar.width() - 4, 12))
    qtbot.waitUntil(lambda: bar.toolTip() == "")


def test_more_than_the_region_has_is_red(sizes):
    sizes.set_parts((PartSize("model", 131_073, 0),), 131_072, 65_536)
    assert sizes.totals["Flash"]._ink == "bad"
    assert sizes.totals["RAM"]._ink == "text"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_block_has_its_colour_and_nothing_is_cut(sizes, mode, assert_no_clipped_text):
    theme().set_mode(mode)
    assert_no_clipped_text(sizes)
    bar = sizes.bars["Flash"]
    edges = {"model": 1, "kernels and TFLM": bar.width() * 20_000 / 131_072 + 1}
    for part, x in edges.items():
        assert len(drawn_rows(bar, x, size_ink(part))) >= 15


def test_parts_of_the_chip_can_be_told_apart():
    inks = [theme().color(size_ink(part)).name() for part in PARTS]
    assert len(set(inks)) == len(inks)
