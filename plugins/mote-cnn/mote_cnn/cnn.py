"""The stage: trains a small network on a feature set.

The test split is looked at once, after training, for one figure; nothing is chosen by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, TRAIN, VALIDATION, FeatureSet, PluginError, RunContext, Value

from .augment import Augmenter
from .network import build, input_shape
from .training import Data, predict, train

MOTION_UNITS = ("g", "m/s²", "m/s^2", "m/s2", "°/s", "dps", "deg/s", "rad/s")


class Cnn:
    """Model stage ``mote-cnn/cnn``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train, and save ``model.keras`` and ``history.json``.

        Raises:
            PluginError: features do not suit, or there is nothing to train on.
            Cancelled: the user cancelled.
        """
        features = FeatureSet.load(inputs["features"])
        shape = input_shape(features.axes, features.shape)
        data = _data(features, shape)
        ctx.progress(0.0, "starting TensorFlow")
        keras = _keras(ctx.seed)
        ctx.check_cancelled()
        size = str(params["size"])
        model = build(features.axes, features.shape, len(features.classes), size, float(params["dropout"]))
        bands = features.axes[1] == "band"
        triads = () if bands else triads_of([c.unit for c in features.signal.group.channels])
        augmenter = Augmenter(data.train.reshape(-1, *features.shape), bands, params, triads)

        def augment(batch: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
            return augmenter(batch.reshape(-1, *features.shape), rng).reshape(batch.shape)

        history = train(
            ctx,
            model,
            data,
            augment,
            epochs=int(params["epochs"]),
            batch=int(params["batch"]),
            learning_rate=float(params["learning_rate"]),
            patience=int(params["patience"]),
        )
        model.save(ctx.workdir / "model.keras")
        keras.backend.clear_session()
        return self._facts(ctx, model, features, data, history.rows, history.best)

    def _facts(
        self, ctx: RunContext, model: Any, features: FeatureSet, data: Data, rows: list[dict[str, float]], best: int
    ) -> dict[str, Any]:
        n = len(features.classes)
        table = {"epochs": rows, "best_epoch": best, "classes": list(features.classes)}
        (ctx.workdir / "history.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        test, test_labels = features.part(TEST)
        guesses = predict(model, test.reshape(-1, *data.train.shape[1:])).argmax(axis=1)
        seen = predict(model, data.validation).argmax(axis=1)
        return {
            "parameters": int(model.count_params()),
            "epochs": len(rows),
            "best_epoch": best,
            "accuracy": rows[best]["accuracy"],
            "val_accuracy": rows[best].get("val_accuracy"),
            "val_confusion": _confusion(data.validation_labels, seen, n),
            "float_accuracy": float((guesses == test_labels).mean()) if len(test_labels) else None,
            "windows": {"train": len(data.train), "validation": len(data.validation), "test": len(test_labels)},
        }


def triads_of(units: Sequence[str]) -> tuple[int, ...]:
    """First channel of every three in a row that share a unit of motion: the axes of one sensor."""
    out: list[int] = []
    for i in range(len(units) - 2):
        same = units[i] == units[i + 1] == units[i + 2]
        if same and units[i] in MOTION_UNITS and (not out or i >= out[-1] + 3):
            out.append(i)
    return tuple(out)


def _data(features: FeatureSet, shape: tuple[int, int, int]) -> Data:
    train_values, train_labels = features.part(TRAIN)
    values, labels = features.part(VALIDATION)
    if len(features.classes) < 2 or len(np.unique(train_labels)) < 2:
        text = "There are fewer than two classes to train on."
        raise PluginError("model.too_few_classes", text, "Record and label takes of another class.")
    return Data(
        train_values.reshape(-1, *shape), train_labels, values.reshape(-1, *shape), labels, len(features.classes)
    )


def _keras(seed: int) -> Any:
    """tf_keras, repeatable from this seed on."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import tf_keras

    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return tf_keras


def _confusion(labels: npt.NDArray[np.int16], guesses: npt.NDArray[np.intp], classes: int) -> list[list[int]]:
    """Rows are what it was, columns what was said."""
    table = np.zeros((classes, classes), dtype=int)
    np.add.at(table, (labels.astype(int), guesses.astype(int)), 1)
    return table.tolist()
