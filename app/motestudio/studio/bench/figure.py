"""One measured figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its goal and what the peer got in the same run.

    Attributes:
        name: what was measured.
        value: median over the runs.
        unit: of value and goal.
        goal: at most this; None where it only stands for comparison.
        peer: what the peer got, in words.
        runs: how many.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    peer: str = ""
    runs: int = 1

    @property
    def met(self) -> bool:
        """Whether the goal holds."""
        return self.goal is None or self.value <= self.goal

    @property
    def shown(self) -> str:
        """The value for people."""
        return f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:.0f} {self.unit}"

    @property
    def goal_shown(self) -> str:
        """The goal for people."""
        return "" if self.goal is None else f"at most {self.goal:g} {self.unit}"
