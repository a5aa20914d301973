"""Estimates of flash and RAM, part by part: what is exact says 0, what is not says how far off it may be.

Anchors: micro_speech (4 operators, 18,800 bytes of model) links to 56,648 bytes of text with reference kernels and
80,716 with CMSIS-NN on a Cortex-M4; its arena is 6,788 bytes there and 7,584 on a 64-bit host, head 5,968 on both.
"""

from __future__ import annotations

from motestudio.analysis.costs import Estimate
from motestudio.analysis.op_costs import CONVOLUTIONS
from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ArenaUse, MemoryPlan, ModelGraph
from motestudio.sdk.stages import FeatureInfo

KB = 1024

_RUNTIME_BYTES = 24_600
_KERNEL_BYTES = {
    "reference": {"CONV_2D": 5000, "DEPTHWISE_CONV_2D": 5200, "FULLY_CONNECTED": 4200, "SOFTMAX": 3000, "MEAN": 6000},
    "optimised": {
        "CONV_2D": 16_000, "DEPTHWISE_CONV_2D": 18_000, "FULLY_CONNECTED": 10_000, "SOFTMAX": 7500, "MEAN": 6000,
        "AVERAGE_POOL_2D": 4000, "MAX_POOL_2D": 4000, "SVDF": 8000, "ADD": 6000, "MUL": 5000,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": 14_000,
    },
}  # fmt: skip
_CHEAP = {"RESHAPE": 800, "SQUEEZE": 800, "EXPAND_DIMS": 800}
_OTHER_KERNEL_BYTES = 3500
_APPLICATION_BYTES = 7500
_HAL_BYTES = {"stm32": 13_000, "esp32": 150_000, "virtual": 13_000}
_KERNEL_NAMES = {"cmsis-nn": "TFLM and CMSIS-NN", "esp-nn": "TFLM and ESP-NN", "reference": "TFLM and its kernels"}
_FEATURE_CODE_BYTES = 2500
_FLASH_SPREAD = 0.25

_STACK_BYTES = {"stm32": 4 * KB, "esp32": 8 * KB, "virtual": 4 * KB}
_STATIC_BYTES = {"stm32": 3 * KB, "esp32": 28 * KB, "virtual": 3 * KB}
_LINK_PAYLOAD_MIN, _LINK_PAYLOAD_MAX = 1024, 8192

# Sizes in TFLM's structures on a 32-bit target.
_EVAL_TENSOR, _TENSOR, _QUANTISATION, _NODE = 12, 44, 16, 32
_TAIL_FIXED, _TAIL_PER_OP = 100, 24
_OP_DATA, _PER_CHANNEL = 56, 8
_TAIL_SPREAD, _TAIL_SPREAD_UNMEASURED = 0.1, 0.25


def flash_bytes(graph: ModelGraph, board: BoardFile, feature: FeatureInfo | None = None) -> Estimate:
    """Flash of the whole firmware. The model's part is exact."""
    kernels = _KERNEL_BYTES["reference" if board.kernels == "reference" else "optimised"] | _CHEAP
    runtime = _RUNTIME_BYTES + sum(kernels.get(k, _OTHER_KERNEL_BYTES) for k in {op.kernel for op in graph.ops})
    features = _FEATURE_CODE_BYTES + feature.flash_bytes if feature else 0
    parts = (
        (_KERNEL_NAMES[board.kernels], float(runtime)),
        ("HAL and start-up", float(_HAL_BYTES[board.family])),
        ("Feature stage in C", float(features)),
        ("Model", float(graph.file_bytes)),
        ("Application", float(_APPLICATION_BYTES)),
    )
    total = sum(amount for _, amount in parts)
    return Estimate(total, round((total - graph.file_bytes) * _FLASH_SPREAD), parts)


def arena_on_board(graph: ModelGraph, plan: MemoryPlan, arena: ArenaUse | None) -> Estimate:
    """Arena bytes on a 32-bit board: the head as it is, the tail corrected for pointers of four bytes.

    Args:
        graph: as read.
        plan: with the kernels' scratch.
        arena: as TFLM itself accounted for it on a 64-bit host, or None to estimate the tail from the graph.
    """
    tail, spread = (_tail_measured(graph, arena), _TAIL_SPREAD) if arena else (_tail(graph), _TAIL_SPREAD_UNMEASURED)
    head = arena.head if arena else plan.head_bytes
    preparing = max(0, arena.needed - arena.total) if arena else 0
    parts = (
        ("Tensors and scratch", float(head)),
        ("Persistent", float(tail)),
        ("While kernels prepare", float(preparing)),
    )
    return Estimate(float(head + tail + preparing), round(tail * spread) + 16, parts)


def ram_bytes(
    graph: ModelGraph,
    plan: MemoryPlan,
    arena: ArenaUse | None,
    board: BoardFile,
    feature: FeatureInfo | None,
    window_bytes: int,
    step_bytes: int = 0,
) -> Estimate:
    """RAM of the whole firmware.

    Args:
        graph: as read.
        plan: with the kernels' scratch.
        arena: as measured, or None.
        board: whose stack and statics are counted.
        feature: working memory of the feature twin.
        window_bytes: raw samples of one window; 0 where the model does not run on a signal.
        step_bytes: raw samples between two windows; half a window where it is 0.
    """
    on_board = arena_on_board(graph, plan, arena)
    payload = min(max(_LINK_PAYLOAD_MIN, window_bytes + 64), _LINK_PAYLOAD_MAX)
    ring = window_bytes + (step_bytes or window_bytes // 2)
    parts = (
        ("Arena", on_board.value),
        ("Stack", float(_STACK_BYTES[board.family])),
        ("Sample ring", float(ring)),
        ("Window and features", float(window_bytes + (feature.ram_bytes if feature else 0))),
        ("Mote Link buffers", float(3 * payload + 64)),
        ("Statics and HAL", float(_STATIC_BYTES[board.family])),
    )
    guessed = _STACK_BYTES[board.family] + _STATIC_BYTES[board.family]
    return Estimate(sum(a for _, a in parts), on_board.plus_minus + round(0.3 * guessed), parts)


def _tail_measured(graph: ModelGraph, arena: ArenaUse) -> int:
    """A 64-bit host's tail without what only its wider pointers take."""
    items = dict(arena.items)
    if not items:
        return round(arena.tail * 0.6)
    nodes = len(graph.ops)
    persistent = sum(size for name, size in items.items() if "Persistent buffer" in name)
    variables = sum(size for name, size in items.items() if "variable buffer" in name)
    structures = sum(size for name, size in items.items()) - persistent - variables
    return round(structures * 0.5 + persistent * 0.8) + variables + _TAIL_FIXED + _TAIL_PER_OP * nodes


def _tail(graph: ModelGraph) -> int:
    """The tail from the graph alone: tables, operator state, per-channel multipliers and shifts, state tensors."""
    tables = len(graph.tensors) * _EVAL_TENSOR + len(graph.ops) * _NODE
    edges = len(graph.inputs) + len(graph.outputs)
    tables += edges * (_TENSOR + _QUANTISATION)
    state = 0
    for op in graph.ops:
        state += _OP_DATA
        if op.kernel in CONVOLUTIONS and op.outputs and op.outputs[0] >= 0:
            shape = graph.tensors[op.outputs[0]].shape
            state += _PER_CHANNEL * (shape[-1] if shape else 1)
    variables = sum(t.nbytes for t in graph.tensors if t.variable)
    return tables + state + variables + _TAIL_FIXED + _TAIL_PER_OP * len(graph.ops)
