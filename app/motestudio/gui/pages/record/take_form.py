"""The inspector: the big button, the classes with their targets, how a take is made, the last take, the link."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.gui.pages.record.label_history import LabelHistory
from motestudio.gui.pages.record.last_take import LastTake
from motestudio.gui.pages.record.link_panel import LinkPanel
from motestudio.gui.pages.record.take_fields import TakeFields
from motestudio.gui.theme import Ink, class_series
from motestudio.gui.widgets import (
    Button,
    ClassRow,
    Column,
    NumberField,
    RecordButton,
    Row,
    RowList,
    SectionHeader,
    Text,
    TextField,
    Toggle,
    labelled,
)
from motestudio.project.schema import ProjectConfig
from motestudio.studio.takes import TakeSummary

KEYS = "123456789"


class TakeForm(Column):
    """Shows a project's settings for recording; says what the user changed.

    Signals:
        changed(str, object): a field of `RecordConfig` and its new value.
        class_chosen(str): another class is to be recorded.
        class_added(str): the user typed the name of a new class.
        target_changed(str, int): the user wants another number of takes of a class.
        labelling_changed(bool): takes have no class of their own; classes are held by key while they run.
        left: a field was left with Enter: the keys belong to the page again.
    """

    changed = Signal(str, object)
    class_chosen = Signal(str)
    class_added = Signal(str)
    target_changed = Signal(str, int)
    labelling_changed = Signal(bool)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._config: ProjectConfig | None = None
        self._summary = TakeSummary()
        self.label = ""
        self.button = RecordButton("Record")
        self.sentence = Text("", "caption", "text_muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.keep = Button("Keep the last 10 s", "secondary", "ph.clock-counter-clockwise", "K")
        self.keep.setToolTip("Make a take of what was just seen, though nothing was recorded  K")
        self.add(self.button)
        self.add(self.sentence)
        self._add_centred(self.keep)
        self._make_classes()
        self.history = LabelHistory()
        self.add(self.history)
        self.separate()
        self.fields = TakeFields()
        self.fields.changed.connect(self.changed)
        self.fields.left.connect(self.left)
        self.add(self.fields)
        self.last = LastTake()
        self.add(self.last)
        self.separate()
        self.link = LinkPanel()
        self.add(self.link)
        self.end()

    def _add_centred(self, widget: QWidget) -> None:
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(widget)
        line.addStretch(1)
        self.add_layout(line)

    def _make_classes(self) -> None:
        self.heading = SectionHeader("Class to record", "takes")
        self.add(self.heading, 8)
        self.classes = RowList()
        self.classes.chosen.connect(self._chosen)
        self.add(self.classes)
        self.add_button = Button("Add class", "link", "ph.plus")
        self.add_button.clicked.connect(self._ask_class)
        self.class_field = TextField("", "Name of the new class", "Name, then Enter")
        self.class_field.returnPressed.connect(self._add_class)
        self.class_field.editingFinished.connect(self._end_class)
        self.class_field.hide()
        self.target = NumberField(20, minimum=0, maximum=100_000, name="Takes wanted of this class")
        self.target.setFixedWidth(84)
        self.target.value_changed.connect(self._target)
        self.target.returnPressed.connect(self.left)
        line = QHBoxLayout()
        line.addWidget(self.add_button)
        line.addStretch(1)
        line.addWidget(labelled("Wanted", self.target, beside=True))
        self.add_layout(line)
        self.add(self.class_field)
        self.labelling = Toggle("Label while it runs, by holding a class's key")
        self.labelling.toggled.connect(self._labelling_changed)
        self.add(labelled("Label by holding keys", self.labelling, beside=True))

    # What the page tells

    def set_config(self, config: ProjectConfig) -> None:
        """Show the project's settings; a field that is being edited keeps its text."""
        before, self._config = self._config, config
        self.keep.set_text(f"Keep the last {config.record.keep:g} s")
        if before is None or before.classes != config.classes:
            self._show_classes()
        self.fields.set_record(config.record)
        self._show_counts()

    def set_summary(self, summary: TakeSummary) -> None:
        """Show how many takes there are."""
        self._summary = summary
        self._show_counts()

    def set_current_class(self, label: str) -> None:
        """Show a class as the one to record."""
        names = self.names
        if label in names:
            self.label = label
            self.classes.set_current(names.index(label))
            self._show_counts()

    def set_labelling(self, *, on: bool) -> None:
        """Show whether takes are labelled while they run."""
        self.labelling.blockSignals(True)
        self.labelling.setChecked(on)
        self.labelling.blockSignals(False)
        self.show_take_sentence()

    @property
    def plan_label(self) -> str:
        """The class of the next take; empty where it is labelled while it runs."""
        return "" if self.labelling.isChecked() else self.label

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

    def count_words(self, label: str) -> str:
        """Takes there are, with what is still missing: "12 of 20, 8 missing"."""
        have, target = self.count_of(label)
        if not target:
            return str(have)
        return f"{have} of {target}" + (f", {target - have} missing" if target > have else "")

    @property
    def total_words(self) -> str:
        """What is still missing of all classes."""
        missing = self._missing
        return f"{missing:,} missing" if missing else f"{self._summary.takes:,} takes"

    def show_take_sentence(self, state: str = "idle", heard: tuple[float, float] = (0.0, 0.0)) -> None:
        """Say what the button will do.

        Args:
            state: of `TakeControl`.
            heard: the level that was reached of late and that which begins a take, as shares of full scale.
        """
        waiting = {"countdown": "Space calls it off", "pause": "The next one follows. Space calls it off"}
        if state in waiting:
            self.sentence.setText(waiting[state])
        elif state == "armed":
            reached, level = heard
            self.sentence.setText(f"Begins at {level:.1%}, now {reached:.1%}. Space calls it off")
        elif state in ("starting", "recording", "saving"):
            hold = "Hold a class's key to label. " if self.labelling.isChecked() else ""
            self.sentence.setText(f"{hold}Space stops and keeps it")
        elif self._config is None or not (self.label or self.labelling.isChecked()):
            self.sentence.setText("Add a class to record.")
        else:
            self.sentence.setText(self._plan_words())

    @Slot()
    def edit_target(self) -> None:
        """Have the number of takes wanted of the chosen class typed."""
        if self.target.isEnabled():
            self.target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.target.selectAll()

    # Inside

    @property
    def _missing(self) -> int:
        return sum(max(0, target - have) for have, target in map(self.count_of, self.names))

    def _plan_words(self) -> str:
        assert self._config is not None
        record = self._config.record
        wait = f"{record.countdown:g} s countdown, then " if record.countdown else ""
        begin = "by level, " if record.start == "level" else ""
        length = f"{record.seconds:.1f} s" if record.seconds else "until Space"
        have, target = self.count_of(self.label)
        of = f" of {target}" if target > have else ""
        take = "labelled while it runs" if self.labelling.isChecked() else f"take {have + 1}{of}"
        again = ", again and again" if record.repeat else ""
        text = f"{wait}{begin}{length}, {take}{again}"
        return text[0].upper() + text[1:]

    def _show_classes(self) -> None:
        inks = self.inks
        rows: list[Row] = []
        for i, name in enumerate(self.names):
            rows.append(ClassRow(name, inks[name], KEYS[i] if i < len(KEYS) else ""))
            rows[-1].installEventFilter(self)
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
            row.setToolTip(f"{self.count_words(name)}. F2 or a double click changes how many are wanted.")
        self.heading.note.setText(self.total_words if self._missing else "takes")
        self.target.setEnabled(bool(self.label))
        self.target.set_value(self.count_of(self.label)[1])
        self.fields.set_summary(self._summary, self.plan_label)
        self.show_take_sentence()

    @Slot(int)
    def _chosen(self, index: int) -> None:
        self.label = self.names[index]
        self._show_counts()
        self.class_chosen.emit(self.label)

    @Slot(float)
    def _target(self, value: float) -> None:
        if self.label:
            self.target_changed.emit(self.label, int(value))

    @Slot(bool)
    def _labelling_changed(self, on: bool) -> None:
        self._show_counts()
        self.labelling_changed.emit(on)

    @Slot()
    def _ask_class(self) -> None:
        self.add_button.hide()
        self.class_field.clear()
        self.class_field.show()
        self.class_field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on a class changes how many takes of it are wanted."""
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(watched, Row):
            watched.click()
            self.edit_target()
            return True
        return super().eventFilter(watched, event)

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
