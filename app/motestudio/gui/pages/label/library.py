"""What the page knows of the project: all recordings, and the samples of the one that is shown, read beside it.

One reading of a kind at a time: what is asked for meanwhile is read next, so holding a key down over thousands of rows
starts no thousand readings.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from motestudio.domain.recording import Recording
from motestudio.gui.context import AppContext
from motestudio.gui.pages.label.waveform import Waveform, load
from motestudio.project.store import Project
from motestudio.studio.catalogue import Entry, read
from motestudio.studio.operation import Operation


@dataclass(frozen=True, slots=True)
class _Found:
    entries: dict[str, Entry]
    makers: dict[str, str]


class Library(QObject):
    """Recordings and samples.

    Attributes:
        entries: all recordings by name, in order.
        makers: titles of segmenters by stage id.
        known: whether the project was read at all.

    Signals:
        refreshed: `entries` were read anew.
        wave_ready(Waveform): samples that were asked for.
        wave_failed(str, object): they cannot be read: recording, error.
    """

    refreshed = Signal()
    wave_ready = Signal(object)
    wave_failed = Signal(str, object)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._project: Project | None = None
        self.entries: dict[str, Entry] = {}
        self.makers: dict[str, str] = {}
        self.known = False
        self._reading = self._again = False
        self._edited: dict[str, Entry] = {}
        self._loading: str | None = None
        self._wanted: Recording | None = None

    def use(self, project: Project | None) -> bool:
        """Turn to a project; returns whether it is another one."""
        if project is self._project:
            return False
        self._project = project
        self.entries, self._edited, self.known = {}, {}, False
        self._wanted = None
        return True

    # Recordings

    def refresh(self) -> None:
        """Read what changed."""
        project = self._project
        if project is None:
            return
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False
        self._edited = {}
        known, makers, studio = self.entries, self.makers, self._context.studio

        def work(operation: Operation) -> _Found:
            titles = makers or {e.manifest.id: e.manifest.title for e in studio.registry.stages("segmenter")}
            return _Found(read(project, known, operation), titles)

        def done(found: _Found) -> None:
            self._reading = False
            if project is self._project:
                # What was edited while the others were read is newer than what was read.
                newer = {n: e for n, e in self._edited.items() if n in found.entries}
                self.entries, self.makers, self.known = found.entries | newer, found.makers, True
                self.refreshed.emit()
            if self._again or project is not self._project:
                self.refresh()

        def failed(error: BaseException) -> None:
            self._reading = False
            if project is self._project:
                self._context.show_error(error)

        self._context.run_operation("Read the recordings", work, done, failed, quiet=True)

    def put(self, entry: Entry) -> None:
        """Take over a recording that an edit changed."""
        if entry.name in self.entries:
            self.entries[entry.name] = entry
            self._edited[entry.name] = entry

    # Samples

    def want(self, recording: Recording) -> None:
        """Ask for samples; `wave_ready` comes, unless others are asked for before."""
        self._wanted = recording
        if self._loading is None:
            self._load()

    def _load(self) -> None:
        project, recording = self._project, self._wanted
        if project is None or recording is None:
            return
        self._wanted, self._loading = None, recording.name

        def done(wave: Waveform) -> None:
            self._loading = None
            if self._wanted is None and project is self._project:
                self.wave_ready.emit(wave)
            self._load()

        def failed(error: BaseException) -> None:
            self._loading = None
            if self._wanted is None and project is self._project:
                self.wave_failed.emit(recording.name, error)
            self._load()

        self._context.run_operation(
            f"Open {recording.name}",
            lambda _: load(recording, project.recordings.samples(recording)),
            done,
            failed,
            quiet=True,
        )
