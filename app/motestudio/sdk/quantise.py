"""The one rounding that desk and board share.

The C core does the same operations in the same order in single precision (``mote_quantise`` in ``mote_core.h``,
compiled without contraction), so both sides get the same integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def quantise(values: npt.NDArray[np.float32], scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Quantise features to a model's int8 input, halves away from zero.

    Args:
        values: float32, any shape.
        scale: of the model's input.
        zero_point: of the model's input.

    Returns:
        int8, same shape, saturated at -128 and 127.
    """
    inverse = np.float32(1.0) / np.float32(scale)
    scaled = np.asarray(values, dtype=np.float32) * inverse
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    # Saturate before the integer conversion: a float beyond int32 has no defined integer in C either.
    bounded = np.clip(rounded, np.float32(-1e6), np.float32(1e6)).astype(np.int32) + np.int32(zero_point)
    codes: npt.NDArray[np.int8] = np.clip(bounded, -128, 127).astype(np.int8)
    return codes
