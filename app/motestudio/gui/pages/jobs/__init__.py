"""The Jobs page: what runs, what waits and what ended in this session, what it takes, and its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.jobs import words
from motestudio.gui.pages.jobs.follower import JobFollower
from motestudio.gui.pages.jobs.inspector import JobInspector
from motestudio.gui.pages.jobs.log_view import LogView
from motestudio.gui.pages.jobs.table import GUTTER, OUTSET, JobHeads, JobRow, JobTable
from motestudio.gui.widgets import Button, EmptyState, IconMark, PageBar, Text

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from motestudio.jobs.history import JobRecord


class JobsPage(Page):
    """The queue over the log of the chosen job; its figures in the inspector."""

    key = "jobs"
    title = "Jobs"
    help = (
        "Stages run as jobs in processes of their own: one heavy and one light at a time, the others wait.\n"
        "A job that hangs, crashes or takes too much ends; the window and the project stay as they are.\n"
        "The log holds the last 1,000 lines of each of the last 200 jobs of this session."
    )
    margins = (0, 0, 0, 0)

    def build(self) -> None:
        """Bar, queue, log."""
        self._chosen = ""
        self._by_user = False
        self._asked: set[str] = set()
        self._cleared: set[str] = set()
        self.follower = JobFollower(self)
        self.follower.changed.connect(self._changed)
        self.bar = PageBar(self.title)
        self.bar.setContentsMargins(24, 0, 24, 0)
        self.clear = Button("Clear ended", "secondary", "ph.eraser")
        self.clear.clicked.connect(self.clear_ended)
        self.cancel = Button("Cancel job", "secondary", "ph.x", "Del")
        self.cancel.clicked.connect(self.cancel_chosen)
        self.bar.add_action(self.clear)
        self.bar.add_action(self.cancel)
        self.body.addWidget(self.bar)
        self.empty = EmptyState(
            "ph.queue",
            "Jobs",
            "Nothing has run in this session. What runs and waits shows here, with what it takes and its log.",
            "Go to the pipeline",
        )
        self.empty.action.clicked.connect(self._go_on)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._halves())
        self.stack.addWidget(self.empty)
        self.body.addWidget(self.stack, 1)
        self._inspector = JobInspector()
        self.context.running_job_wanted.connect(self._show_running)

    def _halves(self) -> QWidget:
        upper = QWidget()
        box = QVBoxLayout(upper)
        box.setContentsMargins(24 - OUTSET, 0, 24 - OUTSET - GUTTER, 0)
        box.setSpacing(0)
        heads = QHBoxLayout()
        heads.setContentsMargins(0, 0, GUTTER, 0)
        heads.addWidget(JobHeads())
        box.addLayout(heads)
        self.table = JobTable()
        self.table.chosen.connect(self._choose)
        box.addWidget(self.table, 1)
        lower = QWidget()
        box = QVBoxLayout(lower)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._trouble())
        self.log = LogView()
        box.addWidget(self.log, 1)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setChildrenCollapsible(False)
        halves.setHandleWidth(1)
        halves.addWidget(upper)
        halves.addWidget(lower)
        halves.setStretchFactor(0, 1)
        halves.setStretchFactor(1, 1)
        upper.setMinimumHeight(124)
        lower.setMinimumHeight(150)
        return halves

    def _trouble(self) -> QWidget:
        self.trouble = QWidget()
        line = QHBoxLayout(self.trouble)
        line.setContentsMargins(24, 10, 24, 2)
        line.setSpacing(10)
        line.addWidget(IconMark("ph.x-circle", "bad", 20), 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        self.reason = Text("", "body", "bad", wrap=True)
        self.hint = Text("", "body", "text_secondary", wrap=True)
        texts.addWidget(self.reason)
        texts.addWidget(self.hint)
        line.addLayout(texts, 1)
        self.trouble.hide()
        return self.trouble

    def activated(self) -> None:
        """Follow the jobs."""
        self.empty.action.set_text("Go to the pipeline" if self.context.project else "Open a project")
        self.follower.start(self.context.studio.runner.history)
        self.table.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def deactivated(self) -> None:
        """Nobody looks."""
        self.follower.stop()

    # What is shown

    def _rows(self) -> list[JobRow]:
        records = self.follower.records
        before = words.places(records.values())
        shown = [r for r in words.in_order(records.values()) if r.id not in self._cleared]
        return [JobRow(r, self._state(r), before.get(r.id, 0)) for r in shown]

    def _state(self, record: JobRecord) -> str:
        return "cancelling" if record.id in self._asked and not record.ended else record.state

    @Slot(set)
    def _changed(self, news: AbstractSet[str]) -> None:
        rows = self._rows()
        known = self.follower.records
        self._asked &= known.keys()
        self._cleared &= known.keys()
        self.table.set_rows(rows, {r.record.id for r in rows if not r.record.ended})
        self._tell(rows)
        shown = {row.record.id for row in rows}
        if rows and (self._chosen not in shown or not self._by_user):
            # Until somebody chooses, the one that runs is shown; when it ends, it stays until another one runs.
            first = rows[0].record
            if self._chosen not in shown or first.state == "running":
                self._take(first.id)
        self.table.set_current(self._chosen)
        self._show(log=self._chosen in news)

    def _tell(self, rows: list[JobRow]) -> None:
        states = [row.record.state for row in rows]
        counts = [(states.count("running"), "running"), (states.count("waiting"), "waiting")]
        ended = sum(row.record.ended for row in rows)
        failed = sum(state in words.FAILED for state in states)
        facts = [f"{n} {word}" for n, word in counts if n]
        facts += [f"{ended} ended" + (f", {failed} of them failed" if failed else "")] if ended else []
        self.bar.set_facts("", facts)
        self.clear.setEnabled(ended > 0)
        self.stack.setCurrentIndex(0 if rows else 1)
        self.set_inspector(self._inspector if rows else None)
        for button in (self.clear, self.cancel):
            button.setVisible(bool(rows))

    @Slot(str)
    def _choose(self, job: str) -> None:
        self._by_user = True
        self._take(job)
        self._show(log=True)

    def _take(self, job: str) -> None:
        if job != self._chosen:
            self._chosen = job
            self.log.clear()
            self.log.set_lines(self.follower.lines(job))

    def _show(self, *, log: bool) -> None:
        record = self.follower.records.get(self._chosen)
        self.cancel.setEnabled(record is not None and not record.ended and record.id not in self._asked)
        if record is None:
            return
        self._inspector.show_row(JobRow(record, self._state(record)))
        failed = record.state in words.FAILED
        self.trouble.setVisible(failed)
        if failed:
            self.reason.setText(record.text or words.STATES[record.state][0])
            self.hint.setText(record.hint)
            self.hint.setVisible(bool(record.hint))
        self.log.set_traceback(record.traceback)
        if log or record.state == "running":
            self.log.set_lines(self.follower.lines(record.id))

    # What can be done

    @Slot()
    def _show_running(self) -> None:
        self._by_user = False
        running = [r for r in words.in_order(self.follower.records.values()) if r.state == "running"]
        if running:
            self._take(running[0].id)
            self._changed({running[0].id})

    def cancel_chosen(self) -> None:
        """Stop the chosen job, or take it out of the queue."""
        record = self.follower.records.get(self._chosen)
        if record is not None and self.cancel.isEnabled() and self.context.studio.runner.cancel(record.id):
            self._asked.add(record.id)
            self._changed({record.id})

    def clear_ended(self) -> None:
        """Take what ended out of the list; the message brings it back."""
        gone = {r.id for r in self.follower.records.values() if r.ended} - self._cleared
        if not gone:
            return
        self._cleared |= gone
        self._changed(gone)

        def put_back() -> None:
            self._cleared -= gone
            self._changed(gone)

        words_ = "1 job that ended is" if len(gone) == 1 else f"{len(gone)} jobs that ended are"
        self.context.show_message(f"{words_} no longer listed.", tone="ok", action="Put back", act=put_back)

    def _go_on(self) -> None:
        self.context.goto("pipeline" if self.context.project else "start")

    def commands(self) -> list[Command]:
        """What can be done here by name."""

        def can_cancel() -> bool:
            return self.cancel.isEnabled()

        def can_clear() -> bool:
            return self.clear.isEnabled()

        def any_rows() -> bool:
            return self.stack.currentIndex() == 0

        return [
            Command("jobs.cancel", "Cancel the chosen job", self.cancel_chosen, "Jobs", "Del", can_cancel),
            Command("jobs.find", "Find in the log", self.log.begin_find, "Jobs", "Ctrl+F", any_rows),
            Command("jobs.copy", "Copy the log", self.log.copy_all, "Jobs", "", any_rows),
            Command("jobs.clear", "Clear jobs that ended", self.clear_ended, "Jobs", "", can_clear),
        ]


PAGE = JobsPage
