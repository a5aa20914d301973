"""Scratch buffers that TFLM's reference kernels ask for, so that a plan counts them too.

Sizes as the reference kernels request them in Prepare (tensorflow/lite/micro/kernels, 2025); optimised kernels ask for
other and usually larger ones, which only a measurement on their target shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from motestudio.domain.model_report import ModelGraph, OpInfo, TensorInfo


@dataclass(frozen=True, slots=True)
class Scratch:
    """One scratch buffer: alive during one operator only."""

    op: int
    nbytes: int


def reference_scratch(graph: ModelGraph, pointer_bytes: int = 4) -> tuple[Scratch, ...]:
    """Scratch buffers of the reference kernels, in the order in which they are requested.

    Args:
        graph: as read.
        pointer_bytes: 4 on the boards, 8 on a 64-bit host.
    """
    return tuple(Scratch(op.index, size) for op in graph.ops for size in _sizes(graph, op, pointer_bytes) if size > 0)


def _sizes(graph: ModelGraph, op: OpInfo, pointer_bytes: int) -> list[int]:
    first, second, out = _tensor(graph, op.inputs, 0), _tensor(graph, op.inputs, 1), _tensor(graph, op.outputs, 0)
    if first is None or out is None:
        return []
    elements = math.prod(out.shape)
    if op.kernel in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        # Weights of four bits are unpacked before use.
        return [math.prod(second.shape)] if second is not None and second.dtype == "int4" else []
    if op.kernel in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL"):
        axes = max(1, math.prod(second.shape)) if second is not None else 1
        sums = [4 * elements] if op.kernel in ("MEAN", "SUM") and first.dtype in ("int8", "int16") else []
        return [*sums, 4 * len(first.shape), 4 * axes]
    if op.kernel == "SVDF" and second is not None and second.shape:
        filters = second.shape[0]
        batch = first.shape[0] if first.shape else 1
        sums = [4 * batch * out.shape[-1]] if first.dtype == "int8" and out.shape else []
        return [4 * batch * filters, *sums]
    if op.kernel == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        cell = _tensor(graph, op.inputs, 19)
        return [cell.nbytes] * 4 if cell is not None else []
    if op.kernel == "TRANSPOSE_CONV":
        return [elements * {"int8": 4, "int16": 8}.get(_dtype(graph, op, 2), 0)]
    if op.kernel == "ADD_N":
        return [pointer_bytes * len(op.inputs)]
    if op.kernel == "MIRROR_PAD":
        return [4 * len(first.shape)] * 2
    return []


def _dtype(graph: ModelGraph, op: OpInfo, number: int) -> str:
    tensor = _tensor(graph, op.inputs, number)
    return tensor.dtype if tensor is not None else ""


def _tensor(graph: ModelGraph, indices: tuple[int, ...], number: int) -> TensorInfo | None:
    if number >= len(indices) or indices[number] < 0:
        return None
    return graph.tensors[indices[number]]
