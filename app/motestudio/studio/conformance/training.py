"""Checks of the stages around models: model, compress, convert, evaluate.

Stages that come after others get what the shipped stages make, on a tiny data set.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from motestudio.domain.params import Param, Value, complete
from motestudio.errors import PluginError
from motestudio.sdk.data import TEST, write_json
from motestudio.sdk.deployable import Deployable
from motestudio.studio.conformance import material
from motestudio.studio.conformance.bench import Bench, Outcome, Params
from motestudio.studio.conformance.common import KindKit
from motestudio.studio.conformance.report import CheckFailed, CheckSkipped

_MODEL, _CONVERT = "mote-cnn/cnn", "mote-int8/ptq"
_RUN = "run-001"
_SHORT = {"epochs": 3, "rounds": 1, "batch": 16, "calibration": 32, "compare": 8, "pause_s": 0.0, "patience": 0}
"""Parameters that only decide how long something takes, by the names that stages give them."""


def short(bench: Bench) -> Params:
    """The defaults, with what only takes time made small; and a run where the stage cannot do without one."""
    params: Params = bench.fact("short", lambda: _short(bench))
    return params


def _short(bench: Bench) -> Params:
    params = _shortened(bench.entry.manifest.params)
    runs = {p.key: _RUN for p in bench.entry.manifest.params if p.type == "run" and not params[p.key]}
    if runs and bench.run(_usual_inputs(bench), params).end == "refused":
        return {**params, **runs}
    return params


def _usual_inputs(bench: Bench) -> Mapping[str, Path]:
    return model_inputs(bench) if bench.entry.manifest.kind == "model" else compress_inputs(bench)


def _runs(bench: Bench) -> dict[str, Path]:
    """An earlier run for every parameter that may name one."""
    return {p.key: _run_folder(bench) for p in bench.entry.manifest.params if p.type == "run"}


def _run_folder(bench: Bench) -> Path:
    """What a run of a project keeps: model, deployable and figures."""

    def make(folder: Path) -> None:
        model = _model(bench)
        features = {"model": model, "features": _features(bench)}
        for source in (_made_by(bench, _CONVERT, "deployable", features), model):
            shutil.copytree(source, folder, dirs_exist_ok=True)
        facts = {"run": _RUN, "classes": list(material.CLASSES), "split_by": "take", "held_out": [], "metrics": {}}
        write_json(folder / "metrics.json", facts)

    return bench.material("run", make)


def _shortened(table: Sequence[Param]) -> Params:
    given: dict[str, Value] = {}
    for param in table:
        if param.key in _SHORT:
            try:
                given[param.key] = param.check(_SHORT[param.key])
            except PluginError:
                continue
    return complete(table, given)


def _features(bench: Bench) -> Path:
    def make(folder: Path) -> None:
        material.feature_set().save(folder)

    return bench.material("features", make)


def _made_by(bench: Bench, stage: str, name: str, inputs: Mapping[str, Path]) -> Path:
    """The output of a shipped stage.

    Raises:
        CheckSkipped: it cannot run here.
    """
    try:
        entry = bench.studio.registry.stage(stage)
    except PluginError as error:
        raise CheckSkipped(f"needs {stage}: {error}") from error
    if entry.missing:
        raise CheckSkipped(f"needs {stage}, and {', '.join(entry.missing)} is not installed")

    def make() -> Path:
        outcome = bench.run(inputs, _shortened(entry.manifest.params), entry=entry)
        if outcome.end != "worked":
            raise CheckSkipped(f"{stage}, which makes its input, failed: {outcome.text}")
        return outcome.folder

    folder: Path = bench.fact(name, make)
    return folder


def _model(bench: Bench) -> Path:
    return _made_by(bench, _MODEL, "model", {"features": _features(bench)})


def model_inputs(bench: Bench) -> Mapping[str, Path]:
    """Features of three classes."""
    return {"features": _features(bench), **_runs(bench)}


def compress_inputs(bench: Bench) -> Mapping[str, Path]:
    """A trained model and its features."""
    return {"model": _model(bench), "features": _features(bench), **_runs(bench)}


def evaluate_inputs(bench: Bench) -> Mapping[str, Path]:
    """A converted model and features."""
    features = {"model": _model(bench), "features": _features(bench)}
    deployable = _made_by(bench, _CONVERT, "deployable", features)
    return {"deployable": deployable, "features": _features(bench)}


def _announce_model(bench: Bench, params: Params) -> Outcome:
    def make(folder: Path) -> None:
        features = material.feature_set()
        facts = {"shape": list(features.shape), "axes": list(features.axes), "n_classes": len(features.classes)}
        write_json(folder / "shape.json", facts)

    return bench.run({"request": bench.material("shape", make)}, params, kind="model:infer")


def _verify_model(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    lacking = [n for n in ("model.keras", "history.json") if not (outcome.folder / n).is_file()]
    if lacking:
        raise CheckFailed(f"wrote no {lacking[0]}")


def _verify_compressed(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    if not (outcome.folder / "model.keras").is_file():
        raise CheckFailed("wrote no model.keras")


def _verify_deployable(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    made, features = Deployable.load(outcome.folder), material.feature_set()
    if made.classes != features.classes or made.feature_shape != features.shape or made.blocks != features.blocks:
        raise CheckFailed("the deployable has other classes, shape or feature stages than the features")
    if made.model[4:8] != b"TFL3":
        raise CheckFailed("model.tflite is no TFLite file")
    if not (made.input_scale > 0 and made.output_scale > 0):
        raise CheckFailed("a scale of the quantisation is not above 0")


def _verify_evaluation(bench: Bench, outcome: Outcome, params: Params) -> None:
    del bench, params
    features = material.feature_set()
    wanted = (int((features.splits == TEST).sum()), len(features.classes))
    outputs = np.load(outcome.folder / "outputs.npy", allow_pickle=False)
    if outputs.dtype != np.int8 or outputs.shape != wanted:
        raise CheckFailed(f"outputs.npy is {outputs.dtype} {outputs.shape}, not int8 {wanted}")
    accuracy = outcome.meta.get("accuracy")
    if not isinstance(accuracy, float) or not 0 <= accuracy <= 1:
        raise CheckFailed(f"says an accuracy of {accuracy!r}")


MODEL = KindKit(model_inputs, verify=_verify_model, first=_announce_model, random=2, spare=short)
COMPRESS = KindKit(compress_inputs, verify=_verify_compressed, random=1, spare=short)
CONVERT = KindKit(compress_inputs, verify=_verify_deployable, random=1, spare=short)
EVALUATE = KindKit(evaluate_inputs, verify=_verify_evaluation, random=1, spare=short)
