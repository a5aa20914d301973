"""How the stages of a pipeline follow each other: what each reads, what it makes, and the hash that names it.

Feature stages stand side by side: each reads the windows, and their features are joined before anything reads them.
Runs nothing; `pipeline` does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from motestudio.domain.artifact import ArtifactKey
from motestudio.domain.params import Value, complete
from motestudio.domain.pipeline import CHAIN, FLOW, SEVERAL, StageKind, StageUse
from motestudio.errors import PluginError, ProjectError
from motestudio.plugins.manifest import StageManifest
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.sdk.data import joined_shape
from motestudio.studio import run_store
from motestudio.studio.home import Studio
from motestudio.studio.run_store import Run

JOIN = "motestudio/join"
"""Stage id of joined features in the cache; no plugin has it."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a stage reads: its hash, and its folder where it has been made."""

    hash: str
    folder: Path | None = None


@dataclass
class Flow:
    """What the stages so far give, by the names of what flows.

    Attributes:
        made: ``dataset``, ``windows``, ``model``, ``deployable``, ``evaluation``.
        features: of each feature stage, in order.
    """

    made: dict[str, Input] = field(default_factory=dict)
    features: list[Input] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether something of this name flows."""
        return bool(self.features) if name == "features" else name in self.made

    def get(self, name: str) -> Input:
        """What flows under a name; features joined where there are several.

        Raises:
            KeyError: nothing does.
        """
        if name != "features":
            return self.made[name]
        if not self.features:
            raise KeyError(name)
        if len(self.features) == 1:
            return self.features[0]
        return Input(join_key(self.features).hash)

    def add(self, kind: StageKind, output: Input) -> None:
        """A stage of this kind gave this."""
        name = FLOW[kind].output
        if name == "features":
            self.features.append(output)
            return
        if name == "windows":
            self.features.clear()
        self.made[name] = output

    def clear(self) -> None:
        """Nothing that follows can be known."""
        self.made.clear()
        self.features.clear()


def join_key(features: list[Input]) -> ArtifactKey:
    """Identity of several feature stages' joined output."""
    inputs = {f"features{i}": one.hash for i, one in enumerate(features)}
    # The rule of joining decides the content too; its code is ours, so its name stands for it.
    return ArtifactKey("features", JOIN, 1, joined_shape.__name__, {}, inputs, 0)


def resolve(studio: Studio, use: StageUse) -> tuple[StageEntry, dict[str, Value]]:
    """The plugin stage that a project means, with the code of its implementation, and its complete parameters.

    Raises:
        PluginError: absent, not with this implementation, or a parameter is not allowed.
    """
    entry = studio.registry.stage(use.stage)
    try:
        manifest = entry.manifest.at(use.implementation)
        return replace(entry, manifest=manifest), complete(manifest.params, use.params)
    except PluginError as error:
        data = {**error.data, "key": use.key}
        raise PluginError(error.code, f"Stage {use.key}: {error.text}", error.hint, data) from error


def inputs_of(project: Project, entry: StageEntry, params: Mapping[str, Value], flow: Flow) -> dict[str, Input]:
    """What a stage reads: what its kind and its manifest name, and the runs that its parameters name.

    Raises:
        KeyError: something does not flow there.
        ProjectError: there is no such run.
    """
    kind = entry.manifest.kind
    found = {name: flow.get(name) for name in (*FLOW[kind].inputs, *entry.manifest.consumes)}
    runs = _runs_of(project, entry, params)
    return found | {key: Input(run.artifact("model"), run.folder) for key, run in runs.items()}


def _runs_of(project: Project, entry: StageEntry, params: Mapping[str, Value]) -> dict[str, Run]:
    """The earlier runs that parameters name, by parameter."""
    found = {}
    for param in entry.manifest.params:
        if param.type == "run" and params.get(param.key):
            try:
                found[param.key] = run_store.latest(project, str(params[param.key]))
            except ProjectError as error:
                raise ProjectError(error.code, error.text, error.hint, {**error.data, "param": param.key}) from error
    return found


