"""The inspector: the big button, the classes with their targets, how a take is made, the last take."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from motestudio.errors import ProjectError
from motestudio.gui.pages.record.last_take import LastTake
from motestudio.gui.theme import Ink, class_series
from motestudio.gui.widgets import (
    Button,
    Choice,
    ClassRow,
    Column,
    NumberField,
    RecordButton,
    Row,
    RowList,
    SectionHeader,
    Text,
    TextField,
    labelled,
)
from motestudio.project.names import next_name
from motestudio.project.schema import ProjectConfig
from motestudio.studio.takes import TakeSummary

KEYS = "123456789"


class TakeForm(Column):
    """Shows a project's settings for recording; says what the user changed.

    Signals:
        changed(str, object): a field of `RecordConfig` and its new value.
        class_chosen(str): another class is to be recorded.
        class_added(str): the user typed the name of a new class.
        left: a field was left with Enter: the keys belong to the page again.
    """

    changed = Signal(str, object)
    class_chosen = Signal(str)
    class_added = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._config: ProjectConfig | None = None
        self._summary = TakeSummary()
        self.label = ""
        self.button = RecordButton("Record")
        self.sentence = Text("", "caption", "text_muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.add(self.button)
        self.add(self.sentence)
        self.add(SectionHeader("Class to record", "takes"), 8)
        self.classes = RowList()
        self.classes.chosen.connect(self._chosen)
        self.add(self.classes)
        self.add_button = Button("Add class", "link", "ph.plus")
        self.add_button.clicked.connect(self._ask_class)
        self.class_field = TextField("", "Name of the new class", "Name, then Enter")
        self.class_field.returnPressed.connect(self._add_class)
        self.class_field.editingFinished.connect(self._end_class)
        self.class_field.hide()
        line = QHBoxLayout()
        line.addWidget(self.add_button)
        line.addStretch(1)
        self.add_layout(line)
        self.add(self.class_field)
        self.separate()
        self._fields()
        self.last = LastTake()
        self.add(self.last)
        self.end()

    def _fields(self) -> None:
        self.add(SectionHeader("Take"))
        self.countdown = NumberField(
            1.0, minimum=0.0, maximum=60.0, step=0.5, decimals=1, unit="s", name="Countdown before a take"
        )
        self.seconds = NumberField(
            2.0, minimum=0.1, maximum=3600.0, step=0.5, decimals=1, unit="s", name="Length of a take"
        )
        self.subject = Choice((), "Subject")
        self.subject.setEditable(True)
        self.subject_edit = TextField("", "Subject", "who")
        self.subject_edit.setProperty("bare", True)
        self.subject.setLineEdit(self.subject_edit)
        self.subject.setInsertPolicy(Choice.InsertPolicy.NoInsert)
        self.session = TextField("", "Session")
        self.template = TextField("", "Take name template")
        self.next = Text("", "caption", "text_muted", wrap=True)
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.addWidget(labelled("Countdown", self.countdown), 0, 0)
        grid.addWidget(labelled("Length", self.seconds), 0, 1)
        grid.addWidget(labelled("Subject", self.subject), 1, 0)
        grid.addWidget(labelled("Session", self.session), 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.add_layout(grid)
        self.add(labelled("Take name", self.template))
        self.add(self.next)
        self.countdown.value_changed.connect(lambda v: self.changed.emit("countdown", v))
        self.seconds.value_changed.connect(lambda v: self.changed.emit("seconds", v))
        self.subject.activated.connect(self._subject)
        self.subject_edit.editingFinished.connect(self._subject)
        self.session.editingFinished.connect(self._session)
        self.template.textEdited.connect(self._show_next)
        self.template.editingFinished.connect(self._template)
        for field in (self.countdown, self.seconds, self.session, self.template, self.subject_edit):
            field.returnPressed.connect(self.left)

    # What the page tells

    def set_config(self, config: ProjectConfig) -> None:
        """Show the project's settings; a field that is being edited keeps its text."""
        before, self._config = self._config, config
        record = config.record
        self.countdown.set_value(record.countdown)
        self.seconds.set_value(record.seconds)
        for field, text in ((self.session, record.session), (self.template, record.name_template)):
            if not field.hasFocus():
                field.setText(text)
        if before is None or before.classes != config.classes:
            self._show_classes()
        self._show_subjects()
        self._show_counts()

    def set_summary(self, summary: TakeSummary) -> None:
        """Show how many takes there are."""
        self._summary = summary
        self._show_subjects()
        self._show_counts()

    def set_current_class(self, label: str) -> None:
        """Show a class as the one to record."""
        names = self.names
        if label in names:
            self.label = label
            self.classes.set_current(names.index(label))
            self._show_counts()

    @property
    def names(self) -> list[str]:
        """The classes, in order."""
        return [c.name for c in self._config.classes] if self._config else []

    @property
    def inks(self) -> dict[str, Ink]:
        """The colour of each class."""
        return {name: f"series:{number}" for name, number in class_series(self.names).items()}

    def count_of(self, label: str) -> tuple[int, int]:
        """Takes there are, and takes wanted."""
        target = next((c.target for c in self._config.classes if c.name == label), 0) if self._config else 0
        return self._summary.counts.get(label, 0), target

    def show_take_sentence(self, state: str = "idle") -> None:
        """Say what the button will do in a state of `TakeControl`."""
        if state in ("countdown", "recording"):
            self.sentence.setText("Space calls it off" if state == "countdown" else "Space stops and keeps it")
            return
        if self._config is None or not self.label:
            self.sentence.setText("Add a class to record.")
            return
        have, target = self.count_of(self.label)
        record = self._config.record
        wait = f"{record.countdown:g} s countdown, then " if record.countdown else ""
        of = f" of {target}" if target > have else ""
        text = f"{wait}{record.seconds:.1f} s, take {have + 1}{of}"
        self.sentence.setText(text[0].upper() + text[1:])

    # Inside

    def _show_classes(self) -> None:
        inks = self.inks
        rows: list[Row] = []
        for i, name in enumerate(self.names):
            rows.append(ClassRow(name, inks[name], KEYS[i] if i < len(KEYS) else ""))
        self.classes.set_rows(rows)
        names = self.names
        label = self.label if self.label in names else (names[0] if names else "")
        self.label = label
        if label:
            self.classes.set_current(names.index(label))
            self.class_chosen.emit(label)

    def _show_counts(self) -> None:
        for row, name in zip(self.classes.rows, self.names, strict=True):
            assert isinstance(row, ClassRow)
            row.set_count(*self.count_of(name))
        self._show_next()
        self.show_take_sentence()

    def _show_subjects(self) -> None:
        if self._config is None or self.subject_edit.hasFocus():
            return
        current = self._config.record.subject
        known = sorted({*self._summary.subjects, current} - {""})
        if [self.subject.itemText(i) for i in range(self.subject.count())] != known:
            self.subject.clear()
            self.subject.addItems(known)
        self.subject.setCurrentIndex(known.index(current) if current else -1)
        self.subject.setEditText(current)

    @Slot()
    def _show_next(self) -> None:
        if self._config is None:
            return
        record = self._config.record
        try:
            name = next_name(self.template.text(), self._summary.taken, self.label, record.subject, record.session)
        except ProjectError as error:
            self.template.set_problem(f"{error.text} {error.hint}")
            self.next.setText(error.hint)
            self.next.set_ink("bad")
            return
        self.template.set_problem("")
        self.next.setText(f"next: {name}")
        self.next.set_ink("text_muted")

    @Slot(int)
    def _chosen(self, index: int) -> None:
        self.label = self.names[index]
        self._show_counts()
        self.class_chosen.emit(self.label)

    @Slot()
    def _subject(self, _: Any = None) -> None:
        self._say("subject", self.subject.currentText().strip())

    @Slot()
    def _session(self) -> None:
        self._say("session", self.session.text().strip())

    @Slot()
    def _template(self) -> None:
        if not self.template.property("invalid"):
            self._say("name_template", self.template.text())

    def _say(self, field: str, value: str) -> None:
        if self._config is not None and getattr(self._config.record, field) != value:
            self.changed.emit(field, value)

    @Slot()
    def _ask_class(self) -> None:
        self.add_button.hide()
        self.class_field.clear()
        self.class_field.show()
        self.class_field.setFocus()

    @Slot()
    def _add_class(self) -> None:
        name = self.class_field.text().strip()
        if name:
            self.class_added.emit(name)
        self.left.emit()

    @Slot()
    def _end_class(self) -> None:
        self.class_field.hide()
        self.add_button.show()
