"""Verbs about the pipeline: set, choose, and stage list, available, params, add, remove, move, copy, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motestudio.cli.param_help import SetCommand, StageCommand, complete_key, complete_setting, complete_stage
from motestudio.cli.state import state_of

if TYPE_CHECKING:
    from motestudio.domain.params import Param, Value
    from motestudio.domain.pipeline import StageUse
    from motestudio.plugins.registry import StageEntry
    from motestudio.project.store import Project
    from motestudio.studio.home import Studio
    from motestudio.studio.outline import Outline, StageOutline

stage_app = typer.Typer(no_args_is_help=True, help="Stages of the pipeline: list, add, remove, move, update them.")

KeyArgument = Annotated[str, typer.Argument(help="Key of a stage of the pipeline.", autocompletion=complete_key)]
BeforeOption = Annotated[str, typer.Option("--before", help="Key of the stage before which it goes.")]
AfterOption = Annotated[str, typer.Option("--after", help="Key of the stage behind which it goes.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("set", cls=SetCommand)(set_values)
    app.command("choose")(choose_stage)
    app.add_typer(stage_app, name="stage")


def set_values(
    context: typer.Context,
    settings: Annotated[
        list[str], typer.Argument(help="stage.param=value, one or more.", autocompletion=complete_setting)
    ],
) -> None:
    """Set parameters of stages, checked against their tables."""
    from motestudio.errors import PluginError
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        wanted: dict[str, list[str]] = {}
        for item in settings:
            key, dot, rest = item.partition(".")
            if not dot or "=" not in rest:
                raise PluginError(
                    "param.syntax", f"{item!r} is no setting.", "Write it as stage.param=value: features.bands=20."
                )
            wanted.setdefault(key, []).append(rest)
        parsed = {key: _parsed(_entry(studio, project, key), items) for key, items in wanted.items()}
        done = {key: pipeline_edit.set_params(studio, project, key, values) for key, values in parsed.items()}
    facts = {key: dict(use.params) for key, use in done.items()}
    state.output.result(facts, [f"{key}: {_words(params)}" for key, params in facts.items()])


def choose_stage(
    context: typer.Context,
    stage: KeyArgument,
    plugin_stage: Annotated[
        str, typer.Argument(help="Another stage of the same kind, as plugin/stage.", autocompletion=complete_stage)
    ],
) -> None:
    """Use another plugin's stage of the same kind."""
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        use = pipeline_edit.choose(studio, project, stage, plugin_stage)
    state.output.result(_facts(use), [f"{use.key}: {use.stage}"])


@stage_app.command("list")
def stage_list(context: typer.Context) -> None:
    """List the pipeline's stages with what each will give and cost, and say what is missing."""
    from motestudio.studio import pipeline
    from motestudio.studio.outline import Outliner
    from motestudio.studio.pipeline_places import gaps

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        rows = pipeline.status(studio, project)
        seen = Outliner(studio).outline(project, operation)
        missing = gaps(studio, project)
    table, facts = [], []
    for row in rows:
        told = seen.stages[row.use.key]
        reason = row.reason or (str(told.error) if told.error is not None else told.fault)
        gives, cost = _gives(told, seen), _cost(told)
        standing = "refused" if told.refused and row.state == "stale" else row.state
        table.append((row.use.key, row.use.stage, standing, gives or reason, cost))
        facts.append(_facts(row.use) | {"state": standing, "reason": reason, "gives": gives} | _cost_facts(told))
    state.output.table(("stage", "what", "state", "will give", "cost"), table)
    lines = [f"{'missing' if gap.blocks else 'without'}: {gap.text}" for gap in missing]
    told_gaps = [{"kind": g.kind, "place": g.place, "text": g.text, "blocks": g.blocks} for g in missing]
    state.output.result({"stages": facts, "missing": told_gaps, "shape": list(seen.shape)}, lines)


