"""How good outputs are: accuracy by window and by take, confusion, recall and precision. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int16]


def confusion(labels: Labels, guesses: npt.NDArray[np.intp], classes: int) -> npt.NDArray[np.int64]:
    """Counts, shape (classes, classes): rows are what it was, columns what was said."""
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (labels.astype(int), guesses.astype(int)), 1)
    return table


def by_take(
    scores: npt.NDArray[np.float32], labels: Labels, takes: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float32], Labels]:
    """Mean score and label of each take, in take order."""
    names, index = np.unique(takes, return_inverse=True)
    sums = np.zeros((len(names), scores.shape[1]), dtype=np.float64)
    np.add.at(sums, index, scores)
    first = np.zeros(len(names), dtype=np.int16)
    first[index] = labels
    means = sums / np.bincount(index, minlength=len(names))[:, None]
    return means.astype(np.float32), first


def per_class(table: npt.NDArray[np.int64], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Recall and precision of each class; None where nothing was or was said to be of it."""
    rows = []
    for i, name in enumerate(classes):
        was, said, hit = int(table[i].sum()), int(table[:, i].sum()), int(table[i, i])
        recall, precision = hit / was if was else None, hit / said if said else None
        rows.append({"class": name, "windows": was, "recall": recall, "precision": precision})
    return rows


def summary(
    scores: npt.NDArray[np.float32], labels: Labels, takes: npt.NDArray[np.int32], classes: Sequence[str]
) -> dict[str, Any]:
    """All figures of one split, JSON values."""
    guesses = scores.argmax(axis=1)
    table = confusion(labels, guesses, len(classes))
    take_scores, take_labels = by_take(scores, labels, takes)
    take_guesses = take_scores.argmax(axis=1)
    return {
        "windows": len(labels),
        "accuracy": float((guesses == labels).mean()),
        "takes": len(take_labels),
        "take_accuracy": float((take_guesses == take_labels).mean()),
        "confusion": table.tolist(),
        "take_confusion": confusion(take_labels, take_guesses, len(classes)).tolist(),
        "per_class": per_class(table, classes),
        "classes": list(classes),
    }
