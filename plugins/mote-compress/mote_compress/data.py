"""Windows for training on, and how good a model is on those that it was not trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, TRAIN, VALIDATION, FeatureSet, PluginError

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Data:
    """Windows in the network's input shape.

    Attributes:
        train: float32, shape (windows, *input shape), altered copies among them.
        targets: float32, shape (windows, classes), of `train`.
        original: bool, which of `train` are not altered.
        validation: original windows only.
        validation_labels: int16.
        test: original windows only, for one figure at the end.
        test_labels: int16.
    """

    train: Floats
    targets: Floats
    original: npt.NDArray[np.bool_]
    validation: Floats
    validation_labels: Labels
    test: Floats
    test_labels: Labels


def take(features: FeatureSet, shape: tuple[int, ...]) -> Data:
    """Sort a feature set by split.

    Raises:
        PluginError: the shape holds another number of values, or there are no training windows.
    """
    if int(np.prod(features.shape)) != int(np.prod(shape)):
        taken, given = ("x".join(map(str, s)) for s in (shape, features.shape))
        text = f"The model takes {taken} values, the features are {given}."
        raise PluginError("compress.shape", text, "Train the model again with these features.")
    values, _ = features.part(TRAIN)
    if not len(values):
        raise PluginError("compress.no_windows", "There are no training windows.", "Label some.")
    train = features.splits == TRAIN

    def original(split: int) -> tuple[Floats, Labels]:
        rows = (features.splits == split) & features.original
        return np.asarray(features.values[rows], np.float32).reshape(-1, *shape), features.labels[rows]

    kept = values.reshape(-1, *shape), features.targets_of(TRAIN), features.original[train]
    return Data(*kept, *original(VALIDATION), *original(TEST))


def predict(model: Any, values: Floats, batch: int = 256) -> Floats:
    """Scores of windows, float32, shape (windows, classes)."""
    parts = [np.asarray(model(values[i : i + batch], training=False)) for i in range(0, len(values), batch)]
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), np.float32)


def evaluation(model: Any, data: Data) -> dict[str, float]:
    """Loss and accuracy on validation windows, on original training windows where there are none."""
    if len(data.validation):
        scores, labels = predict(model, data.validation), data.validation_labels.astype(int)
    else:
        scores, labels = predict(model, data.train[data.original]), data.targets[data.original].argmax(axis=1)
    right = scores[np.arange(len(scores)), labels]
    return {
        "loss": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "accuracy": float((scores.argmax(axis=1) == labels).mean()),
    }


def class_weights(targets: Floats) -> Floats:
    """Weight of each class, so that a rare one counts as much as a frequent one; 1 on average."""
    counts = targets.sum(axis=0, dtype=np.float64)
    present = counts > 0
    weights = np.zeros(targets.shape[1], dtype=np.float32)
    weights[present] = len(targets) / (present.sum() * counts[present])
    return weights