@stage_app.command("available")
def stage_available(
    context: typer.Context, kind: Annotated[str, typer.Option(help="Only stages of this kind.")] = ""
) -> None:
    """List the stages that may be added to the pipeline, where, and what each would cost with its defaults."""
    from motestudio.studio.outline import Outliner
    from motestudio.studio.pipeline_places import addable

    state = state_of(context)
    with state.project() as project, state.studio() as studio, state.output.operation() as operation:
        offered = [a for a in addable(studio, project) if kind in ("", a.kind)]
        told = Outliner(studio).candidates(project, [a.entry for a in offered], operation)
        keys = [s.key for s in project.config.pipeline.stages]
    table, facts = [], []
    for one in offered:
        said = told[one.entry.manifest.id]
        cost = str(said.error) if said.error is not None else _cost(said)
        where = ", ".join(f"before {keys[n]}" if n < len(keys) else "at the end" for n in one.places)
        table.append((one.entry.manifest.id, one.kind, where, cost))
        reason = str(said.error) if said.error is not None else said.fault
        facts.append({"stage": one.entry.manifest.id, "kind": one.kind, "places": list(one.places), "reason": reason})
        facts[-1] |= _cost_facts(said)
    state.output.table(("stage", "kind", "where", "cost, or why it does not suit"), table)
    state.output.result(facts)


@stage_app.command("params")
def stage_params(
    context: typer.Context,
    stage: Annotated[
        str, typer.Argument(help="plugin/stage, or a key of the pipeline.", autocompletion=complete_stage)
    ],
) -> None:
    """List the parameters of a stage: range, choices, default, unit, what they mean."""
    from motestudio.cli.param_help import param_row

    state = state_of(context)
    values: Mapping[str, Value] = {}
    with state.studio() as studio:
        if "/" in stage:
            entry = studio.registry.stage(stage)
        else:
            with state.project() as project:
                entry = _entry(studio, project, stage)
                values = project.config.pipeline.find(stage).params
    params = entry.manifest.params
    rows = [(*param_row(p), str(values.get(p.key, "")), p.help) for p in params]
    state.output.table(("parameter", "takes", "default", "set to", "what it is"), rows)
    state.output.result([_param_facts(p, values) for p in params], [] if params else ["It has no parameters."])


@stage_app.command("add", cls=StageCommand)
def stage_add(
    context: typer.Context,
    stage: Annotated[
        str,
        typer.Argument(
            help="Stage to add, as plugin/stage; see: mote stage available.",
            autocompletion=complete_stage,
        ),
    ],
    param: Annotated[list[str] | None, typer.Option("--param", "-s", help="param=value; may be repeated.")] = None,
    before: BeforeOption = "",
    after: AfterOption = "",
    key: Annotated[str, typer.Option(help="Its key in the pipeline; its own name where empty.")] = "",
) -> None:
    """Add a stage where its kind belongs, or beside another one."""
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        values = _parsed(studio.registry.stage(stage), param or ())
        use = pipeline_edit.add(studio, project, stage, before=before, after=after, key=key, params=values)
        order = [s.key for s in project.config.pipeline.stages]
    state.output.result(_facts(use) | {"order": order}, [f"{use.key} added: {' → '.join(order)}."])


@stage_app.command("remove")
def stage_remove(context: typer.Context, stage: KeyArgument) -> None:
    """Take a stage out of the pipeline."""
    from motestudio.studio import pipeline_edit
    from motestudio.studio.pipeline_places import gaps

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        use = pipeline_edit.remove(studio, project, stage)
        missing = gaps(studio, project)
    lines = [f"{use.key} removed.", *(f"{g.text} {g.hint}" for g in missing if g.blocks)]
    state.output.result(_facts(use) | {"missing": [g.kind for g in missing if g.blocks]}, lines)


