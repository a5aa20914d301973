"""Masks of earlier pruning, as later stages keep them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .cost import kernel_of
from .student import Student


def by_variable(student: Student) -> dict[str, npt.NDArray[np.bool_]]:
    """The student's masks by the names of the kernels they belong to."""
    layers = {x.name: x for x in student.network.layers}
    return {kernel_of(layers[n]).name: m for n, m in student.facts.masks.items() if n in layers}
