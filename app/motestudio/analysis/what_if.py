"""Changes to a network that would lower its peak, tried on the plan: nothing is trained, only sizes are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from motestudio.analysis.op_costs import CONVOLUTIONS
from motestudio.analysis.planner import plan as plan_memory
from motestudio.analysis.scratch import Scratch
from motestudio.domain.model_report import ModelGraph, OpInfo, TensorInfo

_KEEPS_CHANNELS = {
    *("DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "SUB", "MUL", "RELU", "RELU6", "QUANTIZE", "PAD"),
    *("PADV2", "LOGISTIC", "TANH", "LEAKY_RELU", "PRELU", "MEAN", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"),
}
_STRIDES = {"CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"}
_MAX_TRIALS = 40


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A change and what it would make of the peak.

    Attributes:
        text: such as ``Stride 2 at op 1, not op 3,``.
        peak: bytes alive at the worst operator then.
    """

    text: str
    peak: int


def best_change(graph: ModelGraph, peak_op: OpInfo, scratch: Sequence[Scratch] = ()) -> WhatIf | None:
    """The change that lowers the peak most; of equal ones the earlier stride, which costs no channel.

    Args:
        graph: as read.
        peak_op: the operator that sets the peak.
        scratch: the kernels' scratch buffers, taken as unchanged.
    """
    trials = [*_earlier_strides(graph, peak_op), *_fewer_channels(graph, peak_op)][:_MAX_TRIALS]
    results = [WhatIf(text, plan_memory(changed, scratch).lower_bound) for text, changed in trials]
    return min(results, key=lambda r: r.peak, default=None)


def _fewer_channels(graph: ModelGraph, peak_op: OpInfo) -> list[tuple[str, ModelGraph]]:
    """Half the channels of each convolution whose channels the peak's tensors have."""
    held = {i for i in peak_op.inputs + peak_op.outputs if i >= 0}
    trials = []
    for maker in graph.ops:
        shape = _out_shape(graph, maker)
        if maker.kernel != "CONV_2D" or len(shape) != 4 or shape[3] < 4:
            continue
        carriers = _channel_carriers(graph, maker)
        if held & carriers:
            whose = "its" if maker.index == peak_op.index else f"op {maker.index}'s"
            changed = _resized(graph, carriers, lambda s: (*s[:-1], max(1, s[-1] // 2)))
            trials.append((f"Half of {whose} {shape[3]} channels", changed))
    return trials


def _earlier_strides(graph: ModelGraph, peak_op: OpInfo) -> list[tuple[str, ModelGraph]]:
    """Strides of later operators done by an earlier convolution instead."""
    trials = []
    for later in graph.ops[peak_op.index :]:
        stride = _stride(graph, later)
        if stride is None:
            continue
        for earlier in graph.ops[max(0, later.index - 8) : later.index]:
            between = _tensors_between(graph, earlier, later)
            if earlier.kernel in CONVOLUTIONS and _stride(graph, earlier) is None and between:
                text = f"Stride {_stride_text(stride)} at op {earlier.index}, not op {later.index},"
                trials.append((text, _resized(graph, between, _divided_by(stride))))
    return trials


def _divided_by(stride: tuple[int, int]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    def shrink(shape: tuple[int, ...]) -> tuple[int, ...]:
        batch, height, width, channels = shape
        return batch, -(-height // stride[0]), -(-width // stride[1]), channels

    return shrink


def _stride_text(stride: tuple[int, int]) -> str:
    return str(stride[0]) if stride[0] == stride[1] else f"{stride[0]}×{stride[1]}"


def _stride(graph: ModelGraph, op: OpInfo) -> tuple[int, int] | None:
    """Stride by the shapes, or None where height and width stay (or the operator pools everything into one)."""
    inputs = [graph.tensors[i].shape for i in op.inputs if i >= 0]
    before, after = (inputs[0] if inputs else ()), _out_shape(graph, op)
    if op.kernel not in _STRIDES or len(before) != 4 or len(after) != 4 or not after[1] or not after[2]:
        return None
    stride = (round(before[1] / after[1]), round(before[2] / after[2]))
    if stride == (1, 1) or max(stride) > 4 or (after[1] == 1 and after[2] == 1):
        return None
    return stride


def _tensors_between(graph: ModelGraph, earlier: OpInfo, later: OpInfo) -> set[int]:
    """Tensors that would shrink; empty where one of them is also used elsewhere, so that the change would not fit."""
    between = set(earlier.outputs)
    shape = _out_shape(graph, earlier)
    for op in graph.ops[earlier.index + 1 : later.index + 1]:
        moving = {i for i in op.inputs if i >= 0 and not graph.tensors[i].constant}
        if not moving <= between or (op is not later and _out_shape(graph, op)[1:3] != shape[1:3]):
            return set()
        if op is not later:
            between |= {i for i in op.outputs if i >= 0}
    used_later = {i for op in graph.ops[later.index + 1 :] for i in op.inputs}
    if between & (used_later | set(graph.outputs)) or -1 in between:
        return set()
    return between if all(len(graph.tensors[i].shape) == 4 for i in between) else set()


def _channel_carriers(graph: ModelGraph, maker: OpInfo) -> set[int]:
    """Tensors that have their channels from this operator: its output and what keeps channels after it."""
    carriers = {maker.outputs[0]}
    for op in graph.ops[maker.index + 1 :]:
        if op.kernel in _KEEPS_CHANNELS and any(i in carriers for i in op.inputs):
            carriers |= {i for i in op.outputs if i >= 0}
    return carriers


def _out_shape(graph: ModelGraph, op: OpInfo) -> tuple[int, ...]:
    return graph.tensors[op.outputs[0]].shape if op.outputs and op.outputs[0] >= 0 else ()


def _resized(graph: ModelGraph, which: set[int], change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> ModelGraph:
    def resize(tensor: TensorInfo) -> TensorInfo:
        if tensor.index not in which or tensor.constant or not tensor.shape:
            return tensor
        shape = change(tensor.shape)
        nbytes = tensor.nbytes
        for before, after in zip(tensor.shape, shape, strict=True):
            nbytes = nbytes * after // max(before, 1)
        return replace(tensor, shape=shape, nbytes=nbytes)

    return replace(graph, tensors=tuple(resize(t) for t in graph.tensors))
