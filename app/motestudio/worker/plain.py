"""What a stage said of its output, as JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from motestudio.errors import PluginError

_DEEPEST = 20


def plain(value: Any, where: str = "meta", depth: int = 0) -> Any:
    """JSON values: arrays and tuples become lists, numpy numbers Python's, what is not finite None.

    Raises:
        PluginError: something that JSON cannot hold.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return str(value)
    if depth < _DEEPEST:
        if isinstance(value, np.ndarray):
            return plain(value.tolist(), where, depth)
        if isinstance(value, Mapping):
            return {str(k): plain(v, f"{where}.{k}", depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [plain(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
    raise PluginError(
        "stage.meta", f"The stage returned a {type(value).__name__} in {where}.", "Return JSON values: report it."
    )
