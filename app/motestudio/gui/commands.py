"""Commands: what the palette finds, shortcuts trigger and F1 lists. One registry for the window, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do by name.

    Attributes:
        id: stable, such as ``record.start``.
        title: a verb first, as "Record a take".
        run: does it.
        group: where it belongs, such as "Record"; muted in the palette.
        shortcut: in Qt's spelling (``Ctrl+R``, ``Space``), or empty.
        enabled: whether it can be done now.
    """

    id: str
    title: str
    run: Callable[[], object]
    group: str = ""
    shortcut: str = ""
    enabled: Callable[[], bool] = _always


class CommandRegistry:
    """All commands by their owner (the window, or a page)."""

    def __init__(self) -> None:
        self._by_owner: dict[str, tuple[Command, ...]] = {}
        self._sources: list[Callable[[str], Sequence[Command]]] = []

    def set(self, owner: str, commands: Sequence[Command]) -> None:
        """Replace the commands of an owner."""
        self._by_owner[owner] = tuple(commands)

    def of(self, owner: str) -> tuple[Command, ...]:
        """The commands of one owner."""
        return self._by_owner.get(owner, ())

    def all(self) -> list[Command]:
        """Every command that can be done now."""
        return [c for commands in self._by_owner.values() for c in commands if c.enabled()]

    def add_source(self, source: Callable[[str], Sequence[Command]]) -> None:
        """Let `source` add what matches a typed text, such as takes by their name; it is asked at every letter."""
        self._sources.append(source)

    def matching(self, query: str, limit: int = 12) -> list[Command]:
        """What the palette shows for a typed text, best first."""
        extra = [c for source in self._sources for c in source(query)] if query.strip() else []
        return ranked(query, [*self.all(), *extra], limit)

    def find(self, command_id: str) -> Command | None:
        """A command by id."""
        return next((c for commands in self._by_owner.values() for c in commands if c.id == command_id), None)


def fuzzy(query: str, text: str) -> float | None:
    """How well a text matches what was typed: higher is better, None for no match.

    Every typed letter must occur in order. Letters at word starts (2) and in a row (3) count more than others (0.5);
    the best of all alignments counts. Equal texts keep their order.
    """
    wanted, where = query.lower().replace(" ", ""), text.lower()
    if not wanted:
        return 0.0
    best: list[float | None] = [0.0] * len(where)
    for n, letter in enumerate(wanted):
        now: list[float | None] = [None] * len(where)
        reach: float | None = 0.0 if n == 0 else None
        for i, found in enumerate(where):
            before = best[i - 1] if i and n else None
            if n and before is not None:
                reach = before if reach is None else max(reach, before)
            if found != letter or reach is None:
                continue
            gain = 2.5 if i == 0 else (2.0 if not where[i - 1].isalnum() else 0.5)
            now[i] = max(reach + gain, before + 3.0 if before is not None else -1.0)
        best = now
    scores = [s for s in best if s is not None]
    return max(scores, default=None)


def ranked(query: str, commands: Sequence[Command], limit: int = 12) -> list[Command]:
    """The commands that match, best first; their own order where nothing is typed."""
    scored = []
    for order, command in enumerate(commands):
        score = fuzzy(query, command.title)
        if score is None:
            whole = fuzzy(query, f"{command.group} {command.title}")
            score = None if whole is None else whole - 1.0
        if score is not None:
            scored.append((-score, order, command))
    scored.sort(key=lambda item: item[:2])
    return [command for _, _, command in scored[:limit]]
