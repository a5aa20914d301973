"""Runs a stage of each kind; pure functions on arrays get their files, batches, progress and cancel here.

Kinds of their own beside the stages': ``feature:constants`` asks a feature stage for its C twin's constants.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.domain.labels import in_order
from motestudio.domain.params import Value
from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import PluginError
from motestudio.sdk import FeatureInfo, FeatureSet, SignalInfo, WindowSet
from motestudio.worker.context import WorkerContext
from motestudio.worker.importing import run_importer

BATCH_VALUES = 1 << 20
"""Raw values of one batch of windows: a few megabytes, and a batch takes well under a second."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """What an adapter needs besides the stage.

    Attributes:
        ctx: of the job.
        stage: full id.
        implementation: number.
        params: complete.
        inputs: folder by name.
    """

    ctx: WorkerContext
    stage: str
    implementation: int
    params: Mapping[str, Value]
    inputs: Mapping[str, Path]

    @property
    def generator(self) -> str:
        """Who made a proposal, as labels say it."""
        return f"{self.stage} {self.implementation}"

    def input(self, name: str) -> Path:
        """The folder of an input.

        Raises:
            PluginError: the job has none of that name.
        """
        try:
            return self.inputs[name]
        except KeyError:
            text = f"{self.stage} needs the input {name}, which the job does not have."
            raise PluginError("stage.input", text, "Report it.") from None


def run_stage(stage: Any, kind: str, run: StageRun) -> dict[str, Any]:
    """Run a stage object of any kind; returns what it says of its output."""
    adapter = _ADAPTERS.get(kind)
    if adapter is not None:
        return adapter(stage, run)
    meta = stage.run(run.ctx, run.inputs, run.params)
    if not isinstance(meta, Mapping | None):
        raise PluginError("stage.meta", f"run returned a {type(meta).__name__}, not a table.", "Report it.")
    return dict(meta or {})


def _feature(stage: Any, run: StageRun) -> dict[str, Any]:
    windows = WindowSet.load(run.input("windows"))
    info = _info(stage, windows.signal, run)
    values = np.empty((len(windows), *info.shape), dtype=np.float32)
    per_window = max(1, windows.signal.window_samples * windows.signal.n_channels)
    batch = max(1, BATCH_VALUES // per_window)
    for start in range(0, len(windows), batch):
        run.ctx.progress(start / len(windows), f"{start} of {len(windows)} windows")
        part = np.ascontiguousarray(windows.samples[start : start + batch])
        values[start : start + batch] = _checked(stage.transform(part, windows.signal, run.params), len(part), info)
    features = FeatureSet(
        values,
        windows.labels,
        windows.splits,
        windows.takes,
        windows.classes,
        windows.signal,
        run.stage,
        run.implementation,
        dict(run.params),
        info.axes,
    )
    meta = features.save(run.ctx.workdir)
    run.ctx.progress(1.0, f"{len(windows)} windows")
    return meta | {"info": asdict(info)}


def _info(stage: Any, signal: SignalInfo, run: StageRun) -> FeatureInfo:
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


def _constants(stage: Any, run: StageRun) -> dict[str, Any]:
    """Write ``constants.npz`` for the signal of any input that has one; numbers are arrays without dimensions."""
    signal = _signal_of(run.inputs)
    info = _info(stage, signal, run)
    arrays = {name: np.asarray(value) for name, value in stage.c_constants(signal, run.params).items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise PluginError("feature.constant", f"The constant {name} is of type {array.dtype}.", "Report it.")
    np.savez(run.ctx.workdir / "constants.npz", **arrays)  # type: ignore[arg-type]  # numpy's own keyword comes first
    return {"names": sorted(arrays), "info": asdict(info)}


def _signal_of(inputs: Mapping[str, Path]) -> SignalInfo:
    for folder in inputs.values():
        for name in ("deploy.json", "features.json", "windows.json", "signal.json"):
            if (folder / name).is_file():
                body = json.loads((folder / name).read_text(encoding="utf-8"))
                return SignalInfo.from_json(body["signal"])
    raise PluginError("stage.input", "None of the inputs says what signal it was made from.", "Report it.")


def _segmenter(stage: Any, run: StageRun) -> dict[str, Any]:
    body = json.loads((run.input("request") / "segment_request.json").read_text(encoding="utf-8"))
    answer: dict[str, list[dict[str, Any]]] = {}
    rows = body["recordings"]
    for index, row in enumerate(rows):
        run.ctx.progress(index / len(rows), row["name"])
        group = _group(row["group"])
        shape = (int(row["n_samples"]), len(group.channels))
        empty = np.zeros(shape, dtype=np.int16)
        samples = np.memmap(row["data"], dtype="<i2", mode="r", shape=shape) if shape[0] else empty
        segments = stage.segments(samples, group, row.get("label", ""), run.params)
        answer[row["name"]] = [asdict(s) | {"generator": run.generator} for s in in_order(segments)]
    (run.ctx.workdir / "segments.json").write_text(json.dumps(answer), encoding="utf-8")
    run.ctx.progress(1.0)
    return {"recordings": len(answer), "segments": sum(len(s) for s in answer.values())}


def _group(body: Mapping[str, Any]) -> ChannelGroup:
    return ChannelGroup(body["name"], float(body["rate_hz"]), tuple(Channel(**c) for c in body["channels"]))


def _importer(stage: Any, run: StageRun) -> dict[str, Any]:
    return run_importer(stage.clips(run.ctx, run.input("source"), run.params), run.ctx)


_ADAPTERS: Mapping[str, Callable[[Any, StageRun], dict[str, Any]]] = {
    "feature": _feature,
    "feature:constants": _constants,
    "segmenter": _segmenter,
    "importer": _importer,
}
