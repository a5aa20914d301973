"""The Record page: puts stream, take control, plot, levels and inspector together.

Long because it is the one place where the page's parts meet; each of them is a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.gui.board_stream import BoardStream
from motestudio.gui.commands import Command
from motestudio.gui.numbers import byte_size, count, duration
from motestudio.gui.page import Page
from motestudio.gui.pages.record.connect_panel import ConnectPanel
from motestudio.gui.pages.record.control import GOOD_ENDS, EndedTake, TakeControl
from motestudio.gui.pages.record.field_mode import FieldMode
from motestudio.gui.pages.record.last_take import TakeCard, read_card
from motestudio.gui.pages.record.levels import Levels
from motestudio.gui.pages.record.scope import Band, Scope
from motestudio.gui.pages.record.take_form import KEYS, TakeForm
from motestudio.gui.widgets import Button, IconButton, PageBar, Segmented
from motestudio.studio.live import TailClock
from motestudio.studio.record import TakePlan
from motestudio.studio.takes import TakeIndex, TakeSummary, add_class, discard, set_record

WINDOWS = (5, 12, 30)
_CARDS = 200

HELP = """Watch the board's signal and record takes of each class.
Choose a class with its number key, then press Space. After the countdown the take runs for its length; Space again \
stops it early and keeps what there is.
A virtual board performs the class by itself if it knows it, a little differently every time.
Takes are tinted in the live plot. Discard throws the last take away; Ctrl+Z brings it back.
The meters show each channel's level over the last second. A red lamp means that samples were clipped: choose a wider \
range or move less. A hollow meter means a channel that does not change.
Field mode shows plot, class and button only, in large type; Esc leaves it."""


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
        self.field: FieldMode | None = None
        self.scope: Scope | None = None
        self.paused = False
        self._index: TakeIndex | None = None
        self._summary = TakeSummary()
        self._cards: dict[str, TakeCard] = {}
        self._old_cards: set[str] = set()
        self._reading = self._stale = False
        self._make_bar()
        self.stack = QStackedWidget()
        self.connect_panel = ConnectPanel(self.context)
        self.board_view = QWidget()
        self._board_box = QVBoxLayout(self.board_view)
        self._board_box.setContentsMargins(0, 0, 0, 12)
        self._board_box.setSpacing(4)
        self.levels = Levels()
        self._board_box.addWidget(self.levels)
        self.stack.addWidget(self.connect_panel)
        self.stack.addWidget(self.board_view)
        self.body.addWidget(self.stack, 1)
        self.form = TakeForm()
        self.inspector = self.form
        self._connect()
        self._project_changed()
        self._reader_changed()

    def _make_bar(self) -> None:
        self.bar = PageBar("Record")
        seconds = self.context.settings.get("record_window", 12)
        self.seconds = seconds if seconds in WINDOWS else 12
        self.windows = Segmented([f"{s} s" for s in WINDOWS], WINDOWS.index(self.seconds), "Time shown")
        self.windows.changed.connect(self._window)
        self.reconnect = Button("Reconnect", "secondary", "ph.arrow-clockwise")
        self.reconnect.clicked.connect(self.context.reconnect_device)
        self.field_button = Button("Field mode", "secondary")
        self.field_button.setToolTip("Plot, class and button only  F")
        self.field_button.clicked.connect(self.toggle_field_mode)
        self.pause_button = IconButton("ph.pause", "Hold the picture  P")
        self.pause_button.clicked.connect(self.toggle_pause)
        for widget in (self.reconnect, self.windows, self.field_button, self.pause_button):
            self.bar.add_action(widget)
        inset = QHBoxLayout()
        inset.setContentsMargins(8, 0, 8, 0)
        inset.addWidget(self.bar)
        self.body.addLayout(inset)

    def _connect(self) -> None:
        context, form = self.context, self.form
        context.project_changed.connect(self._project_changed)
        context.recordings_changed.connect(self._refresh)
        self.stream.reader_changed.connect(self._reader_changed)
        self.stream.lost.connect(self._board_lost)
        self.control.changed.connect(self._show_state)
        self.control.saved.connect(self._saved)
        form.button.clicked.connect(self.record)
        form.changed.connect(self._setting)
        form.class_chosen.connect(self._class_chosen)
        form.class_added.connect(self._class_added)
        form.left.connect(self._take_keys)
        form.last.discard_wanted.connect(self.discard)

    # Page

    def activated(self) -> None:
        """Have the board stream, look at the takes."""
        self.stream.set_wanted(True)
        self._refresh()
        self._show_state()

    def deactivated(self) -> None:
        """Leave field mode; a take that runs goes on."""
        self.stream.set_wanted(False)
        self._leave_field_mode()

    def commands(self) -> Sequence[Command]:
        """Everything on the page by name."""

        def board() -> bool:
            return self.stream.connected

        made = [
            Command("record.take", "Record a take, or stop", self.record, "Record", "Space"),
            Command("record.discard", "Discard the last take", self._discard_last, "Record", "Del", self._has_last),
            Command("record.field", "Field mode", self.toggle_field_mode, "Record", "F", board),
            Command("record.leave", "Leave field mode", self._leave_field_mode, "Record", "Esc", self._in_field_mode),
            Command("record.pause", "Hold the picture", self.toggle_pause, "Record", "P", board),
            Command("record.class", "Add a class", self.form.add_button.click, "Record"),
        ]
        for i, seconds in enumerate(WINDOWS):
            made.append(Command(f"record.window{seconds}", f"Show {seconds} s", self._windower(i), "Record"))
        for i, key in enumerate(KEYS):
            made.append(Command(f"record.class{key}", f"Choose class {key}", self._chooser(i), "Record", key))
        return made

    def _windower(self, index: int) -> Any:
        return lambda: self.windows.set_current(index)

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
        elif project is not None and self.form.label and self.form.button.isEnabled():
            plan = TakePlan(self.form.label, project.config.record.seconds)
            self.control.toggle(plan, project.config.record.countdown)

    @Slot()
    def toggle_pause(self) -> None:
        """Hold the picture while recording goes on, or follow again."""
        self.paused = not self.paused
        self.pause_button.icon_name = "ph.play" if self.paused else "ph.pause"
        self.pause_button.setAccessibleName("Follow the signal  P" if self.paused else "Hold the picture  P")
        self.pause_button.setToolTip(self.pause_button.accessibleName())
        self.pause_button.update()
        for scope in self._scopes():
            scope.set_paused(self.paused)

    @Slot()
    def toggle_field_mode(self) -> None:
        """Plot, class and button only, or everything."""
        if self.field is not None:
            self._leave_field_mode()
        elif self.stream.reader is not None and self.stream.connected:
            self.field = FieldMode(self.window(), self.stream.reader)
            self.field.left.connect(self._leave_field_mode)
            self.field.button.clicked.connect(self.record)
            self.field.scope.set_window(self.seconds)
            self.board_view.hide()
            self._show_state()
            self._show_bands()

    def _in_field_mode(self) -> bool:
        return self.field is not None

    @Slot()
    def _leave_field_mode(self) -> None:
        if self.field is not None:
            field, self.field = self.field, None
            self.window().removeEventFilter(field)
            field.hide()
            field.deleteLater()
            self.board_view.show()
            self._take_keys()

    @Slot(str)
    def discard(self, name: str) -> None:
        """Throw a take away; undoable."""
        project = self.context.project
        if project is None:
            return

        def done(_: object) -> None:
            self.context.recordings_changed.emit()
            self.context.show_message(f"{name} is discarded.", tone="info", action="Undo", act=self.context.undo)

        self.context.edits.submit(f"Discard {name}", lambda: lambda _: discard(project, name), done)

    def _discard_last(self) -> None:
        if self.form.last.card is not None:
            self.discard(self.form.last.card.name)

    def _has_last(self) -> bool:
        return self.form.last.card is not None

    @Slot(int)
    def _window(self, index: int) -> None:
        self.seconds = WINDOWS[index]
        self.context.settings.set("record_window", self.seconds)
        for scope in self._scopes():
            scope.set_window(self.seconds)

    @Slot(str, object)
    def _setting(self, field: str, value: object) -> None:
        project = self.context.project
        if project is not None:
            self.context.edits.submit(
                "Change how takes are recorded",
                lambda: lambda _: set_record(project, **{field: value}),
                lambda _: self.context.project_changed.emit(),
            )

    @Slot(str)
    def _class_added(self, name: str) -> None:
        project = self.context.project
        if project is None:
            return

        def done(_: object) -> None:
            self.context.project_changed.emit()
            self.form.set_current_class(name)
            self._class_chosen(name)

        self.context.edits.submit(f"Add class {name}", lambda: lambda _: add_class(project, name), done)

    @Slot(str)
    def _class_chosen(self, label: str) -> None:
        self._show_state()

    # What happens

    @Slot()
    def _project_changed(self) -> None:
        project = self.context.project
        if project is None:
            self._index = None
            return
        if self._index is None or self._index.project is not project:
            self._index = TakeIndex(project)
            self._summary = TakeSummary()
            self._cards.clear()
        self.form.set_config(project.config)
        self._show_state()
        self._show_bands()

    @Slot()
    def _refresh(self) -> None:
        """Look at the takes, once at a time."""
        index = self._index
        if index is None or self._reading:
            self._stale = self._reading
            return
        self._reading, self._stale = True, False
        self.context.run_operation(
            "Look at the takes", lambda _: (index, index.refresh()), self._summed, self._not_summed, quiet=True
        )

    def _summed(self, result: tuple[TakeIndex, TakeSummary]) -> None:
        self._reading = False
        index, summary = result
        if index is self._index:
            self._summary = summary
            self.form.set_summary(summary)
            self._show_cards()
            self._show_state()
        if self._stale or index is not self._index:
            self._refresh()

    def _not_summed(self, error: BaseException) -> None:
        self._reading = False
        self.context.show_error(error)

    @Slot(object)
    def _saved(self, take: EndedTake) -> None:
        project, reader = self.context.project, self.stream.reader
        if take.reason not in GOOD_ENDS:
            seconds = take.n_samples / (self.scope.rate_hz if self.scope else 1.0)
            self.context.show_message(
                f"The board went while {take.name} was recorded.",
                f"What there was is kept: {seconds:.1f} s. Check the cable, reconnect and record again.",
                "bad",
                action="Reconnect",
                act=self.context.reconnect_device,
            )
        self.context.recordings_changed.emit()
        if project is None:
            return
        clock = TailClock(reader) if reader is not None else None
        self.context.run_operation(
            f"Look at {take.name}",
            lambda _: read_card(project, take.name, take.label, clock),
            self._card_read,
            quiet=True,
        )

    def _card_read(self, card: TakeCard) -> None:
        self._cards[card.name] = card
        while len(self._cards) > _CARDS:
            self._cards.pop(next(iter(self._cards)))
        if card.name not in self._summary.names:
            self._refresh()
        self._show_cards(newest=card.name)

    @Slot()
    def _reader_changed(self) -> None:
        reader = self.stream.reader
        self._leave_field_mode()
        if self.scope is not None:
            self._board_box.removeWidget(self.scope)
            self.scope.hide()
            self.scope.deleteLater()
            self.scope = None
        self.levels.set_readers([reader] if reader is not None else [])
        if reader is not None:
            self.scope = Scope([reader])
            self.scope.set_window(self.seconds)
            self.scope.set_paused(self.paused)
            self._board_box.insertWidget(0, self.scope, 1)
        # Bands belong to the tail that is gone.
        self._cards = {n: c for n, c in self._cards.items() if c is self.form.last.card}
        self._old_cards = set(self._cards)
        self.stack.setCurrentWidget(self.board_view if reader is not None else self.connect_panel)
        if self.isVisible():
            self._take_keys()  # what had the focus is gone with the panel, and Qt would give it to the rail
        self._show_bands()
        self._show_state()

    @Slot()
    def _board_lost(self) -> None:
        self._leave_field_mode()
        self._show_state()

    # Showing

    def _scopes(self) -> list[Scope]:
        return [s for s in (self.scope, self.field.scope if self.field else None) if s is not None]

    def _show_cards(self, newest: str = "") -> None:
        there = [c for n, c in self._cards.items() if n in self._summary.names or n == newest]
        last = there[-1] if there else None
        self.form.last.show_card(last, self.form.inks.get(last.label, "series:7") if last else "series:7")
        self._show_bands(newest)

    def _show_bands(self, newest: str = "") -> None:
        bands = [
            Band(c.name, c.label, c.start_s, c.end_s)
            for n, c in self._cards.items()
            if c.start_s >= 0 and n not in self._old_cards and (n in self._summary.names or n == newest)
        ]
        for scope in self._scopes():
            scope.set_bands(bands, self.form.inks)

    @Slot()
    def _show_state(self) -> None:
        control, connected = self.control, self.stream.connected
        self.reconnect.setVisible(self.context.session is not None and not connected)
        for widget in (self.windows, self.field_button, self.pause_button):
            widget.setVisible(self.stream.reader is not None)
        self.field_button.setEnabled(connected)
        self._show_buttons(connected)
        for scope in self._scopes():
            if control.running:
                scope.set_countdown(0.0)
                scope.set_recording(control.label, control.first)
            elif scope.overlay.recording and not control.running:
                scope.set_idle()
            else:
                scope.set_countdown(control.remaining)
        self.form.show_take_sentence(control.state)
        self._show_bar()
        state = "running" if control.running else ("fresh" if self._summary.names else "none")
        if self.context.project is not None:
            self.context.set_stage("record", state)

    def _show_buttons(self, connected: bool) -> None:
        control, label = self.control, self.form.label
        buttons = [self.form.button] + ([self.field.button] if self.field else [])
        for button in buttons:
            button.set_text(f"Record {label}" if label else "Record")
            button.setEnabled((connected and bool(label)) or control.busy)
            if control.state == "countdown":
                button.set_running(True, f"in {control.remaining:.1f} s")
            else:
                button.set_running(control.running, self._progress() if control.running else "")
        if self.field is not None:
            have, target = self.form.count_of(label)
            shown = f"{have} / {target}" if target else str(have)
            self.field.name.set_class(label, self.form.inks.get(label, "series:7"), shown)

    def _progress(self) -> str:
        group = self.stream.group
        if group is None:
            return ""
        number, unit = byte_size(self.control.samples * group.frame_bytes)
        return f"{self.control.samples / group.rate_hz:.1f} s  {number} {unit}"

    def _show_bar(self) -> None:
        control, project = self.control, self.context.project
        self.bar.title.set_ink("bad" if control.running else "text")
        if control.running:
            self.bar.title.setText(f"Recording {control.label}")
            seconds = project.config.record.seconds if project else 0.0
            done = control.samples / self.stream.group.rate_hz if self.stream.group else 0.0
            self.bar.set_facts(control.name, [f"{done:.1f} of {seconds:.1f} s"])
            return
        self.bar.title.setText("Record")
        summary = self._summary
        number, unit = byte_size(summary.size_bytes)
        facts = [duration(summary.seconds), f"{count(len(summary.names))} takes", f"{number} {unit}"]
        if summary.unreadable:
            facts.append(f"{count(summary.unreadable)} unreadable")
        session = project.config.record.session if project else ""
        name = f"Session {session}" if session else ""
        self.bar.set_facts(name, facts if summary.names else ["no takes yet"])
