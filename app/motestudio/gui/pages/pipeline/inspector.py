"""The page's inspector: the form of the selected stage, or of the dataset's split, with output, cost and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motestudio.domain.params import Param, ShownIf, Value
from motestudio.gui.forms import ParamForm, difference_words
from motestudio.gui.pages.pipeline import cards, facts
from motestudio.gui.widgets import (
    Button,
    Choice,
    Column,
    ElidedText,
    IconButton,
    KeyValue,
    SectionHeader,
    Tag,
    Text,
    labelled,
)
from motestudio.plugins.registry import StageEntry
from motestudio.project.schema import DatasetConfig
from motestudio.studio.outline import StageOutline
from motestudio.studio.pipeline_view import PipelineView, StageView

_TONES = {"none": "neutral", "running": "accent", "fresh": "ok", "stale": "warn", "failed": "bad"}
_MANY_GROUPS = 10

DATASET_PARAMS = (
    Param("split_by", "choice", "take", "Split by", choices=("take", "subject", "session", "device"), group="Split",
          help="What must stay together: held-out data never shares it with training data."),
    Param("hold_out", "text", "", "Hold out", group="Split",
          help="Names to hold out, with commas between them; empty leaves the choice to the rule."),
    Param("test_fraction", "float", 0.2, "Held out", minimum=0.05, maximum=0.6, step=0.05, group="Split",
          help="Part of the takes of each class.", shown_if=ShownIf("split_by", "take")),
    Param("validation_fraction", "float", 0.2, "Validation", minimum=0.05, maximum=0.6, step=0.05, group="Split",
          help="Part of the rest, by which training finds its best epoch."),
    Param("seed", "int", 1, "Seed", minimum=0, maximum=100, group="Split", help="Of the draw."),
)  # fmt: skip


def dataset_values(config: DatasetConfig) -> dict[str, Value]:
    """The split's settings as the form shows them."""
    return {
        "split_by": config.split_by,
        "hold_out": ", ".join(config.hold_out),
        "test_fraction": config.test_fraction,
        "validation_fraction": config.validation_fraction,
        "seed": config.seed,
    }


def dataset_change(key: str, value: Any) -> dict[str, Any]:
    """A change of the form as `pipeline_edit.set_dataset` takes it."""
    if key == "hold_out":
        return {key: tuple(name.strip() for name in str(value).split(",") if name.strip())}
    if key == "split_by":
        return {key: value, "hold_out": ()}
    return {key: value}


Section = tuple[str, Sequence[facts.Fact]]


@dataclass(frozen=True, slots=True)
class ShownStage:
    """All that the inspector tells of a stage.

    Attributes:
        stage: which one, with what is set and not saved yet.
        card: its card, for state and words.
        entries: stages that could stand in its place.
        saved: the values that the dots compare with.
        told: what it says it will give, or None.
        reason: why it cannot run, or empty.
        refusals: what is wrong with parameters, by their keys.
        runs: words by run id, newest first.
        moves: whether it may go to the left, and to the right.
        can_copy: whether there may be a second one.
    """

    stage: StageView
    card: cards.CardFacts
    entries: Sequence[StageEntry] = ()
    saved: Mapping[str, Value] = field(default_factory=dict)
    told: StageOutline | None = None
    reason: str = ""
    refusals: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    moves: tuple[bool, bool] = (False, False)
    can_copy: bool = False


