"""Where stages may stand in a project's pipeline, and what is missing in it. Changes nothing; `pipeline_edit` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from motestudio.domain.pipeline import CHAIN, StageKind, StageUse
from motestudio.errors import PluginError
from motestudio.plugins.manifest import StageManifest
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.studio.chain import Manifests, manifests_of, problems
from motestudio.studio.home import Studio

_WITHOUT: dict[StageKind, str] = {
    "window": "takes are not cut into windows",
    "feature": "there are no features to learn from",
    "model": "nothing is trained",
    "convert": "there is no model that a board can run",
    "evaluate": "nobody knows how good the model is",
}
"""What a pipeline without a stage of this kind lacks."""


@dataclass(frozen=True, slots=True)
class Addable:
    """A stage that may be added.

    Attributes:
        entry: the stage.
        places: positions before which it may stand, lowest first; the number of stages stands for the end.
    """

    entry: StageEntry
    places: tuple[int, ...]

    @property
    def kind(self) -> StageKind:
        """Of the stage."""
        return self.entry.manifest.kind


@dataclass(frozen=True, slots=True)
class Gap:
    """A stage that is missing.

    Attributes:
        kind: of which kind one must be added.
        place: position before which it belongs.
        text: what is missing, a sentence.
        hint: what to do.
        blocks: the pipeline cannot run without it; otherwise it only ends early.
    """

    kind: StageKind
    place: int
    text: str
    hint: str
    blocks: bool


def known(studio: Studio, stages: Sequence[StageUse]) -> dict[str, StageManifest]:
    """Manifests of the stages of a pipeline that are there."""
    return manifests_of(studio, (use.stage for use in stages))


def refusal(manifests: Manifests, before: Sequence[StageUse], after: Sequence[StageUse]) -> PluginError | None:
    """Why an edit must not be made: what it puts into a wrong place. That something is missing is no reason."""
    known = {(p.data["key"], p.text) for p in problems(manifests, before)}
    for problem in problems(manifests, after):
        if "kind" not in problem.data and (problem.data["key"], problem.text) not in known:
            return problem
    return None


def places(studio: Studio, project: Project, stage: str) -> tuple[int, ...]:
    """Positions before which a stage may be added; empty where there is none.

    Args:
        studio: plugins.
        project: whose pipeline.
        stage: full id.

    Raises:
        PluginError: it is absent.
    """
    stages = project.config.pipeline.stages
    manifests = known(studio, stages) | {stage: studio.registry.stage(stage).manifest}
    return _places(manifests, stages, StageUse("", stage))


def moves(studio: Studio, project: Project) -> dict[str, tuple[int, ...]]:
    """Positions (of the pipeline as it would be) to which each stage may be moved, by its key; its own left out."""
    stages = project.config.pipeline.stages
    manifests = known(studio, stages)

    def to(n: int, use: StageUse) -> tuple[int, ...]:
        rest = (*stages[:n], *stages[n + 1 :])
        others = (there for there in range(len(stages)) if there != n)
        return tuple(o for o in others if refusal(manifests, stages, (*rest[:o], use, *rest[o:])) is None)

    return {use.key: to(n, use) for n, use in enumerate(stages)}


def addable(studio: Studio, project: Project) -> tuple[Addable, ...]:
    """The stages that may be added somewhere, by kind in the order of a pipeline, then by title."""
    stages = project.config.pipeline.stages
    of_kind: dict[str, tuple[int, ...]] = {}
    found = []
    entries = studio.registry.stages()
    manifests = {entry.manifest.id: entry.manifest for entry in entries}
    for entry in entries:
        manifest = entry.manifest
        if manifest.kind not in CHAIN:
            continue
        if manifest.consumes:
            where = _places(manifests, stages, StageUse("", manifest.id))
        else:
            # The kind decides, so stages of one kind share the answer.
            if manifest.kind not in of_kind:
                of_kind[manifest.kind] = _places(manifests, stages, StageUse("", manifest.id))
            where = of_kind[manifest.kind]
        if where:
            found.append(Addable(entry, where))
    return tuple(sorted(found, key=lambda a: (CHAIN.index(a.kind), a.entry.manifest.title.lower())))


def gaps(studio: Studio, project: Project) -> tuple[Gap, ...]:
    """Stages that must be added before the pipeline can run, then those without which it ends early."""
    stages = project.config.pipeline.stages
    manifests = known(studio, stages)
    kinds = [manifests[use.stage].kind if use.stage in manifests else "" for use in stages]
    found: dict[StageKind, Gap] = {}
    for problem in problems(manifests, stages):
        kind = next((k for k in CHAIN if k == problem.data.get("kind")), None)
        if kind is not None and kind not in found:
            found[kind] = Gap(kind, _place(kinds, kind), problem.text, problem.hint, True)
    if "" not in kinds:
        for kind, without in _WITHOUT.items():
            if kind not in kinds and kind not in found:
                text = f"There is no {kind} stage: {without}."
                found[kind] = Gap(kind, _place(kinds, kind), text, f"Add one where a {kind} stage belongs.", False)
    return tuple(sorted(found.values(), key=lambda gap: (not gap.blocks, CHAIN.index(gap.kind))))


def unique_key(wanted: str, taken: Iterable[str]) -> str:
    """A key for a new stage: its own short name, numbered where that is taken."""
    known = set(taken)
    key, number = wanted, 1
    while key in known:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _places(manifests: Manifests, stages: tuple[StageUse, ...], use: StageUse) -> tuple[int, ...]:
    new = replace(use, key="\0new")
    every = range(len(stages) + 1)
    return tuple(n for n in every if refusal(manifests, stages, (*stages[:n], new, *stages[n:])) is None)


def _place(kinds: Sequence[str], kind: StageKind) -> int:
    """Before the first stage of a later kind."""
    later = CHAIN[CHAIN.index(kind) + 1 :]
    return next((n for n, k in enumerate(kinds) if k in later), len(kinds))
