"""Who reads what a port sends: found by listening or chosen, with a preview in which channels get names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motestudio.devices.decoder_messages import MOTE_LINK, Candidate, Found
from motestudio.devices.recorder_messages import Listened
from motestudio.domain.params import Value
from motestudio.domain.signal import ChannelGroup
from motestudio.gui.forms import ParamForm
from motestudio.gui.theme.fonts import monospace
from motestudio.gui.widgets import Button, Choice, Text, TextField

AUTO = "auto"
NAMES, UNITS = "names", "units"
_LINES, _MOST_CHANNELS = 4, 12
_FIELD_WIDTH = 180


class ChannelFields(QWidget):
    """A name and a unit for each channel.

    Signals:
        changed: the user changed one.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self.names: list[TextField] = []
        self.units: list[TextField] = []

    def set_channels(self, groups: Sequence[ChannelGroup], *, units: bool) -> None:
        """Show the channels of what was heard; units only where the decoder lets them be named."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.names, self.units = [], []
        channels = [c for group in groups for c in group.channels][:_MOST_CHANNELS]
        for row, channel in enumerate(channels):
            name = TextField(channel.name, f"Name of channel {row + 1}")
            name.textEdited.connect(self.changed)
            self.names.append(name)
            self._grid.addWidget(Text(f"Channel {row + 1}", "caption", "text_muted"), row, 0)
            self._grid.addWidget(name, row, 1)
            if units:
                unit = TextField(channel.unit, f"Unit of channel {row + 1}", "unit")
                unit.setFixedWidth(80)
                unit.textEdited.connect(self.changed)
                self.units.append(unit)
                self._grid.addWidget(unit, row, 2)

    @property
    def given(self) -> dict[str, str]:
        """The decoder's parameters for names and units; commas would be taken for two channels."""
        found = {NAMES: self._joined(self.names)}
        if self.units:
            found[UNITS] = self._joined(self.units)
        return found

    @staticmethod
    def _joined(fields: Sequence[TextField]) -> str:
        return ",".join(f.text().replace(",", " ").strip() for f in fields)


