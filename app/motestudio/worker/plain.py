"""What a stage said of its output, as JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from motestudio.errors import PluginError

_DEEPEST = 20
_NOTHING = object()
LARGEST = 4 << 20
"""Bytes of what a stage may say of its output, roughly as JSON; more is data and belongs into a file."""


def plain(value: Any) -> Any:
    """JSON values: arrays and tuples become lists, numpy numbers Python's, what is not finite None.

    Raises:
        PluginError: something that JSON cannot hold, or more than `LARGEST`.
    """
    return _Plain().of(value, "meta", 0)


class _Plain:
    """One conversion, which counts as it goes: what is far too large is not made before that is noticed."""

    def __init__(self) -> None:
        self._left = LARGEST

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise PluginError(
                "stage.meta",
                f"The stage returned more than {LARGEST >> 20} MB of facts about its output.",
                "Data belongs into a file of its folder: report it to the stage's author.",
            )

    def of(self, value: Any, where: str, depth: int) -> Any:
        """One value and all in it."""
        self._count(len(value) if isinstance(value, str | bytes) else 2)
        made = self._single(value)
        if made is not _NOTHING:
            return made
        if depth < _DEEPEST:
            if isinstance(value, np.ndarray):
                self._count(2 * value.size)
                return self.of(value.tolist(), where, depth + 1)
            if isinstance(value, Mapping):
                return {self._key(k): self.of(v, f"{where}.{k}"[:200], depth + 1) for k, v in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self.of(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
        raise PluginError(
            "stage.meta", f"The stage returned a {type(value).__name__} in {where}.", "Return JSON values: report it."
        )

    def _key(self, key: Any) -> str:
        text = str(key)
        self._count(len(text))
        return text

    @staticmethod
    def _single(value: Any) -> Any:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | np.integer):
            return int(value)
        if isinstance(value, np.bool_):
            return bool(value)
        if isinstance(value, float | np.floating):
            return float(value) if math.isfinite(value) else None
        return str(value) if isinstance(value, PurePath) else _NOTHING
