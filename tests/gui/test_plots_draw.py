"""Plots: what is drawn is what was measured, and dragging says what it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from motestudio.domain.model_report import MemoryPlan, ModelGraph, OpInfo, Placement
from motestudio.gui.plots.arena_map import ArenaMap
from motestudio.gui.plots.confusion import ConfusionMatrix
from motestudio.gui.plots.heat_map import HeatMap
from motestudio.gui.plots.line_plot import LinePlot, Series
from motestudio.gui.plots.overview import OverviewStrip
from motestudio.gui.plots.scatter import ParetoPlot, RunPoint, front
from motestudio.gui.plots.score_plot import LEFT, RIGHT, ScorePlot
from motestudio.gui.plots.signal_plot import PlotChannel, Region, SignalPlot
from motestudio.gui.plots.ticks import min_max, nice_range, tick_text, ticks
from motestudio.gui.plots.tracks import Block, Track
from motestudio.gui.theme import theme


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500),
    st.integers(1, 60),
    st.integers(0, 1000),
)
def test_decimation_keeps_the_extremes_and_the_order(values, columns, first):
    array = np.array(values)
    at, kept = min_max(array, columns, first)
    assert np.all(np.diff(at) >= 0)
    assert np.array_equal(array[at.astype(int)], kept)
    size = -(-len(values) // columns)
    skip = -first % size if len(values) > 2 * columns else 0
    whole = (len(values) - skip) // size * size if len(values) > 2 * columns else len(values)
    body = array[skip : skip + whole]
    if len(body):
        assert kept.max() == body.max()
        assert kept.min() == body.min()


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5), st.integers(2, 12))
def test_ticks_are_few_and_inside(low, span, most):
    found = ticks(low, low + span, most)
    assert len(found) <= most + 1
    slack = span * 1e-6 + 1e-9
    assert all(low - slack <= t <= low + span + slack for t in found)
    wide = nice_range(low, low + span)
    assert wide[0] <= low + slack
    assert wide[1] >= low + span - slack


def test_tick_numbers_have_the_decimals_they_need():
    assert [tick_text(v, 0.25) for v in (0, 0.25, 0.5)] == ["0.00", "0.25", "0.50"]
    assert tick_text(-150, 150) == "\u2212150"
    assert tick_text(2000, 500) == "2,000"


def pixels_of(widget, ink) -> int:
    image = widget.grab().toImage()
    wanted = theme().color(ink)
    count = 0
    for y in range(image.height()):
        for x in range(image.width()):
            c = QColor(image.pixel(x, y))
            count += abs(c.red() - wanted.red()) + abs(c.green() - wanted.green()) + abs(c.blue() - wanted.blue()) < 40
    return count


def test_signal_plot_draws_every_channel_and_follows_the_theme(shown):
    plot = shown(SignalPlot("Accelerometer", "g", [PlotChannel("x", "series:1"), PlotChannel("y", "series:2")]))
    t = np.arange(1040) / 104
    plot.set_data(np.stack([np.sin(t), np.cos(t)], 1), 104.0)
    plot.set_view(0, 10)
    plot.set_regions([Region(2, 4, "series:4")])
    assert pixels_of(plot, "series:1") > 10
    assert pixels_of(plot, "series:2") > 10
    theme().set_mode("dark")
    assert pixels_of(plot, "series:1") > 10
    assert pixels_of(plot, "surface") > 1000


def test_signal_plot_without_samples_is_empty_and_calm(shown):
    plot = shown(SignalPlot("", "", [PlotChannel("x", "series:1")]))
    plot.set_data(np.zeros((0, 1)), 104.0)
    plot.set_view(5, 6)
    assert pixels_of(plot, "series:1") == 0


def test_a_click_says_its_time(qtbot, shown):
    plot = shown(SignalPlot("", "", [PlotChannel("x", "series:1")], axis_width=40))
    plot.set_view(100, 110)
    seen = []
    plot.pressed.connect(seen.append)
    middle = 40 + (plot.view.width() - 40) // 2
    qtbot.mouseClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle, 50))
    assert seen == [pytest.approx(105, abs=0.1)]


def test_overview_viewport_by_mouse_and_keys(qtbot, shown):
    strip = OverviewStrip(axis_width=0)
    shown(strip, 500, 64)
    strip.set_data(np.sin(np.arange(10000) / 50.0), 100.0)
    strip.set_viewport(10, 20)
    seen = []
    strip.viewport_changed.connect(lambda a, b: seen.append((round(a, 1), round(b, 1))))
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(75, 30))
    qtbot.mouseMove(strip, QPoint(175, 30))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(175, 30))
    assert seen[-1] == (30.0, 40.0)
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert seen[-1] == (32.5, 42.5)
    for _ in range(60):
        qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert seen[-1] == (90.0, 100.0)


def test_heat_map_puts_row_0_at_the_bottom_and_low_at_the_surface(shown):
    heat = shown(HeatMap(), 64, 64)
    values = np.zeros((2, 2))
    values[1, 0] = 1.0
    heat.set_data(values)
    image = heat.grab().toImage()
    assert QColor(image.pixel(10, 10)) == theme().color("surface")
    assert QColor(image.pixel(54, 54)) == QColor(theme().scheme.heat_stops[-1][1])
    heat.set_data(np.full((3, 5), np.nan))
    heat.grab()


def test_threshold_is_dragged_and_stepped(qtbot, shown):
    plot = shown(ScorePlot("wave", "series:4", 0.5), 480, 116)
    plot.set_view(0, 10)
    plot.set_scores([0.0, 5.0, 10.0], [0.1, 0.9, 0.2])
    moved, changed = [], []
    plot.threshold_moved.connect(moved.append)
    plot.threshold_changed.connect(changed.append)
    middle = 10 + 100 // 2
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(480 - RIGHT + 20, middle))
    qtbot.mouseMove(plot, QPoint(480 - RIGHT + 20, middle - 30))
    assert changed == []
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=QPoint(480 - RIGHT + 20, middle - 30))
    assert changed == [pytest.approx(0.8, abs=0.02)]
    assert moved
    before = plot.threshold
    qtbot.keyClick(plot, Qt.Key.Key_Down)
    assert plot.threshold == pytest.approx(before - 0.01)
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + 50, 108))
    assert not plot._drag


def test_background_has_no_threshold(qtbot, shown):
    plot = shown(ScorePlot("idle", "series:7", None), 480, 116)
    with qtbot.assertNotEmitted(plot.threshold_changed):
        qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert "no limit" in plot.accessibleName()


def test_confusion_cells_by_mouse_and_arrows(qtbot, shown):
    matrix = shown(ConfusionMatrix(), 400, 300)
    matrix.set_matrix(["wave", "tap"], [[9, 1], [0, 10]], ["series:4", "series:5"])
    assert matrix.accessibleName() == "Confusion matrix: 19 of 20 right"
    seen = []
    matrix.chosen.connect(lambda a, b: seen.append((a, b)))
    rect = matrix._rect(0, 1).center().toPoint()
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=rect)
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    assert seen == [(0, 1), (1, 1)]


def plan() -> tuple[MemoryPlan, ModelGraph]:
    placements = (
        Placement(0, "input", 0, 0, 8192, 3072),
        Placement(1, "a", 0, 1, 0, 8192),
        Placement(2, "b", 1, 2, 8192, 12288),
        Placement(3, "c", 2, 3, 0, 16),
    )
    ops = tuple(OpInfo(i, "CONV_2D", f"Conv {i}", (i,), (i + 1,), 1000, 10) for i in range(3))
    graph = ModelGraph((), ops, (0,), (3,), 1000, 3)
    return MemoryPlan(placements, 20480, (11264, 20480, 12304, 16), 1, 20480), graph


def test_arena_map_links_and_marks(qtbot, shown, assert_no_clipped_text):
    arena = shown(ArenaMap(), 900, 360)
    arena.set_plan(*plan(), 4915)
    arena.set_callout("Peak 20.0 KB at op 1: Conv 1 holds its input and output whole.", "Stride 2 makes it 11.0 KB")
    assert_no_clipped_text(arena)
    chosen, hovered = [], []
    arena.chosen.connect(chosen.append)
    arena.hovered.connect(hovered.append)
    left, wide = arena._column(2)
    qtbot.mouseMove(arena, QPoint(int(left + wide / 2), 200))
    qtbot.mouseClick(arena, Qt.MouseButton.LeftButton, pos=QPoint(int(left + wide / 2), 200))
    qtbot.keyClick(arena, Qt.Key.Key_Left)
    assert hovered[-1] == 2
    assert chosen == [2, 1]


def test_no_block_is_thinner_than_3_pixels(shown):
    arena = shown(ArenaMap(), 900, 360)
    arena.set_plan(*plan(), 0)
    assert all(arena._block(p).height() >= 3 for p in plan()[0].placements)


def test_tracks_choose_create_and_stretch(qtbot, shown):
    track = shown(Track("Mine", "label", 0, editable=True), 400, 36)
    track.set_view(0, 4)
    track.set_blocks([Block(1, 2, "wave", "series:4")])
    chosen, changed, created = [], [], []
    track.chosen.connect(chosen.append)
    track.changed.connect(lambda i, a, b: changed.append((i, round(a, 2), round(b, 2))))
    track.created.connect(lambda a, b: created.append((round(a, 2), round(b, 2))))
    qtbot.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPoint(150, 18))
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(200, 18))
    qtbot.mouseMove(track, QPoint(250, 18))
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(250, 18))
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(300, 18))
    qtbot.mouseMove(track, QPoint(350, 18))
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(350, 18))
    assert chosen == [0, 0]
    assert changed == [(0, 1.0, 2.5)]
    assert created == [(3.0, 3.5)]


def test_curves_and_pareto(qtbot, shown, assert_no_clipped_text):
    lines = shown(LinePlot("Loss", "", "epoch"), 420, 240)
    lines.set_series([Series("training", [0, 1, 2], [1.0, 0.5, 0.25], "series:3")], 60)
    assert lines.accessibleName() == "Loss: training 0.250"
    assert_no_clipped_text(lines)
    points = [RunPoint("a", 10, 90), RunPoint("b", 20, 96), RunPoint("c", 30, 95), RunPoint("d", 90, 99, fits=False)]
    assert front(points) == [0, 1]
    pareto = shown(ParetoPlot("RAM, KB", "Accuracy, %"), 420, 240)
    pareto.set_points(points)
    with qtbot.waitSignal(pareto.chosen) as chosen:
        qtbot.mouseClick(pareto, Qt.MouseButton.LeftButton, pos=pareto._places()[3][1].toPoint())
    assert chosen.args == [1]
    pareto.set_points([])
    pareto.grab()
