"""What is selected and what can be done with it: the page without its widgets.

Every edit goes through `Editor`; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from motestudio.domain.classes import is_background
from motestudio.domain.labels import UNNAMED, Segment
from motestudio.domain.recording import Recording
from motestudio.gui.context import AppContext
from motestudio.gui.pages.label import rows
from motestudio.gui.pages.label.draft import Draft
from motestudio.gui.pages.label.editing import Changed, Editor, SegmentVerb
from motestudio.gui.pages.label.library import Library
from motestudio.gui.pages.label.rows import Target
from motestudio.studio import label
from motestudio.studio.review import worth_proposing

_DRAFT_MS = 400


class Session(QObject):
    """The selection and its verbs.

    Attributes:
        target: what is selected, or None.
        classes: the project's classes, in order of their digits.

    Signals:
        selected(bool): another target; whether the playhead goes to it.
        edited: labels changed.
        drafted: the selected segment's extent is being changed.
    """

    selected = Signal(bool)
    edited = Signal()
    drafted = Signal()

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self.context = context
        self.library = Library(context, self)
        self.editor = Editor(context, self.find, self)
        self.target: Target | None = None
        self.classes: list[str] = []
        self.own_change = False
        self._last_class = ""
        self._draft = Draft()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DRAFT_MS)
        self._timer.timeout.connect(self.flush)
        self.editor.changed.connect(self._changed)
        self.editor.many_changed.connect(context.recordings_changed)
        context.about_to_step.connect(self.flush)

    # What is selected

    @property
    def recording(self) -> Recording | None:
        """The selected recording, where it can be read."""
        entry = self.library.entries.get(self.target.name) if self.target else None
        return entry.recording if entry else None

    @property
    def segment(self) -> Segment | None:
        """The selected segment, as the project has it."""
        recording = self.recording
        if recording is None or self.target is None or not 0 <= self.target.index < len(recording.segments):
            return None
        return recording.segments[self.target.index]

    @property
    def is_proposal(self) -> bool:
        """Whether the selected segment is a proposal."""
        return self.segment is not None and self.segment.origin == "proposed"

    def segments(self) -> list[Segment]:
        """The selected recording's segments, with what is being changed."""
        recording = self.recording
        return [] if recording is None else self._draft.applied(recording.name, recording.segments)

    def find(self, name: str, segment: Segment) -> int:
        """The present index of a segment, or -1."""
        entry = self.library.entries.get(name)
        found = entry.recording.segments if entry and entry.recording else ()
        return found.index(segment) if segment in found else -1

    def reset(self) -> None:
        """Another project: nothing is selected, nothing held back."""
        self._timer.stop()
        self._draft.clear()
        self.target = None

    def select(self, target: Target | None, *, seek: bool = True) -> None:
        """Select something."""
        self.flush()
        self.target = target
        self.selected.emit(seek)

    def keep_target(self) -> None:
        """After a reading: stay with what was selected, or take what is nearest."""
        self._draft.settled()
        self.target = self._still(self.target)

    def _still(self, target: Target | None) -> Target | None:
        entries = self.library.entries
        if target is None or not entries:
            return None
        entry = entries.get(target.name)
        if entry is None:
            after = next((name for name in entries if name > target.name), next(reversed(entries)))
            return self._still(Target(after, 0))
        count = len(entry.recording.segments) if entry.recording is not None else 0
        return Target(target.name, min(target.index, count - 1))

    def next_target(self) -> Target | None:
        """The next proposal, in whichever recording it is."""
        self.flush()
        return rows.next_review(self.library.entries, self.target)

    # Edits of the selected segment

    def _change(self, title: str, verb: SegmentVerb, *, advance: bool = False) -> None:
        self.flush()
        if self.target is not None and self.segment is not None:
            segment = self._draft.latest(self.target.name, self.segment)
            self.editor.change(title, self.target.name, segment, verb, advance=advance)

    def accept(self) -> None:
        """Accept the proposal and go on to the next."""
        if self.is_proposal:
            self._change("Accept", label.accept, advance=True)

    def reject(self) -> None:
        """Take the segment away; from a proposal go on to the next."""
        self._change("Remove label", label.remove, advance=self.is_proposal)

    def split(self, seconds: float) -> None:
        """Cut the segment."""
        recording = self.recording
        if recording is not None:
            at = round(seconds * recording.group.rate_hz)
            self._change("Split", lambda project, name, index: label.split(project, name, index, at))

    def give_class(self, number: int) -> None:
        """Give the segment a class by its place in the list; from a proposal go on to the next.

        A recording without labels gets the class as a whole.
        """
        recording = self.recording
        if not 0 <= number < len(self.classes) or recording is None:
            return
        self._last_class = chosen = self.classes[number]
        if self.segment is not None:
            relabel = partial(label.relabel, label=chosen)
            self._change("Label", relabel, advance=self.is_proposal)
        elif not recording.segments and recording.n_samples:
            whole = recording.n_samples
            self.editor.make("Label", recording.name, lambda p, name: label.create(p, name, 0, whole, chosen))

    def nudge(self, samples: int) -> None:
        """Move the segment; a row of nudges is one step of undo."""
        recording, segment = self.recording, self.segment
        if recording is None or segment is None:
            return
        now = self._draft.latest(recording.name, segment)
        start = min(max(0, now.start + samples), recording.n_samples - now.count)
        self._draft.hold(recording.name, segment, replace(now, start=start))
        self._timer.start()
        self.drafted.emit()

    @Slot()
    def flush(self) -> None:
        """Hand over what was nudged."""
        self._timer.stop()
        if (taken := self._draft.take()) is not None:
            name, before, after = taken
            self._move(name, before, after.start, after.count)

    def _move(self, name: str, segment: Segment, start: int, count: int) -> None:
        self.editor.change("Move", name, segment, lambda p, n, i: label.move(p, n, i, start=start, count=count))

    def move(self, index: int, start: int, count: int) -> None:
        """Give a segment of the selected recording another extent."""
        self.flush()
        recording = self.recording
        if recording is not None and 0 <= index < len(recording.segments):
            segment = self._draft.latest(recording.name, recording.segments[index])
            self._move(recording.name, segment, start, count)

    def create(self, start: int, count: int) -> None:
        """Make a segment of the class that was used last."""
        self.flush()
        recording, segment = self.recording, self.segment
        if recording is None:
            return
        wanted = self._last_class or (segment.label if segment is not None else "")
        chosen = wanted if wanted in self.classes else next(iter(self.classes), UNNAMED)
        self.editor.make("Label", recording.name, lambda p, name: label.create(p, name, start, count, chosen))

    def annotate(self, note: str) -> None:
        """Change the segment's note."""
        self._change("Note", lambda p, n, i: label.annotate(p, n, i, note))

    # Edits of many

    def whole_takes(self) -> list[str]:
        """Takes that can be trimmed."""
        return rows.whole_takes(self.library.entries, {c for c in self.classes if is_background(c)})

    def propose(self) -> None:
        """Ask the segmenter about all recordings."""
        self.flush()
        found = [e.recording for e in self.library.entries.values() if e.recording is not None]
        self.editor.propose(worth_proposing(found))

    def trim(self) -> None:
        """Trim all takes that are labelled as a whole."""
        self.flush()
        self.editor.trim(self.whole_takes())

    def accept_sure(self) -> None:
        """Accept all sure proposals."""
        self.flush()
        self.editor.accept_sure(rows.names_with_sure(self.library.entries))

    def delete(self, names: Sequence[str]) -> None:
        """Move recordings into the trash."""
        self.flush()
        self.editor.delete(names)

    # After edits

    @Slot(object)
    def _changed(self, done: Changed) -> None:
        name, before = done.entry.name, self.target
        self.library.put(done.entry)
        self._draft.settled()
        recording, following = done.entry.recording, None
        if before is not None and before.name == name and recording is not None:
            if done.was in (before.index, -1):
                place = done.now if done.now is not None else min(max(0, done.was), len(recording.segments) - 1)
                self.target = Target(name, place)
            else:
                self.target = self._still(before)
            if done.advance:
                after = done.now if done.now is not None else done.was - 1
                following = rows.next_review(self.library.entries, Target(name, after))
        self.own_change = True
        self.context.recordings_changed.emit()
        self.own_change = False
        self.edited.emit()
        if following is not None:
            self.select(following)
