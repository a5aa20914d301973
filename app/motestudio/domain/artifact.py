"""The identity of a stage's output: what went in decides the hash, so nothing is computed twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motestudio.domain.params import Value


@dataclass(frozen=True, slots=True)
class ArtifactKey:
    """Everything that decides an output's content.

    Attributes:
        kind: ``windows``, ``features``, ``model``, ``deployable``, ``evaluation``, ``clips`` ...
        stage: full stage id.
        implementation: the stage's implementation number.
        code: hash of the plugin's code, so that an edited plugin computes anew.
        params: all parameters, defaults filled in.
        inputs: hash of each input, by name.
        seed: of every random draw.
    """

    kind: str
    stage: str
    implementation: int
    code: str
    params: Mapping[str, Value]
    inputs: Mapping[str, str]
    seed: int

    @property
    def hash(self) -> str:
        """SHA-256 in hex over the canonical JSON of all fields."""
        body = {
            "kind": self.kind,
            "stage": self.stage,
            "implementation": self.implementation,
            "code": self.code,
            "params": dict(self.params),
            "inputs": dict(self.inputs),
            "seed": self.seed,
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished output in the cache.

    Attributes:
        key: what it was made from.
        folder: where its files lie.
        meta: what the stage said of it (shapes, counts, metrics); JSON values.
        files: SHA-256 by file name.
        seconds: how long it took when it was computed.
        cached: True where this call did not compute it.
    """

    key: ArtifactKey
    folder: Path
    meta: Mapping[str, Any]
    files: Mapping[str, str]
    seconds: float
    cached: bool = False