@stage_app.command("move")
def stage_move(context: typer.Context, stage: KeyArgument, before: BeforeOption = "", after: AfterOption = "") -> None:
    """Move a stage before or behind another one."""
    from motestudio.errors import ProjectError
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        rest = [s.key for s in project.config.pipeline.stages if s.key != pipeline_edit.find(project, stage).key]
        beside = before or after
        if beside not in rest:
            text = f"There is no stage {beside!r} beside which {stage} could go."
            raise ProjectError("stage.unknown", text, f"Name one by --before or --after: {', '.join(rest)}.")
        pipeline_edit.move(studio, project, stage, rest.index(beside) + (0 if before else 1))
        order = [s.key for s in project.config.pipeline.stages]
    state.output.result({"key": stage, "order": order}, [f"{' → '.join(order)}."])


@stage_app.command("copy")
def stage_copy(context: typer.Context, stage: KeyArgument) -> None:
    """Add the same stage with the same parameters behind a stage."""
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        use = pipeline_edit.duplicate(studio, project, stage)
    state.output.result(_facts(use), [f"{use.key} added."])


@stage_app.command("update")
def stage_update(context: typer.Context, stage: KeyArgument) -> None:
    """Go on with the newest implementation of a stage."""
    from motestudio.studio import pipeline_edit

    state = state_of(context)
    with state.project() as project, state.studio() as studio:
        use = pipeline_edit.update(studio, project, stage)
    state.output.result(_facts(use), [f"{use.key}: implementation {use.implementation}."])


def _entry(studio: Studio, project: Project, key: str) -> StageEntry:
    from motestudio.studio import pipeline_edit

    return studio.registry.stage(pipeline_edit.find(project, key).stage)


def _parsed(entry: StageEntry, items: Sequence[str]) -> dict[str, Value]:
    """Values of ``param=value`` texts, read as the stage's table says.

    Raises:
        PluginError: no such parameter, or its value is not allowed.
    """
    from motestudio.errors import PluginError

    table = {p.key: p for p in entry.manifest.params}
    given = {}
    for item in items:
        name, _, text = item.partition("=")
        if name not in table:
            known = ", ".join(table) or "none"
            raise PluginError("param.unknown", f"There is no parameter {name!r}.", f"Known: {known}.", {"param": name})
        given[name] = table[name].parse(text)
    return given


def _facts(use: StageUse) -> dict[str, Any]:
    return {"key": use.key, "stage": use.stage, "implementation": use.implementation, "params": dict(use.params)}


def _words(params: Mapping[str, Value]) -> str:
    return ", ".join(f"{k} = {v}" for k, v in params.items())


def _param_facts(param: Param, values: Mapping[str, Value]) -> dict[str, Any]:
    facts: dict[str, Any] = {"key": param.key, "type": param.type, "default": param.default, "title": param.title}
    facts |= {"min": param.minimum, "max": param.maximum, "choices": list(param.choices), "unit": param.unit}
    return facts | {"help": param.help, "value": values.get(param.key, param.default)}


def _gives(told: StageOutline, seen: Outline) -> str:
    from motestudio.sdk.stages import FeatureInfo, ModelInfo

    if told.key in seen.windows and seen.signal is not None:
        return f"{seen.windows[told.key]:,} windows x {seen.signal.window_samples} x {seen.signal.n_channels}"
    if isinstance(told.info, FeatureInfo):
        return " x ".join(str(n) for n in told.info.shape)
    return f"{told.info.parameters:,} weights" if isinstance(told.info, ModelInfo) else ""


def _cost(told: StageOutline) -> str:
    from motestudio.domain.units import format_bytes

    parts = []
    if told.latency is not None:
        parts.append(f"{told.latency.value:.3g} ± {told.latency.plus_minus:.2g} ms")
    if told.ram:
        parts.append(f"{format_bytes(told.ram)} RAM")
    if told.flash:
        parts.append(f"{format_bytes(told.flash)} flash")
    return ", ".join(parts)


def _cost_facts(told: StageOutline) -> dict[str, Any]:
    latency = told.latency
    facts: dict[str, Any] = {"ram_bytes": told.ram, "flash_bytes": told.flash}
    if latency is not None:
        facts |= {"latency_ms": round(latency.value, 6), "latency_plus_minus": round(latency.plus_minus, 6)}
    return facts
