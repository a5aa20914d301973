"""Runs feature stages: window sets in batches, their constants, and what they announce."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.errors import PluginError
from motestudio.sdk import FeatureBlock, FeatureInfo, FeatureSet, SignalInfo, WindowSet
from motestudio.worker.stage_run import BATCH_VALUES, StageRun

SIGNAL_FILES = ("deploy.json", "features.json", "windows.json", "signal.json")


def run_feature(stage: Any, run: StageRun) -> dict[str, Any]:
    """Compute the features of a window set and save them.

    Raises:
        PluginError: the stage did not do what it announced.
    """
    windows = WindowSet.load(run.input("windows"))
    info = announced(stage, windows.signal, run)
    path = run.ctx.workdir / "features.npy"
    shape = (len(windows), *info.shape)
    # Straight into the file: the features of a day of sound need not fit into memory.
    values = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    per_window = max(1, windows.signal.window_samples * windows.signal.n_channels)
    batch = max(1, BATCH_VALUES // per_window)
    for start in range(0, len(windows), batch):
        run.ctx.progress(start / len(windows), f"{start} of {len(windows)} windows")
        part = np.ascontiguousarray(windows.samples[start : start + batch])
        values[start : start + batch] = _checked(stage.transform(part, windows.signal, run.params), len(part), info)
    values.flush()
    name = run.stage.rpartition("/")[2]
    block = FeatureBlock(name, run.stage, run.implementation, dict(run.params), info.shape, info.axes)
    features = FeatureSet(
        values,
        windows.labels,
        windows.splits,
        windows.takes,
        windows.classes,
        windows.signal,
        (block,),
        info.axes,
        windows.augmented,
        windows.targets,
    )
    meta = features.save_facts(run.ctx.workdir)
    run.ctx.progress(1.0, f"{len(windows)} windows")
    return meta | {"info": asdict(info)}


def announce_feature(stage: Any, run: StageRun) -> dict[str, Any]:
    """What the stage will give for the signal of any input that has one."""
    return {"info": asdict(announced(stage, signal_of(run.inputs), run))}


def write_constants(stage: Any, run: StageRun) -> dict[str, Any]:
    """Write ``constants.npz`` for the signal of any input that has one; numbers are arrays without dimensions."""
    signal = signal_of(run.inputs)
    info = announced(stage, signal, run)
    arrays = {name: np.asarray(value) for name, value in stage.c_constants(signal, run.params).items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise PluginError("feature.constant", f"The constant {name} is of type {array.dtype}.", "Report it.")
    np.savez(run.ctx.workdir / "constants.npz", **arrays)  # type: ignore[arg-type]  # numpy's own keyword comes first
    return {"names": sorted(arrays), "info": asdict(info)}


def announced(stage: Any, signal: SignalInfo, run: StageRun) -> FeatureInfo:
    """The stage's own word on its output, checked for sense."""
    info = stage.infer_output(signal, run.params)
    if not isinstance(info, FeatureInfo) or not info.shape or min(info.shape) < 1 or len(info.axes) != len(info.shape):
        raise PluginError("feature.shape", f"{run.stage} announces {info!r}.", "Report it to the stage's author.")
    return info


def _checked(values: Any, count: int, info: FeatureInfo) -> Any:
    array = np.asarray(values)
    if array.shape != (count, *info.shape):
        raise PluginError(
            "feature.shape",
            f"transform gave {array.shape}; {(count, *info.shape)} was announced.",
            "Report it to the stage's author.",
        )
    if array.dtype != np.float32:
        raise PluginError("feature.type", f"transform gave {array.dtype}, not float32.", "Report it.")
    if not np.isfinite(array).all():
        raise PluginError(
            "feature.finite", "transform gave values that are not finite.", "Look at the recordings; report it."
        )
    return array


def signal_of(inputs: Mapping[str, Path]) -> SignalInfo:
    """The signal that any of the inputs was made from.

    Raises:
        PluginError: none of them says one.
    """
    for folder in inputs.values():
        for name in SIGNAL_FILES:
            if (folder / name).is_file():
                body = json.loads((folder / name).read_text(encoding="utf-8"))
                return SignalInfo.from_json(body["signal"])
    raise PluginError("stage.input", "None of the inputs says what signal it was made from.", "Report it.")
