"""One measured figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its goal and what the peer got in the same run.

    Attributes:
        name: what was measured.
        value: median over the runs; None where it could not be measured, which `peer` explains.
        unit: of value and goal.
        goal: at most this, or at least; None where it only stands for comparison.
        peer: what the peer got, in words.
        runs: how many.
        at_least: whether the goal is a lower bound.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    peer: str = ""
    runs: int = 1
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal holds; without a goal it always does."""
        if self.goal is None:
            return True
        if self.value is None:
            return False
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def shown(self) -> str:
        """The value for people."""
        if self.value is None:
            return "-"
        return f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:,.0f} {self.unit}"

    @property
    def goal_shown(self) -> str:
        """The goal for people."""
        if self.goal is None:
            return ""
        return f"{'at least' if self.at_least else 'at most'} {self.goal:g} {self.unit}"
