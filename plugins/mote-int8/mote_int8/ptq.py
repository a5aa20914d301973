"""The stage: a trained model to an integer ``.tflite`` that boards can run.

Calibrates on original training windows; validation and test windows are never used for that. Must not train.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, TRAIN, Deployable, FeatureSet, PluginError, RunContext, TrainedModel, Value

from .convert import SCHEMES, convert
from .inspect import inspect


class Ptq:
    """Convert stage ``mote-int8/ptq``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Save a `Deployable`, and ``float_scores.npy``: what the model said of the test windows before conversion.

        Raises:
            PluginError: there is nothing to calibrate with, or the result is not one that a board can run.
            Cancelled: the user cancelled; the conversion itself cannot be interrupted.
        """
        features = FeatureSet.load(inputs["features"])
        facts = TrainedModel.load(inputs["model"])
        scheme = SCHEMES[str(params["scheme"])]
        ctx.progress(0.0, "starting TensorFlow")
        model = _load(inputs["model"] / TrainedModel.FILE)
        ctx.check_cancelled()
        keeps = facts.quantisation_aware and scheme.keeps_ranges
        if facts.quantisation_aware and not keeps:
            ctx.log(f"{scheme.title}: the ranges that were trained do not hold; activations are calibrated anew.")
        chosen = _rows(features, ctx.seed, int(params["calibration"]))
        ctx.progress(0.2, "keeping trained ranges" if keeps else f"calibrating with {len(chosen)} windows")
        data = convert(model, features.values, chosen, scheme, facts.ranges if keeps else {})
        ctx.progress(0.8, "checking the model")
        found = inspect(data, scheme.activations)
        reduced = 256.0 if scheme.activations == "int16" else 1.0
        deployable = Deployable(
            model=data,
            classes=features.classes,
            signal=features.signal,
            blocks=features.blocks,
            feature_shape=features.shape,
            input_scale=found["input"]["scale"],
            input_zero_point=found["input"]["zero_point"],
            output_scale=found["output"]["scale"] * reduced,
            output_zero_point=found["output"]["zero_point"],
            input_type=scheme.activations,
        )
        deployable.save(ctx.workdir)
        np.save(ctx.workdir / "float_scores.npy", _scores(model, features))
        ctx.progress(1.0, f"{len(data):,} bytes")
        calibrated = 0 if keeps else len(chosen)
        meta = {"model_bytes": len(data), "scheme": str(params["scheme"]), "calibration_windows": calibrated}
        return meta | {"trained_ranges": keeps} | found


def _rows(features: FeatureSet, seed: int, most: int) -> npt.NDArray[np.intp]:
    """Original training windows to calibrate with, drawn by the seed.

    Raises:
        PluginError: there are none.
    """
    rows = np.flatnonzero((features.splits == TRAIN) & features.original)
    if not len(rows):
        raise PluginError("convert.no_calibration", "There are no training windows to calibrate with.", "Label some.")
    return np.sort(np.random.default_rng(seed).choice(rows, min(len(rows), most), replace=False))


def _scores(model: Any, features: FeatureSet) -> npt.NDArray[np.float32]:
    """What the model says of the original test windows in floating point, shape (windows, classes)."""
    rows = np.flatnonzero((features.splits == TEST) & features.original)
    shape = model.input_shape[1:]
    out = np.zeros((len(rows), len(features.classes)), np.float32)
    for start in range(0, len(rows), 256):
        part = np.asarray(features.values[rows[start : start + 256]], np.float32)
        out[start : start + 256] = np.asarray(model(part.reshape(-1, *shape), training=False))
    return out


def _load(path: Path) -> Any:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tf_keras

    try:
        return tf_keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        text = f"{path.name} cannot be loaded: {error}."
        raise PluginError("convert.model", text, "Train the model again.") from error
