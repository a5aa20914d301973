"""The stage: which windows a take gives, by split, and their samples.

Reads ``dataset.json`` and the raw files that it names; must not read anything else of a project.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import (
    TEST,
    TRAIN,
    VALIDATION,
    Channel,
    ChannelGroup,
    PluginError,
    RunContext,
    SignalInfo,
    Value,
    WindowInfo,
    WindowSet,
)

from .padding import stretch

SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


def positions_of(
    start: int,
    count: int,
    total: int,
    *,
    window: int,
    step: int,
    min_overlap: float,
    extra: int,
    rng: np.random.Generator,
) -> list[int]:
    """Window starts for one take, in order, without doubles.

    A take shorter than a window gives the window that has it in the middle. A longer one gives a window every
    `step`, kept where it covers `min_overlap` of a window and lies inside the recording. `extra` random starts that
    meet the same overlap come on top.

    Args:
        start: first sample of the labelled segment.
        count: of the segment.
        total: samples of the recording.
        window: samples.
        step: samples.
        min_overlap: of the shorter of window and segment, 0..1.
        extra: random positions.
        rng: for them.

    Returns:
        At least one start; may be negative, and may reach beyond the recording, where the take is short.
    """
    slack = int((1.0 - min_overlap) * min(window, count))
    if count <= window:
        starts = [start + (count - window) // 2]
        low, high = start + count - window - slack, start + slack
    else:
        low = max(0, start - slack)
        high = max(low, min(total, start + count + slack) - window)
        first = start - (start - low) // step * step
        starts = list(range(first, high + 1, step))
    if extra:
        starts += [int(s) for s in rng.integers(low, high + 1, size=extra)]
    return sorted(set(starts))


class Sliding:
    """Window stage ``mote-window/sliding``."""

    def infer_output(self, dataset: Mapping[str, Any], params: Mapping[str, Value], seed: int) -> WindowInfo:
        """Windows that `run` will cut, by split."""
        signal = _signal(dataset, params)
        rows = self._rows(dataset, signal.window_samples, signal.step_samples, params, seed)
        splits = [dataset["takes"][take]["split"] for take, _ in rows]
        return WindowInfo(signal, {name: splits.count(name) for name in SPLITS})

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Cut every take of the dataset and save a `WindowSet`.

        Raises:
            PluginError: the dataset cannot be read, or has no takes.
            Cancelled: the user cancelled.
        """
        data = _read(inputs["dataset"] / "dataset.json")
        signal = _signal(data, params)
        group, window = signal.group, signal.window_samples
        rows = self._rows(data, window, signal.step_samples, params, ctx.seed)
        if not rows:
            raise PluginError("dataset.empty", "The dataset has no takes.", "Record or import some, and label them.")
        classes = tuple(data["classes"])
        samples = np.empty((len(rows), window, len(group.channels)), dtype=np.int16)
        recordings = _Recordings(data["recordings"], len(group.channels))
        for i, (take, at) in enumerate(rows):
            if i % 64 == 0:
                ctx.progress(i / len(rows), f"window {i} of {len(rows)}")
            rng = np.random.default_rng([ctx.seed, 2, i])
            recording = recordings.get(data["takes"][take]["recording"])
            pad = str(params["pad"])
            samples[i] = stretch(recording, at, window, rate_hz=group.rate_hz, pad=pad, rng=rng)
        takes = np.array([take for take, _ in rows], dtype=np.int32)
        windows = WindowSet(
            samples,
            np.array([classes.index(data["takes"][t]["label"]) for t in takes], dtype=np.int16),
            np.array([SPLITS[data["takes"][t]["split"]] for t in takes], dtype=np.int8),
            takes,
            np.array([at for _, at in rows], dtype=np.int64),
            classes,
            signal,
        )
        meta = windows.save(ctx.workdir)
        ctx.progress(1.0, f"{len(rows)} windows")
        return meta | {"by_split": {name: int(np.sum(windows.splits == code)) for name, code in SPLITS.items()}}

    def _rows(
        self, data: Mapping[str, Any], window: int, step: int, params: Mapping[str, Value], seed: int
    ) -> list[tuple[int, int]]:
        rows = []
        for i, take in enumerate(data["takes"]):
            extra = int(params["positions"]) if take["split"] == "train" else 0
            starts = positions_of(
                int(take["start"]),
                int(take["count"]),
                int(data["recordings"][take["recording"]]["n_samples"]),
                window=window,
                step=step,
                min_overlap=float(params["min_overlap"]),
                extra=extra,
                rng=np.random.default_rng([seed, 1, i]),
            )
            rows += [(i, at) for at in starts]
        return rows


class _Recordings:
    """Raw files by name, mapped once each; one is open at a time since takes come in recording order."""

    def __init__(self, table: Mapping[str, Mapping[str, Any]], channels: int) -> None:
        self._table = table
        self._channels = channels
        self._name = ""
        self._samples: npt.NDArray[np.int16] = np.empty((0, channels), np.int16)

    def get(self, name: str) -> npt.NDArray[np.int16]:
        if name != self._name:
            row = self._table[name]
            shape = (int(row["n_samples"]), self._channels)
            try:
                self._samples = np.memmap(row["data"], dtype="<i2", mode="r", shape=shape)
            except (OSError, ValueError) as error:
                text = f"The samples of recording {name} cannot be read: {error}."
                raise PluginError("recording.unreadable", text, "Delete the recording, or restore its file.") from error
            self._name = name
        return self._samples


def _read(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PluginError("dataset.unreadable", f"The dataset cannot be read: {error}.", "Make it again.") from error
    return data


def _signal(data: Mapping[str, Any], params: Mapping[str, Value]) -> SignalInfo:
    group = _group(data["group"])
    window, step = (max(1, round(float(params[key]) * group.rate_hz)) for key in ("window_s", "step_s"))
    return SignalInfo(group, window, step)


def _group(data: Mapping[str, Any]) -> ChannelGroup:
    channels = tuple(Channel(**c) for c in data["channels"])
    return ChannelGroup(str(data["name"]), float(data["rate_hz"]), channels)
