"""Changes of a pipeline: stages added, removed, moved, replaced; parameters; the dataset's split. Each can be undone.

A change that would put a stage into a wrong place is refused, and nothing is saved; one after which a stage is missing
is not: `pipeline_places.gaps` says what to add.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from motestudio.domain.params import Value, complete
from motestudio.domain.pipeline import StageUse
from motestudio.errors import PluginError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.project.schema import DatasetConfig
from motestudio.project.store import Project
from motestudio.studio.chain import check_runs
from motestudio.studio.home import Studio
from motestudio.studio.pipeline_places import known, refusal, unique_key


def add(
    studio: Studio,
    project: Project,
    stage: str,
    *,
    before: str = "",
    after: str = "",
    at: int | None = None,
    key: str = "",
    params: Mapping[str, Value] | None = None,
) -> StageUse:
    """Add a stage and save. The project keeps the number of its newest implementation.

    Args:
        studio: plugins.
        project: open for writing.
        stage: full id of the plugin's stage.
        before: key of the stage before which it goes.
        after: key of the stage behind which it goes.
        at: position; the last where it may stand, where none of the three is given.
        key: its key; the stage's own short name, numbered where that is taken, where empty.
        params: what to set.

    Returns:
        The stage as it is used.

    Raises:
        PluginError: absent, a value is not allowed, or it cannot stand there.
        ProjectError: there is no such neighbour, or the key is taken.
    """
    entry = studio.registry.stage(stage)
    given = dict(params or {})
    _check(project, entry, given)
    stages = project.config.pipeline.stages
    keys = [s.key for s in stages]
    if key in keys:
        raise ProjectError("stage.taken", f"There is a stage {key!r} already.", "Choose another key.", {"key": key})
    use = StageUse(key or unique_key(stage.rpartition("/")[2], keys), stage, entry.manifest.implementation, dict(given))
    if before or after:
        place = keys.index(find(project, before or after).key) + (0 if before else 1)
    elif at is not None:
        place = min(len(stages), max(0, at))
    else:
        place = _last_place(studio, stages, use)
    _rearrange(studio, project, (*stages[:place], use, *stages[place:]), f"Add {use.key}")
    return use


def remove(studio: Studio, project: Project, key: str) -> StageUse:
    """Take a stage out and save; its parameters come back with undo.

    Raises:
        PluginError: what is left would be in a wrong order.
        ProjectError: there is no such stage.
    """
    use = find(project, key)
    _rearrange(studio, project, [s for s in project.config.pipeline.stages if s.key != key], f"Remove {key}")
    return use


def move(studio: Studio, project: Project, key: str, to: int) -> int:
    """Move a stage and save.

    Args:
        studio: plugins.
        project: open for writing.
        key: of the stage.
        to: its position afterwards; brought into range.

    Returns:
        Its position.

    Raises:
        PluginError: it cannot stand there.
        ProjectError: there is no such stage.
    """
    use = find(project, key)
    rest = [s for s in project.config.pipeline.stages if s.key != key]
    place = min(len(rest), max(0, to))
    _rearrange(studio, project, [*rest[:place], use, *rest[place:]], f"Move {key}")
    return place


def duplicate(studio: Studio, project: Project, key: str) -> StageUse:
    """Add the same stage with the same parameters behind a stage, and save.

    Raises:
        PluginError: a pipeline has only one stage of this kind.
        ProjectError: there is no such stage.
    """
    use = find(project, key)
    stages = project.config.pipeline.stages
    head, _, number = key.rpartition("-")
    copy = replace(use, key=unique_key(head if number.isdigit() and head else key, [s.key for s in stages]))
    place = stages.index(use) + 1
    _rearrange(studio, project, (*stages[:place], copy, *stages[place:]), f"Add {copy.key}")
    return copy


def update(studio: Studio, project: Project, key: str) -> StageUse:
    """Go on with the newest implementation of a stage, and save; parameters that it still allows are kept.

    Raises:
        PluginError: the stage is absent.
        ProjectError: there is no such stage.
    """
    use = find(project, key)
    entry = studio.registry.stage(use.stage)
    number = entry.manifest.implementation
    new = replace(use, implementation=number, params=_kept(entry, use.params))
    return _change(project, use, new, f"{key}: implementation {number}")


def set_params(studio: Studio, project: Project, key: str, values: Mapping[str, Value]) -> StageUse:
    """Set parameters of a stage and save; parameters that its table does not know (any more) are dropped.

    Args:
        studio: plugins.
        project: open for writing.
        key: of the stage.
        values: the parameters to change.

    Returns:
        The stage as it is used now.

    Raises:
        PluginError: a value is not allowed, or the stage is absent; nothing is saved.
        ProjectError: there is no such stage.
    """
    use = find(project, key)
    entry = studio.registry.stage(use.stage)
    table = entry.manifest.params
    known = {p.key for p in table}
    params = {k: v for k, v in use.params.items() if k in known} | dict(values)
    _check(project, entry, params)
    names = {p.key: p.title or p.key for p in table}
    words = ", ".join(f"{names[k]} {_shown(v)}" for k, v in values.items())
    return _change(project, use, replace(use, params=params), f"{key}: {words}" if words else f"{key}: clean up")


def choose(studio: Studio, project: Project, key: str, stage: str) -> StageUse:
    """Use another stage of the same kind; parameters that both have, and that are allowed, are kept.

    Args:
        studio: plugins.
        project: open for writing.
        key: of the stage in the pipeline.
        stage: full id of the plugin's stage.

    Raises:
        PluginError: absent, or of another kind.
        ProjectError: there is no such stage in the pipeline.
    """
    use = find(project, key)
    entry = studio.registry.stage(stage)
    kind = _kind(studio, use)
    if kind and entry.manifest.kind != kind:
        raise PluginError(
            "pipeline.kind", f"{stage} is a {entry.manifest.kind}, {key} is a {kind}.", f"Choose another {kind}."
        )
    new = StageUse(key, stage, entry.manifest.implementation, _kept(entry, use.params))
    stages = project.config.pipeline.stages
    if problem := refusal(known(studio, (*stages, new)), stages, [new if s.key == key else s for s in stages]):
        raise problem
    return _change(project, use, new, f"{key}: {entry.manifest.title}")


def set_dataset(project: Project, **changes: Any) -> DatasetConfig:
    """Change how takes are split (`DatasetConfig`'s fields) and save.

    Raises:
        ProjectError: a value is not allowed; nothing is saved.
    """
    old = project.config.dataset
    new = replace(old, **changes)
    if new == old:
        return old

    def put(dataset: DatasetConfig) -> None:
        project.save(replace(project.config, dataset=dataset))

    put(new)
    words = ", ".join(f"{k.replace('_', ' ')} {_shown(v)}" for k, v in changes.items())
    project.undo.push(f"Dataset: {words}", lambda: put(old), lambda: put(new))
    return new


def find(project: Project, key: str) -> StageUse:
    """A stage of the pipeline.

    Raises:
        ProjectError: there is none with this key.
    """
    try:
        return project.config.pipeline.find(key)
    except KeyError:
        keys = ", ".join(s.key for s in project.config.pipeline.stages)
        raise ProjectError("stage.unknown", f"There is no stage {key!r}.", f"Stages: {keys}.") from None


def _kept(entry: StageEntry, params: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters that a stage knows and allows."""
    kept = {}
    for param in entry.manifest.params:
        if param.key in params:
            try:
                kept[param.key] = param.check(params[param.key])
            except PluginError:
                continue
    return kept


def _check(project: Project, entry: StageEntry, params: Mapping[str, Value]) -> None:
    complete(entry.manifest.params, params)
    check_runs(project, entry, params)


def _last_place(studio: Studio, stages: tuple[StageUse, ...], use: StageUse) -> int:
    """The last position where a new stage may stand; the end where there is none, which is then refused."""
    manifests = known(studio, (*stages, use))
    for place in range(len(stages), -1, -1):
        if refusal(manifests, stages, (*stages[:place], use, *stages[place:])) is None:
            return place
    return len(stages)


def _rearrange(studio: Studio, project: Project, stages: Sequence[StageUse], label: str) -> None:
    old, new = project.config.pipeline.stages, tuple(stages)
    if old == new:
        return
    if problem := refusal(known(studio, (*old, *new)), old, new):
        raise problem

    def put(what: tuple[StageUse, ...]) -> None:
        project.save(replace(project.config, pipeline=replace(project.config.pipeline, stages=what)))

    put(new)
    project.undo.push(label, lambda: put(old), lambda: put(new))


def _kind(studio: Studio, use: StageUse) -> str:
    try:
        return studio.registry.stage(use.stage).manifest.kind
    except PluginError:
        return ""


def _change(project: Project, old: StageUse, new: StageUse, label: str) -> StageUse:
    if old == new:
        return old
    _put(project, new)
    project.undo.push(label, lambda: _put(project, old), lambda: _put(project, new))
    return new


def _put(project: Project, use: StageUse) -> None:
    """Replace the stage with this key in what is saved now: other changes made meanwhile stay."""
    config = project.config
    stages = tuple(use if s.key == use.key else s for s in config.pipeline.stages)
    project.save(replace(config, pipeline=replace(config.pipeline, stages=stages)))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)
