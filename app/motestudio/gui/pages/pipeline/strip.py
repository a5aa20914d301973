"""The strip of the page: dataset, stage cards, and arrows with what flows. It shows and says what was chosen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from motestudio.gui.pages.pipeline import cards
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, FlowArrow, PaintedButton, StageCard, text_width
from motestudio.gui.widgets.marks import STATES
from motestudio.studio.pipeline_view import DatasetView, PipelineView

HEIGHT = 176
_LEAST_CARD, _SMALL_CARD, _WIDEST_CARD = 116, 92, 260
_ARROW_ONLY = 12
DATASET = ""
"""The key under which the dataset is chosen."""


class DatasetBlock(PaintedButton):
    """The dataset, left of the first stage: no card, because nothing runs there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Dataset", parent)
        self.setCheckable(True)
        self._lines: tuple[str, ...] = ()
        self._state = "none"

    def set_dataset(self, dataset: DatasetView) -> None:
        """Show how its takes are split."""
        data = dataset.data
        self._state = "fresh" if data else "none"
        self._lines = ("split by", data.split_by) if data else ("no takes", "")
        self.setAccessibleName(f"Dataset, {' '.join(self._lines)}".strip())
        self.setToolTip(dataset.reason or f"{len(data.takes) if data else 0} takes, split by {self._lines[1]}")
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(round(max(56.0, text_width("Dataset", "strong") + 12)), HEIGHT)

    def paint(self, canvas: Canvas) -> None:
        """Draw icon, dot, words."""
        rect = QRectF(self.rect())
        chosen = self.isChecked()
        if chosen:
            canvas.box(QRectF(0, 33, rect.width(), 100), theme().radius("card"), "selection")
        elif self.hovered:
            canvas.box(QRectF(0, 33, rect.width(), 100), theme().radius("card"), theme().mix("surface", "track", 0.6))
        canvas.icon("ph.database", QRectF(4, 43, 20, 20), "accent" if chosen else "text_secondary")
        ink, hollow = STATES[self._state]
        canvas.dot(QPointF(34, 48), 6, ink, hollow=hollow)
        room = rect.width() - 5
        canvas.text(QRectF(4, 74, room, 18), "Dataset", "strong")
        for n, line in enumerate(self._lines):
            canvas.text(QRectF(4, 94 + 16 * n, room, 16), line, "caption", "text_muted")
        if self.ring_visible:
            canvas.ring(QRectF(0, 33, rect.width(), 100), theme().radius("card"))


class StageStrip(QScrollArea):
    """All blocks side by side; arrows give way to bare ones, then the strip scrolls.

    Signals:
        chosen(str): the user chose this stage by its key, `DATASET` for the dataset.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._inside = QWidget()
        self._inside.setProperty("surface", "clear")
        self.setWidget(self._inside)
        self.dataset = DatasetBlock(self._inside)
        self.dataset.clicked.connect(self._clicked)
        self.cards: dict[str, StageCard] = {}
        self.arrows: list[FlowArrow] = []
        self.current = DATASET
        self._arrange()

    @property
    def keys(self) -> list[str]:
        """Everything that can be chosen, left to right."""
        return [DATASET, *self.cards]

    def show_view(self, view: PipelineView, progress: cards.Progress, touched: int) -> None:
        """Show a pipeline; stages from index `touched` on were just changed."""
        keys = [s.status.use.key for s in view.stages]
        if keys != list(self.cards):
            self._make(keys)
        self.dataset.set_dataset(view.dataset)
        flows = [cards.dataset_flow(view.dataset)]
        for n, stage in enumerate(view.stages):
            facts = cards.card(stage, progress, touched=touched <= n)
            self.cards[stage.status.use.key].set_facts(facts)
            flows.append(cards.flow(stage, stale=facts.state != "fresh"))
        for arrow, facts_of_flow in zip(self.arrows, flows, strict=False):
            arrow.set(facts_of_flow.count, facts_of_flow.shape, facts_of_flow.size, stale=facts_of_flow.stale)
        self._arrange()
        self.set_current(self.current if self.current in self.keys else DATASET)

    def set_current(self, key: str) -> None:
        """Mark the chosen block and bring it into sight."""
        self.current = key
        self.dataset.setChecked(key == DATASET)
        for name, card in self.cards.items():
            card.setChecked(name == key)
        self.ensureWidgetVisible(self.cards.get(key, self.dataset), 40, 0)

    def step(self, by: int) -> None:
        """Choose the next block, or the one before."""
        keys = self.keys
        at = min(len(keys) - 1, max(0, keys.index(self.current) + by))
        if keys[at] != self.current:
            self.set_current(keys[at])
            self.chosen.emit(keys[at])

    def _make(self, keys: list[str]) -> None:
        for old in [*self.cards.values(), *self.arrows]:
            old.hide()
            old.deleteLater()
        self.cards, self.arrows = {}, []
        for key in keys:
            arrow = FlowArrow(parent=self._inside)
            card = StageCard(cards.CardFacts(cards.title(key)), self._inside)
            card.clicked.connect(self._clicked)
            self.arrows.append(arrow)
            self.cards[key] = card
            arrow.show()
            card.show()

    def _clicked(self) -> None:
        sender = self.sender()
        key = next((k for k, card in self.cards.items() if card is sender), DATASET)
        self.set_current(key)
        self.chosen.emit(key)

    def _arrange(self) -> None:
        """Give everything its place; see the class."""
        width, n = self.width(), len(self.cards)
        first = self.dataset.sizeHint().width()
        flows = [a.sizeHint().width() for a in self.arrows]
        wide = (width - first - sum(flows)) // n if n else 0
        if n and wide < _LEAST_CARD:
            flows = [_ARROW_ONLY] * n
            wide = max(_SMALL_CARD, (width - first - sum(flows)) // n)
        spare = 0
        if n and wide > _WIDEST_CARD:
            spare, wide = (wide - _WIDEST_CARD) * n // n, _WIDEST_CARD
        x = first
        self.dataset.setGeometry(0, 0, first, HEIGHT)
        for arrow, card, flow in zip(self.arrows, self.cards.values(), flows, strict=True):
            arrow.setGeometry(x, 0, flow + spare, HEIGHT)
            card.setGeometry(x + flow + spare, 0, wide, HEIGHT)
            x += flow + spare + wide
        scrolls = x > width
        self._inside.resize(x, HEIGHT)
        height = HEIGHT + (10 if scrolls else 0)
        if self.height() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange for the new width."""
        super().resizeEvent(event)
        self._arrange()
