"""Numbers as the window shows them."""

from __future__ import annotations

import pytest

from motestudio.gui.numbers import byte_size, count, duration, quantity, signed, significant


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, ("0", "B")),
        (928, ("928", "B")),
        (1126, ("1.1", "KB")),
        (35021, ("34.2", "KB")),
        (120832, ("118", "KB")),
        (1048576, ("1,024", "KB")),
        (31457280, ("30.0", "MB")),
    ],
)
def test_bytes(value, shown):
    assert byte_size(value) == shown


def test_the_rest():
    assert quantity(442000, "") == ("442", "k")
    assert quantity(0.021, "s") == ("21.0", "ms")
    assert quantity(0, "s") == ("0", "s")
    assert significant(0.6) == "0.60"
    assert significant(float("nan")) == "–"
    assert count(-1284) == "\u22121,284"
    assert signed(-0.09, 2) == "\u22120.09"
    assert signed(0.06, 2) == "+0.06"
    assert [duration(s) for s in (0.31, 38, 72, 7500)] == ["0.3 s", "38 s", "1 min 12 s", "2 h 5 min"]
