"""The stage: where windows lie, and their samples. It reads ``dataset.json`` and the raw files that this names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

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

SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


class Inside:
    """Window stage."""

    def infer_output(self, dataset: Mapping[str, Any], params: Mapping[str, Value], seed: int) -> WindowInfo:
        """How many windows there will be, from what ``dataset.json`` says; reads no sample."""
        signal = _signal(dataset, params)
        splits = [dataset["takes"][take]["split"] for take, _ in _rows(dataset, signal, params, seed)]
        return WindowInfo(signal, {name: splits.count(name) for name in SPLITS})

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Cut the windows and save a `WindowSet`.

        Raises:
            PluginError: no take is as long as a window.
        """
        data = json.loads((inputs["dataset"] / "dataset.json").read_text(encoding="utf-8"))
        signal = _signal(data, params)
        rows = _rows(data, signal, params, ctx.seed)
        if not rows:
            text = f"No take is as long as a window of {signal.window_samples} samples."
            raise PluginError("inside.nothing", text, "Choose a shorter window, or record longer takes.")
        channels = signal.n_channels
        samples = np.empty((len(rows), signal.window_samples, channels), dtype=np.int16)
        for i, (take, at) in enumerate(rows):
            ctx.progress(i / len(rows), f"window {i} of {len(rows)}")
            recording = data["recordings"][data["takes"][take]["recording"]]
            raw = np.memmap(recording["data"], dtype="<i2", mode="r", shape=(recording["n_samples"], channels))
            samples[i] = raw[at : at + signal.window_samples]
        classes, takes = tuple(data["classes"]), [data["takes"][take] for take, _ in rows]
        windows = WindowSet(
            samples,
            np.array([classes.index(t["label"]) for t in takes], dtype=np.int16),
            np.array([SPLITS[t["split"]] for t in takes], dtype=np.int8),
            np.array([take for take, _ in rows], dtype=np.int32),
            np.array([at for _, at in rows], dtype=np.int64),
            classes,
            signal,
        )
        return windows.save(ctx.workdir)


def _signal(dataset: Mapping[str, Any], params: Mapping[str, Value]) -> SignalInfo:
    group = dataset["group"]
    channels = tuple(Channel(**c) for c in group["channels"])
    rate = float(group["rate_hz"])
    window, step = (max(1, round(float(params[key]) * rate)) for key in ("window_s", "step_s"))
    return SignalInfo(ChannelGroup(group["name"], rate, channels), window, step)


def _rows(
    dataset: Mapping[str, Any], signal: SignalInfo, params: Mapping[str, Value], seed: int
) -> list[tuple[int, int]]:
    """Number of the take and first sample of every window, in order."""
    rows: list[tuple[int, int]] = []
    for number, take in enumerate(dataset["takes"]):
        if take["label"] == params["leave_out"]:
            continue
        rng = np.random.default_rng([seed, number])
        total = dataset["recordings"][take["recording"]]["n_samples"]
        last = min(take["start"] + take["count"], total) - signal.window_samples
        behind = int(rng.integers(signal.step_samples)) if params["begin"] == "random" else 0
        starts = list(range(take["start"] + behind, last + 1, signal.step_samples))
        most = int(params["most"])
        if most and len(starts) > most and not (params["full_test"] and take["split"] == "test"):
            starts = sorted(int(s) for s in rng.choice(starts, most, replace=False))
        rows += [(number, at) for at in starts]
    return rows
