"""The small plots of the report."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from motestudio.studio.report import svg


def parse(figure: str) -> ET.Element:
    return ET.fromstring(figure)


def test_a_peak_of_one_sample_survives_thinning() -> None:
    x = np.arange(100_000) / 1000
    y = np.zeros(100_000)
    y[54_321] = 7.0
    figure = svg.lines(x, [y], ["ax"], y_range=(0.0, 7.0))
    points = re.search(r'points="([^"]+)"', figure)
    assert points
    heights = [float(p.split(",")[1]) for p in points[1].split()]
    assert min(heights) == pytest.approx(8.0)
    assert len(heights) < 2500


def test_flags_of_neighbours_stand_in_different_rows() -> None:
    x = np.linspace(0, 10, 50)
    marks = [(1.0, "wave 0.91", 4), (1.2, "circle 0.80", 5), (9.0, "tap 0.99", 6)]
    figure = parse(svg.lines(x, [np.sin(x)], ["ax"], marks=marks))
    flags = {t.text: t.get("y") for t in figure.iter("text") if t.get("class") == "flag"}
    assert flags["wave 0.91"] != flags["circle 0.80"]
    assert flags["tap 0.99"] == flags["wave 0.91"]


def test_names_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    for figure in (svg.lines(np.arange(3.0), [np.arange(3.0)], [evil]), svg.matrix([[1, 0], [0, 2]], [evil, "b"])):
        assert "<script" not in figure
        parse(figure)


def test_matrix_has_a_cell_per_pair_and_no_zeroes() -> None:
    figure = parse(svg.matrix([[3, 0], [1, 4]], ["a", "b"]))
    cells = [t.text or "" for t in figure.iter("text") if t.get("class") == "cell"]
    assert cells == ["3", "", "1", "4"]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.7, 912.0), (1e-6, 2e-6), (5.0, 5.0)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    values = svg.ticks(low, high)
    assert 1 <= len(values) <= 11
    assert all(low - 1e-9 <= v <= high + (high - low) * 1e-6 + 1e-9 for v in values)
