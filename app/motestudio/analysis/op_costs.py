"""What one operator is called and how many multiply-accumulates it takes, from its tensors' shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from motestudio.domain.model_report import TensorInfo

Tensors = Sequence[TensorInfo | None]


class OpOptions:
    """An operator's options; the reader fills this in."""

    __slots__ = ()

    def number(self, field: int, default: int = 0) -> int:
        """An integer option by its number in the schema's table."""
        del field
        return default


_PLAIN = {
    "ADD": "Add",
    "AVERAGE_POOL_2D": "Average pool",
    "CONCATENATION": "Concatenate",
    "CONV_2D": "Conv",
    "DEPTHWISE_CONV_2D": "DW conv",
    "FULLY_CONNECTED": "Dense",
    "L2_POOL_2D": "L2 pool",
    "LOGISTIC": "Sigmoid",
    "MAX_POOL_2D": "Max pool",
    "MUL": "Multiply",
    "RELU": "ReLU",
    "RELU6": "ReLU6",
    "SUB": "Subtract",
    "SVDF": "SVDF",
    "TRANSPOSE_CONV": "Transposed conv",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "LSTM",
    "VAR_HANDLE": "Variable",
}
_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D")
_PER_ELEMENT = {"ADD", "SUB", "MUL", "PRELU", "LEAKY_RELU", "QUANTIZE", "DEQUANTIZE"}
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")


def title_of(kernel: str, inputs: Tensors, outputs: Tensors, options: OpOptions) -> str:
    """A title for people: ``Conv 3×3, 16``, ``DW conv 3×3 /2``, ``PW conv 24``, ``Dense 64``, ``Max pool 2×2``."""
    name = _PLAIN.get(kernel) or kernel.replace("_", " ").capitalize()
    shape = _shape(inputs, 1)
    if kernel in CONVOLUTIONS and len(shape) == 4:
        stride = _stride(options.number(2, 1), options.number(1, 1))
        if kernel == "CONV_2D" and shape[1] == shape[2] == 1:
            return f"PW conv {shape[0]}{stride}"
        channels = "" if kernel == "DEPTHWISE_CONV_2D" else f", {shape[0]}"
        return f"{name} {shape[1]}×{shape[2]}{channels}{stride}"
    if kernel in _POOLS:
        return f"{name} {options.number(4)}×{options.number(3)}"
    out = _shape(outputs, 0)
    if kernel in ("FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM") and out:
        return f"{name} {out[-1]}"
    return name


def macs_of(kernel: str, inputs: Tensors, outputs: Tensors) -> int:
    """Multiply-accumulates of one run; an element-wise operator counts one an output element, moving counts 0."""
    weights, out = _shape(inputs, 1), _shape(outputs, 0)
    elements = math.prod(out)
    if kernel == "CONV_2D" and len(weights) == 4:
        return elements * math.prod(weights[1:])
    if kernel == "DEPTHWISE_CONV_2D" and len(weights) == 4:
        return elements * weights[1] * weights[2]
    if kernel == "TRANSPOSE_CONV" and len(weights) == 4:
        return math.prod(_shape(inputs, 2)) * math.prod(weights[:3])
    if kernel == "FULLY_CONNECTED" and len(weights) == 2:
        return elements * weights[1]
    if kernel == "BATCH_MATMUL" and len(out) >= 2:
        return elements * (_shape(inputs, 0) or (0,))[-1]
    if kernel == "SVDF":
        return math.prod(weights) + math.prod(_shape(inputs, 2))
    if kernel == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        steps = math.prod(_shape(inputs, 0)[:-1])
        return steps * sum(math.prod(_shape(inputs, i)) for i in range(1, 9))
    if kernel in _POOLS or kernel in ("MEAN", "SUM"):
        return math.prod(_shape(inputs, 0))
    return elements if kernel in _PER_ELEMENT else 0


def _shape(tensors: Tensors, number: int) -> tuple[int, ...]:
    tensor = tensors[number] if number < len(tensors) else None
    return tensor.shape if tensor is not None else ()


def _stride(height: int, width: int) -> str:
    if height == width == 1:
        return ""
    return f" /{height}" if height == width else f" /{height}×{width}"
