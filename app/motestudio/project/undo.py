"""What can be taken back, as pairs of functions. It knows nothing of what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_DEPTH = 200


@dataclass(frozen=True, slots=True)
class _Step:
    label: str
    undo: Callable[[], object]
    redo: Callable[[], object]


class UndoStack:
    """The steps of one project; not for several threads."""

    def __init__(self) -> None:
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._observers: list[Callable[[], None]] = []

    def push(self, label: str, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        """Remember a step that was just done; what was undone before can no longer be redone."""
        self._done.append(_Step(label, undo, redo))
        del self._done[:-_DEPTH]
        self._undone.clear()
        self._tell()

    def undo(self) -> str | None:
        """Take the last step back; returns its label, or None where there is none.

        An error of the step passes through, and the step stays where it was.
        """
        if not self._done:
            return None
        self._done[-1].undo()
        step = self._done.pop()
        self._undone.append(step)
        self._tell()
        return step.label

    def redo(self) -> str | None:
        """Do the last step that was taken back again; returns its label, or None."""
        if not self._undone:
            return None
        self._undone[-1].redo()
        step = self._undone.pop()
        self._done.append(step)
        self._tell()
        return step.label

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    @property
    def text(self) -> str:
        """Label of the step that `undo` would take back, or empty."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_text(self) -> str:
        """Label of the step that `redo` would do again, or empty."""
        return self._undone[-1].label if self._undone else ""

    def observe(self, observer: Callable[[], None]) -> None:
        """Call `observer` after every change."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in list(self._observers):
            observer()
