"""What a model stage takes from a feature set, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, TRAIN, VALIDATION, FeatureSet, PluginError, RunContext

Floats = npt.NDArray[np.float32]
WIDEST = 32.0
"""Ratio of ranges above which the smallest feature has fewer than 8 of an 8-bit input's 256 steps."""


@dataclass(frozen=True, slots=True)
class Data:
    """Windows in the network's input shape.

    Attributes:
        train: float32, shape (windows, *input shape), altered copies among them.
        targets: float32, shape (windows, classes), of `train`.
        validation: as `train`, original windows only.
        validation_labels: int16.
    """

    train: Floats
    targets: Floats
    validation: Floats
    validation_labels: npt.NDArray[np.int16]

    def divided_by(self, scale: float) -> Data:
        """The same windows with smaller numbers; a scale of 1 copies nothing."""
        if scale == 1:
            return self
        by = np.float32(scale)
        return Data(self.train / by, self.targets, self.validation / by, self.validation_labels)


def training_data(features: FeatureSet, shape: tuple[int, int, int]) -> Data:
    """Training and validation windows; the test split is not touched.

    Raises:
        PluginError: there are fewer than two classes to train on.
    """
    values, labels = features.part(TRAIN)
    if len(features.classes) < 2 or len(np.unique(labels)) < 2:
        text = "There are fewer than two classes to train on."
        raise PluginError("model.too_few_classes", text, "Record and label takes of another class.")
    seen = (features.splits == VALIDATION) & features.original
    return Data(
        values.reshape(-1, *shape),
        features.targets_of(TRAIN),
        np.asarray(features.values[seen], np.float32).reshape(-1, *shape),
        features.labels[seen],
    )


def test_data(features: FeatureSet, shape: tuple[int, int, int]) -> tuple[Floats, npt.NDArray[np.int16]]:
    """The original test windows and their labels."""
    rows = (features.splits == TEST) & features.original
    return np.asarray(features.values[rows], np.float32).reshape(-1, *shape), features.labels[rows]


def confusion(labels: npt.NDArray[np.int16], guesses: npt.NDArray[np.intp], classes: int) -> list[list[int]]:
    """Rows are what it was, columns what was said."""
    table = np.zeros((classes, classes), dtype=int)
    np.add.at(table, (labels.astype(int), guesses.astype(int)), 1)
    return table.tolist()


def range_ratio(values: Floats) -> tuple[float, int, int]:
    """Largest by smallest range of the features along the last axis, and which two; constant ones do not count.

    Args:
        values: float32, shape (windows, ..., features).
    """
    flat = values.reshape(-1, values.shape[-1])
    ranges = flat.max(axis=0) - flat.min(axis=0)
    varying = np.flatnonzero(ranges > 0)
    if len(varying) < 2:
        return 1.0, 0, 0
    low, high = varying[ranges[varying].argmin()], varying[ranges[varying].argmax()]
    return float(ranges[high] / ranges[low]), int(low), int(high)


def warn_of_ranges(ctx: RunContext, features: FeatureSet) -> float:
    """Log features that an 8-bit input can hardly tell apart from nothing; returns the ratio of ranges."""
    values = np.asarray(features.values[(features.splits == TRAIN) & features.original], np.float32)
    if len(features.axes) == 2 and features.axes[-1] == "band":
        return 1.0
    ratio, low, high = range_ratio(values)
    if ratio > WIDEST:
        ctx.log(
            f"Feature {high}'s range is {ratio:,.0f} times that of feature {low}, which an 8-bit input tells in "
            f"{256 / ratio:.2g} steps. Give them like scales, or convert with 16-bit activations."
        )
    return ratio
