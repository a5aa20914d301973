"""One stage of a plugin: what it is and needs, and, unfolded, the table of its parameters."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.params import Param
from motestudio.gui.pages.plugins import rows
from motestudio.gui.widgets import Canvas, Row, Tag, Text
from motestudio.gui.widgets.canvas import shortened, text_width
from motestudio.plugins.manifest import StageManifest

_COLUMNS = ("Parameter", "Allowed", "Default", "What it does")
_WIDTHS = (5, 5, 3, 9)


class StageHead(Row):
    """Folds the parameters in and out."""

    def __init__(self, stage: StageManifest, parent: QWidget | None = None) -> None:
        super().__init__(stage.title, 32, parent)
        self._id = stage.id
        self.open = False
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        """Show it folded or not."""
        self.open = is_open
        self.setChecked(False)
        self.setAccessibleName(f"{self.text()}, {self._id}, parameters {'shown' if is_open else 'hidden'}")
        self.update()

    def paint_content(self, canvas: Canvas, rect: QRectF) -> None:
        """Draw the row."""
        caret = "ph.caret-down" if self.open else "ph.caret-right"
        canvas.icon(caret, QRectF(rect.left(), rect.center().y() - 7, 14, 14), "text_muted")
        left = rect.left() + 20
        title = shortened(self.text(), "strong", rect.right() - left)
        end = canvas.text(QRectF(left, rect.top(), rect.right() - left + 1, rect.height()), title, "strong")
        if end + 10 + text_width(self._id, "caption") <= rect.right():
            place = QRectF(end + 10, rect.top(), rect.right() - end - 9, rect.height())
            canvas.text(place, self._id, "caption", "text_muted")


class StageSection(QWidget):
    """A stage with its tags, its help and its parameters.

    Args:
        stage: from the manifest.
        missing: modules that it needs and that are not installed.
        is_open: with the parameters shown; else they are made when they are asked for.
    """

    def __init__(
        self, stage: StageManifest, missing: tuple[str, ...], *, is_open: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.stage = stage
        self.table: QWidget | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(6)
        self.head = StageHead(stage)
        self.head.clicked.connect(self.toggle)
        top.addWidget(self.head, 1)
        for words, tone in self._tags():
            top.addWidget(Tag(words, tone))
        # Rows stand out, so that their text aligns with the rest.
        top.setContentsMargins(0, 0, Row.outset, 0)
        box.addLayout(top)
        self._inner = QVBoxLayout()
        self._inner.setContentsMargins(Row.outset + 20, 0, Row.outset, 6)
        self._inner.setSpacing(4)
        if stage.help:
            self._inner.addWidget(Text(stage.help, "body", "text_secondary", wrap=True))
        if flow := rows.flow_of(stage):
            self._inner.addWidget(Text(flow.capitalize() + ".", "caption", "text_muted", wrap=True))
        if stage.requires:
            self._inner.addLayout(_needs(stage.requires, missing))
        box.addLayout(self._inner)
        if is_open:
            self.toggle()

    def _tags(self) -> list[tuple[str, str]]:
        stage = self.stage
        tags = [(rows.plural(len(stage.params), "parameter"), "neutral")] if stage.params else []
        if stage.implementation > 1 or stage.older:
            tags.append((rows.implementation_of(stage), "neutral"))
        if stage.csrc:
            tags.append(("C for the board", "accent"))
        elif rows.reaches_board(stage):
            tags.append(("no C: desk only", "warn"))
        return tags

    def toggle(self) -> None:
        """Show the parameters, or hide them."""
        self.head.set_open(not self.head.open)
        if self.table is None:
            self.table = ParamTable(self.stage.params)
            self._inner.addWidget(self.table)
        else:
            self.table.setVisible(self.head.open)


def _needs(requires: tuple[str, ...], missing: tuple[str, ...]) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(6)
    line.addWidget(Text("Needs", "caption", "text_muted"))
    for name in requires:
        line.addWidget(Tag(f"{name}: not installed", "warn") if name in missing else Tag(name))
    line.addStretch(1)
    return line


class ParamTable(QWidget):
    """Every parameter: title and key, what is allowed and its type, default, help and when it is shown."""

    def __init__(self, params: tuple[Param, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 6)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        if not params:
            grid.addWidget(Text("Nothing to set.", "caption", "text_muted"), 0, 0)
            return
        for column, (name, width) in enumerate(zip(_COLUMNS, _WIDTHS, strict=True)):
            grid.addWidget(Text(name, "section", "text_muted"), 0, column)
            grid.setColumnStretch(column, width)
        group, line = "", 1
        for param in params:
            if param.group != group:
                group = param.group
                grid.addWidget(Text(group, "section", "text_secondary"), line, 0, 1, len(_COLUMNS))
                line += 1
            told = "\n".join(t for t in (param.help, rows.condition_of(param, params)) if t)
            cells = (
                ((param.title or param.key, "caption_number", "text"), (param.key, "caption", "text_muted")),
                (
                    (rows.range_of(param), "caption", "text_secondary"),
                    (rows.TYPES[param.type], "caption", "text_muted"),
                ),
                ((rows.default_of(param), "caption", "text"),),
                ((told, "caption", "text_secondary"),),
            )
            for column, cell in enumerate(cells):
                grid.addLayout(_stack(cell), line, column)
            line += 1


def _stack(texts: tuple[tuple[str, str, str], ...]) -> QVBoxLayout:
    box = QVBoxLayout()
    box.setSpacing(1)
    for text, style, ink in texts:
        box.addWidget(Text(text, style, ink, wrap=True))
    box.addStretch(1)
    return box
