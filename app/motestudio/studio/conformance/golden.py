"""Golden vectors: features that were right once, kept beside the plugin's tests, for every implementation.

``tests/golden/STAGE.IMPLEMENTATION.NAME.npz`` holds ``signal`` and ``params`` (JSON text), ``windows`` (int16) and
``features`` (float32).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from motestudio.domain.params import complete
from motestudio.errors import PluginError
from motestudio.sdk.data import SignalInfo
from motestudio.studio.conformance import feature, material
from motestudio.studio.conformance.bench import Bench
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped
from motestudio.studio.conformance.twin import relative

FOLDER = Path("tests") / "golden"
_TOLERANCE = 1e-4
_MOST_VALUES = 6000
"""Raw values kept per file: enough to tell, small enough for a repository."""


def check(bench: Bench) -> str:
    """Compare with every file of this stage.

    Raises:
        CheckSkipped: there are none.
    """
    files = sorted((bench.entry.folder / FOLDER).glob(f"{_stage_name(bench)}.*.npz"))
    if not files:
        raise CheckSkipped(f"there are none in {FOLDER.as_posix()}; --update-golden writes them")
    for path in files:
        _compare(bench, path)
    return f"{len(files)} file(s)"


def _compare(bench: Bench, path: Path) -> None:
    try:
        with np.load(path, allow_pickle=False) as file:
            signal = SignalInfo.from_json(json.loads(str(file["signal"])))
            given, samples, wanted = json.loads(str(file["params"])), file["windows"], file["features"]
        implementation = int(path.stem.split(".")[1])
        manifest = bench.entry.manifest.at(implementation)
        params = complete(manifest.params, given)
    except (OSError, ValueError, KeyError, IndexError, PluginError) as error:
        raise CheckFailed(f"{path.name} cannot be used: {error}") from error
    folder = bench.folder("windows")
    material.save_windows(folder, signal, samples)
    outcome = bench.must_work({"windows": folder}, params, entry=replace(bench.entry, manifest=manifest))
    values = feature.values_of(outcome)
    if values.shape != wanted.shape:
        raise CheckFailed(f"{path.name}: features have the shape {values.shape[1:]}, not {wanted.shape[1:]}")
    distance = relative(values, wanted)
    if not distance <= _TOLERANCE:
        raise CheckFailed(
            f"{path.name}: features differ by {distance:.2g} of the value. Where that is meant, count implementation "
            "up in plugin.toml, keep the old code under [[stage.older]] and run with --update-golden"
        )


def update(bench: Bench) -> list[Path]:
    """Write the vectors of the newest implementation; those of older ones stay."""
    folder = bench.entry.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, signal in feature.taken_signals(bench).items():
        count = max(1, _MOST_VALUES // (signal.window_samples * signal.n_channels))
        samples = material.edge_samples(signal)[-count:]
        values = feature.compute(bench, signal, samples, bench.defaults)
        path = folder / f"{_stage_name(bench)}.{bench.entry.manifest.implementation}.{name.replace(' ', '-')}.npz"
        texts = (json.dumps(signal.to_json()), json.dumps(bench.defaults))
        signal_text, params_text = (np.array(text) for text in texts)
        np.savez_compressed(path, signal=signal_text, params=params_text, windows=samples, features=values)
        written.append(path)
    return written


def _stage_name(bench: Bench) -> str:
    return bench.entry.manifest.id.rpartition("/")[2]
