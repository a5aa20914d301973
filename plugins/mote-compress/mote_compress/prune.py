"""The stage: sets the smallest weights to zero, little by little while training goes on.

Zeros cost as much as other weights in the model's file on the board: no flash, RAM or time is saved. They compress
well, so that an update that is sent to boards shrinks. Where the board itself must gain, use `channels`.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, RunContext, Value

from .cost import kernel_of
from .finetune import Course, train
from .student import Student

RAMP = 0.5
"""Part of the training in which zeros are added; the rest mends what they did."""
UPDATES = 24
"""Times in that part that weights are chosen anew."""

Mask = npt.NDArray[np.bool_]
Masks = dict[str, Mask]


class Prune:
    """Compress stage ``mote-compress/prune``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Prune by magnitude, layer by layer, and save the model with its masks.

        The part of zeros rises along a cubic from what earlier stages left (Zhu and Gupta, "To prune, or not to
        prune", 2017). A weight once zero stays so, here and in later stages.

        Raises:
            PluginError: the model has nothing to prune.
            Cancelled: the user cancelled.
        """
        student = Student(ctx, inputs)
        layers = {x.name: kernel_of(x) for x in student.network.layers if prunable(x)}
        if not layers:
            text = "The model has no convolution or dense layer to prune."
            raise PluginError("prune.nothing", text, "Leave this stage out.")
        target = float(params["sparsity"])
        start = {n: student.facts.masks.get(n, np.ones(k.shape, np.bool_)) for n, k in layers.items()}
        trainable = student.trainable()
        kernels = {v.name: v for v in trainable.trainable_variables}
        ramp = _Ramp({n: kernels[k.name] for n, k in layers.items()}, start, target)
        names = {n: k.name for n, k in layers.items()}
        epochs = int(params["epochs"])
        course = Course.of(
            params,
            masks={names[n]: m for n, m in start.items()},
            remask=lambda done: ramp.at(done, names),
            candidate_from=int(np.ceil(epochs * RAMP)) if epochs > 1 else 0,
        )
        rows, best = train(ctx, trainable, student.data, course)
        student.take_back(trainable)
        student.facts = replace(student.facts, masks=ramp.masks)
        zeros, total = _zeros(student.network, layers)
        ctx.log(f"{zeros} of {total} weights are zero.")
        step = {"stage": "prune", "zeros": zeros, "weights": total, "packed_bytes": _packed(layers)}
        return student.finish(step, rows, best)


def prunable(layer: Any) -> bool:
    """Whether a layer's kernel is pruned: depthwise ones have too few weights to be worth it."""
    return type(layer).__name__ in ("Conv1D", "Conv2D", "Dense") and bool(layer.trainable)


def smallest_off(
    kernel: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], sparsity: float
) -> npt.NDArray[np.bool_]:
    """A mask with at least that part of False; weights that are off stay off.

    Args:
        kernel: any shape.
        mask: of the same shape.
        sparsity: 0..1, of this kernel.
    """
    off = round(sparsity * kernel.size)
    size = np.where(mask, np.abs(kernel), -1.0).reshape(-1)
    out = mask.reshape(-1).copy()
    # A stable sort: equal magnitudes go in the order in which they lie, on every computer.
    out[np.argsort(size, kind="stable")[:off]] = False
    return out.reshape(mask.shape)


class _Ramp:
    """The masks as they are at a point of the training."""

    def __init__(self, kernels: Mapping[str, Any], masks: Masks, target: float) -> None:
        self._kernels, self.masks, self._target = kernels, dict(masks), target
        self._from = {n: 1 - float(m.mean()) for n, m in masks.items()}
        self._update = -1

    def at(self, done: float, names: Mapping[str, str]) -> Masks | None:
        """New masks by variable name, or None where it is not time for new ones."""
        update = min(UPDATES, int(done / RAMP * UPDATES))
        if update == self._update:
            return None
        self._update = update
        rest = (1 - update / UPDATES) ** 3
        for name, kernel in self._kernels.items():
            sparsity = self._target + (self._from[name] - self._target) * rest
            self.masks[name] = smallest_off(kernel.numpy(), self.masks[name], max(sparsity, self._from[name]))
        return {names[n]: m for n, m in self.masks.items()}


def _zeros(network: Any, layers: Mapping[str, Any]) -> tuple[int, int]:
    kernels = [kernel_of(network.get_layer(n)).numpy() for n in layers]
    return sum(int((k == 0).sum()) for k in kernels), sum(k.size for k in kernels)


def _packed(layers: Mapping[str, Any]) -> int:
    """Bytes of the kernels as 8-bit integers after deflate: what a download of them takes."""
    out = io.BytesIO()
    for kernel in layers.values():
        values = kernel.numpy()
        largest = np.abs(values).max(axis=tuple(range(values.ndim - 1))) / 127
        out.write(np.round(values / np.where(largest > 0, largest, 1)).astype(np.int8).tobytes())
    return len(zlib.compress(out.getvalue(), 9))
