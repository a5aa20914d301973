"""Which TensorFlow Lite Micro call registers which operator, for a resolver of exactly those that a model uses."""

from __future__ import annotations

from collections.abc import Iterable

from motestudio.errors import BuildError

_IRREGULAR = {
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "CONV_2D": "AddConv2D",
    "CUMSUM": "AddCumSum",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "L2_POOL_2D": "AddL2Pool2D",
    "MAX_POOL_2D": "AddMaxPool2D",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}
_NAMES = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL
CONCATENATION COS DEPTH_TO_SPACE DEQUANTIZE DIV ELU EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD
FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION LEAKY_RELU LESS LESS_EQUAL LOG
LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD
PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT
SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV UNPACK
VAR_HANDLE WHILE ZEROS_LIKE
"""
_CALLS = {name: "Add" + "".join(p.capitalize() for p in name.split("_")) for name in _NAMES.split()} | _IRREGULAR
_CALLS["PADV2"] = "AddPadV2"


def resolver_calls(kernels: Iterable[str]) -> tuple[str, ...]:
    """The resolver's methods for a model.

    Args:
        kernels: operator names as `OpInfo.kernel` has them, in any order, repeated or not.

    Returns:
        Method names, each once, in the order of the operators' names.

    Raises:
        BuildError: ``firmware.op``: TFLM has no such operator.
    """
    wanted = sorted(set(kernels))
    if unknown := [name for name in wanted if name not in _CALLS]:
        raise BuildError(
            "firmware.op",
            f"TensorFlow Lite Micro has no operator {unknown[0]}.",
            "Change the model so that it does without it.",
            {"ops": unknown},
        )
    return tuple(_CALLS[name] for name in wanted)
