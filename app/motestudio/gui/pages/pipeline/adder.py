"""What may be added at a place of the pipeline: a list over the page, with what each stage is and would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from motestudio.gui.commands import fuzzy
from motestudio.gui.pages.pipeline import cards
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Canvas, Text, text_width
from motestudio.gui.widgets.canvas import shortened
from motestudio.gui.widgets.rows import Row
from motestudio.studio.outline import StageOutline
from motestudio.studio.pipeline_places import Addable

_WIDTH, _ROW, _HIGHEST = 440, 62, 460
_OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Escape)


class AddRow(Row):
    """A stage: title with its plugin, one line of help, and what it would cost or why it does not suit."""

    def __init__(self, addable: Addable, parent: QWidget | None = None) -> None:
        super().__init__(addable.entry.manifest.title, _ROW, parent)
        self.addable = addable
        self.told: StageOutline | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_told(self, told: StageOutline | None) -> None:
        """What the stage says it would give here."""
        self.told = told
        words = cards.cost_words(told)
        manifest = self.addable.entry.manifest
        self.setAccessibleName(f"{manifest.title}, {manifest.kind}, {words}".rstrip(", "))
        hint = told.error.hint if told is not None and told.error is not None else ""
        self.setToolTip("\n".join(t for t in (manifest.title, manifest.help, words, hint) if t))
        self.update()

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        entry = self.addable.entry
        canvas.icon(cards.ICONS.get(self.addable.kind, "ph.cube"), QRectF(rect.left(), 11, 18, 18), "text_secondary")
        left = rect.left() + 30
        room = rect.right() - left
        words = entry.plugin.id
        width = text_width(words, "caption")
        canvas.text(QRectF(left, 8, room, 18), words, "caption", "text_muted", "right")
        name = shortened(entry.manifest.title, "strong", room - width - 12)
        canvas.text(QRectF(left, 8, room - width - 12, 18), name, "strong")
        canvas.text(QRectF(left, 25, room, 16), _fitting(entry.manifest.help, room), "caption", "text_secondary")
        if entry.missing:
            line, ink = f"not installed: {', '.join(entry.missing)}", "bad"
        else:
            wrong = self.told is not None and self.told.error is not None
            line, ink = cards.cost_words(self.told), "warn" if wrong else "text_muted"
        canvas.text(QRectF(left, 41, room, 16), _fitting(line, room), "caption", ink)


def _fitting(text: str, room: float) -> str:
    """As many words as have room."""
    if text_width(text, "caption") <= room:
        return text
    words = text.split()
    while words and text_width(" ".join(words) + " …", "caption") > room:
        words.pop()
    return " ".join(words) + " …"


class StageAdder(QWidget):
    """Field over rows, by kind; arrows move, Enter adds, Escape closes.

    Signals:
        wanted(str, int): add this stage (full id) at this position, -1 for where it belongs.
        closed: it went away, with or without a choice.
    """

    wanted = Signal(str, int)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self._offered: list[Addable] = []
        self._told: Mapping[str, StageOutline] = {}
        self.place = -1
        self.rows: list[AddRow] = []
        self._current = 0
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(6)
        self.field = QLineEdit()
        self.field.setFont(theme().font("body"))
        self.field.setPlaceholderText("Find a stage to add")
        self.field.setAccessibleName("Stage to add")
        self.field.textChanged.connect(self._refresh)
        self.field.installEventFilter(self)
        box.addWidget(self.field)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._scroll, 1)
        self.hide()

    def open(
        self, offered: Sequence[Addable], told: Mapping[str, StageOutline], place: int, kind: str, near: QRect
    ) -> None:
        """Offer stages.

        Args:
            offered: what may be added anywhere.
            told: what each would give, by full id, as far as it is known.
            place: only those that may stand there, -1 for all.
            kind: only those of this kind, empty for all.
            near: the button that asked, on the page.
        """
        self.place = place
        self._offered = [
            a
            for a in offered
            if (place < 0 or place in a.places or (kind and a.kind == kind)) and (not kind or a.kind == kind)
        ]
        self._told = told
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
        self._refresh()
        height = min(_HIGHEST, 56 + sum(_ROW for _ in self.rows) + 24 * len({a.kind for a in self._offered}))
        height = max(120, min(height, self._page.height() - 24))
        x = min(max(12, near.center().x() - _WIDTH // 2), self._page.width() - _WIDTH - 12)
        y = min(near.bottom() + 6, self._page.height() - height - 12)
        self.setGeometry(x, y, _WIDTH, height)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_told(self, told: Mapping[str, StageOutline]) -> None:
        """What stages say came in."""
        self._told = told
        for row in self.rows:
            row.set_told(told.get(row.addable.entry.manifest.id))

    def close_adder(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _refresh(self) -> None:
        typed = self.field.text()
        inside = QWidget()
        inside.setProperty("surface", "clear")
        box = QVBoxLayout(inside)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.rows = []
        kind = ""
        for addable in self._offered:
            manifest = addable.entry.manifest
            if typed and fuzzy(typed, f"{manifest.title} {manifest.kind} {manifest.id}") is None:
                continue
            if addable.kind != kind:
                kind = addable.kind
                head = Text(kind.capitalize(), "section", "text_muted")
                head.setContentsMargins(8, 6, 0, 2)
                box.addWidget(head)
            row = AddRow(addable)
            row.set_told(self._told.get(manifest.id))
            row.clicked.connect(self._clicked)
            self.rows.append(row)
            box.addWidget(row)
        if not self.rows:
            words = f"No stage is called “{typed}”." if typed else "Nothing may be added here."
            nothing = Text(words, "body", "text_muted", wrap=True)
            nothing.setContentsMargins(8, 8, 8, 8)
            box.addWidget(nothing)
        box.addStretch(1)
        self._scroll.setWidget(inside)
        self._choose(0)

    def _choose(self, index: int) -> None:
        self._current = index % len(self.rows) if self.rows else 0
        for i, row in enumerate(self.rows):
            row.setChecked(i == self._current)
        if self._current:
            self._scroll.ensureWidgetVisible(self.rows[self._current], 0, 24)
        else:
            self._scroll.verticalScrollBar().setValue(0)

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, AddRow):
            self._add(row)

    def _add(self, row: AddRow) -> None:
        self.close_adder()
        place = self.place if self.place in row.addable.places else -1
        self.wanted.emit(row.addable.entry.manifest.id, place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move, Enter adds, Escape and losing the focus close."""
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and not self.underMouse():
            self.close_adder()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in _OWN_KEYS:
            # The page has some of these as shortcuts; while the list is open they are its own.
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._choose(self._current + (1 if key == Qt.Key.Key_Down else -1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self.rows:
                    self._add(self.rows[self._current])
                return True
            if key == Qt.Key.Key_Escape:
                self.close_adder()
                return True
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """A field and some rows."""
        return QSize(_WIDTH, 300)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised ground."""
        with Canvas(self) as canvas:
            canvas.box(QRectF(self.rect()), theme().radius("card"), "surface_raised", "line_strong")


def place_of(button: QWidget, page: QWidget) -> QRect:
    """Where a button is on the page."""
    return QRect(button.mapTo(page, QPoint(0, 0)), button.size())