class PipelineInspector(QWidget):
    """One column, made anew for another stage and only brought up to date for the same.

    Signals:
        param_changed(str, str, object): stage key, parameter, value.
        stage_chosen(str, str): stage key, full id of the plugin's stage to use.
        reset_wanted(str, dict): stage key, the values to go back to.
        clean_wanted(str): drop what the stage does not know (any more).
        update_wanted(str): go on with the newest implementation.
        remove_wanted(str), duplicate_wanted(str): the stage.
        move_wanted(str, int): stage key, so many places further on.
        dataset_changed(dict): what to change of the split.
    """

    param_changed = Signal(str, str, object)
    stage_chosen = Signal(str, str)
    reset_wanted = Signal(str, dict)
    clean_wanted = Signal(str)
    update_wanted = Signal(str)
    remove_wanted = Signal(str)
    duplicate_wanted = Signal(str)
    move_wanted = Signal(str, int)
    dataset_changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._column: Column | None = None
        self._signature: object = None
        self._key = ""
        self._reason: Text | None = None
        self._choices: list[str] = []
        self._told_facts: list[Section] = []
        self.form: ParamForm | None = None
        self.stage_choice: Choice | None = None
        self.reset: Button | None = None
        self.update_button: Button | None = None
        self._actions: list[IconButton] = []

    # What is shown

    def show_stage(self, view: PipelineView, shown: ShownStage) -> None:
        """Show a stage."""
        stage, use = shown.stage, shown.stage.status.use
        ids = [e.manifest.id for e in shown.entries]
        signature = (use.key, use.stage, ids, bool(shown.reason), stage.newer, tuple(shown.runs), stage.missing)
        if signature != self._signature:
            self._signature = signature
            self._make_stage(shown)
        card = shown.card
        self._tag.set(card.state_text or card.state, _TONES[card.state])
        if self._reason is not None:
            self._reason.setText(shown.reason)
        for button, allowed in zip(self._actions, (*shown.moves, shown.can_copy, True), strict=True):
            button.setEnabled(allowed)
        if self.form is not None:
            self.form.set_values(dict(use.params))
            self.form.set_refusals(shown.refusals)
            self.form.set_saved(shown.saved)
            self._show_changes()
        fresh = card.state == "fresh"
        sections: list[Section] = [] if fresh else [("It will give", facts.expected(shown.told))]
        if stage.kind in ("convert", "evaluate") and not fresh:
            sections.append((f"{facts.cost_title(view, stage)}, last model", facts.cost(view, stage, shown.told)))
        else:
            sections.append((facts.cost_title(view, stage), facts.cost(view, stage, shown.told)))
        sections.insert(0 if fresh else 2, ("Output" if fresh else "Last output", facts.output(stage)))
        self._show_facts(sections)

    def show_dataset(self, view: PipelineView, config: DatasetConfig) -> None:
        """Show the dataset and how it is split."""
        if self._signature != "dataset":
            self._signature = "dataset"
            column = self._new_column("Dataset", "Dataset", "labelled takes of all recordings")
            self._reason = self._add_reason(column)
            column.separate()
            self.form = ParamForm(DATASET_PARAMS)
            self.form.changed.connect(self._dataset_value)
            column.add(self.form)
            self._end(column)
        self._key = ""
        reason = f"{view.dataset.reason} {view.dataset.hint}".strip()
        if self._reason is not None:
            self._reason.setText(reason)
            self._reason.setVisible(bool(reason))
        self._tag.set("fresh" if view.dataset.data else "empty", "ok" if view.dataset.data else "neutral")
        if self.form is not None:
            self.form.set_values(dataset_values(config))
        sections: list[Section] = [("Takes", facts.dataset_rows(view))]
        if view.dataset.data is not None:
            labels = [t.label for t in view.dataset.data.takes]
            sections.append(("Classes", [(c, str(labels.count(c)), "takes") for c in view.dataset.data.classes]))
        self._told_facts = []
        self._show_facts(sections)
        self._held_out(view)

    # Making the column

    def _new_column(self, head: str, title: str, line: str) -> Column:
        column = Column()
        if self._column is not None:
            self._box.removeWidget(self._column)
            self._column.hide()
            self._column.deleteLater()
        self._column = column
        self._box.addWidget(column)
        top = QHBoxLayout()
        top.addWidget(Text(head, "section", "text_muted"), 1)
        self._tag = Tag("")
        top.addWidget(self._tag)
        column.add_layout(top)
        self._title = Text(title, "headline", wrap=True)
        column.add(self._title)
        column.add(ElidedText(line, "caption", "text_muted"))
        self.form = self.stage_choice = self.reset = self.update_button = None
        self._actions = []
        self._reason = None
        return column

    def _make_stage(self, shown: ShownStage) -> None:
        stage, use = shown.stage, shown.stage.status.use
        self._key = use.key
        column = self._new_column(facts.head(stage), stage.status.title, facts.origin_line(stage))
        entry = stage.status.entry
        self._add_actions(column)
        if entry is not None and entry.manifest.help:
            column.add(Text(entry.manifest.help, "caption", "text_secondary", wrap=True))
        if shown.reason:
            self._reason = self._add_reason(column)
        if stage.newer:
            self._add_update(column, stage)
        if len(shown.entries) > 1 or (entry is None and shown.entries):
            self._add_choice(column, shown.entries, use.stage)
        if entry is not None:
            unknown = [k for k in use.params if k not in {p.key for p in entry.manifest.params}]
            if unknown:
                clean = Button(f"Drop {', '.join(unknown)}", "secondary")
                clean.clicked.connect(self._clean)
                column.add(clean)
        column.separate()
        if entry is not None and entry.manifest.params:
            self.form = ParamForm(entry.manifest.params, runs=shown.runs)
            self.form.changed.connect(self._value)
            column.add(self.form)
        elif entry is None:
            column.add(SectionHeader("Kept in the project"))
            for name, value in use.params.items():
                column.add(KeyValue(name, str(value)))
            if not use.params:
                column.add(Text("No parameters.", "caption", "text_muted"))
        else:
            column.add(Text("Nothing to set.", "caption", "text_muted"))
        self._end(column)

    def _add_actions(self, column: Column) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        made = (
            ("ph.arrow-left", "Move to the left  Ctrl+Shift+Left", self._left),
            ("ph.arrow-right", "Move to the right  Ctrl+Shift+Right", self._right),
            ("ph.copy", "Add the same stage again  Ctrl+D", self._copy),
            ("ph.trash", "Remove  Delete", self._remove),
        )
        for icon, name, act in made:
            button = IconButton(icon, name, "quiet")
            button.clicked.connect(act)
            line.addWidget(button)
            self._actions.append(button)
        line.addStretch(1)
        column.add_layout(line)

    def _add_update(self, column: Column, stage: StageView) -> None:
        number = stage.status.use.implementation
        words = f"The project keeps implementation {number}; the plugin's newest is {stage.newer}."
        column.add(Text(words, "caption", "text_secondary", wrap=True))
        self.update_button = Button(f"Update to implementation {stage.newer}", "secondary")
        self.update_button.clicked.connect(self._update)
        column.add(self.update_button)

    def _add_reason(self, column: Column) -> Text:
        reason = Text("", "body", "bad", wrap=True)
        column.add(reason)
        return reason

    def _add_choice(self, column: Column, entries: Sequence[StageEntry], current: str) -> None:
        self._choices = [e.manifest.id for e in entries]
        names = [e.manifest.title for e in entries]
        if current not in self._choices:
            self._choices.insert(0, current)
            names.insert(0, current)
        self.stage_choice = Choice(names, "Stage")
        self.stage_choice.setCurrentIndex(self._choices.index(current))
        self.stage_choice.activated.connect(self._chosen)
        column.add(labelled("Stage", self.stage_choice), 4)

    def _end(self, column: Column) -> None:
        self._facts = QVBoxLayout()
        self._told_facts = []
        self._facts.setSpacing(6)
        column.add_layout(self._facts)
        column.end()
        foot = QHBoxLayout()
        self._changes = ElidedText("", "caption", "text_muted")
        self.reset = Button("Reset", "link")
        self.reset.clicked.connect(self._reset)
        foot.addWidget(self._changes, 1)
        foot.addWidget(self.reset)
        column.add_layout(foot)
        self._changes.hide()
        self.reset.hide()

    def _show_facts(self, sections: Sequence[Section]) -> None:
        if list(sections) == self._told_facts:
            return
        self._told_facts = list(sections)
        _clear(self._facts)
        for title, rows in sections:
            if rows:
                self._facts.addSpacing(10)
                self._facts.addWidget(Text(title, "section", "text_muted", wrap=True))
                for name, number, unit in rows:
                    self._facts.addWidget(KeyValue(name, number, unit))

    def _held_out(self, view: PipelineView) -> None:
        data = view.dataset.data
        if data is None:
            return
        self._facts.addSpacing(10)
        self._facts.addWidget(SectionHeader("Held out", str(len(data.held_out))))
        names = ", ".join(data.held_out[:_MANY_GROUPS])
        more = len(data.held_out) - _MANY_GROUPS
        words = f"{names} and {more} more" if more > 0 else names
        self._facts.addWidget(Text(words, "caption", "text_secondary", wrap=True))

    def _show_changes(self) -> None:
        changes = self.form.differences() if self.form is not None else []
        self._changes.setVisible(bool(changes))
        if self.reset is not None:
            self.reset.setVisible(bool(changes))
        words = ", ".join(difference_words(*c) for c in changes)
        many = "change" if len(changes) == 1 else "changes"
        self._changes.set_text(f"{len(changes)} {many}  {words}" if len(changes) == 1 else f"{len(changes)} {many}")
        self._changes.setToolTip(words)

    # What the user does

    def _value(self, param: str, value: object) -> None:
        self._show_changes()
        self.param_changed.emit(self._key, param, value)

    def _dataset_value(self, key: str, value: object) -> None:
        self.dataset_changed.emit(dataset_change(key, value))

    def _chosen(self, index: int) -> None:
        self.stage_chosen.emit(self._key, self._choices[index])

    def _left(self) -> None:
        self.move_wanted.emit(self._key, -1)

    def _right(self) -> None:
        self.move_wanted.emit(self._key, 1)

    def _copy(self) -> None:
        self.duplicate_wanted.emit(self._key)

    def _remove(self) -> None:
        self.remove_wanted.emit(self._key)

    def _update(self) -> None:
        self.update_wanted.emit(self._key)

    def _clean(self) -> None:
        self.clean_wanted.emit(self._key)

    def _reset(self) -> None:
        if self.form is not None:
            self.reset_wanted.emit(self._key, {p.key: saved for p, saved, _ in self.form.differences()})


def _clear(box: QVBoxLayout) -> None:
    while (item := box.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
