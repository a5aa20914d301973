"""The takes of the project as the page shows them: sums, cards of those made while it is open, bands in the plot."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.devices.live_tail import LiveTailReader
from motestudio.gui.context import AppContext
from motestudio.gui.pages.record.control import EndedTake
from motestudio.gui.pages.record.last_take import TakeCard, read_card
from motestudio.gui.pages.record.scope import Band
from motestudio.studio.live import TailClock
from motestudio.studio.takes import TakeIndex, TakeSummary

_CARDS = 200


class TakeCards(QObject):
    """Reads in the background, once at a time.

    Signals:
        summed: `summary` is another one.
        changed: `last` or `bands` are.

    Attributes:
        summary: of all takes of the project.
    """

    summed = Signal()
    changed = Signal()

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.summary = TakeSummary()
        self._index: TakeIndex | None = None
        self._cards: dict[str, TakeCard] = {}
        self._old: set[str] = set()
        self._newest = ""
        self._reading = self._stale = False

    @property
    def last(self) -> TakeCard | None:
        """The newest that is still there."""
        there = [card for name, card in self._cards.items() if self._is_there(name)]
        return there[-1] if there else None

    @property
    def bands(self) -> list[Band]:
        """Takes in the live tail that is shown."""
        return [
            Band(card.name, card.label, card.start_s, card.end_s)
            for name, card in self._cards.items()
            if card.start_s >= 0 and name not in self._old and self._is_there(name)
        ]

    def _is_there(self, name: str) -> bool:
        return name in self.summary.names or name == self._newest

    @Slot()
    def project_changed(self) -> None:
        """Another project, or other settings of it."""
        project = self._context.project
        if project is None:
            self._index = None
        elif self._index is None or self._index.project is not project:
            self._index = TakeIndex(project)
            self.summary = TakeSummary()
            self._cards.clear()
            self._newest = ""
        self.changed.emit()

    def tail_changed(self) -> None:
        """Bands belong to a tail that is gone."""
        last = self.last
        self._cards = {name: card for name, card in self._cards.items() if card is last}
        self._old = set(self._cards)
        self.changed.emit()

    @Slot()
    def refresh(self) -> None:
        """Look at the takes."""
        index = self._index
        if index is None or self._reading:
            self._stale = self._reading
            return
        self._reading, self._stale = True, False
        self._context.run_operation(
            "Look at the takes", lambda _: (index, index.refresh()), self._summed, self._not_summed, quiet=True
        )

    def take_saved(self, take: EndedTake, reader: LiveTailReader | None) -> None:
        """A take is on the disk: look at it."""
        project = self._context.project
        if project is None:
            return
        clock = TailClock(reader) if reader is not None else None
        self._context.run_operation(
            f"Look at {take.name}",
            lambda _: read_card(project, take.name, take.label, clock),
            self._card_read,
            quiet=True,
        )

    def _summed(self, result: tuple[TakeIndex, TakeSummary]) -> None:
        self._reading = False
        index, summary = result
        if index is self._index:
            self.summary, self._newest = summary, ""
            self.summed.emit()
            self.changed.emit()
        if self._stale or index is not self._index:
            self.refresh()

    def _not_summed(self, error: BaseException) -> None:
        self._reading = False
        self._context.show_error(error)

    def _card_read(self, card: TakeCard) -> None:
        self._cards[card.name] = card
        while len(self._cards) > _CARDS:
            self._cards.pop(next(iter(self._cards)))
        if card.name not in self.summary.names:
            self._newest = card.name
            self.refresh()
        self.changed.emit()
