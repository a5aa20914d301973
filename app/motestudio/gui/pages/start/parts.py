"""The start page's own widgets: template tile, recent project, missing tool, board, terminal line, new-project form."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.gui.data import BoardCard, RecentCard, TemplateCard, ToolCard
from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.start.art import paint_thumb, paint_tile
from motestudio.gui.theme import theme
from motestudio.gui.widgets import (
    Button,
    Canvas,
    ElidedText,
    PaintedButton,
    Row,
    StatusDot,
    Text,
    TextField,
    labelled,
    text_width,
)
from motestudio.gui.widgets.canvas import shortened
from motestudio.gui.widgets.marks import STATES


class TemplateTile(PaintedButton):
    """A picture, a name, two lines of text, two facts. Checkable; a double click starts a project."""

    started = Signal()

    def __init__(self, card: TemplateCard, parent: QWidget | None = None) -> None:
        super().__init__(card.title, parent)
        self.card = card
        self.setCheckable(True)
        self.setAccessibleName(f"{card.title}: {card.text}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._art = 128
        self.setFixedHeight(262)
        self.setMinimumWidth(150)

    def set_compact(self, compact: bool) -> None:
        """A lower picture, for small windows."""
        self._art = 64 if compact else 128
        self.setFixedHeight(self._art + 134)

    def sizeHint(self) -> QSize:
        """204 wide with the ring, as in the picture."""
        return QSize(204, 262)

    def mouseDoubleClickEvent(self, event: object) -> None:
        """Start at once."""
        self.started.emit()

    def paint(self, canvas: Canvas) -> None:
        """Draw the tile."""
        tile = QRectF(4, 4, self.width() - 8, self._art)
        paint_tile(canvas, tile, self.card.art)
        if self.isChecked():
            canvas.ring(tile.adjusted(-4, -4, 4, 4), theme().radius("tile") + 3)
        elif self.hovered:
            canvas.box(tile.adjusted(-4, -4, 4, 4), theme().radius("tile") + 3, None, "line_strong")
        if self.ring_visible:
            canvas.box(tile.adjusted(1, 1, -1, -1), theme().radius("tile") - 1, None, "accent", 2)
        canvas.text(QRectF(4, self._art + 20, tile.width(), 22), self.card.title, "title")
        for i, line in enumerate(_two_lines(self.card.text, tile.width())):
            canvas.text(QRectF(4, self._art + 47 + 20 * i, tile.width(), 18), line, "body", "text_secondary")
        for i, line in enumerate(self.card.facts):
            canvas.text(QRectF(4, self._art + 94 + 16 * i, tile.width(), 16), line, "caption", "text_muted", elide=True)


def _two_lines(text: str, width: float) -> list[str]:
    metrics = QFontMetricsF(theme().font("body"))
    first: list[str] = []
    words = text.split()
    while words and metrics.horizontalAdvance(" ".join([*first, words[0]])) <= width:
        first.append(words.pop(0))
    return [line for line in (" ".join(first), " ".join(words)) if line]


class RecentRow(Row):
    """A project: course, name and place, board and takes, verdict and stage dots, RAM, when."""

    outset = 12

    def __init__(self, card: RecentCard, parent: QWidget | None = None) -> None:
        super().__init__(card.name, theme().size("row_recent"), parent)
        self.card = card
        self.setToolTip(str(card.folder))
        self.setAccessibleName(f"{card.name}, {card.verdict}, {card.takes}, {card.when}")

    def paint(self, canvas: Canvas) -> None:
        """A selection 56 px high inside the 64 px pitch."""
        rect = QRectF(self.rect())
        ground = rect.adjusted(0, 4, 0, -4)
        if self.hovered or self.isChecked() or self.ring_visible:
            canvas.box(ground, theme().radius("row"), "selection")
        self.paint_content(canvas, rect.adjusted(self.outset, 0, -self.outset, 0))
        if self.ring_visible:
            canvas.ring(ground, theme().radius("row"))

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw as many columns as there is room for."""
        card, wide = self.card, rect.width()
        when = text_width(card.when, "caption")
        canvas.text(QRectF(rect.right() - when - 1, 0, when + 2, 64), card.when, "caption", "text_muted")
        left = rect.left()
        if wide > 620:
            paint_thumb(canvas, QRectF(left, 18, 96, 28), card.thumb)
            left += 120
        columns = [(card.name, card.place, "strong"), (card.board, card.takes, "body")]
        stops = [0.0, 168.0, 336.0, 522.0] if wide > 760 else [0.0, 0.27 * wide, 0.52 * wide, 2 * wide]
        if wide <= 620:
            stops = [0.0, 0.36 * wide, 0.62 * wide, 2 * wide]
        end = rect.right() - when - 16
        for (first, second, style), at, stop in zip(columns, stops, stops[1:], strict=False):
            room = min(left + stop - 12, end) - (left + at)
            ink = "text" if style == "strong" else "text_secondary"
            canvas.text(QRectF(left + at, 14, room, 18), shortened(first, style, room), style, ink)
            canvas.text(QRectF(left + at, 33, room, 16), shortened(second, "caption", room), "caption", "text_muted")
        x = left + stops[2]
        room = min(left + stops[3] - 12, end) - x
        canvas.text(QRectF(x, 14, room, 18), card.verdict, "body", card.verdict_ink, elide=True)
        for i, state in enumerate(card.stages):
            ink, hollow = STATES[state]
            if i * 12 + 8 <= room:
                canvas.dot(QPointF(x + 4 + 12 * i, 42), 6, ink, hollow=hollow)
        if card.ram is not None and wide > 760:
            self._ram(canvas, left + stops[3], card.ram)

    @staticmethod
    def _ram(canvas: Canvas, x: float, ram: tuple[float, float]) -> None:
        used, limit = ram
        number, unit = byte_size(used)
        whole, _ = byte_size(limit)
        of = whole.removesuffix(".0")
        canvas.number(QRectF(x, 15, 140, 16), f"{number} of {of}", f"{unit} RAM", "caption_number")
        canvas.bar(QRectF(x, 40, 112, 4), used / limit, "ok_mark" if used <= limit else "bad_mark")


