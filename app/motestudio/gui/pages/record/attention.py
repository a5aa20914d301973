"""What calls for attention beside the plots: tones, flashes, warnings, the figures of the link."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from motestudio.gui.cues import Cues
from motestudio.gui.pages.record.board_view import BoardView
from motestudio.gui.pages.record.levels import levels_of
from motestudio.gui.pages.record.link_panel import LinkPanel
from motestudio.gui.pages.record.take_view import TakeView
from motestudio.gui.pages.record.troubles import TroubleWatch

_LINK_EVERY_S = 0.5
_RUNNING = ("starting", "recording", "saving")


class Attention:
    """Told of states and figures by the page.

    Args:
        cues: to be heard.
        view: has warnings and levels.
        link: has the figures.
        shown: knows field mode while it is open.
    """

    def __init__(self, cues: Cues, view: BoardView, link: LinkPanel, shown: TakeView) -> None:
        self._cues, self._view, self._link, self._shown = cues, view, link, shown
        self._watch = TroubleWatch()
        self._kinds: set[str] = set()
        self._state = "idle"
        self._second = 0
        self._linked_at = 0.0

    def state(self, now: str, remaining: float, health: Any) -> str:
        """A state of `TakeControl`; at a take's begin and end there is something to hear and to see.

        Returns:
            ``began`` or ``ended`` where a take did, else nothing.
        """
        before, self._state = self._state, now
        if now in ("countdown", "pause"):
            second = int(remaining + 0.999)
            if second != self._second and 0 < second <= 3:
                self._cues.play("tick")
            self._second = second
            return "ended" if before in _RUNNING and self._ended() else ""
        self._second = 0
        if now == "recording" and before != "recording":
            self._watch.take_began(health, self._view.levels.stats)
            self._cues.play("begin")
            if self._shown.field is not None:
                self._shown.field.name.flash("bad_soft")
            return "began"
        return "ended" if before in _RUNNING and now not in _RUNNING and self._ended() else ""

    def _ended(self) -> bool:
        self._watch.take_ended()
        self._cues.play("end")
        if self._shown.field is not None:
            self._shown.field.name.flash("ok_soft")
        return True

    def health(self, health: Any, names: Sequence[str]) -> None:
        """New figures: what is wrong is said at once, the rest at the pace at which it is read.

        Args:
            health: of the link.
            names: of the board's channel groups.
        """
        if not self._view.levels.isVisible():
            self._view.levels.measure()
        troubles = self._watch.look(health, self._view.levels.stats)
        self._view.troubles.set_troubles(troubles)
        if self._shown.field is not None:
            self._shown.field.troubles.set_troubles(troubles)
            self._shown.field.levels.set_levels(levels_of(self._view.levels.stats))
        kinds = {t.kind for t in troubles}
        if self._state == "recording" and kinds - self._kinds:
            self._cues.play("trouble")
        self._kinds = kinds
        now = time.monotonic()
        if now - self._linked_at >= _LINK_EVERY_S:
            self._linked_at = now
            self._link.set_health(health, names)
            self._view.levels.set_room(health)
