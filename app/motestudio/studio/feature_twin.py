"""The C side of a model's feature stages: their sources, and the constants that a worker computes for them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from motestudio.domain.artifact import Artifact, ArtifactKey
from motestudio.domain.pipeline import StageUse
from motestudio.errors import BuildError
from motestudio.firmware.feature_code import FeatureCode
from motestudio.plugins.registry import StageEntry
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureBlock
from motestudio.sdk.deployable import Deployable
from motestudio.studio.chain import resolve
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.stage_job import run_stage

KIND = "feature:constants"
"""What a worker is asked for: `infer_output` and `c_constants` of a feature stage, for a deployable model."""


def feature_code(
    studio: Studio, project: Project, deployable: Deployable, operation: Operation
) -> tuple[FeatureCode, ...]:
    """Ask the feature stages of a model for their C side; the answers are cached.

    Raises:
        BuildError: a stage does not run on boards.
        PluginError: a stage is absent.
    """
    return tuple(_of_block(studio, project, deployable, block, operation) for block in deployable.blocks)


def _of_block(
    studio: Studio, project: Project, deployable: Deployable, block: FeatureBlock, operation: Operation
) -> FeatureCode:
    entry, params = resolve(studio, StageUse(block.key, block.stage, block.implementation, block.params))
    if not entry.manifest.csrc:
        raise BuildError(
            "firmware.no_twin",
            f"{entry.manifest.title} has no C code, so it cannot run on a board.",
            "Choose a feature stage that ships C.",
        )
    signal = {"signal": repr(sorted(deployable.signal.to_json().items()))}
    key = ArtifactKey("constants", block.stage, block.implementation, entry.code_hash, params, signal, 0)
    artifact = project.cache.get(key) or _compute(studio, project, deployable, entry, operation, key)
    with np.load(artifact.folder / "constants.npz", allow_pickle=False) as file:
        constants: dict[str, Any] = {n: file[n].item() if file[n].ndim == 0 else file[n] for n in file.files}
    sources = tuple(entry.folder / c for c in entry.manifest.csrc)
    return FeatureCode(block, constants, sources, int(artifact.meta["info"]["hop_samples"]))


def _compute(
    studio: Studio,
    project: Project,
    deployable: Deployable,
    entry: StageEntry,
    operation: Operation,
    key: ArtifactKey,
) -> Artifact:
    began = time.monotonic()
    inputs, workdir = project.cache.begin(key), project.cache.begin(key)
    try:
        deployable.save(inputs)
        folders = {"deployable": inputs}
        meta = run_stage(studio, entry, operation, params=key.params, inputs=folders, workdir=workdir, kind=KIND)
        return project.cache.commit(key, workdir, meta, time.monotonic() - began)
    except BaseException:
        project.cache.discard(workdir)
        raise
    finally:
        project.cache.discard(inputs)
