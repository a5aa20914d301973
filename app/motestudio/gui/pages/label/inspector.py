"""The inspector: the selected segment with its class, extent, origin and note; the recording under it. Asks only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motestudio.domain.labels import UNNAMED, Segment
from motestudio.domain.recording import Recording
from motestudio.gui.numbers import count, with_minus
from motestudio.gui.pages.label.rows import class_text
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import (
    Button,
    Canvas,
    Column,
    ElidedText,
    KeyValue,
    NoteField,
    Number,
    NumberField,
    Painted,
    RowList,
    ScoreRow,
    SectionHeader,
    Separator,
    Tag,
    Text,
    Toggle,
    labelled,
    text_width,
)

KEYS = "1234567890"
_MS_DECIMALS, _FINE_DECIMALS, _FINE_RATE = 3, 5, 1000.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What the inspector tells of a segment.

    Attributes:
        made_by: title of what made it, such as "By energy"; empty where a person did.
        above_db: energy above the noise floor, or None.
        place: "3 of 17", or empty.
    """

    recording: Recording
    segment: Segment
    ink: Ink
    made_by: str = ""
    above_db: float | None = None
    place: str = ""


class ClassName(Painted):
    """The class in big letters after its colour."""

    def __init__(self) -> None:
        super().__init__()
        self._text, self._ink = "", "text_muted"
        self.setFixedHeight(30)

    def set(self, text: str, ink: Ink) -> None:
        """Show a class."""
        self._text, self._ink = text, ink  # type: ignore[assignment]
        self.setAccessibleName(text)
        self.update()

    def paint(self, canvas: Canvas) -> None:
        """Bar and name; a name too long for headline letters takes smaller ones."""
        rect = QRectF(self.rect())
        canvas.box(QRectF(0, 4, 4, rect.height() - 8), 2, self._ink)
        room = rect.adjusted(16, 0, 0, 0)

        fits = text_width(self._text, "headline") <= room.width()
        canvas.text(room, self._text, "headline" if fits else "control", elide=not fits)


class _Half(Button):
    """A button that shares its line with another: half the margins, and all the room there is."""

    def __init__(self, text: str, kind: str, key: str) -> None:
        super().__init__(text, kind, key=key)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Its words with 8 px at both sides."""
        return super().sizeHint() - QSize(16, 0)


class _Note(NoteField):
    """Says when it is left."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The text is done."""
        super().focusOutEvent(event)
        self.left.emit()


