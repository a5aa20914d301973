"""A pipeline: which stages run in which order with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from motestudio.domain.params import Value

StageKind = Literal[
    "decoder",
    "importer",
    "exporter",
    "segmenter",
    "window",
    "feature",
    "augment",
    "model",
    "compress",
    "convert",
    "evaluate",
    "target",
]

CHAIN: tuple[StageKind, ...] = ("window", "augment", "feature", "model", "compress", "convert", "evaluate")
"""The kinds a pipeline is made of, in their order; between dataset and deployable model."""

SEVERAL: frozenset[StageKind] = frozenset({"augment", "feature", "compress"})
"""Kinds of which a pipeline may have any number: augment and compress one after the other, features side by side."""


@dataclass(frozen=True, slots=True)
class KindFlow:
    """What a kind of stage reads and makes, by the names of what flows."""

    inputs: tuple[str, ...]
    output: str


FLOW: Mapping[StageKind, KindFlow] = {
    "window": KindFlow(("dataset",), "windows"),
    "augment": KindFlow(("windows",), "windows"),
    "feature": KindFlow(("windows",), "features"),
    "model": KindFlow(("features",), "model"),
    "compress": KindFlow(("model", "features"), "model"),
    "convert": KindFlow(("model", "features"), "deployable"),
    "evaluate": KindFlow(("deployable", "features"), "evaluation"),
}
"""Of the kinds in `CHAIN`; a manifest's ``consumes`` names further inputs."""


@dataclass(frozen=True, slots=True)
class StageUse:
    """A stage as a project uses it.

    Attributes:
        key: unique in the pipeline; names the stage on cards, flags and in runs.
        stage: the full id, ``plugin/stage``.
        implementation: kept so that an old project computes what it computed; 0 for the newest there is.
        params: what the project sets; the rest are the stage's defaults.
    """

    key: str
    stage: str
    implementation: int = 0
    params: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages in the order they run."""

    stages: tuple[StageUse, ...]
    seed: int = 1

    def find(self, key: str) -> StageUse:
        """The stage with this key.

        Raises:
            KeyError: there is none.
        """
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)
