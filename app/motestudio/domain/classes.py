"""What a class's name tells: whether it is background, and its colour on every page, plot and report."""

from __future__ import annotations

from collections.abc import Sequence

BACKGROUND = frozenset(
    {"idle", "background", "noise", "silence", "unknown", "_silence_", "_unknown_", "negative", "rest", "other", "none"}
    | {"off", "healthy", "normal"}  # of machines
)
"""Names of classes in which nothing happens, or only what usually does: recorded whole, never trimmed, never fire."""
BACKGROUND_SERIES = 7
# The first three are the channels' colours in plots, so classes take them last.
CLASS_ORDER = (4, 5, 6, 8, 2, 3, 1)


def is_background(name: str) -> bool:
    """Whether nothing happens in a class."""
    return name.lower() in BACKGROUND


def class_series(classes: Sequence[str]) -> dict[str, int]:
    """Series number (1..8) of each class, in the project's class order.

    Background classes are grey. With more classes than colours the colours repeat: names stand beside every colour.
    """
    table: dict[str, int] = {}
    used = 0
    for name in classes:
        if is_background(name):
            table[name] = BACKGROUND_SERIES
        else:
            table[name] = CLASS_ORDER[used % len(CLASS_ORDER)]
            used += 1
    return table
