"""The Record page: puts stream, take control, plots, levels, labels and inspector together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from motestudio.gui.board_stream import BoardStream
from motestudio.gui.commands import Command
from motestudio.gui.cues import Cues
from motestudio.gui.page import Page
from motestudio.gui.pages.record.attention import Attention
from motestudio.gui.pages.record.bar import WINDOWS, RecordBar
from motestudio.gui.pages.record.board_view import BoardView
from motestudio.gui.pages.record.cards import TakeCards
from motestudio.gui.pages.record.connect_panel import ConnectPanel
from motestudio.gui.pages.record.control import GOOD_ENDS, EndedTake, Pace, TakeControl
from motestudio.gui.pages.record.edits import RecordEdits
from motestudio.gui.pages.record.field_mode import FieldMode
from motestudio.gui.pages.record.live_labels import LiveLabels
from motestudio.gui.pages.record.scope import Scope
from motestudio.gui.pages.record.take_form import KEYS, TakeForm
from motestudio.gui.pages.record.take_view import TakeView
from motestudio.gui.pages.record.view_controls import ViewControls
from motestudio.studio.record import TakePlan

HELP = """Watch the board's signal and record takes of each class.
Choose a class with its number key, then press Space. After the countdown the take runs for its length; Space again \
stops it early and keeps what there is.
A take can also begin when the signal does, run until it is stopped, and be repeated until a class has enough; Esc \
calls off what waits. F2 changes how many takes of the chosen class are wanted.
Where takes are labelled by holding keys, hold a class's number for as long as it lasts; Backspace takes the last \
label back.
K makes a take of the last seconds though nothing was recorded.
A virtual board performs the class by itself if it knows it, a little differently every time.
Takes are tinted in the live plot. Scroll it back with wheel or arrow keys, also while a take runs; End goes to the \
newest. Discard throws the last take away; Ctrl+Z brings it back.
The meters show each channel's level over the last second. A red lamp means that samples were clipped: choose a wider \
range or move less. A hollow meter means a channel that does not change.
Field mode shows plot, class and big buttons only; Esc leaves it."""


class RecordPage(Page):
    """Record takes from a board."""

    key = "record"
    title = "Record"
    help = HELP
    margins = (16, 0, 16, 0)

    def build(self) -> None:
        """Bar, plot, levels; connect panel where there is no board."""
        self.stream = BoardStream(self.context, self)
        self.control = TakeControl(self.context, self.stream)
        self.cards = TakeCards(self.context, self)
        self.labels = LiveLabels(self.window, self.context, self.stream, lambda: self.form.names, self)
        self.cues = Cues(self.context.settings, self)
        self.edits = RecordEdits(self.context)
        self.paused = False
        self.form = TakeForm()
        self.inspector = self.form
        self.view = ViewControls(self.context, self)
        self.bar = RecordBar(self.context.settings, self.view.widgets)
        inset = QHBoxLayout()
        inset.setContentsMargins(8, 0, 8, 0)
        inset.addWidget(self.bar)
        self.body.addLayout(inset)
        self.stack = QStackedWidget()
        self.connect_panel = ConnectPanel(self.context)
        self.board_view = BoardView()
        self.stack.addWidget(self.connect_panel)
        self.stack.addWidget(self.board_view)
        self.body.addWidget(self.stack, 1)
        self.shown = TakeView(self.context, self.control, self.cards, self.labels, self.form, self.bar, self.board_view)
        self.attention = Attention(self.cues, self.board_view, self.form.link, self.shown)
        self.form.set_labelling(on=self.context.settings.get("record_labelling", False))
        self._connect()
        self._project_changed()
        self._reader_changed()

    def _connect(self) -> None:
        context, form, bar = self.context, self.form, self.bar
        bar.windows.changed.connect(self._window)
        bar.reconnect.clicked.connect(context.reconnect_device)
        bar.field_mode.clicked.connect(self.toggle_field_mode)
        bar.pause.clicked.connect(self.toggle_pause)
        context.project_changed.connect(self._project_changed)
        context.recordings_changed.connect(self.cards.refresh)
        self.cards.summed.connect(self._summed)
        self.cards.changed.connect(self._show_cards)
        self.stream.reader_changed.connect(self._reader_changed)
        self.stream.lost.connect(self._board_lost)
        self.stream.health_changed.connect(self._health)
        self.control.changed.connect(self._show_state)
        self.control.began.connect(self._began)
        self.control.saved.connect(self._saved)
        self.labels.changed.connect(self._show_labels)
        self.view.changed.connect(self._view_changed)
        form.button.clicked.connect(self.record)
        form.keep.clicked.connect(self.keep_last)
        form.changed.connect(self.edits.set_field)
        form.class_chosen.connect(self._class_chosen)
        form.class_added.connect(self._class_added)
        form.target_changed.connect(self.edits.set_target)
        form.labelling_changed.connect(self._labelling_changed)
        form.history.back_wanted.connect(self.labels.take_back)
        form.left.connect(self._take_keys)
        form.last.discard_wanted.connect(self.edits.discard)

    # Page

    @property
    def field(self) -> FieldMode | None:
        """Field mode, while it is open."""
        return self.shown.field

    def activated(self) -> None:
        """Have the board stream, look at the takes."""
        self.stream.set_wanted(True)
        self.cards.refresh()
        self._show_state()

    def deactivated(self) -> None:
        """Leave field mode; a take that runs goes on."""
        self.stream.set_wanted(False)
        self._leave_field_mode()

    def commands(self) -> Sequence[Command]:
        """Everything on the page by name."""

        def board() -> bool:
            return self.stream.connected

        def labelled() -> bool:
            return self.labels.can_take_back

        def can_keep() -> bool:
            return self.control.can_keep

        def can_leave() -> bool:
            return self.control.waiting or self.field is not None

        group, back = "Record", self.labels.take_back
        made = [
            Command("record.take", "Record a take, or stop", self.record, group, "Space"),
            Command("record.keep", "Keep what was just seen", self.keep_last, group, "K", can_keep),
            Command("record.back", "Take the last label back", back, group, "Backspace", labelled),
            Command("record.discard", "Discard the last take", self._discard_last, group, "Del", self._has_last),
            Command("record.field", "Field mode", self.toggle_field_mode, group, "F", board),
            Command("record.leave", "Call off what waits, or leave field mode", self._escape, group, "Esc", can_leave),
            Command("record.pause", "Hold the picture", self.toggle_pause, group, "P", board),
            Command("record.class", "Add a class", self.form.add_button.click, group),
            Command("record.target", "Change how many takes are wanted", self.form.edit_target, group, "F2"),
            Command("record.cues", "Tones at a take's begin and end", self._toggle_cues, group),
        ]
        for i, seconds in enumerate(WINDOWS):
            made.append(Command(f"record.window{seconds}", f"Show {seconds} s", self._windower(i), group))
        for i, key in enumerate(KEYS):
            made.append(Command(f"record.class{key}", f"Choose class {key}", self._chooser(i), group, key))
        return [*made, *self.view.commands()]

    def _windower(self, index: int) -> Any:
        return lambda: self.bar.windows.set_current(index)

    def _chooser(self, index: int) -> Any:
        def choose() -> None:
            if index < len(self.form.classes.rows) and not self.control.busy:
                self.form.classes.rows[index].click()

        return choose

    @Slot()
    def _take_keys(self) -> None:
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # What the user does

    @Slot()
    def record(self) -> None:
        """The big button."""
        project = self.context.project
        if self.stack.currentWidget() is self.connect_panel:
            self.connect_panel.connect_chosen()
        elif project is not None and self.form.button.isEnabled():
            how, label = project.config.record, self.form.plan_label
            have, target = self.form.count_of(label)
            takes = (max(0, target - have) if label else 0) if how.repeat else 1
            self.labels.release_all()
            level = how.level if how.start == "level" else 0.0
            pace = Pace(how.countdown, how.pause, level, how.run_up, takes)
            self.control.toggle(TakePlan(label, how.seconds), pace)

    @Slot()
    def keep_last(self) -> None:
        """Make a take of the last seconds."""
        project = self.context.project
        if project is not None and self.control.can_keep:
            self.control.keep_last(project.config.record.keep)

    @Slot()
    def toggle_pause(self) -> None:
        """Hold the picture while recording goes on, or follow again."""
        self.paused = not self.paused
        for scope in self.shown.scopes:
            scope.set_paused(self.paused)
        self.bar.set_paused(paused=self.paused)

    @Slot()
    def _view_changed(self) -> None:
        """Scrolling into the past holds the picture too."""
        self.paused = not self.view.live
        self.bar.set_paused(paused=self.paused)

    @Slot()
    def toggle_field_mode(self) -> None:
        """Plot, class and big buttons only, or everything."""
        if self.field is not None:
            self._leave_field_mode()
        elif self.stream.connected:
            field = self.shown.field = FieldMode(self.window(), self.stream.readers, self.context.settings, self.cues)
            field.left.connect(self._leave_field_mode)
            field.button.clicked.connect(self.record)
            field.keep.clicked.connect(self.keep_last)
            field.discard.clicked.connect(self._discard_last)
            field.stepped.connect(self._step_class)
            field.label_pressed.connect(self.labels.press)
            field.label_released.connect(self.labels.release)
            field.scope.set_window(self.bar.seconds)
            self.board_view.hide()
            self.view.attach(self.shown.scopes)
            self._show_state()
            self._show_cards()

    @Slot()
    def _escape(self) -> None:
        """What will begin by itself is called off; else field mode is left."""
        if self.control.waiting:
            self.control.call_off()
        else:
            self._leave_field_mode()

    @Slot()
    def _leave_field_mode(self) -> None:
        if self.field is not None:
            field, self.shown.field = self.field, None
            field.finish()
            self.board_view.show()
            self.view.attach(self.shown.scopes)
            self._take_keys()

    @Slot(int)
    def _step_class(self, by: int) -> None:
        names = self.form.names
        if names and not self.control.busy:
            index = names.index(self.form.label) if self.form.label in names else 0
            self.form.classes.rows[(index + by) % len(names)].click()

    def _discard_last(self) -> None:
        if self.form.last.card is not None:
            self.edits.discard(self.form.last.card.name)

    def _has_last(self) -> bool:
        return self.form.last.card is not None

    def _toggle_cues(self) -> None:
        self.cues.set_on(on=not self.cues.on)
        self.context.show_message("Tones are on." if self.cues.on else "Tones are off.")

    @Slot(int)
    def _window(self, _: int) -> None:
        for scope in self.shown.scopes:
            scope.set_window(self.bar.seconds)

    @Slot(bool)
    def _labelling_changed(self, on: bool) -> None:
        self.context.settings.set("record_labelling", on)
        self._show_state()

    @Slot(str)
    def _class_added(self, name: str) -> None:
        def then() -> None:
            self.form.set_current_class(name)
            self._show_state()

        self.edits.add_class(name, then)

    @Slot(str)
    def _class_chosen(self, label: str) -> None:
        self._show_state()

    # What happens

    @Slot()
    def _project_changed(self) -> None:
        self.cards.project_changed()
        project = self.context.project
        if project is not None:
            self.form.set_config(project.config)
            self._show_state()

    @Slot()
    def _summed(self) -> None:
        self.form.set_summary(self.cards.summary)
        self._show_state()

    @Slot(object)
    def _began(self, event: Any) -> None:
        files = []
        for part in event.parts:
            if part.group in self.stream.indices:
                files.append((self.stream.indices.index(part.group), Path(part.path), int(part.first)))
        for scope in self.shown.scopes:
            scope.set_take_files(files)

    @Slot(object)
    def _saved(self, take: EndedTake) -> None:
        if take.reason not in GOOD_ENDS:
            group = self.stream.group
            seconds = take.n_samples / (group.rate_hz if group is not None else 1.0)
            self.context.show_message(
                f"The board went while {take.take} was recorded.",
                f"What there was is kept: {seconds:.1f} s. Check the cable, reconnect and record again.",
                "bad",
                action="Reconnect",
                act=self.context.reconnect_device,
            )
        self.context.recordings_changed.emit()
        self.cards.take_saved(take, self.stream.reader)

    @Slot()
    def _reader_changed(self) -> None:
        readers = self.stream.readers
        self._leave_field_mode()
        self.board_view.set_readers(readers)
        if (scope := self.board_view.scope) is not None:
            scope.set_window(self.bar.seconds)
            scope.set_paused(self.paused)
        self.view.attach(self.shown.scopes)
        session = self.context.session
        self.form.fields.set_groups(session.description.groups if session is not None and readers else ())
        if not readers:
            self.form.link.set_health(None, ())
        self.stack.setCurrentWidget(self.board_view if readers else self.connect_panel)
        if self.isVisible():
            self._take_keys()  # what had the focus is gone with the panel, and Qt would give it to the rail
        self.cards.tail_changed()
        self._show_state()

    @Slot()
    def _board_lost(self) -> None:
        self._leave_field_mode()
        self._show_state()

    @Slot(object)
    def _health(self, health: Any) -> None:
        session = self.context.session
        if session is not None and (self.isVisible() or self.field is not None):
            self.attention.health(health, [g.name for g in session.description.groups])

    # Showing

    @property
    def scope(self) -> Scope | None:
        """The plots beside the inspector, or None where no board is connected."""
        return self.board_view.scope

    @Slot()
    def _show_cards(self) -> None:
        self.shown.show_cards()

    @Slot()
    def _show_labels(self) -> None:
        self.shown.show_labels()

    @Slot()
    def _show_state(self) -> None:
        control = self.control
        turn = self.attention.state(control.state, control.remaining, self.stream.health)
        if turn:
            labelled = turn == "began" and self.form.labelling.isChecked() and not control.label
            self.labels.set_running(running=labelled)
        if self.labels.held:
            self.labels.keep_up()
            self._show_labels()
        self.shown.show_state()
        if self.context.project is not None:
            state = "running" if control.running else ("fresh" if self.cards.summary.names else "none")
            self.context.set_stage("record", state)