class MissingRow(QWidget):
    """A missing tool with what it is needed for and how to get it.

    Signals:
        copied(str): the fix, as text to run, is on the clipboard.
    """

    copied = Signal(str)

    def __init__(self, card: ToolCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fix = card.fix
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 0, 8)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedText(card.name, "strong"))
        words.addWidget(Text(f"needed for {card.purpose}", "caption", "text_muted", wrap=True))
        row.addLayout(words, 1)
        button = Button("Copy fix")
        button.setToolTip(card.fix)
        button.clicked.connect(self._copy)
        row.addWidget(button)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._fix)
        self.copied.emit(self._fix)


class BoardRow(QWidget):
    """A board or port with "Connect", or "Why?" where it is in use.

    Signals:
        wanted(BoardCard): the user clicked.
    """

    wanted = Signal(object)

    def __init__(self, card: BoardCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = card
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(12)
        mark = QVBoxLayout()
        mark.setContentsMargins(0, 4, 0, 0)
        dot = StatusDot("stale" if card.busy else ("fresh" if card.port == "virtual" else "none"))
        mark.addWidget(dot, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(mark)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedText(card.name, "control"))
        words.addWidget(ElidedText(card.note, "caption", "text_muted"))
        row.addLayout(words, 1)
        button = Button("Why?" if card.busy else "Connect", "link")
        button.small = False
        button.setAccessibleName(f"{button.text()} {card.name}")
        button.clicked.connect(lambda: self.wanted.emit(self.card))
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)


class TerminalLine(PaintedButton):
    """A command to copy."""

    def __init__(self, command: str, parent: QWidget | None = None) -> None:
        super().__init__(command, parent)
        self.setAccessibleName(f"Copy: {command}")
        self.setToolTip("Copy")
        self.setFixedHeight(40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self.setToolTip("Copied")

    def sizeHint(self) -> QSize:
        """40 px high."""
        return QSize(200, 40)

    def paint(self, canvas: Canvas) -> None:
        """Draw the line."""
        rect = QRectF(self.rect())
        canvas.box(rect, theme().radius("row"), "track" if self.hovered else theme().mix("chrome", "track", 0.5))
        canvas.text(rect.adjusted(12, 0, -40, 0), self.text(), "control", "text_secondary", elide=True)
        canvas.icon("ph.copy", QRectF(rect.right() - 28, rect.center().y() - 7, 14, 14), "text_muted")
        if self.ring_visible:
            canvas.ring(rect, theme().radius("row"))


class NewProjectForm(QWidget):
    """Name and folder in one line; no dialog.

    Signals:
        wanted(str, str): name and folder.
        left: cancelled.
    """

    wanted = Signal(str, str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(8)
        self.name = TextField("", "Project name")
        self.folder = TextField("", "Folder")
        choose = Button("Choose", "secondary", "ph.folder-open")
        create = Button("Create project", "primary", key="Enter")
        cancel = Button("Cancel", "quiet")
        for widget, stretch in ((labelled("Project name", self.name), 2), (labelled("Folder", self.folder), 3)):
            row.addWidget(widget, stretch)
        for button in (choose, cancel, create):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        self.note = Text("", "caption", "text_muted")
        self.name.textEdited.connect(self._suggest)
        self.name.returnPressed.connect(self._create)
        self.folder.returnPressed.connect(self._create)
        create.clicked.connect(self._create)
        cancel.clicked.connect(self.left)
        choose.clicked.connect(self._choose)
        self._base = Path.home() / "mote"

    def begin(self, name: str, base: Path) -> None:
        """Suggest a name and a free folder under `base`."""
        self._base = base
        self.name.setText(name)
        self._suggest(name)
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def _suggest(self, name: str) -> None:
        self.folder.setText(str(free_folder(self._base, name)))

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Where to keep the project", str(Path.home()))
        if folder:
            self._base = Path(folder)
            self._suggest(self.name.text())

    def _create(self) -> None:
        name = self.name.text().strip()
        self.name.set_problem("" if name else "A project needs a name.")
        if name:
            self.wanted.emit(name, self.folder.text().strip())


def free_folder(base: Path, name: str) -> Path:
    """A folder under `base` that does not exist yet."""
    clean = "-".join("".join(c if c.isalnum() or c in "-_" else " " for c in name).split()) or "project"
    folder, n = base / clean, 2
    while folder.exists():
        folder, n = base / f"{clean}-{n}", n + 1
    return folder
