"""The Label page put together: the list, the timeline, the inspector, and what they tell each other.

Long because it is the one place where the page's parts meet; each of them is a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.domain.classes import class_series
from motestudio.domain.labels import UNNAMED
from motestudio.domain.recording import Recording
from motestudio.errors import AppError
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.label import keys, rows
from motestudio.gui.pages.label.filters import ListPane, shown_classes
from motestudio.gui.pages.label.inspector import Inspector, Shown
from motestudio.gui.pages.label.playback import Playback
from motestudio.gui.pages.label.problem import Problem
from motestudio.gui.pages.label.rows import Target
from motestudio.gui.pages.label.session import Session
from motestudio.gui.pages.label.timeline import Timeline
from motestudio.gui.pages.label.waveform import Waveform
from motestudio.gui.theme import Ink
from motestudio.gui.widgets import Button, EmptyState, KeyHints, PageBar, Separator
from motestudio.studio.energy import above_floor_db
from motestudio.studio.review import SURE


class LabelPage(Page):
    """Marks where each class begins and ends."""

    key = "label"
    title = "Label"
    margins = (0, 0, 0, 0)
    help = (
        "Mark where each class begins and ends in what you recorded.\n"
        "Choose a segment at the left. A digit gives it a class, arrows move it by one sample, its edges can be "
        "dragged. Drag over an empty stretch of a lane to make a new one.\n"
        "Propose asks a segmenter where something happens. Enter accepts a proposal, Backspace rejects it, N goes to "
        "the next one. Trim shrinks takes that are labelled as a whole.\n"
        "Everything can be undone with Ctrl+Z, deleting a recording too. The wheel moves, Ctrl and the wheel zoom."
    )

    def build(self) -> None:
        """List, timeline, inspector; or what fills them."""
        self.session = Session(self.context, self)
        self.library = self.session.library
        self.playback = Playback(self)
        self._stale = True
        self._wanted = ""
        self._inks: dict[str, Ink] = {}
        self._build_bar()
        self._build_work()
        self.empty = EmptyState(
            "ph.tag",
            "Label",
            "Mark where each class begins and ends in what you recorded. Record a few takes first.",
            "Record a take",
            virtual=True,
        )
        self.blank = QWidget()
        self.stack = QStackedWidget()
        for widget in (self.blank, self.empty, self.work):
            self.stack.addWidget(widget)
        self.body.addWidget(self.stack)
        self.panel = Inspector()
        self.panel.setParent(self)
        self.panel.hide()
        self._connect()
        self._use_project()

    def _build_bar(self) -> None:
        self.bar = PageBar("Label")
        self.trim = Button("Trim", "secondary", "ph.scissors")
        self.trim.setToolTip("Shrink takes that are labelled as a whole to where something happens")
        self.propose = Button("Propose", "secondary", "ph.sparkle")
        self.propose.setToolTip("Ask a segmenter where something happens, in all recordings")
        self.accept_sure = Button(f"Accept 0 above {SURE:.2f}", "primary")
        for button in (self.trim, self.propose, self.accept_sure):
            self.bar.add_action(button)

    def _build_work(self) -> None:
        self.pane = ListPane()
        self.timeline = Timeline()
        self.problem = Problem()
        self.centre = QStackedWidget()
        self.centre.addWidget(self.timeline)
        self.centre.addWidget(self.problem)
        self.hints = KeyHints([])
        top = QHBoxLayout()
        top.setContentsMargins(24, 0, 24, 0)
        top.addWidget(self.bar)
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 24, 0)
        across.setSpacing(0)
        across.addWidget(self.pane)
        across.addWidget(Separator(vertical=True))
        across.addWidget(self.centre, 1)
        self.work = QWidget()
        box = QVBoxLayout(self.work)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addLayout(across, 1)
        box.addWidget(self.hints)

    def _connect(self) -> None:
        context, session = self.context, self.session
        context.project_changed.connect(self._use_project)
        context.recordings_changed.connect(self._recordings_changed)
        context.take_wanted.connect(self._take_wanted)
        session.selected.connect(self._selected)
        session.edited.connect(self._edited)
        session.drafted.connect(self._drafted)
        session.editor.job_changed.connect(self._show_bar)
        self.library.refreshed.connect(self._refreshed)
        self.library.wave_ready.connect(self._wave_ready)
        self.library.wave_failed.connect(self._wave_failed)
        self.empty.action.clicked.connect(partial(context.goto, "record"))
        self.empty.virtual.clicked.connect(self._use_virtual)
        self.trim.clicked.connect(session.trim)
        self.propose.clicked.connect(session.propose)
        self.accept_sure.clicked.connect(session.accept_sure)
        self.pane.filter_changed.connect(self._filter_changed)
        self.pane.list.chosen.connect(self._row_chosen)
        self.pane.list.menu_wanted.connect(self._menu)
        self.timeline.chosen.connect(self._block_chosen)
        self.timeline.moved.connect(session.move)
        self.timeline.created.connect(session.create)
        self.timeline.playhead_moved.connect(self._seek)
        self.playback.at.connect(self.timeline.set_playhead)
        self.panel.accepted.connect(session.accept)
        self.panel.rejected.connect(session.reject)
        self.panel.class_chosen.connect(session.give_class)
        self.panel.extent_changed.connect(self._extent_typed)
        self.panel.snap_changed.connect(self._snap)
        self.panel.note_changed.connect(session.annotate)
        self.panel.delete_wanted.connect(self.delete_recording)

    def commands(self) -> Sequence[Command]:
        """Keys of the page."""
        return keys.commands(self)

    # Shown, hidden, another project

    def activated(self) -> None:
        """Read what changed while another page was shown."""
        if self._stale:
            self._stale = False
            self.library.refresh()

    def deactivated(self) -> None:
        """Stop the playhead, keep what was nudged."""
        self.playback.stop()
        self.session.flush()

    @Slot()
    def _use_project(self) -> None:
        if self.library.use(self.context.project):
            self.playback.stop()
            self.session.reset()
            self.timeline.forget()
            self.stack.setCurrentWidget(self.blank)
            self.set_inspector(None)
            self._recordings_changed()
        self._use_classes()

    @Slot()
    def _recordings_changed(self) -> None:
        if self.session.own_change:
            return
        self._stale = not self.isVisible()
        if not self._stale:
            self.library.refresh()

    @Slot(str)
    def _take_wanted(self, name: str) -> None:
        """Select a recording now, or when it has been read."""
        self._wanted = name
        if name in self.library.entries:
            self.session.select(self._take_target())

    def _take_target(self) -> Target:
        """The first segment of the wanted recording, or the recording itself."""
        name, self._wanted = self._wanted, ""
        recording = self.library.entries[name].recording
        return Target(name, 0 if recording is not None and recording.segments else -1)

    def _use_virtual(self) -> None:
        self.context.connect_device("virtual", then=partial(self.context.goto, "record"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list gives way in narrow windows."""
        super().resizeEvent(event)
        self.pane.setFixedWidth(264 if self.width() >= 900 else 232)

    # Showing

    def _use_classes(self) -> None:
        project = self.context.project
        configured = [c.name for c in project.config.classes] if project else []
        recordings = [e.recording for e in self.library.entries.values() if e.recording is not None]
        shown = shown_classes(configured, sorted({s.label for r in recordings for s in r.segments}))
        named = [c for c in shown if c != UNNAMED]
        self.session.classes = named
        self._inks = {name: f"series:{number}" for name, number in class_series(named).items()}
        self.pane.set_classes(shown, self._inks)
        self.timeline.set_inks(self._inks)
        self.panel.set_classes(named, self._inks)
        self.hints.set_hints(keys.hints(len(named)))

    @Slot()
    def _refreshed(self) -> None:
        filled = bool(self.library.entries)
        self._use_classes()
        self.stack.setCurrentWidget(self.work if filled else self.empty)
        self.set_inspector(self.panel if filled else None)
        self.session.keep_target()
        if self._wanted in self.library.entries:
            self.session.target = self._take_target()
        if self.session.target is None and filled:
            self.session.target = rows.first_target(rows.rows_of(self.library.entries, self.pane.filter))
        self._show_all()

    @Slot()
    def _edited(self) -> None:
        self._use_classes()
        self._show_all()

    def _show_all(self) -> None:
        self._show_list()
        self._show_bar()
        self._show_target()

    def _show_list(self) -> None:
        entries = self.library.entries
        self.pane.set_counts(rows.counts_of(entries))
        self.pane.list.set_rows(rows.rows_of(entries, self.pane.filter), self.session.target)

    @Slot()
    def _show_bar(self) -> None:
        entries, busy = self.library.entries, self.session.editor.busy
        counts = rows.counts_of(entries)
        self.accept_sure.set_text(f"Accept {counts.sure:,} above {SURE:.2f}")
        self.accept_sure.setEnabled(counts.sure > 0)
        self.propose.setEnabled(counts.broken < len(entries) and not busy)
        self.trim.setEnabled(not busy and bool(self.session.whole_takes()))
        if self.library.known:
            seen = "none" if not counts.segments else "stale" if counts.review else "fresh"
            self.context.set_stage(self.key, "running" if busy else seen)
        target, recording = self.session.target, self.session.recording
        facts = []
        if recording is not None:
            waiting = sum(s.origin == "proposed" for s in recording.segments)
            number = len(recording.segments)
            told = f"{number} segment{'' if number == 1 else 's'}" + (f", {waiting} to review" if waiting else "")
            facts = [f"{recording.seconds:.3g} s", told]
        self.bar.set_facts(target.name if target else "", facts)

    @Slot(bool)
    def _selected(self, seek: bool) -> None:
        self.playback.stop()
        self.pane.list.set_current(self.session.target)
        self._show_bar()
        self._show_target(seek=seek)

    def _show_target(self, *, seek: bool = False) -> None:
        target, recording = self.session.target, self.session.recording
        entry = self.library.entries.get(target.name) if target else None
        if entry is None:
            self.panel.show_nothing()
            self._show_problem("Nothing to show.", "Choose other filters at the left.", bad=False)
        elif recording is None:
            text, hint = (entry.error.text, entry.error.hint) if entry.error else ("It cannot be read.", "")
            self.panel.show_broken(entry.name, text, hint)
            self._show_problem(text, hint)
        else:
            self._show_inspector(recording)
            if not recording.n_samples:
                self._show_problem("This recording has no samples.", "It was stopped before any came. Delete it.")
            else:
                self._show_timeline(recording, seek=seek)

    def _show_problem(self, text: str, hint: str, *, bad: bool = True) -> None:
        self.problem.tell(text, hint, bad=bad)
        self.centre.setCurrentWidget(self.problem)

    def _show_timeline(self, recording: Recording, *, seek: bool) -> None:
        shown = self.timeline.wave
        if shown is None or shown.recording.name != recording.name or len(shown.raw) != recording.n_samples:
            self.library.want(recording)
            return
        self.centre.setCurrentWidget(self.timeline)
        self._show_segments()
        segment = self.session.segment
        if seek and segment is not None:
            self.timeline.reveal(segment)
            self.timeline.set_playhead(segment.start / recording.group.rate_hz)

    def _show_segments(self) -> None:
        target, wave = self.session.target, self.timeline.wave
        if target is not None and wave is not None and wave.recording.name == target.name:
            self.timeline.set_segments(self.session.segments(), target.index)

    def _show_inspector(self, recording: Recording) -> None:
        segment, target, wave = self.session.segment, self.session.target, self.timeline.wave
        if segment is None:
            self.panel.show_recording(recording, "line_strong")
            return
        above = None
        if wave is not None and wave.recording.name == recording.name:
            above = above_floor_db(wave.energy, segment.start, segment.count)
        waiting = rows.to_review(self.library.entries)
        place = f"{waiting.index(target) + 1} of {len(waiting)}" if target in waiting else ""
        made_by = self.library.makers.get(segment.generator.split(" ")[0], "")
        ink = self._inks.get(segment.label, "text_muted")
        self.panel.show_segment(Shown(recording, segment, ink, made_by, above, place))

    @Slot()
    def _drafted(self) -> None:
        self._show_segments()
        target = self.session.target
        segments = self.session.segments()
        if target is not None and 0 <= target.index < len(segments):
            self.panel.show_extent(segments[target.index])

    @Slot(object)
    def _wave_ready(self, wave: Waveform) -> None:
        target = self.session.target
        if target is not None and wave.recording.name == target.name:
            self.timeline.set_waveform(wave)
            self._show_target(seek=True)

    @Slot(str, object)
    def _wave_failed(self, name: str, error: BaseException) -> None:
        target = self.session.target
        if target is not None and name == target.name:
            text, hint = (error.text, error.hint) if isinstance(error, AppError) else (str(error), "")
            self._show_problem(text, hint)

    # What the user does

    @Slot(object)
    def _row_chosen(self, target: Target) -> None:
        self.session.select(target)

    @Slot()
    def _filter_changed(self) -> None:
        self.session.flush()
        self._show_list()
        shown = self.pane.list.rows
        if shown.rows and (self.session.target is None or shown.place_of(self.session.target) < 0):
            self.session.select(shown.rows[0].target)

    @Slot(int)
    def _block_chosen(self, index: int) -> None:
        target = self.session.target
        if target is not None and target.index != index:
            self.session.select(Target(target.name, index), seek=False)

    @Slot(float)
    def _seek(self, seconds: float) -> None:
        self.timeline.set_playhead(seconds)
        if self.playback.playing and self.timeline.wave is not None:
            self.playback.play(seconds, self.timeline.wave.seconds)

    @Slot(bool)
    def _snap(self, on: bool) -> None:
        self.timeline.snapping = on

    @Slot(int, int)
    def _extent_typed(self, start: int, count: int) -> None:
        if self.session.target is not None:
            self.session.move(self.session.target.index, start, count)

    def play(self) -> None:
        """Play from the playhead, or stop."""
        wave = self.timeline.wave
        if self.playback.playing:
            self.playback.stop()
        elif wave is not None:
            at = self.timeline.playhead
            self.playback.play(at if at < wave.seconds - 1e-3 else self.timeline.view[0], wave.seconds)

    def split(self) -> None:
        """Cut the segment at the playhead."""
        self.session.split(self.timeline.playhead)

    def next_to_review(self) -> None:
        """Select the next proposal; filters that hide it go."""
        target = self.session.next_target()
        if target is None:
            self.context.show_message("Nothing to review", "Propose asks a segmenter for more.", tone="ok")
            return
        if not self.pane.list.rows.has(target):
            self.pane.show_all()
            self._show_list()
        self.session.select(target)

    def delete_recording(self) -> None:
        """Move the selected recording into the trash."""
        if self.session.target is not None:
            self.session.delete([self.session.target.name])

    @Slot(object, object)
    def _menu(self, target: Target, at: QPoint) -> None:
        self.session.select(target)
        keys.row_menu(self).popup(at)
