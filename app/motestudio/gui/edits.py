"""Changes of the project, one after the other: edits of pages, undo, redo. Knows no verb and no widget.

The undo stack is not for several threads, and two edits of one recording must not overtake each other: whatever
pushes undo steps from the window goes through this queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Slot

from motestudio.gui.bridge import Bridge, RunningOperation

if TYPE_CHECKING:
    from motestudio.studio.operation import Operation

Work = Callable[["Operation"], Any]


@dataclass(frozen=True, slots=True)
class _Edit:
    title: str
    make: Callable[[], Work | None]
    on_done: Callable[[Any], object] | None
    quiet: bool


class EditQueue(QObject):
    """Runs one edit at a time, in the order they came."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._waiting: deque[_Edit] = deque()
        self._running: RunningOperation | None = None
        # Queued: `on_done` of the edit that ended comes first.
        bridge.finished.connect(self._finished, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether an edit runs or waits."""
        return self._running is not None or bool(self._waiting)

    def submit(
        self,
        title: str,
        make: Callable[[], Work | None],
        on_done: Callable[[Any], object] | None = None,
        *,
        quiet: bool = True,
    ) -> None:
        """Run an edit after those that were submitted before.

        Args:
            title: for the job strip and the log.
            make: called in the window's thread when the edit's turn comes, so that it can see what the edits before
                it did; returns the verb's call, or None where there is nothing left to do.
            on_done: called with the verb's result; errors go to the banner.
            quiet: keep it out of the job strip.
        """
        self._waiting.append(_Edit(title, make, on_done, quiet))
        self._next()

    def clear(self) -> None:
        """Forget what waits, as when the project closes."""
        self._waiting.clear()

    def _next(self) -> None:
        while self._running is None and self._waiting:
            edit = self._waiting.popleft()
            work = edit.make()
            if work is not None:
                self._running = self._bridge.run(edit.title, work, edit.on_done, quiet=edit.quiet)

    @Slot(object)
    def _finished(self, running: RunningOperation) -> None:
        if running is self._running:
            self._running = None
            self._next()
