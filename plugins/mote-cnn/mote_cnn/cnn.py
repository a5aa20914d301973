"""The stage: trains a small convolutional network on a feature set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.sdk import FeatureSet, ModelInfo, RunContext, Value

from .augment import Augmenter
from .data import Floats, training_data, warn_of_ranges
from .plan import cnn_plan, is_image
from .trainer import Job, train_and_save

MOTION_UNITS = ("g", "m/s²", "m/s^2", "m/s2", "°/s", "dps", "deg/s", "rad/s")


class Cnn:
    """Model stage ``mote-cnn/cnn``."""

    def infer_output(
        self, shape: tuple[int, ...], axes: tuple[str, ...], n_classes: int, params: Mapping[str, Value]
    ) -> ModelInfo:
        """Size and cost, by arithmetic.

        Raises:
            PluginError: features that a convolution over time makes no sense of.
        """
        return cnn_plan(shape, axes, n_classes, str(params["size"])).info()

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train, and save ``model.keras`` and ``history.json``.

        Raises:
            PluginError: features do not suit, or there is nothing to train on.
            Cancelled: the user cancelled.
        """
        features = FeatureSet.load(inputs["features"])
        plan = cnn_plan(features.shape, features.axes, len(features.classes), str(params["size"]))
        data = training_data(features, plan.shape)
        warn_of_ranges(ctx, features)
        bands = is_image(features.axes)
        if bands and plan.shape[2] > 1:
            # Channels of one picture belong together, and the variations know one picture only.
            return train_and_save(ctx, Job(features, plan, data, _unchanged, float(params["dropout"])), params)
        seen = plan.shape[0], plan.shape[1] * plan.shape[2]
        windows = data.train.reshape(len(data.train), *seen)
        augmenter = Augmenter(windows, bands, params, () if bands else triads(features, windows))

        def augment(batch: Floats, rng: np.random.Generator) -> Floats:
            return augmenter(batch.reshape(len(batch), *seen), rng).reshape(batch.shape)

        return train_and_save(ctx, Job(features, plan, data, augment, float(params["dropout"])), params)


def triads(features: FeatureSet, windows: Floats) -> tuple[int, ...]:
    """First column of every three that are the axes of one motion sensor, in all blocks with channels as columns.

    Args:
        features: what the columns are.
        windows: float32, shape (windows, time, columns).
    """
    units = [c.unit for c in features.signal.group.channels]
    found, start = [], 0
    for block in features.blocks:
        width = int(np.prod(block.shape[1:]))
        if block.axes == ("time", "channel") and width == len(units):
            for first in triads_of(units):
                three = windows[:, :, start + first : start + first + 3]
                # What is never below zero is an envelope or a power: it has no direction to turn.
                if three.size and three.min() < 0:
                    found.append(start + first)
        start += width
    return tuple(found)


def triads_of(units: Sequence[str]) -> tuple[int, ...]:
    """First channel of every three in a row that share a unit of motion: the axes of one sensor."""
    out: list[int] = []
    for i in range(len(units) - 2):
        same = units[i] == units[i + 1] == units[i + 2]
        if same and units[i] in MOTION_UNITS and (not out or i >= out[-1] + 3):
            out.append(i)
    return tuple(out)


def _unchanged(batch: Floats, rng: np.random.Generator) -> Floats:
    return batch
