"""What a network costs: trained numbers, and multiply-accumulates of one inference."""

from __future__ import annotations

import math
from typing import Any

_WEIGHTED = {"Conv1D", "Conv2D", "Dense", "DepthwiseConv2D", "DepthwiseConv1D"}


def kernel_of(layer: Any) -> Any:
    """The kernel variable of a layer that multiplies, else None."""
    if type(layer).__name__ not in _WEIGHTED:
        return None
    return layer.depthwise_kernel if hasattr(layer, "depthwise_kernel") else layer.kernel


def parameters(model: Any) -> int:
    """Numbers that training changes."""
    return sum(int(v.shape.num_elements()) for v in model.trainable_variables)


def macs(model: Any) -> int:
    """Multiply-accumulates of convolutions and dense layers, those on padding too."""
    total = 0
    for layer in model.layers:
        kernel = kernel_of(layer)
        if kernel is not None:
            places = math.prod(int(n) for n in layer.output_shape[1:-1])
            total += places * int(kernel.shape.num_elements())
    return total
