"""Joins what several feature stages gave for the same windows into one set of features, kept in the cache."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from motestudio.domain.artifact import Artifact
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureBlock, FeatureSet, joined_shape
from motestudio.studio.chain import Input, join_key
from motestudio.studio.operation import Operation

_BATCH_VALUES = 1 << 22


def join(project: Project, features: Sequence[Artifact], operation: Operation) -> Artifact:
    """The joined features of several stages; a single stage's are what they are.

    Args:
        project: has the cache.
        features: outputs of the feature stages, in the order of the pipeline.
        operation: progress and cancel.
    """
    if len(features) == 1:
        return features[0]
    key = join_key([Input(a.key.hash, a.folder) for a in features])
    if found := project.cache.get(key):
        return found
    workdir = project.cache.begin(key)
    began = time.monotonic()
    try:
        parts = [FeatureSet.load(a.folder) for a in features]
        blocks = _named([part.blocks[0] for part in parts])
        shape, axes = joined_shape(blocks)
        n = len(parts[0].labels)
        if any(len(part.labels) != n for part in parts):
            raise ProjectError("features.join", "Feature stages gave different windows.", "Run the pipeline again.")
        values = np.lib.format.open_memmap(workdir / "features.npy", mode="w+", dtype=np.float32, shape=(n, *shape))
        size = max(1, _BATCH_VALUES // max(1, int(np.prod(shape))))
        for start in range(0, n, size):
            operation.progress(start / n, "Joining features")
            rows = [np.asarray(part.values[start : start + size]) for part in parts]
            if len(shape) == 1:
                rows = [r.reshape(len(r), -1) for r in rows]
            np.concatenate(rows, axis=-1, out=values[start : start + size])
        values.flush()
        joined = replace(parts[0], values=values, blocks=blocks, axes=axes)
        meta = joined.save_facts(workdir)
        meta["info"] = _info([a.meta.get("info") or {} for a in features], shape, axes)
        return project.cache.commit(key, workdir, meta, time.monotonic() - began)
    except BaseException:
        project.cache.discard(workdir)
        raise


def _named(blocks: Sequence[FeatureBlock]) -> tuple[FeatureBlock, ...]:
    """The same blocks with keys of their own: a stage may be used twice."""
    seen: dict[str, int] = {}
    named = []
    for block in blocks:
        seen[block.key] = seen.get(block.key, 0) + 1
        named.append(replace(block, key=block.key if seen[block.key] == 1 else f"{block.key}-{seen[block.key]}"))
    return tuple(named)


def _info(parts: Sequence[dict[str, object]], shape: tuple[int, ...], axes: tuple[str, ...]) -> dict[str, object]:
    """What all the stages cost together."""
    costs = {name: sum(int(str(p.get(name, 0))) for p in parts) for name in ("ram_bytes", "flash_bytes", "macs")}
    exact = all(bool(p.get("exact")) for p in parts)
    return {"shape": list(shape), "axes": list(axes), **costs, "hop_samples": 0, "exact": exact}
