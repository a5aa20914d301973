"""What stands in the preview's place while there is no window to show."""

from __future__ import annotations

from motestudio.gui.widgets import EmptyState


def no_takes() -> EmptyState:
    """There is no dataset yet."""
    return EmptyState(
        "ph.flow-arrow",
        "Nothing to show yet",
        "Record takes of two classes at least; then every stage shows here what it makes of them.",
        "Record a take",
        virtual=True,
    )


def no_stages() -> EmptyState:
    """There are takes, and nothing that cuts them into windows."""
    return EmptyState(
        "ph.flow-arrow",
        "No windows yet",
        "A pipeline begins with a stage that cuts takes into windows; every stage then shows what it makes of one.",
        "Add a stage",
    )


def no_window() -> EmptyState:
    """There are takes, and no window can be cut from them."""
    return EmptyState("ph.flow-arrow", "No window to show", "No window can be cut from this take.", "")