class Inspector(Column):
    """Everything about the selected segment.

    Signals:
        accepted, rejected: the buttons.
        class_chosen(int): a row of the class list.
        extent_changed(int, int): new start and count in samples.
        snap_changed(bool): snap to energy edges.
        note_changed(str): the note was left with another text.
        delete_wanted: delete the recording.
    """

    accepted = Signal()
    rejected = Signal()
    class_chosen = Signal(int)
    extent_changed = Signal(int, int)
    snap_changed = Signal(bool)
    note_changed = Signal(str)
    delete_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._classes: list[str] = []
        self._build_head()
        self._build_classes()
        self._build_extent()
        self._build_origin()
        self._build_recording()
        self.end()

    # Building

    def _group(self) -> tuple[QWidget, QVBoxLayout]:
        """A group that can be hidden as a whole, separator included."""
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.add(holder)
        return holder, box

    def _build_head(self) -> None:
        self.heading = SectionHeader("Selected segment")
        self.add(self.heading)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.name = ClassName()
        self.tag = Tag("proposed", "accent")
        line.addWidget(self.name, 1)
        line.addWidget(self.tag)
        self.add_layout(line)
        self.reason = Text("", "body", "text_secondary", wrap=True)
        self.add(self.reason)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.accept = _Half("Accept", "outline", "Enter")
        self.reject = _Half("Reject", "secondary", "Bksp")
        self._gap = QWidget()
        for part in (self.accept, self.reject, self._gap):
            buttons.addWidget(part, 1)
        self.add_layout(buttons)
        self.accept.clicked.connect(self.accepted)
        self.reject.clicked.connect(self.rejected)

    def _build_classes(self) -> None:

        self._class_line = Separator()
        self.add(self._class_line, 8)
        self.class_heading = SectionHeader("Class", "confidence")
        self.add(self.class_heading, 4)
        self.classes = RowList()
        self.classes.chosen.connect(self.class_chosen)
        self.add(self.classes)

    def _build_extent(self) -> None:
        self.extent, box = self._separated()
        box.addWidget(SectionHeader("Extent"))
        fields = QHBoxLayout()
        fields.setSpacing(8)
        self.start = NumberField(unit="s", name="Start", decimals=_MS_DECIMALS)
        self.stop = NumberField(unit="s", name="End", decimals=_MS_DECIMALS)
        fields.addWidget(labelled("Start", self.start))
        fields.addWidget(labelled("End", self.stop))
        box.addLayout(fields)
        self.start.value_changed.connect(self._extent)
        self.stop.value_changed.connect(self._extent)
        length = QHBoxLayout()
        length.setSpacing(4)
        self.length = Number("–", "s", "caption_number")
        self.samples = Number("–", "samples", "caption_number")
        length.addWidget(Text("Length", "caption", "text_secondary"))
        length.addWidget(self.length)
        length.addSpacing(6)
        length.addWidget(self.samples)
        length.addStretch(1)
        box.addLayout(length)
        self.snap = Toggle("Snap to energy edges", True)
        self.snap.toggled.connect(self.snap_changed)
        box.addWidget(labelled("Snap to energy edges", self.snap, beside=True))

    def _build_origin(self) -> None:
        self.origin, box = self._separated()
        self.origin_heading = SectionHeader("Proposed by")
        box.addWidget(self.origin_heading)
        self.maker = ElidedText("", "strong")
        self.generator = ElidedText("", "caption", "text_secondary")
        box.addWidget(self.maker)
        box.addWidget(self.generator)
        self.energy = KeyValue("Energy above floor", "–", "dB")
        box.addWidget(self.energy)
        self.note_group, box = self._separated()
        box.addWidget(SectionHeader("Note"))
        self.note = _Note("", "Note")
        self.note.setFixedHeight(64)
        self.note.left.connect(self._note_left)
        box.addWidget(self.note)

    def _build_recording(self) -> None:
        self.recording, box = self._separated()
        box.addWidget(SectionHeader("Recording"))
        self.recording_name = ElidedText("", "strong")
        self.recording_facts = Text("", "caption", "text_secondary", wrap=True)
        self.delete = Button("Delete recording", "secondary", "ph.trash")
        box.addWidget(self.recording_name)
        box.addWidget(self.recording_facts)
        box.addWidget(self.delete)
        self.delete.clicked.connect(self.delete_wanted)

    def _separated(self) -> tuple[QWidget, QVBoxLayout]:

        holder, box = self._group()
        box.addSpacing(6)
        box.addWidget(Separator())
        box.addSpacing(6)
        return holder, box

    # Showing

    def set_classes(self, classes: Sequence[str], inks: Mapping[str, Ink]) -> None:
        """The classes to choose from, the first ten with their digits."""
        if list(classes) == self._classes:
            return
        self._classes = list(classes)
        keys = [*KEYS, *([""] * len(classes))]
        self.classes.set_rows([ScoreRow(name, inks[name], key) for name, key in zip(classes, keys, strict=False)])

    def show_segment(self, shown: Shown) -> None:
        """Show a segment."""
        self._shown = shown
        segment, recording = shown.segment, shown.recording
        proposed = segment.origin == "proposed"
        self._arrange(segment=True, readable=True)
        self.heading.title.setText("Selected segment")
        self.heading.note.setText(shown.place)
        self.name.set(class_text(segment.label), shown.ink)
        self.tag.set("proposed" if proposed else "mine", "accent" if proposed else "neutral")
        self.accept.setVisible(proposed)
        self._gap.setVisible(not proposed)
        self.accept.setEnabled(segment.label != UNNAMED)
        self.reject.set_text("Reject" if proposed else "Remove label")
        self.classes.set_current(self._classes.index(segment.label) if segment.label in self._classes else -1)
        self.class_heading.note.setText("confidence" if proposed and segment.confidence is not None else "")
        for name, row in zip(self._classes, self.classes.rows, strict=True):
            if isinstance(row, ScoreRow):
                row.set_score(segment.confidence if proposed and name == segment.label else None)
        self._show_extent(segment, recording)
        self.origin_heading.title.setText("Proposed by" if proposed else "Labelled by")
        self.maker.set_text(shown.made_by or "You")
        self.generator.set_text(segment.generator)
        self.generator.setVisible(bool(segment.generator))
        self.energy.setVisible(shown.above_db is not None)
        if shown.above_db is not None:
            self.energy.value.set(with_minus(f"{shown.above_db:.1f}"), "dB")
        if not self.note.hasFocus() and self.note.toPlainText() != segment.note:
            self.note.setPlainText(segment.note)
        self._show_recording(recording)

    def show_extent(self, segment: Segment) -> None:
        """Show an extent that is being changed."""
        if self._shown is not None:
            self._show_extent(segment, self._shown.recording)

    def show_recording(self, recording: Recording, ink: Ink) -> None:
        """Show a recording of which no segment is selected: a class labels it as a whole."""
        self._shown = None
        self._arrange(segment=False, readable=True)
        empty = not recording.segments
        self.heading.title.setText("Recording")
        self.heading.note.setText("")
        self.name.set("No labels yet" if empty else "No segment", ink)
        self.reason.setText(
            "Choose a class for the whole recording, or drag over a stretch in the lane below the signal."
            if empty
            else "Choose a segment in the list or in the lanes below the signal."
        )
        self.class_heading.note.setText("")
        self.classes.set_current(-1)
        for row in self.classes.rows:
            if isinstance(row, ScoreRow):
                row.set_score(None)
        for part in (self._class_line, self.class_heading, self.classes):
            part.setVisible(empty)
        self._show_recording(recording)

    def show_broken(self, name: str, text: str, hint: str) -> None:
        """Show a recording that cannot be read."""
        self._shown = None
        self._arrange(segment=False, readable=False)
        self.heading.title.setText("Recording")
        self.heading.note.setText("")
        self.name.set("Unreadable", "bad_mark")
        self.reason.setText(f"{text} {hint}")
        self.recording_name.set_text(name)
        self.recording_facts.setText("")
        self.recording_facts.hide()

    def show_nothing(self) -> None:
        """Nothing is selected."""
        self._shown = None
        self._arrange(segment=False, readable=False)
        self.heading.title.setText("Selected segment")
        self.heading.note.setText("")
        self.name.set("Nothing selected", "line_strong")
        self.reason.setText("Choose a segment in the list.")
        self.recording.hide()

    def _arrange(self, *, segment: bool, readable: bool) -> None:
        self._gap.hide()
        for part in (self.tag, self.accept, self.reject, self.extent, self.origin, self.note_group):
            part.setVisible(segment)
        for part in (self._class_line, self.class_heading, self.classes):
            part.setVisible(readable)
        self.reason.setVisible(not segment)
        self.recording.show()

    def _show_extent(self, segment: Segment, recording: Recording) -> None:
        rate = recording.group.rate_hz
        decimals = _FINE_DECIMALS if rate > _FINE_RATE else _MS_DECIMALS
        for field in (self.start, self.stop):
            field.set_limits(0.0, recording.seconds, 1 / rate, decimals)
        self.start.set_value(round(segment.start / rate, decimals))
        self.stop.set_value(round(segment.end / rate, decimals))
        self.length.set(f"{segment.count / rate:.3f}", "s")
        self.samples.set(count(segment.count), "samples")

    def _show_recording(self, recording: Recording) -> None:
        self.recording_name.set_text(recording.name)
        facts = [f"{recording.seconds:.2f} s", f"{recording.group.rate_hz:g} Hz"]
        facts += [f for f in (recording.facts.subject, recording.facts.device) if f]
        lost = recording.health.lost_samples
        text = ", ".join(facts) + (f", {count(lost)} samples lost" if lost else "")
        if not recording.complete:
            text += ". It was cut short: the recorder did not finish it. What is there is good."
        self.recording_facts.setText(text)
        self.recording_facts.show()

    # What the user does

    def _extent(self) -> None:
        if self._shown is None:
            return
        rate = self._shown.recording.group.rate_hz
        first, last = round(self.start.value * rate), round(self.stop.value * rate)
        if last > first:
            self.extent_changed.emit(first, last - first)
        else:
            self.show_extent(self._shown.segment)

    def _note_left(self) -> None:
        if self._shown is not None and self.note.toPlainText() != self._shown.segment.note:
            self.note_changed.emit(self.note.toPlainText())
