"""The page's edits: every one a verb of `studio.label` or `studio.review`, one after the other, each undoable.

Draws nothing. An edit belongs to the segment that was selected when it was asked for, also where edits before it
moved that segment to another index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from motestudio.domain.labels import Segment
from motestudio.gui.bridge import RunningOperation
from motestudio.gui.context import AppContext
from motestudio.project.store import Project
from motestudio.studio import label, review
from motestudio.studio.catalogue import Entry, read_one
from motestudio.studio.operation import Operation

SegmentVerb = Callable[[Project, str, int], int | None]
RecordingVerb = Callable[[Project, str], int | None]


@dataclass
class _Subject:
    """A segment by its value; followed through the edits before its own."""

    name: str
    segment: Segment


@dataclass(frozen=True, slots=True)
class Changed:
    """A recording after an edit.

    Attributes:
        entry: as it is now.
        was: index of the segment before, -1 where it was made.
        now: its index now, or None where it is gone.
        advance: go on to the next proposal.
    """

    entry: Entry
    was: int
    now: int | None
    advance: bool


class Editor(QObject):
    """Submits edits.

    Args:
        context: of the window.
        find: the present index of a segment in a recording, or -1.
        parent: ends it.

    Signals:
        changed(Changed): a recording's labels were edited.
        many_changed: recordings came, went or changed in bulk.
        job_changed: `busy` is another.
    """

    changed = Signal(object)
    many_changed = Signal()
    job_changed = Signal()

    def __init__(self, context: AppContext, find: Callable[[str, Segment], int], parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._find = find
        self._waiting: list[_Subject] = []
        self._job: RunningOperation | None = None
        context.bridge.finished.connect(self._job_finished)

    @property
    def busy(self) -> bool:
        """Whether a segmenter works."""
        return self._job is not None

    # Single segments

    def change(self, title: str, name: str, segment: Segment, verb: SegmentVerb, *, advance: bool = False) -> None:
        """Change one segment; `verb(project, recording, index)` returns its new index, or None where it is gone."""
        subject = _Subject(name, segment)
        self._waiting.append(subject)

        def make() -> Callable[[Operation], Changed] | None:
            self._waiting.remove(subject)
            project, index = self._context.project, self._find(subject.name, subject.segment)
            if project is None or index < 0:
                return None

            def work(_: Operation) -> Changed:
                now = verb(project, name, index)
                return Changed(read_one(project, name), index, now, advance)

            return work

        self._context.edits.submit(title, make, lambda done: self._done(subject, done))

    def make(self, title: str, name: str, verb: RecordingVerb) -> None:
        """Make a segment; `verb(project, recording)` returns its index."""

        def make() -> Callable[[Operation], Changed] | None:
            project = self._context.project
            if project is None:
                return None
            return lambda _: _made(project, name, verb)

        self._context.edits.submit(title, make, self.changed.emit)

    def _done(self, subject: _Subject, done: Changed) -> None:
        recording = done.entry.recording
        if recording is not None and done.now is not None:
            for other in self._waiting:
                if other.name == subject.name and other.segment == subject.segment:
                    other.segment = recording.segments[done.now]
        self.changed.emit(done)

    # Many

    def accept_sure(self, names: Sequence[str]) -> None:
        """Accept the sure proposals of these recordings."""
        self._many("Accept proposals", lambda project, op: review.accept_sure(project, names, op), _accepted)

    def delete(self, names: Sequence[str]) -> None:
        """Move recordings into the trash."""

        def work(project: Project, _: Operation) -> str:
            review.delete(project, names)
            return f"{names[0]} is in the trash" if len(names) == 1 else f"{len(names)} recordings are in the trash"

        self._many("Delete", work, str)

    def _many(self, title: str, verb: Callable[[Project, Operation], Any], told: Callable[[Any], str]) -> None:
        project = self._context.project

        def make() -> Callable[[Operation], Any] | None:
            if project is None or self._context.project is not project:
                return None
            return lambda operation: verb(project, operation)

        def done(result: Any) -> None:
            self.many_changed.emit()
            self._context.show_message(told(result), tone="ok", action="Undo", act=self._context.undo)

        self._context.edits.submit(title, make, done, quiet=False)

    # Segmenters: computed beside the edits, kept in turn with them

    def propose(self, names: Sequence[str]) -> None:
        """Ask the segmenter and keep its proposals."""
        self._segment("Propose labels", names, review.keep_proposals, _proposed)

    def trim(self, names: Sequence[str]) -> None:
        """Trim whole takes to where something happens."""
        self._segment("Trim takes", names, label.trim_to, _trimmed)

    def _segment(
        self,
        title: str,
        names: Sequence[str],
        keep: Callable[[Project, dict[str, tuple[Segment, ...]]], int],
        told: Callable[[Any], str],
    ) -> None:
        project = self._context.project
        if project is None or self._job is not None:
            return
        studio = self._context.studio

        def kept(found: dict[str, tuple[Segment, ...]]) -> None:
            if self._context.project is project:
                self._many(title, lambda p, _: keep(p, found), told)

        self._job = self._context.run_operation(title, lambda op: label.propose(studio, project, names, op), kept)
        self.job_changed.emit()

    @Slot(object)
    def _job_finished(self, running: RunningOperation) -> None:
        if running is self._job:
            self._job = None
            self.job_changed.emit()


def _made(project: Project, name: str, verb: RecordingVerb) -> Changed:
    now = verb(project, name)
    return Changed(read_one(project, name), -1, now, advance=False)


def _accepted(number: int) -> str:
    return f"{number} proposals accepted" if number != 1 else "1 proposal accepted"


def _proposed(number: int) -> str:
    if not number:
        return "Nothing to propose: everything that stands out is labelled"
    return f"{number} proposals to review" if number != 1 else "1 proposal to review"


def _trimmed(number: int) -> str:
    return f"{number} takes trimmed to where something happens" if number != 1 else "1 take trimmed"