class StreamChoice(QWidget):
    """Shows and asks; whoever holds it listens.

    Signals:
        listen_wanted: hear what the port sends.
        changed: the decoder or a parameter is another one, by the user's hand.
    """

    listen_wanted = Signal()
    changed = Signal()

    def __init__(self, candidates: Sequence[Candidate], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates = list(candidates)
        self._params: dict[str, Value] = {}
        self.choice = Choice(["Found by listening", "Mote Link", *(c.title for c in candidates)], "Read as")
        self.choice.setFixedWidth(_FIELD_WIDTH)
        self.choice.activated.connect(self._chosen)
        self.listen = Button("Listen", "link")
        self.listen.setToolTip("Hear what the port sends, and see the channels it would give")
        self.listen.clicked.connect(self.listen_wanted)
        self.lines = Text("", "caption", "text_secondary")
        self.lines.setFont(monospace(11))
        self.lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence = Text("", "caption", "text_muted", wrap=True)
        self.channels = ChannelFields()
        self.channels.changed.connect(self._named)
        self.form: ParamForm | None = None
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 0, 0)
        row.addWidget(Text("Read as", "body"), 1)
        row.addWidget(self.listen)
        row.addWidget(self.choice)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 0, 0, 0)
        inner.setSpacing(8)
        for part in (self.lines, self.sentence, self.channels):
            inner.addWidget(part)
        self._form_box = QVBoxLayout()
        inner.addLayout(self._form_box)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addLayout(row)
        box.addLayout(inner)
        self.forget()

    # What is chosen

    @property
    def decoder(self) -> str:
        """See `studio.decoders.wish_for`."""
        index = self.choice.currentIndex()
        return (AUTO, MOTE_LINK)[index] if index < 2 else self._candidates[index - 2].stage

    @property
    def params(self) -> dict[str, Value]:
        """What was set of the decoder's parameters."""
        return dict(self._params) if self._candidate is not None else {}

    def set_choice(self, decoder: str, params: Mapping[str, Value]) -> None:
        """Show what was chosen before; a decoder that is gone is found anew."""
        stages = [AUTO, MOTE_LINK, *(c.stage for c in self._candidates)]
        self.forget()
        self.choice.setCurrentIndex(stages.index(decoder) if decoder in stages else 0)
        self._params = dict(params)
        self._show_form()

    @property
    def _candidate(self) -> Candidate | None:
        index = self.choice.currentIndex()
        return self._candidates[index - 2] if index >= 2 else None

    # What was heard

    def forget(self) -> None:
        """Another port: what was heard is not its."""
        self._params = {}
        self.lines.hide()
        self.sentence.hide()
        self.channels.hide()
        self.choice.setCurrentIndex(0)
        self._show_form()
        self.set_listening(listening=False)

    def set_listening(self, *, listening: bool) -> None:
        """Show that the port is being heard."""
        self.listen.setEnabled(not listening)
        self.listen.set_text("Listening …" if listening else "Listen")

    def set_heard(self, heard: Listened) -> None:
        """Show what came and who knows it; the surest becomes the choice."""
        self.set_listening(listening=False)
        self.lines.setText("\n".join(heard.preview[:_LINES]))
        self.lines.setVisible(bool(heard.preview))
        best = heard.found[0] if heard.found else None
        self._say(heard, best)
        if best is not None:
            wanted = self._candidate
            if wanted is None or wanted.stage == best.stage:
                self.set_found(best)
        has_names = self._candidate is not None and any(p.key == NAMES for p in self._candidate.table)
        has_units = self._candidate is not None and any(p.key == UNITS for p in self._candidate.table)
        self.channels.set_channels(heard.groups if has_names else (), units=has_units)
        self.channels.setVisible(bool(self.channels.names))

    def set_found(self, found: Found) -> None:
        """Choose what was found."""
        if found.stage == MOTE_LINK:
            self.choice.setCurrentIndex(1)
            self._params = {}
        else:
            stages = [c.stage for c in self._candidates]
            self.choice.setCurrentIndex(stages.index(found.stage) + 2 if found.stage in stages else 0)
            self._params = {**found.params, **self._params}
        self._show_form()
        self.changed.emit()

    def _say(self, heard: Listened, best: Found | None) -> None:
        if not heard.bytes_heard:
            words, ink = "Nothing was heard. Press the board's reset button, or check the baud rate.", "warn"
        elif best is None:
            words, ink = "Nobody knows what that is. Check the baud rate, or choose how to read it.", "warn"
        else:
            words, ink = f"{best.words[:1].upper()}{best.words[1:]}, {best.score:.0%} sure.", "text_muted"
            if best.measured_rate:
                words += " The rate was counted; set it where you know it better."
        self.sentence.setText(words)
        self.sentence.setProperty("ink", ink)
        self.sentence.style().polish(self.sentence)
        self.sentence.show()

    # What the user sets

    @Slot(int)
    def _chosen(self, _: int) -> None:
        self._params = {}
        self.channels.hide()
        self._show_form()
        self.changed.emit()

    @Slot()
    def _named(self) -> None:
        known = {p.key for p in self._candidate.table} if self._candidate else set()
        self._params |= {k: v for k, v in self.channels.given.items() if k in known}
        self.changed.emit()

    @Slot(str, object)
    def _set(self, key: str, value: Value) -> None:
        self._params[key] = value
        self.changed.emit()

    def _show_form(self) -> None:
        if self.form is not None:
            self._form_box.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        candidate = self._candidate
        if candidate is None:
            return
        shown = [p for p in candidate.table if p.key not in (NAMES, UNITS)]
        self.form = ParamForm(shown, self._params)
        self.form.changed.connect(self._set)
        self._form_box.addWidget(self.form)
