"""What a converted model is, and whether boards can run it."""

from __future__ import annotations

from typing import Any

import numpy as np

from motestudio.sdk import PluginError

SUPPORTED = {
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "HARD_SWISH",
    "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MUL", "PAD", "PADV2", "PRELU", "QUANTIZE",
    "RELU", "RELU6", "RESHAPE", "SOFTMAX", "SPLIT", "STRIDED_SLICE", "SUB", "TANH", "TRANSPOSE", "TRANSPOSE_CONV",
}  # fmt: skip
"""Operators with an int8 kernel on the boards that this plugin lets through."""
SUPPORTED_WIDE = SUPPORTED - {"HARD_SWISH", "MAXIMUM", "MINIMUM", "PADV2", "PRELU", "RELU", "RELU6", "SPLIT"}
"""Those that have a kernel for 16-bit activations too."""


def inspect(data: bytes, type_: str) -> dict[str, Any]:
    """Quantisation of input and output and the operators of a model.

    Args:
        data: the ``.tflite``.
        type_: of input and output, as asked for.

    Returns:
        ``input`` and ``output`` (dtype, shape, scale, zero_point) and ``operators`` (names in order).

    Raises:
        PluginError: input or output is of another type, or an operator has no kernel on the boards.
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
        if facts[side]["dtype"] != type_ or not facts[side]["scale"]:
            text = f"The converted model's {side} is {facts[side]['dtype']}, not quantised {type_}."
            raise PluginError("convert.not_int8", text, "Use layers that can be quantised.")
    known = SUPPORTED_WIDE if type_ == "int16" else SUPPORTED
    if unknown := sorted(set(facts["operators"]) - known):
        text = f"The converted model uses {', '.join(unknown)}, which boards cannot run in {type_}."
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
