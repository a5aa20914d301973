"""What one job took: lane, times, memory, processor."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from motestudio.gui.numbers import byte_size, count
from motestudio.gui.pages.jobs import words
from motestudio.gui.pages.jobs.table import JobRow
from motestudio.gui.widgets import Bar, Column, KeyValue, SectionHeader, Tag, Text

_LANES = {
    "heavy": "One heavy job runs at a time: it may take all that this computer has.",
    "light": "One light job runs at a time, beside a heavy one.",
}


class JobInspector(Column):
    """The chosen job."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        top = QHBoxLayout()
        top.addWidget(Text("Job", "section", "text_muted"), 1)
        self.state = Tag("")
        top.addWidget(self.state)
        self.add_layout(top)
        self.title = Text("", "headline", wrap=True)
        self.stage = Text("", "caption", "text_muted", wrap=True)
        self.bar = Bar("accent", 4)
        for widget in (self.title, self.stage, self.bar):
            self.add(widget)
        self.separate()
        self._values: dict[str, KeyValue] = {}
        self._group("Time", ("Asked for", "Waited", "Ran", "Left"))
        self._group("Memory", ("Now", "Peak"))
        self._group("Processor", ("Time", "On average", "Processes"), "cpu")
        self._group("Disk", ("Written",))
        self.add(SectionHeader("Lane"))
        self.lane = Text("", "caption", "text_secondary", wrap=True)
        self.add(self.lane)
        self.end()

    def _group(self, title: str, names: tuple[str, ...], key: str = "") -> None:
        self.add(SectionHeader(title))
        for name in names:
            line = KeyValue(name)
            self._values[f"{key or title}.{name}".lower()] = line
            self.add(line)
        self.separate()

    def _set(self, key: str, number: str = "–", unit: str = "", exact: str = "") -> None:
        self._values[key].value.set(number, unit, exact)

    def value(self, key: str) -> str:
        """What stands beside a name, such as ``memory.peak``."""
        return self._values[key].value.accessibleName()

    def show_row(self, row: JobRow) -> None:
        """Show a job."""
        record = row.record
        word, _, ink = words.STATES[row.state]
        self.state.set(word, words.TONES[ink])
        for widget, text in ((self.title, record.title), (self.stage, record.stage), (self.lane, _LANES[record.lane])):
            if widget.text() != text:
                widget.setText(text)
        self.bar.setVisible(record.state == "running")
        self.bar.set(record.fraction)
        self._times(row)
        self._bytes("memory.now", record.memory)
        self._bytes("memory.peak", record.memory_peak)
        busy = words.load(record)
        self._set("cpu.time", *(words.took(record.cpu_seconds) if record.cpu_seconds else ("–",)))
        self._set("cpu.on average", *((f"{busy * 100:.0f}", "%", f"{busy:.2f} cores") if busy is not None else ("–",)))
        self._set("cpu.processes", count(record.processes) if record.processes else "–")
        self._bytes("disk.written", record.output)

    def _bytes(self, key: str, amount: int) -> None:
        if amount:
            self._set(key, *byte_size(amount), f"{count(amount)} B")
        else:
            self._set(key)

    def _times(self, row: JobRow) -> None:
        record = row.record
        waits = record.state == "waiting"
        ran = record.ended and record.seconds > 0
        self._set("time.asked for", words.clock(record.asked))
        waited = words.seconds(record) if waits else max(0.0, record.started - record.asked)
        self._set("time.waited", *words.took(waited))
        runs = record.state == "running" or ran
        self._set("time.ran", *(words.took(words.seconds(record)) if runs else ("–",)))
        rest = words.left(record)
        self._set("time.left", *(words.took(rest) if rest is not None else ("–",)))
