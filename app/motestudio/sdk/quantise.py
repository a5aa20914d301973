"""The one rounding that desk and board share.

The C core does the same operations in the same order in single precision (``mote_quantise`` in ``mote_core.h``,
compiled without contraction), so both sides get the same integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_LIMITS = {"int8": (-128, 127), "int16": (-32767, 32767)}
"""Of the codes; a 16-bit input is symmetric, as TFLM's kernels expect it."""


def quantise(values: npt.NDArray[np.float32], scale: float, zero_point: int, type_: str = "int8") -> npt.NDArray[Any]:
    """Quantise features to a model's input, halves away from zero.

    Args:
        values: float32, any shape.
        scale: of the model's input.
        zero_point: of the model's input.
        type_: ``int8`` or ``int16``.

    Returns:
        Integers of that type, same shape, saturated.
    """
    inverse = np.float32(1.0) / np.float32(scale)
    scaled = np.asarray(values, dtype=np.float32) * inverse
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    # Saturate before the integer conversion: a float beyond int32 has no defined integer in C either.
    bounded = np.clip(rounded, np.float32(-1e6), np.float32(1e6)).astype(np.int32) + np.int32(zero_point)
    codes: npt.NDArray[Any] = np.clip(bounded, *_LIMITS[type_]).astype(type_)
    return codes


def reduce_scores(scores: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """A 16-bit model's scores as the board sends them: rounded to 8 bits, the scale 256 times as large.

    Args:
        scores: int16, any shape.

    Returns:
        int8, same shape, saturated.
    """
    reduced: npt.NDArray[np.int8] = np.clip((scores.astype(np.int32) + 128) >> 8, -128, 127).astype(np.int8)
    return reduced
