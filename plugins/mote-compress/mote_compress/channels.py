"""The stage: removes whole channels, so that the model on the board becomes smaller and faster.

A convolution that loses half of its outputs costs half, and the next one, which reads half as much, too: half of
all channels is about a quarter of the multiply-accumulates and weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, RunContext, Value

from .cost import macs, parameters
from .finetune import Course, train
from .graph import ChannelGraph, Space
from .masks import by_variable
from .ranking import ranked
from .rebuild import rebuilt
from .student import Student

Kept = dict[Space, npt.NDArray[np.intp]]


class Channels:
    """Compress stage ``mote-compress/channels``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Remove channels in rounds, each followed by training, and save the smaller model.

        A model that was trained for 8-bit integers is so again afterwards, with ranges found anew.

        Raises:
            PluginError: the network's channels cannot be followed, or there are none to remove.
            Cancelled: the user cancelled.
        """
        student = Student(ctx, inputs)
        before = {"parameters_before": parameters(student.network), "macs_before": macs(student.network)}
        sizes = {name: x.size for name, x in _spaces(student.network).items()}
        rounds = min(int(params["rounds"]), int(params["epochs"]))
        rows: list[dict[str, float]] = []
        best = -1
        for i in range(rounds):
            self._remove(ctx, student, params, sizes, (i + 1) / rounds)
            trainable = student.trainable()
            epochs = int(params["epochs"]) * (i + 1) // rounds - int(params["epochs"]) * i // rounds
            course = replace(
                Course.of(params, masks=by_variable(student)),
                epochs=epochs,
                start=i / rounds,
                span=1 / rounds,
                first_epoch=len(rows),
                candidate_from=-1 if i + 1 < rounds else 0,
            )
            done, kept = train(ctx, trainable, student.data, course)
            best = len(rows) + kept
            rows += done
            student.take_back(trainable)
        left = {name: x.size for name, x in _spaces(student.network).items()}
        ctx.log("Channels: " + ", ".join(f"{n} {sizes[n]} -> {left[n]}" for n in sizes))
        removed = sum(sizes.values()) - sum(left.values())
        return student.finish({"stage": "channels", "channels_removed": removed, **before}, rows, best)

    def _remove(
        self, ctx: RunContext, student: Student, params: Mapping[str, Value], sizes: Mapping[str, int], part: float
    ) -> None:
        """One round: `part` of all that is to go is gone afterwards."""
        graph = ChannelGraph(student.network)
        scores = ranked(ctx, student.network, graph, student.data, str(params["rank"]))
        kept: Kept = {}
        for space, score in scores.items():
            first = sizes[space.producers[0]]
            count = remaining(first, float(params["amount"]) * part, int(params["multiple"]))
            if count < space.size:
                kept[space] = np.sort(np.argsort(-score, kind="stable")[:count])
        if not kept:
            return
        student.network, masks = rebuilt(student.network, graph, kept, student.facts.masks)
        ranges: Mapping[str, tuple[float, float]] = {}
        if student.facts.ranges:
            from .rounding import calibrated

            ranges = calibrated(student.network, student.data.train[student.data.original])
        student.facts = replace(student.facts, masks=masks, ranges=ranges)


def remaining(size: int, amount: float, multiple: int) -> int:
    """Channels that are left: at least one, a whole number of groups of `multiple` where there are as many.

    Args:
        size: channels there were.
        amount: part to remove, 0..1.
        multiple: boards compute channels in groups of four; a group begun costs as much as a full one.
    """
    wanted = max(1.0, size * (1 - amount))
    if size < multiple:
        return max(1, round(wanted))
    return min(size, max(multiple, round(wanted / multiple) * multiple))


def _spaces(network: Any) -> dict[str, Space]:
    """Spaces that may lose channels, by the first layer that writes them.

    Raises:
        PluginError: there are none.
    """
    found = {s.producers[0]: s for s in ChannelGraph(network).prunable()}
    if not found:
        text = "The model has no channels that could be removed: all are its inputs or outputs."
        raise PluginError("channels.nothing", text, "Leave this stage out.")
    return found
