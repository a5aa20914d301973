"""Checks of feature stages on the desk's side: announced shapes, hard windows, independence, golden vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.sdk.data import SignalInfo
from motestudio.sdk.stages import FeatureInfo
from motestudio.sdk.testing import SIGNALS
from motestudio.studio.conformance import material
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.common import KindKit
from motestudio.studio.conformance.report import CheckFailed

Int16s = npt.NDArray[np.int16]
_ALONE = 1e-5
_BUSY_VALUES = 12 << 20
"""Raw values of the windows that keep a feature stage busy: twelve of the worker's batches."""


def taken_signals(bench: Bench) -> dict[str, SignalInfo]:
    """The signals that the stage takes with its defaults, of those that the user gave and those made up.

    Raises:
        CheckFailed: there are none, or it broke at one.
    """
    taken: dict[str, SignalInfo] = bench.fact("signals", lambda: _taken(bench))
    return taken


def _taken(bench: Bench) -> dict[str, SignalInfo]:
    found, reasons = {}, []
    for name, signal in _all_signals(bench).items():
        outcome = announce(bench, signal, bench.defaults)
        if outcome.end == "worked":
            found[name] = signal
        elif outcome.end == "refused":
            reasons.append(f"{name}: {outcome.text}")
        else:
            raise CheckFailed(f"infer_output for the signal {name}: {outcome.text}")
    if not found:
        raise CheckFailed(f"takes no signal: {'; '.join(reasons)}")
    return found


def _all_signals(bench: Bench) -> dict[str, SignalInfo]:
    """Recorded ones first, with windows of about a second and a quarter of that as the step."""
    own: dict[str, SignalInfo] = {}
    for group in dict.fromkeys(one.group for one in bench.recorded):
        longest = max(len(one.samples) for one in bench.recorded if one.group == group)
        window = max(1, min(longest, round(group.rate_hz)))
        own[f"recorded {group.name or len(own) + 1}"] = SignalInfo(group, window, max(1, window // 4))
    return own | dict(SIGNALS)


def main_signal(bench: Bench) -> SignalInfo:
    """The first signal that the stage takes."""
    return next(iter(taken_signals(bench).values()))


def announce(bench: Bench, signal: SignalInfo, params: Params) -> Outcome:
    """What the stage says it will give."""
    folder = bench.material(f"signal-{_name(signal)}", lambda f: material.save_signal(f, signal))
    return bench.run({"signal": folder}, params, kind="feature:infer")


def info_of(outcome: Outcome) -> FeatureInfo:
    """The announcement in an outcome."""
    facts = dict(outcome.meta["info"])
    return FeatureInfo(**facts | {"shape": tuple(facts["shape"]), "axes": tuple(facts["axes"])})


def compute(
    bench: Bench, signal: SignalInfo, samples: npt.NDArray[np.int16], params: Params
) -> npt.NDArray[np.float32]:
    """Features of windows, shape (windows, ...).

    Raises:
        CheckFailed: the stage did not give them.
    """
    folder = bench.folder("windows")
    material.save_windows(folder, signal, samples)
    return values_of(bench.must_work({"windows": folder}, params))


def values_of(outcome: Outcome) -> npt.NDArray[np.float32]:
    """The features that a run wrote."""
    values: npt.NDArray[np.float32] = np.load(outcome.folder / "features.npy", allow_pickle=False)
    return values


def edge_inputs(bench: Bench) -> Mapping[str, Path]:
    """The hard windows of the first signal."""
    signal = main_signal(bench)
    make = material.save_windows
    return {"windows": bench.material("windows", lambda f: make(f, signal, material.edge_samples(signal)))}


def busy_inputs(bench: Bench) -> Mapping[str, Path]:
    """Many windows of the first signal."""
    signal = main_signal(bench)
    make = material.save_windows
    return {"windows": bench.material("many", lambda f: make(f, signal, material.many_windows(signal, _BUSY_VALUES)))}


def signals(bench: Bench) -> str:
    """Announcement and output agree for every signal that the stage takes; others are refused with a reason."""
    taken = taken_signals(bench)
    shapes = []
    for name, signal in taken.items():
        info = info_of(announce(bench, signal, bench.defaults))
        compute(bench, signal, material.edge_samples(signal), bench.defaults)
        if len(set(info.axes)) != len(info.axes):
            raise CheckFailed(f"two axes of {info.axes} have one name")
        costs = (info.ram_bytes, info.flash_bytes, info.macs, info.hop_samples)
        if min(costs) < 0:
            raise CheckFailed(f"announces a cost below nothing: {info}")
        shapes.append(f"{name} {' x '.join(map(str, info.shape))}")
    refused = len(_all_signals(bench)) - len(taken)
    return ", ".join(shapes) + (f"; {refused} signal(s) refused" if refused else "")


def edges(bench: Bench) -> str:
    """One window, none, and every hard one."""
    taken = taken_signals(bench)
    for signal in taken.values():
        hard = material.edge_samples(signal)
        for part in (hard, hard[:1], hard[:0]):
            compute(bench, signal, part, bench.defaults)
    return f"{len(hard)} hard windows, one and none, of {len(taken)} signal(s)"


def alone(bench: Bench) -> str:
    """Every window by itself gives what it gives among others; matrix libraries may round large batches otherwise."""
    signal = main_signal(bench)
    hard = material.edge_samples(signal)[::3]
    together = compute(bench, signal, hard, bench.defaults)
    for i, window in enumerate(hard):
        single = compute(bench, signal, window[None], bench.defaults)[0]
        if not np.allclose(single, together[i], rtol=_ALONE, atol=_ALONE * float(np.abs(together).max())):
            raise CheckFailed("a window gives other features by itself than among others")
    return f"{len(hard)} windows"


def _name(signal: SignalInfo) -> str:
    return f"{abs(hash(json.dumps(signal.to_json(), sort_keys=True))):x}"


KIT = KindKit(
    inputs=edge_inputs,
    large=busy_inputs,
    announce=lambda bench, params: announce(bench, main_signal(bench), params),
    own={"signals": signals, "edges": edges, "alone": alone},
)
