"""How a take is made, who and where, and its name: the fields of the inspector that stay until they are changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from motestudio.domain.signal import ChannelGroup
from motestudio.errors import ProjectError
from motestudio.gui.widgets import Choice, NumberField, SectionHeader, Separator, Text, TextField, Toggle, labelled
from motestudio.project.names import next_name
from motestudio.project.schema import RecordConfig
from motestudio.studio.takes import TakeSummary

STARTS = ("key", "level")
_DEFAULT_SECONDS = 2.0
_FACTS = (("session", "Session"), ("site", "Site"), ("device", "Device"), ("note", "Note"))


class TakeFields(QWidget):
    """Shows a project's `RecordConfig`; says what the user changed.

    Signals:
        changed(str, object): a field of `RecordConfig` and its new value.
        left: a field was left with Enter: the keys belong to the page again.
    """

    changed = Signal(str, object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: RecordConfig | None = None
        self._label = ""
        self._summary = TakeSummary()
        self._seconds = _DEFAULT_SECONDS
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self._make_pace()
        self._make_groups()
        self._box.addWidget(Separator(margin=4))
        self._make_facts()
        for field in self.findChildren(NumberField) + self.findChildren(TextField):
            field.returnPressed.connect(self.left)

    def _make_pace(self) -> None:
        self._box.addWidget(SectionHeader("Take"))
        self.countdown = NumberField(1.0, minimum=0.0, maximum=60.0, step=0.5, decimals=1, unit="s", name="Countdown")
        self.seconds = NumberField(2.0, minimum=0.1, maximum=3600.0, step=0.5, decimals=1, unit="s", name="Length")
        self.endless = Toggle("Until it is stopped")
        self.repeat = Toggle("Repeat until there are enough")
        self.pause = NumberField(1.0, minimum=0.0, maximum=600.0, step=0.5, decimals=1, unit="s", name="Pause")
        self.start = Choice(("Key or button", "The signal's level"), "A take begins by")
        self.level = NumberField(5.0, minimum=0.1, maximum=100.0, step=1.0, decimals=1, unit="%", name="Level")
        self.run_up = NumberField(0.3, minimum=0.0, maximum=30.0, step=0.1, decimals=1, unit="s", name="Run-up")
        self.level.setToolTip("How far a channel must be from its rest, as a share of its full scale")
        self.run_up.setToolTip("How much before that moment belongs to the take")
        grid = _grid()
        grid.addWidget(labelled("Countdown", self.countdown), 0, 0)
        grid.addWidget(labelled("Length", self.seconds), 0, 1)
        self._box.addLayout(grid)
        self._box.addWidget(labelled("Until it is stopped", self.endless, beside=True))
        self._box.addWidget(labelled("Repeat until there are enough", self.repeat, beside=True))
        self.pause_row = labelled("Pause between two", self.pause)
        self._box.addWidget(self.pause_row)
        self._box.addWidget(labelled("A take begins by", self.start))
        self.level_row = QWidget()
        beside = _grid(self.level_row)
        beside.addWidget(labelled("Level", self.level), 0, 0)
        beside.addWidget(labelled("Run-up", self.run_up), 0, 1)
        self._box.addWidget(self.level_row)
        self.countdown.value_changed.connect(lambda v: self.changed.emit("countdown", v))
        self.seconds.value_changed.connect(lambda v: self.changed.emit("seconds", v))
        self.endless.toggled.connect(self._endless)
        self.repeat.toggled.connect(lambda on: self._say("repeat", on))
        self.pause.value_changed.connect(lambda v: self.changed.emit("pause", v))
        self.start.activated.connect(lambda i: self._say("start", STARTS[i]))
        self.level.value_changed.connect(lambda v: self.changed.emit("level", v / 100))
        self.run_up.value_changed.connect(lambda v: self.changed.emit("run_up", v))

    def _make_groups(self) -> None:
        self.groups: dict[str, Toggle] = {}
        self.groups_box = QWidget()
        self._groups_layout = QVBoxLayout(self.groups_box)
        self._groups_layout.setContentsMargins(0, 0, 0, 0)
        self._groups_layout.setSpacing(4)
        self._box.addWidget(self.groups_box)
        self.groups_box.hide()

    def _make_facts(self) -> None:
        self._box.addWidget(SectionHeader("Who and where"))
        self.subject = Choice((), "Subject")
        self.subject.setEditable(True)
        self.subject_edit = TextField("", "Subject", "who")
        self.subject_edit.setProperty("bare", True)
        self.subject.setLineEdit(self.subject_edit)
        self.subject.setInsertPolicy(Choice.InsertPolicy.NoInsert)
        self.facts = {key: TextField("", words) for key, words in _FACTS}
        self.facts["device"].setPlaceholderText("its number")
        self.template = TextField("", "Take name template")
        self.template.setToolTip("{class} {subject} {session} {site} {device} {date} {time} {n:03}")
        self.next = Text("", "caption", "text_muted", wrap=True)
        grid = _grid()
        grid.addWidget(labelled("Subject", self.subject), 0, 0)
        grid.addWidget(labelled("Session", self.facts["session"]), 0, 1)
        grid.addWidget(labelled("Site", self.facts["site"]), 1, 0)
        grid.addWidget(labelled("Device", self.facts["device"]), 1, 1)
        self._box.addLayout(grid)
        self._box.addWidget(labelled("Note", self.facts["note"]))
        self._box.addWidget(labelled("Take name", self.template))
        self._box.addWidget(self.next)
        self.subject.activated.connect(self._subject)
        self.subject_edit.editingFinished.connect(self._subject)
        for key, field in self.facts.items():
            field.editingFinished.connect(lambda key=key, field=field: self._say(key, field.text().strip()))
        self.template.textEdited.connect(self.show_next)
        self.template.editingFinished.connect(self._template)

    # What the form tells

    def set_record(self, record: RecordConfig) -> None:
        """Show the project's settings; a field that is being edited keeps its text."""
        self._record = record
        self._seconds = record.seconds or self._seconds
        self.countdown.set_value(record.countdown)
        self.seconds.set_value(self._seconds)
        self.seconds.setEnabled(record.seconds > 0)
        for toggle, on in ((self.endless, record.seconds == 0), (self.repeat, record.repeat)):
            toggle.blockSignals(True)
            toggle.setChecked(on)
            toggle.blockSignals(False)
        self.pause.set_value(record.pause)
        self.pause_row.setVisible(record.repeat)
        self.start.setCurrentIndex(STARTS.index(record.start))
        self.level.set_value(record.level * 100)
        self.run_up.set_value(record.run_up)
        self.level_row.setVisible(record.start == "level")
        for key, field in (*self.facts.items(), ("name_template", self.template)):
            if not field.hasFocus():
                field.setText(getattr(record, key))
        self._show_subjects()
        self._show_groups()
        self.show_next()

    def set_summary(self, summary: TakeSummary, label: str) -> None:
        """Know the names and subjects that there are, and the class that comes next."""
        self._summary, self._label = summary, label
        self._show_subjects()
        self.show_next()

    def set_groups(self, groups: Sequence[ChannelGroup]) -> None:
        """Show what the board has to record, where that is more than one thing."""
        names = [g.name for g in groups]
        if names != list(self.groups):
            while (item := self._groups_layout.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
            self.groups = {}
            self._groups_layout.addWidget(SectionHeader("Recorded together"))
            for group in groups:
                toggle = self.groups[group.name] = Toggle(f"Record {group.name}")
                toggle.toggled.connect(self._groups_changed)
                self._groups_layout.addWidget(labelled(f"{group.name}, {group.rate_hz:g} Hz", toggle, beside=True))
        self._show_groups()

    # Inside

    def _show_groups(self) -> None:
        self.groups_box.setVisible(len(self.groups) > 1)
        wanted = self._record.groups if self._record is not None else ()
        for name, toggle in self.groups.items():
            toggle.blockSignals(True)
            toggle.setChecked(not wanted or name in wanted)
            toggle.blockSignals(False)

    @Slot()
    def _groups_changed(self) -> None:
        chosen = tuple(name for name, toggle in self.groups.items() if toggle.isChecked())
        if not chosen:  # nothing at all cannot be recorded
            self._show_groups()
            return
        self._say("groups", () if len(chosen) == len(self.groups) else chosen)

    def _show_subjects(self) -> None:
        if self._record is None or self.subject_edit.hasFocus():
            return
        current = self._record.subject
        known = sorted({*self._summary.subjects, current} - {""})
        if [self.subject.itemText(i) for i in range(self.subject.count())] != known:
            self.subject.clear()
            self.subject.addItems(known)
        self.subject.setCurrentIndex(known.index(current) if current else -1)
        self.subject.setEditText(current)

    @Slot()
    def show_next(self) -> None:
        """Say what the next take will be called."""
        if self._record is None:
            return
        record = self._record
        facts = {"site": record.site, "device": record.device}
        try:
            name = next_name(
                self.template.text(), self._summary.taken, self._label, record.subject, record.session, **facts
            )
        except ProjectError as error:
            self.template.set_problem(f"{error.text} {error.hint}")
            self.next.setText(error.hint)
            self.next.set_ink("bad")
            return
        self.template.set_problem("")
        self.next.setText(f"next: {name}")
        self.next.set_ink("text_muted")

    @Slot(bool)
    def _endless(self, on: bool) -> None:
        self._say("seconds", 0.0 if on else self._seconds)

    @Slot()
    def _subject(self, _: Any = None) -> None:
        self._say("subject", self.subject.currentText().strip())

    @Slot()
    def _template(self) -> None:
        if not self.template.property("invalid"):
            self._say("name_template", self.template.text())

    def _say(self, field: str, value: object) -> None:
        if self._record is not None and getattr(self._record, field) != value:
            self.changed.emit(field, value)


def _grid(parent: QWidget | None = None) -> QGridLayout:
    grid = QGridLayout(parent) if parent is not None else QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(8)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    return grid
