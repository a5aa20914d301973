"""What a running stage may ask of the studio."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class RunContext(Protocol):
    """Handed to every stage's ``run``; calls are cheap and may be made from the stage's thread at any time."""

    @property
    def workdir(self) -> Path:
        """An empty folder of this run's own: the only place to write to."""

    @property
    def seed(self) -> int:
        """Seed of every random draw; the same seed must give the same output."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Report how far the run is.

        Args:
            fraction: 0..1.
            text: what is being done, a few words.

        Raises:
            Cancelled: the user cancelled; let it pass through.
        """

    def metric(self, name: str, value: float, step: int) -> None:
        """Report a figure of a series, such as a loss per epoch."""

    def log(self, text: str) -> None:
        """Add a line to the run's log."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` where the user cancelled; call it in long loops."""
