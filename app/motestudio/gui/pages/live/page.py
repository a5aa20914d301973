"""The Live page: puts stream, inference, plots and inspector together.

Long because it is the one place where the page's parts meet; each of them is a module of its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motestudio.domain.classes import is_background
from motestudio.domain.detection import DetectionRule
from motestudio.domain.recording import Recording
from motestudio.errors import AppError
from motestudio.gui.board_stream import BoardStream
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.live.perform import PerformRow
from motestudio.gui.pages.live.run import Found, LiveRun
from motestudio.gui.pages.live.scope import GUTTER, LiveScope
from motestudio.gui.pages.live.side import LiveSide
from motestudio.gui.plots.live_plot import LiveSignalPlot
from motestudio.gui.plots.view_commands import view_commands
from motestudio.gui.theme import Ink, class_series
from motestudio.gui.widgets import Button, EmptyState, PageBar, Segmented
from motestudio.studio.live import keep_for_review

BEFORE_S = 0.5
"""Kept before the window of a detection that was wrong."""
AFTER_S = 0.75
_MISSED_S = 4.0
_SEEDS = 1 << 31

HELP = """Watch the board recognise what it senses.
Start lets the board infer while it streams; scores, latency and detections are the board's own.
Drag a threshold: it acts at once, and beside it stands what it would have changed in the last minute. With the \
keyboard: Tab to a score, then Up and Down.
W marks the chosen detection, or the last one, as wrong: its stretch becomes a recording that waits for review in \
Label. With nothing detected, W keeps the last seconds as something that was missed.
The wheel or the arrows go into the past while the board goes on; End goes back to the newest.
A virtual board performs gestures at the press of a button or number key."""


class LivePage(Page):
    """Live inference on the board."""

    key = "live"
    title = "Live"
    help = HELP
    margins = (24, 0, 24 - GUTTER, 0)

    def build(self) -> None:
        """Bar, scope, perform row; an empty state where there is no board or no model."""
        self.stream = BoardStream(self.context, self)
        self.run = LiveRun(self.context, self.stream)
        self.scope: LiveScope | None = None
        self._model: Any = None
        self._jitter: deque[float] = deque(maxlen=600)
        self._lost = 0
        self._jitter_shown = 0.0
        self._restore_rule()
        self._make_bar()
        self.stack = QStackedWidget()
        self.no_board = EmptyState(
            "ph.activity",
            "See the board recognise",
            "Scores, detections and latency of the model on a connected board, live.",
            "Connect a board",
            virtual=True,
        )
        self.no_model = EmptyState(
            "ph.rocket-launch",
            "The board holds no model",
            "Build the firmware and flash it; then the board shows here what it recognises.",
            "Go to Deploy",
        )
        self.board_view = QWidget()
        self._view_box = QVBoxLayout(self.board_view)
        self._view_box.setContentsMargins(0, 0, 0, 0)
        self._view_box.setSpacing(0)
        self.perform_row = PerformRow()
        self._view_box.addWidget(self.perform_row)
        for view in (self.no_board, self.no_model, self.board_view):
            self.stack.addWidget(view)
        self.body.addWidget(self.stack, 1)
        self.side = LiveSide()
        self.side.set_rule(self.run.rule)
        self.inspector = self.side
        self._connect()
        self._board_changed()

    def _make_bar(self) -> None:
        self.bar = PageBar("Live")
        self.reconnect = Button("Reconnect", "secondary", "ph.arrow-clockwise")
        self.axis = Segmented(["Signal"], 0, "Signal shown")
        self.start_button = Button("Start", "primary", "ph.play", "Space")
        self.stop_button = Button("Stop", "secondary", "ph.stop")
        self.stop_button.setToolTip("Stop inference on the board  Space")
        self.wrong_button = Button("Mark as wrong", "primary", "ph.thumbs-down", "W")
        for widget in (self.axis, self.reconnect, self.start_button, self.stop_button, self.wrong_button):
            self.bar.add_action(widget)
        inset = QHBoxLayout()
        inset.setContentsMargins(0, 0, GUTTER, 0)
        inset.addWidget(self.bar)
        self.body.addLayout(inset)

    def _connect(self) -> None:
        self.reconnect.clicked.connect(self.context.reconnect_device)
        self.axis.changed.connect(self._axis)
        self.start_button.clicked.connect(self.run.start)
        self.stop_button.clicked.connect(self.run.stop)
        self.wrong_button.clicked.connect(self.mark_wrong)
        self.no_board.action.clicked.connect(self._goer("record"))
        self.no_board.virtual.clicked.connect(self._use_virtual)
        self.no_model.action.clicked.connect(self._goer("deploy"))
        self.perform_row.wanted.connect(self.perform)
        self.side.rule_changed.connect(self._rule_fields)
        self.side.open_wanted.connect(self._goer("label"))
        self.stream.reader_changed.connect(self._board_changed)
        self.stream.lost.connect(self._show_state)
        self.stream.health_changed.connect(self._health)
        self.run.changed.connect(self._show_state)
        self.run.updated.connect(self._updated)
        self.run.detected.connect(self._detected)
        self.context.recordings_changed.connect(self._check_kept)
        self.context.project_changed.connect(self._project_changed)

    # Page

    def activated(self) -> None:
        """Have the board stream; a model may have come meanwhile."""
        self.stream.set_wanted(True)
        self._board_changed()

    def deactivated(self) -> None:
        """Nobody looks: the board need not infer."""
        self.stream.set_wanted(False)
        self.run.stop()

    def commands(self) -> Sequence[Command]:
        """Everything on the page by name."""
        made = [
            Command("live.toggle", "Start or stop inference", self.toggle, "Live", "Space", self._can_run),
            Command("live.wrong", "Mark as wrong", self.mark_wrong, "Live", "W", self._has_seen),
            *view_commands("live.view", self._plot),
        ]
        for i in range(9):
            made.append(
                Command(f"live.perform{i + 1}", f"Perform gesture {i + 1}", self._performer(i), "Live", str(i + 1))
            )
        return made

    def _goer(self, page: str) -> Any:
        return lambda: self.context.goto(page)

    def _performer(self, index: int) -> Any:
        def run() -> None:
            if index < len(self.perform_row.gestures):
                self.perform(self.perform_row.gestures[index])

        return run

    @Slot()
    def _use_virtual(self) -> None:
        self.context.connect_device("virtual")

    def _can_run(self) -> bool:
        return self.stack.currentWidget() is self.board_view and self.stream.connected

    def _plot(self) -> LiveSignalPlot | None:
        return self.scope.signal if self.scope is not None and self.scope.isVisible() else None

    def _has_seen(self) -> bool:
        return self.scope is not None and self.wrong_button.isVisible()

    # What the user does

    @Slot()
    def toggle(self) -> None:
        """Start or stop."""
        if self.run.running:
            self.run.stop()
        else:
            self.run.start()

    @Slot(str)
    def perform(self, gesture: str) -> None:
        """Have the virtual board move."""
        session, project = self.context.session, self.context.project
        if session is None or project is None or not session.connected:
            return
        seed, subject = time.time_ns() % _SEEDS, project.config.record.subject
        self.context.run_operation(
            f"Perform {gesture}",
            lambda _: session.request("perform", gesture=gesture, seed=seed, subject=subject),
            quiet=True,
        )

    @Slot()
    def mark_wrong(self) -> None:
        """Keep the chosen detection's stretch, or the last seconds, for review."""
        reader = self.stream.reader
        if reader is None or self._model is None or not self._has_seen():
            return
        chosen = self.side.current_found()
        waiting = [f for f in self.run.found if not f.kept]
        found = chosen or (waiting[-1] if waiting else None)
        now = reader.total / reader.group.rate_hz
        if found is not None and found.kept:
            return
        if found is None:
            self._keep(None, (max(0.0, now - _MISSED_S), now))
            return
        at = found.detection.time_s
        window = self._model.window_samples / reader.group.rate_hz
        stretch = (max(0.0, at - window - BEFORE_S), at + AFTER_S)
        found.kept = "…"
        self._show_found()
        wait_ms = max(0, round((stretch[1] - now) * 1000) + 100)
        QTimer.singleShot(wait_ms, self, lambda: self._keep(found, stretch))

    def _keep(self, found: Found | None, stretch: tuple[float, float]) -> None:
        project, session, reader = self.context.project, self.context.session, self.stream.reader
        if project is None or session is None or reader is None:
            return
        said = found.detection if found else None

        def work(_: Any) -> Recording | AppError:
            try:
                return keep_for_review(project, session, reader, stretch, said)
            except AppError as error:
                return error

        def done(kept: Recording | AppError) -> None:
            if isinstance(kept, AppError):
                self.context.show_error(kept)
            elif found is None:
                text = f"{kept.name} keeps the last {kept.seconds:.1f} s."
                hint = "Say in Label what was missed."
                self.context.show_message(text, hint, "ok", action="Undo", act=self.context.undo)
            if found is not None:
                found.kept = "" if isinstance(kept, AppError) else kept.name
            self.context.recordings_changed.emit()
            self._show_found()

        self.context.edits.submit("Keep for review", lambda: work, done)

    @Slot(int)
    def _axis(self, index: int) -> None:
        if self.scope is not None:
            self.scope.show_axis(index)

    @Slot(int, float)
    def _rule_fields(self, smooth: int, quiet_s: float) -> None:
        self.run.set_rule(replace(self.run.rule, smooth=smooth, suppress_s=quiet_s))
        self._remember_rule()
        if self.scope is not None:
            self.scope.show_scores()

    # The rule is remembered per project

    def _rule_key(self) -> str:
        project = self.context.project
        return f"live_rule {project.folder}" if project else ""

    def _restore_rule(self) -> None:
        kept = self.context.settings.get(self._rule_key(), {})
        try:
            limits = {str(k): min(0.99, max(0.01, float(v))) for k, v in dict(kept.get("thresholds", {})).items()}
            rule = DetectionRule(
                thresholds=limits,
                smooth=min(32, max(1, int(kept.get("smooth", 3)))),
                suppress_s=min(30.0, max(0.0, float(kept.get("suppress_s", 1.5)))),
            )
        except (TypeError, ValueError):
            rule = DetectionRule()
        self.run.set_rule(rule)

    @Slot()
    def _remember_rule(self) -> None:
        rule = self.run.rule
        plain = {"thresholds": dict(rule.thresholds), "smooth": rule.smooth, "suppress_s": rule.suppress_s}
        self.context.settings.set(self._rule_key(), plain)

    # What happens

    @Slot()
    def _project_changed(self) -> None:
        if self.context.project is not None and not self.run.running:
            self._restore_rule()
            self.side.set_rule(self.run.rule)
            if self.scope is not None:
                self.scope.show_rule()

    @Slot()
    def _board_changed(self) -> None:
        session, reader = self.context.session, self.stream.reader
        model = session.description.model if session is not None else None
        if self.scope is not None and (model != self._model or self.scope.reader is not reader):
            self._view_box.removeWidget(self.scope)
            self.scope.hide()
            self.scope.deleteLater()
            self.scope = None
        self._model = model
        if session is None or reader is None:
            self.stack.setCurrentWidget(self.no_board)
        elif model is None:
            self.stack.setCurrentWidget(self.no_model)
        else:
            self.stack.setCurrentWidget(self.board_view)
            if self.scope is None:
                self._make_scope()
            about = session.description
            self.side.show_board(about.name, virtual=about.virtual)
            if about.virtual:
                known = [c for c in model.classes if c in about.gestures and not is_background(c)]
                others = [g for g in about.gestures if g not in model.classes and not is_background(g)]
                self.perform_row.set_gestures([*known, *others])
            else:
                self.perform_row.set_gestures([])
        self._show_state()

    def _make_scope(self) -> None:
        reader = self.stream.reader
        assert reader is not None
        names = list(self._model.classes)
        project = self.context.project
        order = [c.name for c in project.config.classes] if project else []
        series = class_series([*order, *(n for n in names if n not in order)])
        inks: dict[str, Ink] = {n: f"series:{series[n]}" for n in names}
        self.run.classes = tuple(names)
        self.run.clear()
        self._jitter.clear()
        self.scope = LiveScope(reader, names, inks, self.run)
        self.scope.rule_changed.connect(self._remember_rule)
        self._view_box.insertWidget(0, self.scope, 1)
        self.side.set_classes(names, inks)
        self.side.show_found([])
        titles = [title for title, _ in self.scope.axes]
        self.axis.set_choices(titles)
        self.axis.set_current(0)
        self.axis.setVisible(len(titles) > 1)

    @Slot()
    def _updated(self) -> None:
        if self.scope is None or not len(self.run.times):
            return
        self.scope.show_scores()
        self.side.show_scores(float(self.run.times[-1]), self.run.classes, self.run.smoothed()[-1].tolist())
        rate = self.run.per_second
        self.side.show_latency(self.run.latencies_ms, 1000 / rate if rate else 0.0)
        self._show_facts()

    @Slot(object)
    def _detected(self, found: Found) -> None:
        self._show_found()

    def _show_found(self) -> None:
        if self.scope is not None:
            self.scope.show_found(self.run.found)
        self.side.show_found(self.run.found, self.side.current_found())
        self.side.show_waiting(sum(1 for f in self.run.found if f.kept and f.kept != "…"))

    @Slot()
    def _check_kept(self) -> None:
        """What was undone or reviewed away no longer waits."""
        project = self.context.project
        if project is None or not any(f.kept for f in self.run.found):
            return
        store = project.recordings

        def read(names: set[str]) -> None:
            for found in self.run.found:
                if found.kept and found.kept != "…" and found.kept not in names:
                    found.kept = ""
            self._show_found()

        self.context.run_operation("Look at the takes", lambda _: set(store.names()), read, quiet=True)

    @Slot(object)
    def _health(self, health: Any) -> None:
        self._jitter.append(float(health.of_lead.jitter_ms))
        self._lost = int(health.lost)
        now = time.monotonic()
        if self.isVisible() and now - self._jitter_shown > 0.5:
            self._jitter_shown = now
            self.side.show_jitter(np.array(self._jitter), self._lost)

    # Showing

    @Slot()
    def _show_state(self) -> None:
        there = self.stack.currentWidget() is self.board_view
        connected = self.stream.connected
        running = self.run.running
        self.reconnect.setVisible(self.context.session is not None and not connected)
        self.start_button.setVisible(there and not running)
        self.start_button.setEnabled(connected and self.run.state == "idle")
        self.stop_button.setVisible(there and running)
        self.wrong_button.setVisible(there and running)
        self.axis.setVisible(there and self.scope is not None and len(self.scope.axes) > 1)
        self.perform_row.setEnabled(connected)
        if self.run.state == "starting":
            self.side.clear()
            self._show_found()
            self._updated()
        self._show_facts()
        if self.context.project is not None:
            seen = "fresh" if len(self.run.times) else "none"
            self.context.set_stage("live", "running" if running else seen)
        if running and self.isVisible() and not isinstance(self.focusWidget(), QWidget):
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_facts(self) -> None:
        model = self._model
        if model is None:
            self.bar.set_facts("")
            return
        group = self.stream.group
        facts = ["int8 on the board"]
        if self.run.running and self.run.per_second:
            facts.append(f"{self.run.per_second:.1f} inferences/s")
        if group is not None:
            facts.append(f"window {model.window_samples / group.rate_hz:.2f} s")
        self.bar.set_facts(model.name, facts)
