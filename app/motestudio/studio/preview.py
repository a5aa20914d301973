"""What a stage makes of one window with parameters that are not run yet: in a light worker, on a few windows only.

A take is cut into its windows, a window is altered by an augment stage, or turned into features; nothing is kept.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.domain.dataset import Dataset
from motestudio.domain.pipeline import StageUse
from motestudio.errors import ProjectError
from motestudio.project.store import Project
from motestudio.sdk.data import TRAIN, FeatureSet, WindowSet
from motestudio.studio.chain import resolve
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.outline import Given
from motestudio.studio.stage_job import run_stage

_POOL = 48
"""Other windows that an augment stage may draw from in a preview."""


def cut(
    studio: Studio,
    project: Project,
    use: StageUse,
    given: Given,
    data: Dataset,
    take: int,
    operation: Operation,
) -> WindowSet:
    """The windows of one take, as a window stage cuts it.

    Args:
        studio: plugins and workers.
        project: has the recordings.
        use: the window stage with the parameters to try.
        given: the dataset as it was written down.
        data: the dataset.
        take: index of the take.
        operation: cancels.

    Returns:
        Windows in memory, whose `takes` are indices of `data`.

    Raises:
        AppError: the stage refuses, or there is no dataset.
    """
    if given.dataset is None or not 0 <= take < len(data.takes):
        raise ProjectError("dataset.none", "There are no labelled takes.", "Record and label some.")
    body = json.loads((given.dataset.folder / "dataset.json").read_text(encoding="utf-8"))
    body["takes"] = [body["takes"][take]]
    body["recordings"] = {data.takes[take].recording: body["recordings"][data.takes[take].recording]}
    with tempfile.TemporaryDirectory(prefix="mote-preview-", ignore_cleanup_errors=True) as place:
        source = Path(place) / "dataset"
        source.mkdir()
        (source / "dataset.json").write_text(json.dumps(body), encoding="utf-8")
        folder = _run(studio, use, {"dataset": source}, Path(place), operation, project.config.pipeline.seed)
        windows = _in_memory(WindowSet.load(folder))
    return replace(windows, takes=np.full(len(windows), take, dtype=np.int32))


def altered(
    studio: Studio, use: StageUse, windows: WindowSet, index: int, operation: Operation, *, seed: int = 1
) -> WindowSet:
    """An altered copy of one window, as an augment stage makes it.

    Args:
        studio: plugins and workers.
        use: the augment stage with the parameters to try.
        windows: the stage draws other windows from these.
        index: of the window.
        operation: cancels.
        seed: another one gives another copy.

    Returns:
        One window; its `targets` tell of classes that were mixed in.

    Raises:
        AppError: the stage refuses.
    """
    rows = np.concatenate([[index], _others(windows, index)])
    few = replace(part(windows, rows), splits=np.full(len(rows), TRAIN, dtype=np.int8))
    tried = replace(use, params={**use.params, "copies": 1, "probability": 1.0})
    with tempfile.TemporaryDirectory(prefix="mote-preview-", ignore_cleanup_errors=True) as place:
        source = _saved(few, Path(place))
        folder = _run(studio, tried, {"windows": source}, Path(place), operation, seed)
        made = _in_memory(WindowSet.load(folder))
    # Copies follow the originals, in their order: the first is that of the window that was asked for.
    return part(made, np.flatnonzero(made.augmented)[:1])


def features(
    studio: Studio, use: StageUse, windows: WindowSet, index: int, operation: Operation
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """The features of one window.

    Args:
        studio: plugins and workers.
        use: the feature stage with the parameters to try.
        windows: has the window.
        index: of the window.
        operation: cancels.

    Returns:
        float32 of the stage's own shape, and the names of its axes.

    Raises:
        AppError: the stage refuses.
    """
    with tempfile.TemporaryDirectory(prefix="mote-preview-", ignore_cleanup_errors=True) as place:
        source = _saved(part(windows, np.array([index])), Path(place))
        folder = _run(studio, use, {"windows": source}, Path(place), operation)
        made = FeatureSet.load(folder)
        return np.array(made.values[0]), made.axes


def part(windows: WindowSet, rows: npt.NDArray[np.int64]) -> WindowSet:
    """Some of the windows, in memory."""
    return replace(
        windows,
        samples=np.asarray(windows.samples[rows]),
        labels=windows.labels[rows],
        splits=windows.splits[rows],
        takes=windows.takes[rows],
        starts=windows.starts[rows],
        augmented=windows.augmented[rows],
        targets=None if windows.targets is None else windows.targets[rows],
    )


def _others(windows: WindowSet, index: int) -> npt.NDArray[np.int64]:
    """Original windows spread over the whole set, other than the one."""
    originals = np.flatnonzero(~windows.augmented)
    others = originals[originals != index]
    spread = np.linspace(0, len(others) - 1, min(_POOL, len(others))).round().astype(np.int64)
    chosen: npt.NDArray[np.int64] = others[spread]
    return chosen


def _in_memory(windows: WindowSet) -> WindowSet:
    return replace(windows, samples=np.array(windows.samples))


def _saved(windows: WindowSet, place: Path) -> Path:
    folder = place / "windows"
    folder.mkdir()
    windows.save(folder)
    return folder


def _run(
    studio: Studio,
    use: StageUse,
    inputs: Mapping[str, Path],
    place: Path,
    operation: Operation,
    seed: int = 1,
) -> Path:
    entry, params = resolve(studio, use)
    workdir = place / "out"
    workdir.mkdir()
    kind = f"{entry.manifest.kind}:preview"
    quiet = Operation(cancel=operation.cancel)
    run_stage(studio, entry, quiet, params=params, inputs=inputs, workdir=workdir, seed=seed, kind=kind)
    return workdir
