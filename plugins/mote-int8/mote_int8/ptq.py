"""The stage: a trained model to a full-int8 ``.tflite``, by calibration on training windows.

Converts a concrete function with a batch of one: anything else drags shape arithmetic into the graph that a
microcontroller would have to run. Validation and test windows are never used for calibration.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TRAIN, Deployable, FeatureSet, PluginError, RunContext, Value

SUPPORTED = {
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "HARD_SWISH",
    "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MUL", "PAD", "PADV2", "PRELU", "QUANTIZE",
    "RELU", "RELU6", "RESHAPE", "SOFTMAX", "SPLIT", "STRIDED_SLICE", "SUB", "TANH", "TRANSPOSE", "TRANSPOSE_CONV",
}  # fmt: skip
"""Operators with an int8 kernel on the boards that this plugin lets through."""


class Ptq:
    """Convert stage ``mote-int8/ptq``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Save a `Deployable`.

        Raises:
            PluginError: there is nothing to calibrate with, or the result is not one that a board can run.
            Cancelled: the user cancelled; the conversion itself cannot be interrupted.
        """
        features = FeatureSet.load(inputs["features"])
        ctx.progress(0.0, "starting TensorFlow")
        model = _load(inputs["model"] / "model.keras")
        rows = np.flatnonzero(features.splits == TRAIN)
        if not len(rows):
            text = "There are no training windows to calibrate with."
            raise PluginError("convert.no_calibration", text, "Label some.")
        count = min(len(rows), int(params["calibration"]))
        chosen = np.sort(np.random.default_rng(ctx.seed).choice(rows, count, replace=False))
        ctx.progress(0.2, f"calibrating with {count} windows")
        data = _convert(model, features.values, chosen)
        ctx.progress(0.9, "checking the model")
        facts = inspect(data)
        deployable = Deployable(
            model=data,
            classes=features.classes,
            signal=features.signal,
            blocks=features.blocks,
            feature_shape=features.shape,
            input_scale=facts["input"]["scale"],
            input_zero_point=facts["input"]["zero_point"],
            output_scale=facts["output"]["scale"],
            output_zero_point=facts["output"]["zero_point"],
        )
        deployable.save(ctx.workdir)
        return {"model_bytes": len(data), "calibration_windows": count} | facts


def _load(path: Path) -> Any:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tf_keras

    try:
        return tf_keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        text = f"{path.name} cannot be loaded: {error}."
        raise PluginError("convert.model", text, "Train the model again.") from error


def _convert(model: Any, values: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]) -> bytes:
    import tensorflow as tf

    shape = (1, *model.input_shape[1:])

    def scores(features: Any) -> Any:
        return model(features, training=False)

    signature = [tf.TensorSpec(shape, tf.float32, name="features")]
    concrete = tf.function(scores, input_signature=signature, autograph=False).get_concrete_function()

    def representative() -> Iterator[list[npt.NDArray[np.float32]]]:
        for row in rows:
            yield [np.asarray(values[row], dtype=np.float32).reshape(shape)]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def inspect(data: bytes) -> dict[str, Any]:
    """Quantisation of input and output and the operators of a model.

    Returns:
        ``input`` and ``output`` (dtype, shape, scale, zero_point) and ``operators`` (names in order).

    Raises:
        PluginError: input or output is not int8, or an operator has no kernel on the boards.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    facts: dict[str, Any] = {
        "input": _tensor(interpreter.get_input_details()),
        "output": _tensor(interpreter.get_output_details()),
        "operators": [op["op_name"] for op in interpreter._get_ops_details() if op["op_name"] != "DELEGATE"],
    }
    for side in ("input", "output"):
        if facts[side]["dtype"] != "int8" or not facts[side]["scale"]:
            text = f"The converted model's {side} is {facts[side]['dtype']}, not quantised int8."
            raise PluginError("convert.not_int8", text, "Use layers that can be quantised.")
    if unknown := sorted(set(facts["operators"]) - SUPPORTED):
        text = f"The converted model uses {', '.join(unknown)}, which boards cannot run in int8."
        raise PluginError("convert.operators", text, "Replace the layers that need it.", {"operators": unknown})
    return facts


def _tensor(details: list[dict[str, Any]]) -> dict[str, Any]:
    if len(details) != 1:
        text = f"The model has {len(details)} inputs or outputs."
        raise PluginError("convert.tensors", text, "A deployable model has one of each.")
    scale, zero_point = details[0]["quantization"]
    return {
        "dtype": np.dtype(details[0]["dtype"]).name,
        "shape": [int(n) for n in details[0]["shape"]],
        "scale": float(scale),
        "zero_point": int(zero_point),
    }
