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


def not_run() -> EmptyState:
    """There are takes, and no stage has run."""
    return EmptyState(
        "ph.flow-arrow",
        "No windows yet",
        "Run the stages to see a window of a take before and after each of them.",
        "Run to the features",
    )