def key_of(entry: StageEntry, params: Mapping[str, Value], inputs: Mapping[str, Input], seed: int) -> ArtifactKey:
    """Identity of a stage's output."""
    manifest = entry.manifest
    hashes = {name: one.hash for name, one in inputs.items()}
    output = FLOW[manifest.kind].output
    return ArtifactKey(output, manifest.id, manifest.implementation, entry.code_hash, params, hashes, seed)


Manifests = Mapping[str, StageManifest]
"""Of the stages that are there, by full id."""


def manifests_of(studio: Studio, stages: Iterable[str]) -> dict[str, StageManifest]:
    """The manifests of stages by full id; absent ones are left out."""
    found = {}
    for stage in set(stages):
        with contextlib.suppress(PluginError):
            found[stage] = studio.registry.stage(stage).manifest
    return found


def problems(manifests: Manifests, stages: Sequence[StageUse]) -> list[PluginError]:
    """Why stages cannot follow each other as they stand, in their order; each with the key of the stage it is about.

    ``pipeline.kind``: no pipeline runs it. ``pipeline.order``: it stands in a wrong place; where it would be right if
    only another stage were there, ``kind`` in the data says of which kind. A stage whose plugin is absent may give and
    take anything.
    """
    kinds = [manifests[use.stage].kind if use.stage in manifests else None for use in stages]
    flow = Flow({"dataset": Input("")})
    last = 0
    found: list[PluginError] = []
    for n, (use, kind) in enumerate(zip(stages, kinds, strict=True)):
        if kind is None:
            continue
        problem = _problem(manifests, stages, kinds, n, flow)
        if (problem is None or "kind" in problem.data) and CHAIN.index(kind) < last:
            text = f"Stage {use.key} is {_a(kind)} stage and stands behind {_a(CHAIN[last])} stage."
            hint = f"Move it before the {CHAIN[last]} stage."
            problem = PluginError("pipeline.order", text, hint, {"key": use.key})
        if problem is not None:
            found.append(problem)
        if kind in CHAIN:
            last = max(last, CHAIN.index(kind))
            flow.add(kind, Input(""))
    return found


def _problem(
    manifests: Manifests, stages: Sequence[StageUse], kinds: Sequence[StageKind | None], n: int, flow: Flow
) -> PluginError | None:
    """What is wrong with a stage where it stands, but for the order of kinds."""
    use, kind = stages[n], kinds[n]
    assert kind is not None
    data: dict[str, object] = {"key": use.key}
    if kind not in CHAIN:
        text = f"Stage {use.key} is {_a(kind)}, which no pipeline runs."
        return PluginError("pipeline.kind", text, "Remove it.", data)
    if kind in kinds[:n] and kind not in SEVERAL:
        text = f"Stage {use.key} is a second {kind} stage."
        return PluginError("pipeline.order", text, "A pipeline has one: remove the other.", data)
    wanted = (*FLOW[kind].inputs, *manifests[use.stage].consumes)
    lacking = next((name for name in wanted if not flow.has(name)), "")
    if not lacking or None in kinds[:n]:
        return None
    text = f"Stage {use.key} needs {lacking}, and no stage before it makes {'them' if lacking[-1] == 's' else 'one'}."
    maker = next((k for k in CHAIN if FLOW[k].output == lacking and lacking not in FLOW[k].inputs), None)
    if maker is None or maker in kinds:
        return PluginError("pipeline.order", text, "Change the order." if maker else "Remove it.", data)
    return PluginError("pipeline.order", text, f"Add {_a(maker)} stage before it.", data | {"kind": maker})


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def check_order(studio: Studio, stages: Sequence[StageUse]) -> None:
    """Refuse stages that cannot follow each other.

    Raises:
        PluginError: the first of `problems`, or ``plugin.absent``.
    """
    for use in stages:
        studio.registry.stage(use.stage)
    for problem in problems(manifests_of(studio, (use.stage for use in stages)), stages):
        raise problem


def check_runs(project: Project, entry: StageEntry, params: Mapping[str, Value]) -> None:
    """Refuse parameters that name a run that is not there.

    Raises:
        ProjectError: ``run.unknown``, with the parameter's key.
    """
    _runs_of(project, entry, params)
