"""The C side of a feature stage: its sources, and the constants that its Python side computes in a worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.artifact import Artifact, ArtifactKey
from motestudio.errors import BuildError
from motestudio.project.store import Project
from motestudio.sdk.data import Deployable
from motestudio.sdk.stages import FeatureInfo
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

KIND = "feature:constants"
"""What a worker is asked for: `infer_output` and `c_constants` of a feature stage, for a deployable model."""


@dataclass(frozen=True, slots=True)
class FeatureTwin:
    """What the firmware needs of a feature stage.

    Attributes:
        info: shape and cost.
        constants: for ``feature_params.h``.
        sources: C files.
    """

    info: FeatureInfo
    constants: Mapping[str, Any]
    sources: tuple[Path, ...]


def feature_twin(studio: Studio, project: Project, deployable: Deployable, operation: Operation) -> FeatureTwin:
    """Ask the feature stage of a model for its C side; the answer is cached.

    Raises:
        BuildError: the stage does not run on boards.
        PluginError: the stage is absent.
    """
    entry = studio.registry.stage(deployable.feature_stage)
    if not entry.manifest.csrc:
        raise BuildError(
            "firmware.no_twin",
            f"{entry.manifest.title} has no C code, so it cannot run on a board.",
            "Choose a feature stage that ships C.",
        )
    signal = deployable.signal.to_json()
    key = ArtifactKey(
        "constants",
        deployable.feature_stage,
        deployable.feature_implementation,
        entry.code_hash,
        deployable.feature_params,
        {"signal": repr(sorted(signal.items()))},
        0,
    )
    artifact = project.cache.get(key) or _compute(studio, project, deployable, operation, key)
    with np.load(artifact.folder / "constants.npz", allow_pickle=False) as file:
        constants = {name: file[name].item() if file[name].ndim == 0 else file[name] for name in file.files}
    info = dict(artifact.meta["info"])
    info["shape"], info["axes"] = tuple(info["shape"]), tuple(info["axes"])
    return FeatureTwin(FeatureInfo(**info), constants, tuple(entry.folder / c for c in entry.manifest.csrc))


def _compute(
    studio: Studio, project: Project, deployable: Deployable, operation: Operation, key: ArtifactKey
) -> Artifact:
    began = time.monotonic()
    inputs, workdir = project.cache.begin(key), project.cache.begin(key)
    try:
        deployable.save(inputs)
        entry = studio.registry.stage(deployable.feature_stage)
        meta = run_stage(
            studio,
            entry,
            operation,
            params=deployable.feature_params,
            inputs={"deployable": inputs},
            workdir=workdir,
            kind=KIND,
        )
        return project.cache.commit(key, workdir, meta, time.monotonic() - began)
    except BaseException:
        project.cache.discard(workdir)
        raise
    finally:
        project.cache.discard(inputs)
