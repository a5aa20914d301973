"""Estimates of time and energy, with how far off they may be. A measurement on the board always beats them.

Anchors (int8, from published runs): STM32L4R5 at 120 MHz, TFLM with CMSIS-NN: MLPerf Tiny
v0.5 KWS 182 ms, IC 704 ms, VWW 601 ms, AD 10.1 ms; ESP-NN person detection: ESP32-S3 54 ms, ESP32 380 ms at 240 MHz,
ESP32-C3 426 ms at 160 MHz, and 2300, 4084 and 3355 ms with reference kernels; micro_speech on a Cortex-M4: 9.31 M
instructions with reference kernels, 1.50 M with CMSIS-NN. Energy: the same MLPerf runs, 40.5 mW at 120 MHz.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from motestudio.domain.board import BoardFile
from motestudio.domain.model_report import ModelGraph, OpInfo
from motestudio.sdk.stages import FeatureInfo

_CYCLES_PER_MAC = {
    ("cmsis-nn", "cortex-m0"): 27.0,
    ("cmsis-nn", "cortex-m0+"): 25.0,
    ("cmsis-nn", "cortex-m3"): 12.0,
    ("cmsis-nn", "cortex-m4"): 7.0,
    ("cmsis-nn", "cortex-m4f"): 7.0,
    ("cmsis-nn", "cortex-m7"): 4.0,
    ("cmsis-nn", "cortex-m33"): 5.5,
    ("esp-nn", "xtensa-lx6"): 13.0,
    ("esp-nn", "xtensa-lx7"): 2.0,
    ("esp-nn", "rv32imc"): 9.5,
    ("reference", "cortex-m0"): 90.0,
    ("reference", "cortex-m0+"): 85.0,
    ("reference", "xtensa-lx6"): 136.0,
    ("reference", "xtensa-lx7"): 77.0,
    ("reference", "rv32imc"): 75.0,
}
_OTHER_CYCLES_PER_MAC = 45.0

_KERNEL_FACTOR = {
    "DEPTHWISE_CONV_2D": 1.2,
    "FULLY_CONNECTED": 0.65,
    "TRANSPOSE_CONV": 1.5,
    "SVDF": 0.8,
    "AVERAGE_POOL_2D": 0.8,
    "MAX_POOL_2D": 0.8,
    "MEAN": 0.8,
    "ADD": 2.0,
    "SUB": 2.0,
    "MUL": 2.0,
}
"""Against a convolution, per multiply-accumulate."""

_PER_OUTPUT = {"SOFTMAX": 120.0, "LOGISTIC": 60.0, "TANH": 60.0, "RESHAPE": 0.5}
_OTHER_PER_OUTPUT = 8.0
_DISPATCH_CYCLES = 600.0

_FEATURE_CYCLES = {"cortex-m0": 20.0, "cortex-m0+": 20.0, "cortex-m7": 3.0}
_OTHER_FEATURE_CYCLES = 6.0

_SPREAD = {"cmsis-nn": 0.35, "esp-nn": 0.35, "reference": 0.5}
_FEATURE_SPREAD = 0.6
_POWER_SPREAD = 0.25
_HAS_FPU = ("cortex-m4f", "cortex-m7", "cortex-m33", "xtensa-lx6", "xtensa-lx7")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and how far off it may be.

    Attributes:
        value: best estimate.
        plus_minus: half the width of the range it is expected in.
        parts: (what, amount), adding up to `value`.
    """

    value: float
    plus_minus: float
    parts: tuple[tuple[str, float], ...] = ()


def cycles_per_mac(board: BoardFile) -> float:
    """Of int8 convolutions: the board file's figure, else that of its kernels and core."""
    if board.cycles_per_mac:
        return board.cycles_per_mac
    return _CYCLES_PER_MAC.get((board.kernels, board.core), _OTHER_CYCLES_PER_MAC)


def op_cycles(graph: ModelGraph, op: OpInfo, board: BoardFile) -> float:
    """Cycles of one operator."""
    outputs = [graph.tensors[i] for i in op.outputs if i >= 0]
    floating = any(t.dtype == "float32" for t in outputs)
    factor = _KERNEL_FACTOR.get(op.kernel, 1.0) * cycles_per_mac(board)
    elements = sum(math.prod(t.shape) for t in outputs)
    cycles = op.macs * factor if op.macs else elements * _PER_OUTPUT.get(op.kernel, _OTHER_PER_OUTPUT)
    if floating:
        # Float kernels are the portable ones everywhere; without an FPU every operation is a call.
        cycles *= 2.5 if board.core in _HAS_FPU else 25.0
    return cycles + _DISPATCH_CYCLES


def op_ms(graph: ModelGraph, op: OpInfo, board: BoardFile) -> float:
    """Milliseconds of one operator."""
    return op_cycles(graph, op, board) / board.clock_hz * 1e3


def model_spread(board: BoardFile) -> float:
    """How far off the estimates of a model's operators may be there, as a share of them."""
    return _SPREAD.get(board.kernels, 0.5)


def latency_ms(graph: ModelGraph, board: BoardFile, feature: FeatureInfo | None = None) -> Estimate:
    """Milliseconds of one window: features and model."""
    model = sum(op_ms(graph, op, board) for op in graph.ops)
    per_mac = _FEATURE_CYCLES.get(board.core, _OTHER_FEATURE_CYCLES)
    features = feature.macs * per_mac / board.clock_hz * 1e3 if feature else 0.0
    # The two errors have different causes: they add as squares.
    spread = math.hypot(model * model_spread(board), features * _FEATURE_SPREAD)
    return Estimate(model + features, spread, (("Features", features), ("Model", model)))


def energy_mj(latency: Estimate, board: BoardFile) -> Estimate:
    """Millijoules of one window, from the power while computing; 0 where the board file does not know it."""
    value = latency.value * board.active_mw / 1e3
    relative = math.hypot(latency.plus_minus / latency.value, _POWER_SPREAD) if latency.value else 0.0
    parts = tuple((name, ms * board.active_mw / 1e3) for name, ms in latency.parts)
    return Estimate(value, value * relative, parts)
