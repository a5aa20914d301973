"""The strip of the page: dataset, stage cards, and arrows with what flows. It shows, and says what the user wants.

Feature stages stand above each other in one column between two flows: each reads the windows, and they are joined.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from motestudio.domain.params import Value
from motestudio.gui.pages.pipeline import cards
from motestudio.gui.pages.pipeline.strip_parts import GAP_HEIGHT, AddButton, DatasetBlock, DropMark, GapCard, StripCard
from motestudio.gui.widgets import FlowArrow
from motestudio.gui.widgets.stage_card import CARD_HEIGHT
from motestudio.studio.outline import Outline
from motestudio.studio.pipeline_places import Gap
from motestudio.studio.pipeline_view import PipelineView, StageView

_LEAST_CARD, _SMALL_CARD, _WIDEST_CARD, _SCROLLED_CARD = 98, 92, 260, 124
_ARROW_ONLY = 20
_GAP = 8
_LOW = ((2, 84), (3, 54), (99, 46))
"""Height of the cards of a column, by how many there are at most."""
_END = 28
DATASET = ""
"""The key under which the dataset is chosen."""


@dataclass
class Column:
    """What stands between two arrows: cards above each other, or what is missing."""

    keys: list[str] = field(default_factory=list)
    gap: Gap | None = None
    place: int = 0


def columns_of(view: PipelineView) -> list[Column]:
    """The columns of a pipeline, left to right."""
    made: list[Column] = []
    for n, stage in enumerate(view.stages):
        made += [Column(gap=gap, place=n) for gap in view.gaps if gap.place == n]
        beside = stage.kind == "feature" and n and view.stages[n - 1].kind == "feature" and made and made[-1].keys
        if beside:
            made[-1].keys.append(stage.status.use.key)
        else:
            made.append(Column([stage.status.use.key], place=n))
    return made + [Column(gap=gap, place=len(view.stages)) for gap in view.gaps if gap.place >= len(view.stages)]


class StageStrip(QScrollArea):
    """All blocks side by side; arrows give way to bare ones, then the strip scrolls.

    Attributes:
        allowed: to which positions a stage may be moved, by its key; set by the page.

    Signals:
        chosen(str): the user chose this stage by its key, `DATASET` for the dataset.
        add_wanted(int, str, QWidget): a stage is to be added at this position, of this kind where not empty; the
            button that asked.
        moved(str, int): this stage is to go to this position.
    """

    chosen = Signal(str)
    add_wanted = Signal(int, str, QWidget)
    moved = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setProperty("scrolls_sideways", True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._inside = QWidget()
        self._inside.setProperty("surface", "clear")
        self.setWidget(self._inside)
        self.dataset = DatasetBlock(self._inside)
        self.dataset.clicked.connect(self._clicked)
        self.cards: dict[str, StripCard] = {}
        self.arrows: list[FlowArrow] = []
        self.adders: list[AddButton] = []
        self.gaps: list[GapCard] = []
        self.current = DATASET
        self.allowed: Callable[[str], Sequence[int]] = lambda _: ()
        self._columns: list[Column] = []
        self._signature: object = None
        self._drop: tuple[str, int] | None = None
        self._mark = DropMark(self._inside)
        self._arrange()

    @property
    def keys(self) -> list[str]:
        """Everything that can be chosen, left to right."""
        return [DATASET, *self.cards]

    def show_view(
        self,
        view: PipelineView,
        outline: Outline,
        progress: cards.Progress,
        touched: Collection[str],
        pending: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> None:
        """Show a pipeline; `touched` stages were just changed, `pending` holds what is not saved yet."""
        columns = columns_of(view)
        places = frozenset(place for addable in view.addable for place in addable.places)
        signature = ([(c.keys, c.gap) for c in columns], places)
        renewed = signature != self._signature
        if renewed:
            self._signature, self._columns = signature, columns
            self._make(view, places)
        self.dataset.set_dataset(view.dataset)
        for stage in view.stages:
            key = stage.status.use.key
            told, set_now = outline.stages.get(key), (pending or {}).get(key)
            facts = cards.card(stage, progress, touched=key in touched, told=told, params=set_now)
            self.cards[key].set_facts(facts)
        by_key = {stage.status.use.key: stage for stage in view.stages}
        flows = [cards.dataset_flow(view.dataset), *(self._flow(c, by_key, outline) for c in columns)]
        for arrow, flow in zip(self.arrows, flows, strict=False):
            arrow.set(flow.count, flow.shape, flow.size, stale=flow.stale, words=flow.words)
        self._arrange()
        if self.current not in self.keys:
            self.current = DATASET
        self._mark_current()
        if renewed:
            self._see_current()

    def _flow(self, column: Column, stages: Mapping[str, StageView], outline: Outline) -> cards.FlowFacts:
        if column.gap is not None:
            return cards.FlowFacts(stale=True)
        stale = any(self.cards[key].facts.state != "fresh" for key in column.keys)
        return cards.flow([stages[key] for key in column.keys], outline, stale=stale)

    def set_current(self, key: str) -> None:
        """Mark the chosen block and bring it into sight."""
        self.current = key
        self._mark_current()
        self._see_current()

    def _see_current(self) -> None:
        self.ensureWidgetVisible(self.cards.get(self.current, self.dataset), 40, 0)

    def _mark_current(self) -> None:
        self.dataset.setChecked(self.current == DATASET)
        for name, card in self.cards.items():
            card.setChecked(name == self.current)

    def step(self, by: int) -> None:
        """Choose the next block, or the one before."""
        keys = self.keys
        at = min(len(keys) - 1, max(0, keys.index(self.current) + by))
        if keys[at] != self.current:
            self.set_current(keys[at])
            self.chosen.emit(keys[at])

    # Making

    def _make(self, view: PipelineView, places: frozenset[int]) -> None:
        for old in [*self.arrows, *self.adders, *self.gaps]:
            old.hide()
            old.deleteLater()
        self.arrows, self.adders, self.gaps = [], [], []
        kept, self.cards = self.cards, {}
        many = False
        for column in self._columns:
            self.arrows.append(FlowArrow(parent=self._inside))
            self.arrows[-1].branch(many, len(column.keys) > 1)
            many = len(column.keys) > 1
            if column.gap is not None:
                gap = GapCard(column.gap, self._inside)
                gap.clicked.connect(self._gap_clicked)
                self.gaps.append(gap)
            for key in column.keys:
                self.cards[key] = kept.pop(key) if key in kept else self._card(key)
        for card in kept.values():
            card.hide()
            card.deleteLater()
        ends = [*(c.place for c in self._columns if c.gap is None), len(view.stages)]
        for place in sorted(set(ends) & places):
            after = cards.title(view.stages[place - 1].status.use.key) if place else "the dataset"
            self.adders.append(AddButton(place, f"Add a stage after {after}", self._inside))
            self.adders[-1].clicked.connect(self._add_clicked)
        self._tab_order()
        for made in [*self.arrows, *self.cards.values(), *self.gaps, *self.adders]:
            made.show()

    def _card(self, key: str) -> StripCard:
        card = StripCard(cards.CardFacts(cards.title(key)), self._inside)
        card.clicked.connect(self._clicked)
        card.dragged.connect(self._dragged)
        card.dropped.connect(self._dropped)
        card.left_drag.connect(self._no_drop)
        return card

    def _tab_order(self) -> None:
        """Left to right: the dataset, then by column what adds before it and its cards."""
        order: list[QWidget] = [self.dataset]
        gaps = iter(self.gaps)
        for column in self._columns:
            order += [adder for adder in self.adders if adder.place == column.place and column.gap is None]
            order += [next(gaps)] if column.gap is not None else [self.cards[key] for key in column.keys]
        order += [adder for adder in self.adders if adder not in order]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    # What the user does

    def _clicked(self) -> None:
        sender = self.sender()
        key = next((k for k, card in self.cards.items() if card is sender), DATASET)
        self.set_current(key)
        self.chosen.emit(key)

    def _add_clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, AddButton):
            self.add_wanted.emit(sender.place, "", sender)

    def _gap_clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, GapCard):
            self.add_wanted.emit(sender.gap.place, sender.gap.kind, sender)

    def _dragged(self, at: QPoint) -> None:
        sender = self.sender()
        key = next((k for k, card in self.cards.items() if card is sender), "")
        inside = self._inside.mapFromGlobal(at)
        self.ensureVisible(inside.x(), inside.y(), 60, 0)
        marks = {place: self._mark_at(key, place) for place in self.allowed(key)}
        near = sorted(marks, key=lambda p: (marks[p].center() - inside).manhattanLength())
        own = (self.cards[key].geometry().center() - inside).manhattanLength()
        if near and (marks[near[0]].center() - inside).manhattanLength() < max(own, 40):
            self._drop = (key, near[0])
            self._mark.setGeometry(marks[near[0]])
            self._mark.raise_()
            self._mark.show()
        else:
            self._no_drop()

    def _mark_at(self, key: str, place: int) -> QRect:
        """Where a card would go that is moved to a position: between two cards of a column, or before a column."""
        rest = [k for k in self.cards if k != key]
        before = self.cards[rest[place - 1]].geometry() if place else self.dataset.geometry()
        after = self.cards[rest[place]].geometry() if place < len(rest) else None
        own = self.cards[key].geometry()
        for near, y in ((after, -_GAP // 2 - 2), (before, 0)):
            if near is not None and near.left() == own.left():
                top = near.top() + y if near is after else near.bottom() + _GAP // 2 - 1
                return QRect(near.left(), top, near.width(), 3)
        height = self._inside.height()
        if after is not None:
            return QRect(after.left() - 8, 0, 3, height)
        return QRect(before.right() + 6, 0, 3, height)

    def _dropped(self) -> None:
        drop = self._drop
        self._no_drop()
        if drop is not None:
            self.moved.emit(*drop)

    def _no_drop(self) -> None:
        self._drop = None
        self._mark.hide()

    # Arranging

    def _arrange(self) -> None:
        """Give everything its place; see the class."""
        first = self.dataset.sizeHint().width()
        wide, flows = self._widths(first)
        height = max([CARD_HEIGHT, *(_stack(len(c.keys))[1] for c in self._columns)])
        top = (height - CARD_HEIGHT) // 2
        self.dataset.setGeometry(0, top, first, CARD_HEIGHT)
        x, gaps = first, iter(self.gaps)
        heights: list[tuple[float, ...]] = [()]
        ends: dict[int, int] = {}
        for column, arrow, flow in zip(self._columns, self.arrows, flows, strict=True):
            arrow.setGeometry(x, top, flow, CARD_HEIGHT)
            ends.setdefault(column.place, x + flow // 2)
            x += flow
            if column.gap is not None:
                width = next(gaps)
                width.setGeometry(x, (height - GAP_HEIGHT) // 2, width.sizeHint().width(), GAP_HEIGHT)
                x += width.sizeHint().width()
                heights.append(())
                continue
            heights.append(tuple(y + 0.5 - top for y in self._stand(column, x, wide, height)))
            x += wide
        for arrow, (start, end) in zip(self.arrows, pairwise(heights), strict=True):
            arrow.set_branches(start, end)
        for adder in self.adders:
            middle = ends.get(adder.place, x + _END // 2)
            adder.move(middle - adder.width() // 2, top + 118)
            adder.raise_()
        if any(adder.place not in ends for adder in self.adders):
            x += _END
        self._inside.resize(x, height)
        whole = height + (10 if x > self.width() else 0)
        if self.height() != whole or self.maximumHeight() != whole:
            self.setFixedHeight(whole)

    def _widths(self, first: int) -> tuple[int, list[int]]:
        """Width of every card, and of each arrow."""
        flows = [a.sizeHint().width() for a in self.arrows]
        n = sum(1 for c in self._columns if c.gap is None)
        end = _END if any(a.place >= len(self.cards) for a in self.adders) and self._columns else 0
        fixed = first + end + sum(g.sizeHint().width() for g in self.gaps)
        if not n:
            return _SCROLLED_CARD, flows
        wide = (self.width() - fixed - sum(flows)) // n
        if wide < _LEAST_CARD:
            bare = [_ARROW_ONLY] * len(flows)
            wide = (self.width() - fixed - sum(bare)) // n
            if wide >= _SMALL_CARD:
                flows = bare
        if wide < _SMALL_CARD:
            # It scrolls in any case: nothing need be small.
            wide = _SCROLLED_CARD
        if wide > _WIDEST_CARD:
            spare, wide = (wide - _WIDEST_CARD) * n // len(flows), _WIDEST_CARD
            flows = [flow + spare for flow in flows]
        return wide, flows

    def _stand(self, column: Column, x: int, wide: int, height: int) -> list[int]:
        """Put the cards of a column above each other; returns the middle of each."""
        each, whole = _stack(len(column.keys))
        y, middles = (height - whole) // 2, []
        for key in column.keys:
            self.cards[key].setGeometry(x, y, wide, each)
            middles.append(y + each // 2)
            y += each + _GAP
        return middles

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange for the new width."""
        super().resizeEvent(event)
        self._arrange()
        self._see_current()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls sideways."""
        bar = self.horizontalScrollBar()
        delta = event.angleDelta()
        bar.setValue(bar.value() - (delta.y() or delta.x()))
        event.accept()


def _stack(many: int) -> tuple[int, int]:
    """Height of one card of a column of so many, and of the column."""
    if many < 2:
        return CARD_HEIGHT, CARD_HEIGHT
    each = next(height for most, height in _LOW if many <= most)
    return each, many * each + (many - 1) * _GAP
