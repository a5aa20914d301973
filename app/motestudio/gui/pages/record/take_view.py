"""What is seen of takes, labels and the state of recording: in the plots, on the big buttons, in bar and inspector."""

from __future__ import annotations

from motestudio.gui.context import AppContext
from motestudio.gui.numbers import byte_size
from motestudio.gui.pages.record.bar import RecordBar
from motestudio.gui.pages.record.board_view import BoardView
from motestudio.gui.pages.record.cards import TakeCards
from motestudio.gui.pages.record.control import TakeControl
from motestudio.gui.pages.record.field_mode import FieldMode
from motestudio.gui.pages.record.live_labels import LiveLabels
from motestudio.gui.pages.record.scope import Band, Scope
from motestudio.gui.pages.record.take_form import TakeForm
from motestudio.gui.widgets import RecordButton


class TakeView:
    """Told by the page what is another than before; changes nothing but widgets.

    Args:
        context: has the project.
        control: of takes.
        cards: of those that are on the disk.
        labels: of the take that runs.
        form: the inspector.
        bar: over the plots.
        board: the plots beside the inspector.

    Attributes:
        field: field mode, while it is open.
    """

    def __init__(
        self,
        context: AppContext,
        control: TakeControl,
        cards: TakeCards,
        labels: LiveLabels,
        form: TakeForm,
        bar: RecordBar,
        board: BoardView,
    ) -> None:
        self.field: FieldMode | None = None
        self._context, self._control, self._stream = context, control, control.stream
        self._cards, self._labels, self._form, self._bar, self._board = cards, labels, form, bar, board

    @property
    def scopes(self) -> list[Scope]:
        """All plots there are at the moment."""
        return [s for s in (self._board.scope, self.field.scope if self.field else None) if s is not None]

    def show_cards(self) -> None:
        """The last take, and all that lie in the live tail."""
        last, inks = self._cards.last, self._form.inks
        self._form.last.show_card(last, inks.get(last.label, "series:7") if last else "series:7")
        if self.field is not None:
            self.field.discard.setEnabled(last is not None)
        for scope in self.scopes:
            scope.set_bands(self._cards.bands, inks)

    def show_labels(self) -> None:
        """Labels of the take that runs, those that are held among them."""
        labels, reader = self._labels, self._stream.reader
        rate = reader.group.rate_hz if reader is not None else 1.0
        newest = reader.total if reader is not None else 0
        held = list(labels.held.values())
        bands = [
            Band("", x.label, x.first / rate, (newest if x.last < 0 else x.last) / rate) for x in labels.made + held
        ]
        for scope in self.scopes:
            scope.set_labels(bands)
        history = self._form.history
        history.set_labels(labels.made, held, self._form.inks, rate, self._control.first)
        history.back.setVisible(labels.can_take_back)

    def show_state(self) -> None:
        """What is recorded, or what would be."""
        control, form, stream = self._control, self._form, self._stream
        there, connected = bool(stream.readers), stream.connected
        gone = self._context.session is not None and not connected
        self._bar.set_board(there=there, connected=connected, gone=gone)
        form.keep.setVisible(there)
        form.keep.setEnabled(control.can_keep)
        self._show_buttons()
        self._show_field()
        for scope in self.scopes:
            if control.running:
                scope.set_countdown(0.0)
                scope.set_recording(control.label or "Take", control.first)
            elif scope.overlay.recording:
                scope.set_idle()
            else:
                scope.set_countdown(control.remaining if control.state == "countdown" else 0.0)
        form.show_take_sentence(control.state, control.heard)
        project = self._context.project
        record = project.config.record if project is not None else None
        self._bar.set_state(control, stream.group, record, self._cards.summary)

    def _show_buttons(self) -> None:
        control, label = self._control, self._form.plan_label
        can = self._stream.connected and (bool(label) or self._form.labelling.isChecked())
        for button in [self._form.button] + ([self.field.button] if self.field else []):
            button.set_text(f"Record {label}" if label else "Record")
            button.setEnabled(can or control.busy)
            self._show_button(button)

    def _show_button(self, button: RecordButton) -> None:
        control = self._control
        if control.state in ("countdown", "pause"):
            button.set_running(True, f"in {control.remaining:.1f} s")
        elif control.state == "armed":
            button.set_running(True, "waits for the signal" if control.at_rest else "waits for rest")
        else:
            button.set_running(control.running, self._progress() if control.running else "")

    def _show_field(self) -> None:
        field, form, busy = self.field, self._form, self._control.busy
        if field is None:
            return
        label = form.plan_label
        if label:
            field.name.set_class(label, form.inks.get(label, "series:7"), form.count_words(label))
        else:
            field.name.set_class("Hold a button to label", "", form.total_words)
        field.keep.setEnabled(self._control.can_keep)
        for step in (field.before, field.after):
            step.setEnabled(not busy and bool(label))
        field.set_holds(form.inks if form.labelling.isChecked() else {})

    def _progress(self) -> str:
        frame_bytes = sum(r.group.frame_bytes * r.group.rate_hz for r in self._stream.readers)
        group = self._stream.group
        if group is None:
            return ""
        seconds = self._control.samples / group.rate_hz
        number, unit = byte_size(seconds * frame_bytes)
        return f"{seconds:.1f} s  {number} {unit}"
