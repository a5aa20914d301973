"""The Pipeline page: stages as cards, what flows between them, the chosen one's form, a window before and after.

Reads and runs through the studio's verbs, in operations. It computes nothing of a stage itself. Long because it is the
one place where the page's parts meet; each of them is a module of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from motestudio.domain.params import Value
from motestudio.domain.pipeline import SEVERAL
from motestudio.errors import AppError
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.pipeline import cards
from motestudio.gui.pages.pipeline.adder import StageAdder, place_of
from motestudio.gui.pages.pipeline.editor import PipelineEditor
from motestudio.gui.pages.pipeline.empties import no_stages, no_takes, no_window
from motestudio.gui.pages.pipeline.follower import RunFollower
from motestudio.gui.pages.pipeline.inspector import PipelineInspector, ShownStage
from motestudio.gui.pages.pipeline.outlining import PipelineOutliner
from motestudio.gui.pages.pipeline.preview import Preview
from motestudio.gui.pages.pipeline.preview_data import Frame
from motestudio.gui.pages.pipeline.previewing import PreviewFollower
from motestudio.gui.pages.pipeline.running import PipelineStarter, obstacle
from motestudio.gui.pages.pipeline.strip import DATASET, StageStrip
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Button, PageBar, Separator, Text
from motestudio.project.store import Project
from motestudio.studio import run_store
from motestudio.studio.operation import Operation
from motestudio.studio.pipeline_view import PipelineView, StageView, view

_REFRESH_MS = 40
_HIDDEN_REFRESH_MS = 1500


class PipelinePage(Page):
    """See the module."""

    key = "pipeline"
    title = "Pipeline"
    help = (
        "Every stage takes what the one before it made. Choose one by click or with the arrow keys: its form is at the "
        "right, and a window before and after it below. Stages above each other work side by side.\n"
        "A + adds what may stand there, Delete removes the chosen stage, and dragging its card (or Ctrl+Shift with "
        "Left or Right) moves it. What each stage will give and cost is told before anything runs, as an estimate.\n"
        "A change is saved at once and can be undone. What depends on it turns stale; Run stale stages computes "
        "only that, from the first stale stage on. The preview shows what the values in the form do at once."
    )

    def build(self) -> None:
        """Bar, strip, preview; the inspector beside them."""
        self._view: PipelineView | None = None
        self._runs: dict[str, str] = {}
        self._touched: frozenset[str] = frozenset()
        self._opened: dict[tuple[str, str], dict[str, Value]] = {}
        self._look_at: str | None = None
        self.follower = RunFollower(self.context.bridge, self)
        self.starter = PipelineStarter(self.context, self.follower, self)
        self.editor = PipelineEditor(self.context, self)
        self.outliner = PipelineOutliner(self.context, self)
        self.previewer = PreviewFollower(self.context, self)
        self._project: Project | None = None
        self._reading = self._again = self._active = False
        self._make_widgets()
        self._make_inspector()
        self._refresh_later = QTimer(self)
        self._refresh_later.setSingleShot(True)
        self._refresh_later.timeout.connect(self.refresh)
        context = self.context
        for signal in (context.project_changed, context.recordings_changed, context.pipeline_changed):
            signal.connect(self._outdated)
        self.editor.touched.connect(self._touch)
        self.editor.pending_changed.connect(self._pending)
        self.editor.arranged.connect(self._arranged)
        self.editor.refused.connect(self._refused)
        self.outliner.changed.connect(self._show)
        self.outliner.candidates_told.connect(self._candidates)
        self.previewer.shown.connect(self._show_frame)
        self.follower.changed.connect(self._show)
        self.follower.moved.connect(self._show_running)
        for signal in (self.follower.made, self.follower.ended):
            signal.connect(self._refresh_soon)

    def _make_widgets(self) -> None:
        self.bar = PageBar("Pipeline")
        self.cancel = Button("Cancel", "secondary")
        self.until = Button("Run to here", "secondary", "ph.play")
        self.add_button = Button("Add stage", "secondary", "ph.plus")
        self.add_button.setToolTip("A")
        self.run_button = Button("Run stale stages", "primary")
        self.run_button.setToolTip("Ctrl+Enter")
        # Until the pipeline has been read there is nothing to run.
        self.run_button.setEnabled(False)
        self.until.setEnabled(False)
        self.until.setToolTip("Run up to the chosen stage  Ctrl+Shift+Enter")
        acts = ((self.cancel, self.starter.stop), (self.until, self.run_to_here), (self.add_button, self.add_stage))
        for button, act in (*acts, (self.run_button, self.run)):
            button.clicked.connect(act)
            self.bar.add_action(button)
        self.cancel.hide()
        self.body.addWidget(self.bar)
        self.body.addSpacing(6)
        self.strip = StageStrip()
        self.strip.chosen.connect(self._chosen)
        self.strip.add_wanted.connect(self._add_at)
        self.strip.moved.connect(self.editor.move)
        self.strip.allowed = self._moves
        self.body.addWidget(self.strip)
        self.obstacle = Text("", "body", "warn", wrap=True)
        self.obstacle.hide()
        self.body.addSpacing(8)
        self.body.addWidget(self.obstacle)
        self.body.addSpacing(6)
        self.body.addWidget(Separator())
        self.preview = Preview()
        self.preview.stepped.connect(self.previewer.step)
        self.preview.shuffled.connect(self.previewer.shuffle)
        self.empty, self.no_stages, self.no_window = no_takes(), no_stages(), no_window()
        self.empty.action.clicked.connect(self._record)
        self.empty.virtual.clicked.connect(self._use_virtual)
        self.no_stages.action.clicked.connect(self.add_stage)
        self.below = QStackedWidget()
        for widget in (self.preview, self.empty, self.no_stages, self.no_window):
            self.below.addWidget(widget)
        self.body.addWidget(self.below, 1)
        self.adder = StageAdder(self)
        self.adder.wanted.connect(self.editor.add)
        self.adder.closed.connect(self._adder_closed)

    def _make_inspector(self) -> None:
        inspector, editor = PipelineInspector(), self.editor
        inspector.param_changed.connect(editor.set_param)
        inspector.stage_chosen.connect(self._stage_chosen)
        inspector.reset_wanted.connect(editor.set_params)
        inspector.clean_wanted.connect(editor.clean)
        inspector.update_wanted.connect(editor.update)
        inspector.remove_wanted.connect(editor.remove)
        inspector.duplicate_wanted.connect(editor.duplicate)
        inspector.move_wanted.connect(self._move)
        inspector.dataset_changed.connect(self._dataset_changed)
        self.inspector = self.form = inspector

    # Reading

    def activated(self) -> None:
        """Read what may have changed."""
        self._active = True
        self._refresh_later.start(_REFRESH_MS)

    def deactivated(self) -> None:
        """Save what is not yet."""
        self._active = False
        self.adder.close_adder()
        self.editor.save()

    @Slot()
    def _outdated(self) -> None:
        if self.context.project is not self._project:
            self._forget()
        self._refresh_later.start(_REFRESH_MS if self._active else _HIDDEN_REFRESH_MS)

    def _forget(self) -> None:
        """Another project: nothing of the old one stays."""
        self._project = self.context.project
        self._view, self._look_at = None, None
        self.follower.set_view(None)
        for part in (self.editor, self.outliner, self.previewer):
            part.forget()
        self._opened.clear()
        self._touched = frozenset()
        self.strip.current = DATASET

    @Slot()
    def refresh(self) -> None:
        """Read the pipeline beside the window."""
        project = self._project = self.context.project
        if project is None:
            return
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False
        studio = self.context.studio

        def work(_: Operation) -> tuple[Project, PipelineView, dict[str, str]]:
            runs = {r.id: f"{r.metrics.get('accuracy', 0.0):.1%}" for r in reversed(run_store.runs(project))}
            return project, view(studio, project), runs

        self.context.run_operation("Read the pipeline", work, self._read, self._not_read, quiet=True)

    @Slot(object)
    def _not_read(self, error: BaseException) -> None:
        self._reading = False
        self.context.show_error(error)

    @Slot(object)
    def _read(self, found: tuple[Project, PipelineView, dict[str, str]]) -> None:
        self._reading = False
        project, seen, runs = found
        if project is not self.context.project:
            return
        first = self._view is None
        self._view, self._runs = seen, runs
        self.follower.set_view(seen)
        if not self.editor.pending:
            self._touched = frozenset()
        for stage in seen.stages:
            use = stage.status.use
            self._opened.setdefault((use.key, use.stage), dict(stage.status.params))
        if first and self.strip.current == DATASET:
            chosen = seen.of_kind("feature") or (seen.stages[0] if seen.stages else None)
            self.strip.current = chosen.status.use.key if chosen else DATASET
        look_at, self._look_at = self._look_at, None
        self.outliner.set_view(seen)
        self.outliner.set_changes(self.editor.pending)
        self._show()
        if look_at is not None and look_at in self.strip.keys:
            self.strip.set_current(look_at)
            self._chosen(look_at)
        self.previewer.set_changes(self.editor.pending)
        self.previewer.set_view(seen)
        self.previewer.set_stage(self.strip.current)
        if self._again:
            self._refresh_later.start(_REFRESH_MS)

    # Showing

    @Slot()
    def _show(self) -> None:
        seen = self._view
        if seen is None:
            return
        outline, progress = self.outliner.outline, self.follower.progress
        self.strip.show_view(seen, outline, progress, self._touched, self.editor.pending)
        running = self.follower.running is not None
        self.bar.set_facts(seen.name, cards.counts(seen, progress, self._touched, outline, running=running))
        self._show_inspector()
        trouble = obstacle(seen, outline) if seen.dataset.data is not None or seen.gaps else ""
        self.obstacle.setText(f"Cannot run. {trouble}" if trouble else "")
        self.obstacle.setVisible(bool(trouble))
        states = [card.facts.state for card in self.strip.cards.values()]
        able = seen.dataset.data is not None and not trouble and not running
        self.run_button.setEnabled(able and any(s != "fresh" for s in states))
        self.until.setVisible(not running)
        upto = states[: self.strip.keys.index(self.strip.current)]
        self.until.setEnabled(able and any(s != "fresh" for s in upto))
        self.cancel.setVisible(running)
        self.add_button.setEnabled(bool(seen.addable))
        self._show_rail(states)

    def _show_rail(self, states: list[str]) -> None:
        """What the window cannot see in the project: a run, its failure, a change that is not saved yet."""
        said = next((s for s in ("running", "failed") if s in states), "")
        if not said and (self._touched or self.context.stages.get(self.key) in ("running", "failed")):
            said = "fresh" if all(s == "fresh" for s in states) else "stale"
        if said:
            self.context.set_stage(self.key, said)

    def _show_inspector(self) -> None:
        seen, project = self._view, self.context.project
        if seen is None or project is None:
            return
        stage = self._stage()
        if stage is None:
            self.form.show_dataset(seen, project.config.dataset)
            return
        use = stage.status.use
        pending = self.editor.pending.get(use.key)
        if pending:
            # What was just set is shown as set, though the read that knows it is still on its way.
            use = replace(use, params={**use.params, **pending})
            stage = replace(stage, status=replace(stage.status, use=use))
        told = self.outliner.outline.stages.get(use.key)
        error = told.error if told is not None else None
        place = str(error.data.get("param", "")) if error is not None else ""
        moves = self._moves(use.key)
        here = [s.status.use.key for s in seen.stages].index(use.key)
        self.form.show_stage(
            seen,
            ShownStage(
                stage,
                self.strip.cards[use.key].facts,
                seen.entries.get(stage.kind, ()),
                self._saved(stage),
                told,
                cards.reason_of(stage, self.follower.progress, told),
                {place: f"{error.text} {error.hint}".strip()} if error is not None and place else {},
                self._runs,
                (any(n < here for n in moves), any(n > here for n in moves)),
                stage.kind in SEVERAL,
            ),
        )

    def _saved(self, stage: StageView) -> dict[str, Value]:
        """What the last output was computed with; without one, what was there when the project was opened."""
        if stage.shown is not None and stage.shown.key.stage == stage.status.use.stage:
            return dict(stage.shown.key.params)
        return self._opened.get((stage.status.use.key, stage.status.use.stage), {})

    def _stage(self) -> StageView | None:
        return self._view.stage(self.strip.current) if self._view and self.strip.current else None

    @Slot(str)
    def _chosen(self, key: str) -> None:
        self._show()
        self.previewer.set_stage(key)

    @Slot(object)
    def _show_frame(self, shown: Frame | str) -> None:
        seen, project = self._view, self.context.project
        if seen is None or project is None:
            return
        if isinstance(shown, Frame):
            inks = theme().class_colors([c.name for c in project.config.classes])
            self.below.setCurrentWidget(self.preview)
            self.preview.show_frame(shown, inks.get(shown.label, "text_muted"))
        elif seen.dataset.data is None:
            if seen.dataset.recordings:
                self.empty.set_sentence(f"{seen.dataset.reason} {seen.dataset.hint}".strip())
            self.below.setCurrentWidget(self.empty)
        elif seen.of_kind("window") is None:
            self.below.setCurrentWidget(self.no_stages)
        else:
            self.no_window.set_sentence(shown)
            self.below.setCurrentWidget(self.no_window)

    # Changing

    @Slot(str)
    def _touch(self, key: str) -> None:
        """Mark a stage, and what hangs on it, as stale at once."""
        if self._view is not None:
            self._touched |= cards.touched_by(self._view, key)
        self.follower.forgive()
        self._show()

    @Slot()
    def _pending(self) -> None:
        self.outliner.set_changes(self.editor.pending)
        self.previewer.set_changes(self.editor.pending)

    @Slot(str)
    def _arranged(self, key: str) -> None:
        self._look_at = key
        self.follower.forgive()

    @Slot(object)
    def _refused(self, error: AppError) -> None:
        place = str(error.data.get("param", ""))
        if self.form.form is None or not self.form.form.set_problem(place, error.hint):
            self.context.show_error(error)

    @Slot(dict)
    def _dataset_changed(self, changes: dict[str, Any]) -> None:
        self.editor.set_dataset(next(iter(self.strip.cards), ""), changes)

    @Slot(str, str)
    def _stage_chosen(self, key: str, stage: str) -> None:
        self.editor.choose(key, stage)

    def _moves(self, key: str) -> tuple[int, ...]:
        """Where a stage may go."""
        return self._view.moves.get(key, ()) if self._view is not None else ()

    @Slot(str, int)
    def _move(self, key: str, by: int) -> None:
        """Move a stage to the next place in a direction; where there is none, the refusal says why."""
        project = self.context.project
        if project is None or key not in self.strip.cards:
            return
        here = [s.key for s in project.config.pipeline.stages].index(key)
        there = [n for n in self._moves(key) if (n - here) * by > 0]
        if there:
            self.editor.move(key, min(there, key=lambda n: abs(n - here)))
        elif 0 <= here + by < len(project.config.pipeline.stages):
            self.editor.move(key, here + by)

    def add_stage(self) -> None:
        """Offer every stage that may be added anywhere."""
        self._open_adder(-1, "", self.add_button)

    @Slot(int, str, QWidget)
    def _add_at(self, place: int, kind: str, button: QWidget) -> None:
        self._open_adder(place, kind, button)

    def _open_adder(self, place: int, kind: str, button: QWidget) -> None:
        if self._view is None:
            return
        self.editor.save()
        self.adder.open(self._view.addable, self.outliner.told, place, kind, place_of(button, self))
        self.outliner.ask_candidates(self._view.addable)

    @Slot()
    def _candidates(self) -> None:
        if self.adder.isVisible():
            self.adder.set_told(self.outliner.told)

    @Slot()
    def _adder_closed(self) -> None:
        card = self.strip.cards.get(self.strip.current)
        if card is not None and self._active:
            card.setFocus()

    def _remove(self) -> None:
        focus = QApplication.focusWidget()
        # In the form the key belongs to what is edited there.
        if self.strip.current and not (focus is not None and self.form.isAncestorOf(focus)):
            self.editor.remove(self.strip.current)

    def _duplicate(self) -> None:
        if self.strip.current:
            self.editor.duplicate(self.strip.current)

    # Running

    def run(self) -> None:
        """Run all that is stale; a whole pipeline is kept as a run."""
        self._start("")

    def run_to_here(self) -> None:
        """Run up to the chosen stage."""
        stage = self._stage()
        if stage is not None:
            self._start(stage.kind)

    def _start(self, until: str) -> None:
        self.editor.save()
        if self._view is not None:
            self.starter.start(self._view, until)

    @Slot()
    def _show_running(self) -> None:
        """Only the card that runs, many times a second."""
        stage = self._view.stage(self.follower.progress.running) if self._view else None
        if stage is not None and self.follower.progress.running in self.strip.cards:
            self.strip.cards[self.follower.progress.running].set_facts(cards.card(stage, self.follower.progress))

    @Slot()
    def _refresh_soon(self) -> None:
        self._refresh_later.start(_REFRESH_MS)

    # Elsewhere

    def _record(self) -> None:
        self.context.goto("record")

    def _use_virtual(self) -> None:
        self.context.connect_device("virtual", then=self._record)

    def commands(self) -> list[Command]:
        """What can be done here by name."""
        strip, step, follower = self.strip, self.previewer.step, self.follower
        idle, busy = (lambda: follower.running is None), (lambda: follower.running is not None)
        group = "Pipeline"

        def move(by: int) -> None:
            self._move(strip.current, by)

        return [
            Command("pipeline.run", "Run stale stages", self.run, group, "Ctrl+Return", idle),
            Command("pipeline.until", "Run to the chosen stage", self.run_to_here, group, "Ctrl+Shift+Return", idle),
            Command("pipeline.cancel", "Cancel the run", self.starter.stop, group, "", busy),
            Command("pipeline.add", "Add a stage", self.add_stage, group, "A"),
            Command("pipeline.remove", "Remove the chosen stage", self._remove, group, "Delete"),
            Command("pipeline.copy", "Add the chosen stage again", self._duplicate, group, "Ctrl+D"),
            Command("pipeline.left", "Move the stage to the left", lambda: move(-1), group, "Ctrl+Shift+Left"),
            Command("pipeline.right", "Move the stage to the right", lambda: move(1), group, "Ctrl+Shift+Right"),
            Command("pipeline.next", "Choose the next stage", lambda: strip.step(1), group, "Right"),
            Command("pipeline.previous", "Choose the stage before", lambda: strip.step(-1), group, "Left"),
            Command("pipeline.window", "Show the next window", lambda: step(1), group, "PgDown"),
            Command("pipeline.window_before", "Show the window before", lambda: step(-1), group, "PgUp"),
            Command("pipeline.shuffle", "Show another altered copy", self.previewer.shuffle, group, "R"),
        ]
