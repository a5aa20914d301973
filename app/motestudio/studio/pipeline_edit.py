"""Changes of a pipeline: parameters, another stage of the same kind, the split of the dataset. Each can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from motestudio.domain.params import Value, complete
from motestudio.domain.pipeline import StageUse
from motestudio.errors import PluginError, ProjectError
from motestudio.plugins.registry import StageEntry
from motestudio.project.schema import DatasetConfig
from motestudio.project.store import Project
from motestudio.studio.home import Studio


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
    table = studio.registry.stage(use.stage).manifest.params
    known = {p.key for p in table}
    params = {k: v for k, v in use.params.items() if k in known} | dict(values)
    complete(table, params)
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
    params = {}
    for param in entry.manifest.params:
        if param.key in use.params:
            try:
                params[param.key] = param.check(use.params[param.key])
            except PluginError:
                continue
    return _change(project, use, StageUse(key, stage, 0, params), f"{key}: {entry.manifest.title}")


def alternatives(studio: Studio, use: StageUse) -> list[StageEntry]:
    """The stages that could stand in a stage's place, itself among them; empty where its plugin is absent."""
    kind = _kind(studio, use)
    return studio.registry.stages(kind) if kind else []


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
