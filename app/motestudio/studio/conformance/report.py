"""What the conformance kit says: a row for every check of every stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "skipped"]


class CheckFailed(Exception):  # noqa: N818 - an outcome, not an error of ours
    """A check found something wrong with the plugin; the text says what."""


class CheckSkipped(Exception):  # noqa: N818 - likewise
    """A check cannot be made here, or does not apply; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check of one stage.

    Attributes:
        stage: full id; the plugin's own id for checks of the whole plugin.
        check: id of the check, see `catalogue.CHECKS`.
        title: of the check.
        state: passed, failed or skipped.
        text: what was found, or why it was skipped.
        seconds: it took.
    """

    stage: str
    check: str
    title: str
    state: State
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """All rows of one plugin.

    Attributes:
        plugin: its id, or the name of its folder where the manifest cannot be read.
        rows: in the order of the checks.
    """

    plugin: str
    rows: tuple[Row, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(row.state != "failed" for row in self.rows)

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that failed."""
        return tuple(row for row in self.rows if row.state == "failed")

    @property
    def seconds(self) -> float:
        """Of all checks."""
        return sum(row.seconds for row in self.rows)

    def __str__(self) -> str:
        """Every row as a line, failures as they are."""
        return "\n".join(_lines(self.rows))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"plugin": self.plugin, "passed": self.passed, "rows": [asdict(row) for row in self.rows]}


def _lines(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        yield f"{row.state:8} {row.stage:30} {row.title}: {row.text} ({row.seconds:.2f} s)"
