"""Checks of window and augment stages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from motestudio.sdk.data import TRAIN, SignalInfo, WindowSet
from motestudio.sdk.testing import SIGNALS
from motestudio.studio.conformance import material
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.common import KindKit
from motestudio.studio.conformance.report import CheckFailed

_BUSY_VALUES = 24 << 20


def _signals() -> Mapping[str, SignalInfo]:
    return {name: SIGNALS[name] for name in ("motion", "sound", "slow")}


def _augment_inputs(bench: Bench) -> Mapping[str, Path]:
    signal = SIGNALS["motion"]
    make = material.save_windows
    return {"windows": bench.material("windows", lambda f: make(f, signal, material.many_windows(signal, 0)))}


def _augment_busy(bench: Bench) -> Mapping[str, Path]:
    signal = SIGNALS["motion"]
    make = material.save_windows
    return {"windows": bench.material("many", lambda f: make(f, signal, material.many_windows(signal, _BUSY_VALUES)))}


def _verify_augment(bench: Bench, outcome: Outcome, params: Params) -> None:
    """Originals stay, copies are of training windows, memberships sum to one."""
    before = WindowSet.load(_augment_inputs(bench)["windows"])
    after = WindowSet.load(outcome.folder)
    if not np.array_equal(after.samples[: len(before)], before.samples):
        raise CheckFailed("an original window was changed")
    added = after.augmented
    if (after.splits[added] != TRAIN).any():
        raise CheckFailed("a copy lies outside the training split")
    most = int(params.get("copies", 1)) * int((before.splits == TRAIN).sum())
    if int(added.sum()) > most:
        raise CheckFailed(f"{int(added.sum())} copies were added; at most {most} were asked for")


def _augment_manifest(bench: Bench) -> None:
    types = {p.key: (p.type, p.minimum, p.maximum) for p in bench.entry.manifest.params}
    for key, wanted in (("copies", ("int", 0, 10)), ("probability", ("float", 0, 1))):
        if types.get(key) != wanted:
            raise CheckFailed(f"an augment stage has a parameter {key} of type {wanted[0]}, {wanted[1]} to {wanted[2]}")


def augment_edges(bench: Bench) -> str:
    """Hard windows, one and none; and copies altered in place."""
    _augment_manifest(bench)
    for signal in _signals().values():
        hard = material.edge_samples(signal)
        for part in (hard, hard[:1], hard[:0]):
            folder = bench.folder("windows")
            material.save_windows(folder, signal, part)
            outcome = bench.run({"windows": folder}, bench.defaults)
            if outcome.end not in ("worked", "refused"):
                raise CheckFailed(f"{len(part)} windows of {signal.n_channels} channels: {outcome.text}")
            if outcome.end == "worked" and bench.defaults.get("copies"):
                again = bench.run({"windows": outcome.folder}, dict(bench.defaults) | {"copies": 0})
                if again.end not in ("worked", "refused"):
                    raise CheckFailed(f"altering copies in place: {again.text}")
    return f"{len(hard)} hard windows, one and none, of {len(_signals())} signals; in place too"


AUGMENT = KindKit(_augment_inputs, _augment_busy, _verify_augment, own={"edges": augment_edges})


def _dataset(bench: Bench) -> Mapping[str, Path]:
    return {"dataset": bench.material("dataset", lambda f: material.save_dataset(f, SIGNALS["motion"]))}


def _verify_window(bench: Bench, outcome: Outcome, params: Params) -> None:
    """As many windows as announced, of the announced signal, of every split."""
    windows = WindowSet.load(outcome.folder)
    told = bench.must_work(_dataset(bench), params, kind="window:infer").meta
    if windows.signal.to_json() != SignalInfo.from_json(told["signal"]).to_json():
        raise CheckFailed("infer_output announces another signal than run gives")
    counts = {name: int((windows.splits == code).sum()) for code, name in enumerate(("train", "validation", "test"))}
    if counts != dict(told["windows"]):
        raise CheckFailed(f"infer_output announces {dict(told['windows'])} windows, run gives {counts}")
    shape = (windows.signal.window_samples, windows.signal.n_channels)
    if windows.samples.dtype != np.int16 or windows.samples.shape[1:] != shape:
        raise CheckFailed(
            f"windows are {windows.samples.dtype} of {windows.samples.shape[1:]}, announced int16 {shape}"
        )
    lengths = [len(a) for a in (windows.samples, windows.labels, windows.splits, windows.takes, windows.starts)]
    if len(set(lengths)) != 1:
        raise CheckFailed(f"its arrays have {lengths} rows")


WINDOW = KindKit(
    _dataset,
    verify=_verify_window,
    first=lambda bench, params: bench.run(_dataset(bench), params, kind="window:infer"),
)
