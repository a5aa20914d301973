"""The stage: from ``model.keras`` to the bytes of a ``.tflite`` with its quantisation.

Calibrates on original training windows only. TensorFlow is imported inside of functions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TRAIN, Deployable, FeatureSet, PluginError, RunContext, TrainedModel, Value

Floats = npt.NDArray[np.float32]


class Integers:
    """Convert stage."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Convert and save a `Deployable`.

        Raises:
            PluginError: there is nothing to calibrate with, or the converter cannot.
            Cancelled: the user cancelled; the conversion itself cannot be interrupted.
        """
        features = FeatureSet.load(inputs["features"])
        rows = _rows(features, params, ctx.seed)
        ctx.progress(0.0, "starting TensorFlow")
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        import tf_keras

        model = tf_keras.models.load_model(inputs["model"] / TrainedModel.FILE, compile=False)
        ctx.progress(0.2, f"calibrating with {len(rows)} windows")
        windows = np.asarray(features.values[rows]) * np.float32(float(params["widen"]))
        data = _convert(model, windows, per_channel=bool(params["per_channel"]))
        source, target = _quantisation(data)
        ctx.progress(1.0, f"{len(data)} bytes")
        return Deployable(
            model=data,
            classes=features.classes,
            signal=features.signal,
            blocks=features.blocks,
            feature_shape=features.shape,
            input_scale=source[0],
            input_zero_point=source[1],
            output_scale=target[0],
            output_zero_point=target[1],
        ).save(ctx.workdir)


def _rows(features: FeatureSet, params: Mapping[str, Value], seed: int) -> npt.NDArray[np.intp]:
    classes = np.array(features.classes)
    usable = (features.splits == TRAIN) & features.original & (classes[features.labels] != str(params["leave_out"]))
    rows, most = np.flatnonzero(usable), int(params["calibration"])
    if not len(rows):
        text = "There are no training windows to calibrate with."
        raise PluginError("integers.calibration", text, "Label some, or leave no class out.")
    if params["choose"] == "first" or len(rows) <= most:
        return rows[:most]
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _convert(model: Any, windows: Floats, *, per_channel: bool) -> bytes:
    """The model with 8-bit input and output; a batch of one, or shape arithmetic ends up on the board."""
    import tensorflow as tf

    shape = (1, *model.input_shape[1:])
    function = tf.function(
        lambda features: model(features, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32, name="features")],
        autograph=False,
    ).get_concrete_function()

    def representative() -> Iterator[list[Floats]]:
        for window in windows:
            yield [window.reshape(shape)]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel = not per_channel
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter raises what it likes
        text = f"The model cannot be converted: {str(error).strip().splitlines()[-1][:300]}"
        raise PluginError("integers.convert", text, "Use layers that have integer kernels.") from error


def _quantisation(data: bytes) -> tuple[tuple[float, int], tuple[float, int]]:
    """Scale and zero point of input and output."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data)
    found = []
    for details in (interpreter.get_input_details(), interpreter.get_output_details()):
        if len(details) != 1 or details[0]["dtype"] != np.int8:
            raise PluginError(
                "integers.type", "The model has other inputs or outputs than one of 8 bits.", "Report it."
            )
        scale, zero_point = details[0]["quantization"]
        found.append((float(scale), int(zero_point)))
    return found[0], found[1]
