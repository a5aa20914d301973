"""The Pipeline page: stages as cards, what flows between them, the chosen one's form, a window before and after.

Reads and runs through the studio's verbs, in operations. It computes nothing of a stage itself. Long because it is the
one place where the page's parts meet; each of them is a module of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QStackedWidget

from motestudio.domain.params import Value
from motestudio.domain.pipeline import CHAIN
from motestudio.errors import AppError
from motestudio.gui.commands import Command
from motestudio.gui.page import Page
from motestudio.gui.pages.pipeline import cards
from motestudio.gui.pages.pipeline.editor import PipelineEditor
from motestudio.gui.pages.pipeline.empties import no_takes, not_run
from motestudio.gui.pages.pipeline.follower import RunFollower
from motestudio.gui.pages.pipeline.inspector import PipelineInspector
from motestudio.gui.pages.pipeline.preview import Preview
from motestudio.gui.pages.pipeline.preview_data import Frame, Source, frame, load
from motestudio.gui.pages.pipeline.strip import DATASET, StageStrip
from motestudio.gui.theme import theme
from motestudio.gui.widgets import Button, PageBar, Separator
from motestudio.project.store import Project
from motestudio.studio import pipeline, pipeline_edit, train
from motestudio.studio.operation import Operation
from motestudio.studio.pipeline_view import PipelineView, StageView, view

_REFRESH_MS = 40
_HIDDEN_REFRESH_MS = 1500
_NOTHING_TOUCHED = 1_000_000


class PipelinePage(Page):
    """See the module."""

    key = "pipeline"
    title = "Pipeline"
    help = (
        "Every stage takes what the one before it made. Choose one by click or with the arrow keys: its form is at the "
        "right, and a window before and after it below.\n"
        "A change is saved at once and can be undone. What depends on it turns stale; Run stale stages computes "
        "only that, from the first stale stage on.\n"
        "Figures of a stale stage are those of its last output."
    )

    def build(self) -> None:
        """Bar, strip, preview; the inspector beside them."""
        self._view: PipelineView | None = None
        self._source = Source()
        self._touched = _NOTHING_TOUCHED
        self._opened: dict[str, dict[str, Value]] = {}
        self.follower = RunFollower(self.context.bridge, self)
        self.editor = PipelineEditor(self.context, self)
        self._project: Project | None = None
        self._reading = self._again = self._active = False
        self._window = 0
        self._make_widgets()
        self._refresh_later = QTimer(self)
        self._refresh_later.setSingleShot(True)
        self._refresh_later.timeout.connect(self.refresh)
        context = self.context
        for signal in (context.project_changed, context.recordings_changed, context.pipeline_changed):
            signal.connect(self._outdated)
        self.editor.touched.connect(self._touch)
        self.editor.refused.connect(self._refused)
        self.follower.changed.connect(self._show)
        self.follower.moved.connect(self._show_running)
        for signal in (self.follower.made, self.follower.ended):
            signal.connect(self._refresh_soon)

    def _make_widgets(self) -> None:
        self.bar = PageBar("Pipeline")
        self.cancel = Button("Cancel", "secondary")
        self.until = Button("Run to here", "secondary", "ph.play")
        self.run_button = Button("Run stale stages", "primary")
        self.run_button.setToolTip("Ctrl+Enter")
        # Until the pipeline has been read there is nothing to run.
        self.run_button.setEnabled(False)
        self.until.setEnabled(False)
        self.until.setToolTip("Run up to the chosen stage  Ctrl+Shift+Enter")
        for button, act in ((self.cancel, self.stop), (self.until, self.run_to_here), (self.run_button, self.run)):
            button.clicked.connect(act)
            self.bar.add_action(button)
        self.cancel.hide()
        self.body.addWidget(self.bar)
        self.body.addSpacing(6)
        self.strip = StageStrip()
        self.strip.chosen.connect(self._chosen)
        self.body.addWidget(self.strip)
        self.body.addSpacing(14)
        self.body.addWidget(Separator())
        self.preview = Preview()
        self.preview.stepped.connect(self.step_window)
        self.empty, self.not_run = no_takes(), not_run()
        self.empty.action.clicked.connect(self._record)
        self.empty.virtual.clicked.connect(self._use_virtual)
        self.not_run.action.clicked.connect(self._run_features)
        self.below = QStackedWidget()
        for widget in (self.preview, self.empty, self.not_run):
            self.below.addWidget(widget)
        self.body.addWidget(self.below, 1)
        inspector = PipelineInspector()
        inspector.param_changed.connect(self.editor.set_param)
        inspector.stage_chosen.connect(self._stage_chosen)
        inspector.reset_wanted.connect(self.editor.set_params)
        inspector.clean_wanted.connect(self.editor.clean)
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
        self.editor.save()

    @Slot()
    def _outdated(self) -> None:
        if self.context.project is not self._project:
            self._forget()
        self._refresh_later.start(_REFRESH_MS if self._active else _HIDDEN_REFRESH_MS)

    def _forget(self) -> None:
        """Another project: nothing of the old one stays."""
        self._project = self.context.project
        self._view, self._source = None, Source()
        self.follower.set_view(None)
        self._opened.clear()
        self._touched, self._window = _NOTHING_TOUCHED, 0
        self.editor.forget()
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

        def work(_: Operation) -> tuple[Project, PipelineView, Source]:
            seen = view(studio, project)
            return project, seen, load(project, seen)

        self.context.run_operation("Read the pipeline", work, self._read, self._not_read, quiet=True)

    @Slot(object)
    def _not_read(self, error: BaseException) -> None:
        self._reading = False
        self.context.show_error(error)

    @Slot(object)
    def _read(self, found: tuple[Project, PipelineView, Source]) -> None:
        self._reading = False
        project, seen, source = found
        if project is not self.context.project:
            return
        first = self._view is None
        same = source.folders == self._source.folders
        self._view, self._source = seen, source
        self.follower.set_view(seen)
        if not self.editor.pending:
            self._touched = _NOTHING_TOUCHED
        for stage in seen.stages:
            self._opened.setdefault(stage.status.use.key, dict(stage.status.params))
        if first and self.strip.current == DATASET:
            chosen = seen.of_kind("feature") or (seen.stages[0] if seen.stages else None)
            self.strip.current = chosen.status.use.key if chosen else DATASET
        self._show()
        self._show_window(force=not same)
        if self._again:
            self._refresh_later.start(_REFRESH_MS)

    # Showing

    @Slot()
    def _show(self) -> None:
        seen = self._view
        if seen is None:
            return
        self.strip.show_view(seen, self.follower.progress, self._touched)
        self.bar.set_facts(seen.name, cards.counts(seen, self.follower.progress, self._touched))
        self._show_inspector()
        states = [card.facts.state for card in self.strip.cards.values()]
        running = self.follower.running is not None
        stale = seen.dataset.data is not None and any(s != "fresh" for s in states)
        self.run_button.setEnabled(stale and not running)
        self.until.setVisible(not running)
        upto = states[: self.strip.keys.index(self.strip.current)]
        self.until.setEnabled(seen.dataset.data is not None and any(s != "fresh" for s in upto))
        self.cancel.setVisible(running)
        self._show_rail(states)

    def _show_rail(self, states: list[str]) -> None:
        """What the window cannot see in the project: a run, its failure, a change that is not saved yet."""
        said = next((s for s in ("running", "failed") if s in states), "")
        if not said and (
            self._touched < _NOTHING_TOUCHED or self.context.stages.get(self.key) in ("running", "failed")
        ):
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
        self.form.show_stage(
            seen,
            stage,
            pipeline_edit.alternatives(self.context.studio, use),
            self._saved(stage),
            self.strip.cards[use.key].facts,
            cards.reason_of(stage, self.follower.progress),
        )

    def _saved(self, stage: StageView) -> dict[str, Value]:
        """What the last output was computed with; without one, what was there when the project was opened."""
        if stage.shown is not None and stage.shown.key.stage == stage.status.use.stage:
            return dict(stage.shown.key.params)
        return self._opened.get(stage.status.use.key, {})

    def _stage(self) -> StageView | None:
        return self._view.stage(self.strip.current) if self._view and self.strip.current else None

    @Slot(str)
    def _chosen(self, _: str) -> None:
        self._show()
        self._show_window()

    def _show_window(self, *, force: bool = True) -> None:
        """Read the window to show beside the window of the program, and show it."""
        project, seen = self.context.project, self._view
        if project is None or seen is None:
            return
        if not len(self._source):
            self.below.setCurrentWidget(self.empty if seen.dataset.data is None else self.not_run)
            return
        self.preview.stale.setVisible(self._is_stale())
        if not force and self.below.currentWidget() is self.preview:
            return
        source, index = self._source, self._window
        whole = self._shows_take()

        def work(_: Operation) -> tuple[Source, Frame | None]:
            return source, frame(project, source, index, whole=whole)

        self.context.run_operation("Read a window", work, self._show_frame, quiet=True)

    @Slot(object)
    def _show_frame(self, found: tuple[Source, Frame | None]) -> None:
        source, shown = found
        project = self.context.project
        if source is not self._source or shown is None or project is None:
            return
        self._window = shown.index
        inks = theme().class_colors([c.name for c in project.config.classes])
        self.below.setCurrentWidget(self.preview)
        self.preview.show_frame(shown, len(source), inks.get(shown.label, "text_muted"), stale=self._is_stale())

    def _is_stale(self) -> bool:
        """Whether the preview shows something from before the last change."""
        kinds = [s.kind for s in self._view.stages] if self._view else []
        whole = self._shows_take()
        last = max((n for n, k in enumerate(kinds) if k == ("window" if whole else "feature")), default=-1)
        return (self._source.windows_stale if whole else self._source.features_stale) or self._touched <= last

    def _shows_take(self) -> bool:
        chosen = self._stage()
        return chosen is None or chosen.kind == "window"

    def step_window(self, by: int) -> None:
        """Show the next window, or the one before."""
        wanted = min(len(self._source) - 1, max(0, self._window + by))
        if len(self._source) and wanted != self._window:
            self._window = wanted
            self._show_window()

    # Changing

    @Slot(str)
    def _touch(self, key: str) -> None:
        """Mark a stage, and what hangs on it, as stale at once."""
        if key in self.strip.cards:
            self._touched = min(self._touched, list(self.strip.cards).index(key))
        self.follower.forgive()
        self._show()
        self.preview.stale.setVisible(self._is_stale())

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
        self._opened.pop(key, None)
        self.editor.choose(key, stage)

    # Running

    def run(self) -> None:
        """Run all that is stale; a whole pipeline is kept as a run."""
        self._start("")

    def run_to_here(self) -> None:
        """Run up to the chosen stage."""
        stage = self._stage()
        if stage is not None:
            self._start(stage.kind)

    def _run_features(self) -> None:
        self._start("feature")

    def _start(self, until: str) -> None:
        self.editor.save()
        project, seen, studio = self.context.project, self._view, self.context.studio
        if project is None or seen is None or self.follower.running is not None:
            return
        kinds = [s.kind for s in seen.stages]
        last = next((k for k in CHAIN if k == until), None)
        whole = last in (None, kinds[-1] if kinds else None) and "convert" in kinds

        def work(operation: Operation) -> object:
            if whole:
                return train.train(studio, project, operation)
            return pipeline.run(studio, project, operation, until=last)

        self.follower.follow(self.context.run_operation("Pipeline", work, self._done), until)

    @Slot(object)
    def _done(self, _: object) -> None:
        self.context.runs_changed.emit()

    def stop(self) -> None:
        """Cancel what runs; nothing half-made is kept."""
        if self.follower.running is not None:
            self.follower.running.cancel()

    @Slot()
    def _show_running(self) -> None:
        """Only the card that runs, many times a second."""
        stage = self._view.stage(self.follower.progress.running) if self._view else None
        if stage is not None:
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
        strip, step, follower = self.strip, self.step_window, self.follower
        idle, busy = (lambda: follower.running is None), (lambda: follower.running is not None)
        return [
            Command("pipeline.run", "Run stale stages", self.run, "Pipeline", "Ctrl+Return", idle),
            Command(
                "pipeline.until", "Run to the chosen stage", self.run_to_here, "Pipeline", "Ctrl+Shift+Return", idle
            ),
            Command("pipeline.cancel", "Cancel the run", self.stop, "Pipeline", "", busy),
            Command("pipeline.next", "Choose the next stage", lambda: strip.step(1), "Pipeline", "Right"),
            Command("pipeline.previous", "Choose the stage before", lambda: strip.step(-1), "Pipeline", "Left"),
            Command("pipeline.window", "Show the next window", lambda: step(1), "Pipeline", "PgDown"),
            Command("pipeline.window_before", "Show the window before", lambda: step(-1), "Pipeline", "PgUp"),
        ]
