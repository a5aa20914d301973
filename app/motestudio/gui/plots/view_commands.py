"""The keys of a live plot, the same on every page that has one: past, zoom, ranges, cursors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from motestudio.gui.commands import Command
from motestudio.gui.plots.live_plot import LiveSignalPlot

_PAGE = 10.0
"""Steps of `LiveSignalPlot.step` that are all of the view."""

_Act = Callable[[LiveSignalPlot], object]

_ALWAYS: tuple[tuple[str, str, str, _Act], ...] = (
    ("back", "Go back a little", "Left", lambda p: p.step(-1)),
    ("on", "Go forward a little", "Right", lambda p: p.step(1)),
    ("page_back", "Go back by all that is shown", "PgUp", lambda p: p.step(-_PAGE)),
    ("page_on", "Go forward by all that is shown", "PgDown", lambda p: p.step(_PAGE)),
    ("oldest", "Go to the oldest that is kept", "Home", LiveSignalPlot.to_oldest),
    ("live", "Go to the newest and follow it", "End", LiveSignalPlot.to_live),
    ("in", "Zoom in", "+", lambda p: p.zoom(1)),
    ("out", "Zoom out", "-", lambda p: p.zoom(-1)),
    ("ranges", "Keep all ranges, or let them follow", "Y", LiveSignalPlot.toggle_locks),
    ("cursors", "Show or hide the cursors", "C", LiveSignalPlot.toggle_cursors),
)
_WITH_CURSORS: tuple[tuple[str, str, str, _Act], ...] = (
    ("other", "Move the other cursor from now on", "X", LiveSignalPlot.switch_cursor),
    ("left", "Cursor left by a pixel", "Shift+Left", lambda p: p.move_cursor(-1)),
    ("right", "Cursor right by a pixel", "Shift+Right", lambda p: p.move_cursor(1)),
    ("left10", "Cursor left by 10 pixels", "Ctrl+Left", lambda p: p.move_cursor(-10)),
    ("right10", "Cursor right by 10 pixels", "Ctrl+Right", lambda p: p.move_cursor(10)),
)


def view_commands(prefix: str, plot: Callable[[], LiveSignalPlot | None]) -> list[Command]:
    """Commands that act on the plot that is there when they are given; without one they cannot be done.

    Args:
        prefix: of their ids, such as ``record.view``.
        plot: the plot that is shown, or None.
    """

    def there() -> bool:
        return plot() is not None

    def cursors() -> bool:
        shown = plot()
        return shown is not None and shown.cursors.on

    def run(act: _Act) -> None:
        shown = plot()
        if shown is not None:
            act(shown)

    listed = [(*entry, there) for entry in _ALWAYS] + [(*entry, cursors) for entry in _WITH_CURSORS]
    return [
        Command(f"{prefix}_{name}", title, partial(run, act), "View", key, enabled)
        for name, title, key, act, enabled in listed
    ]
