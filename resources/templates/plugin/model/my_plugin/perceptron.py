"""The stage: trains a small network with tf_keras and saves it for the stages that compress and convert.

TensorFlow is imported inside of functions: the window asks `infer_output` in a process that must not load it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TRAIN, VALIDATION, FeatureSet, ModelInfo, PluginError, RunContext, TrainedModel, Value

Floats = npt.NDArray[np.float32]
_BATCH = 32


class Perceptron:
    """Model stage."""

    def infer_output(
        self, shape: tuple[int, ...], axes: tuple[str, ...], n_classes: int, params: Mapping[str, Value]
    ) -> ModelInfo:
        """Size and cost, by arithmetic."""
        del axes  # any features will do: they are flattened
        inputs, hidden = math.prod(shape), int(params["hidden"])
        weights = inputs * hidden + hidden * n_classes
        return ModelInfo(
            parameters=weights + hidden + n_classes,
            macs=weights,
            flash_bytes=weights + 4 * (hidden + n_classes),
            ram_bytes=inputs + hidden,
        )

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train, and save ``model.keras`` and ``history.json``.

        Raises:
            PluginError: there is nothing to train on, or the run to start from is of another network.
            Cancelled: the user cancelled, at the latest after one batch.
        """
        features = FeatureSet.load(inputs["features"])
        values, labels = features.part(TRAIN)
        if len(np.unique(labels)) < 2:
            text = "There are fewer than two classes to train on."
            raise PluginError("perceptron.classes", text, "Record and label takes of another class.")
        ctx.progress(0.0, "starting TensorFlow")
        model = self._network(features, params, ctx.seed)
        if "start_from" in inputs:
            _take_weights(model, inputs["start_from"])
        weights = _weights(labels, len(features.classes), bool(params["balance"]))
        targets = features.targets_of(TRAIN)
        rows, best = self._train(ctx, model, features, values, targets, weights, int(params["epochs"]))
        model.save(ctx.workdir / TrainedModel.FILE)
        TrainedModel().save(ctx.workdir)
        table = {"epochs": rows, "best_epoch": best, "classes": list(features.classes)}
        (ctx.workdir / "history.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        info = self.infer_output(features.shape, features.axes, len(features.classes), params)
        facts = {"parameters": info.parameters, "macs": info.macs, "epochs": len(rows), "best_epoch": best}
        return facts | {"val_accuracy": rows[best].get("val_accuracy"), "remark": str(params["remark"])}

    def _network(self, features: FeatureSet, params: Mapping[str, Value], seed: int) -> Any:
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        import tensorflow as tf
        import tf_keras

        tf_keras.backend.clear_session()
        tf_keras.utils.set_random_seed(seed)
        tf.config.experimental.enable_op_determinism()
        layers = tf_keras.layers
        inputs = tf_keras.Input(features.shape, name="features")
        x = layers.Flatten(name="flat")(inputs)
        activation = layers.ReLU(6.0 if params["activation"] == "relu6" else None, name="activation")
        x = activation(layers.Dense(int(params["hidden"]), name="hidden")(x))
        scores = layers.Softmax(name="scores")(layers.Dense(len(features.classes), name="classes")(x))
        model = tf_keras.Model(inputs, scores, name="perceptron")
        rate = float(params["learning_rate"])
        model.compile(tf_keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    def _train(
        self,
        ctx: RunContext,
        model: Any,
        features: FeatureSet,
        values: Floats,
        targets: Floats,
        weights: Floats,
        epochs: int,
    ) -> tuple[list[dict[str, float]], int]:
        """Train in place; the model has the best epoch's weights afterwards. Returns figures and the best epoch."""
        seen = (features.splits == VALIDATION) & features.original
        held, truth = np.asarray(features.values[seen]), features.labels[seen]
        rng = np.random.default_rng(ctx.seed)
        rows: list[dict[str, float]] = []
        best, kept = 0, model.get_weights()
        for epoch in range(epochs):
            model.reset_metrics()
            order = rng.permutation(len(values))
            figures: dict[str, float] = {}
            for start in range(0, len(order), _BATCH):
                ctx.check_cancelled()
                part = order[start : start + _BATCH]
                figures = model.train_on_batch(
                    values[part], targets[part], weights[part], reset_metrics=False, return_dict=True
                )
            row = {"loss": float(figures["loss"]), "accuracy": float(figures["accuracy"])}
            if len(held):
                scores = np.asarray(model(held, training=False))
                row["val_loss"] = float(-np.log(np.maximum(scores[np.arange(len(truth)), truth], 1e-7)).mean())
                row["val_accuracy"] = float((scores.argmax(axis=1) == truth).mean())
            rows.append(row)
            for name, value in row.items():
                ctx.metric(name, value, epoch)
            if epoch == 0 or row.get("val_loss", -math.inf) <= rows[best].get("val_loss", 0.0):
                best, kept = epoch, model.get_weights()
            ctx.progress((epoch + 1) / epochs, f"epoch {epoch + 1} of {epochs}")
        model.set_weights(kept)
        return rows, best


def _weights(labels: npt.NDArray[np.int16], classes: int, balance: bool) -> Floats:
    """Weight of every training window, 1 on average."""
    if not balance:
        return np.ones(len(labels), np.float32)
    counts = np.bincount(labels, minlength=classes).astype(np.float32)
    each: Floats = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels].astype(np.float32)
    return each


def _take_weights(model: Any, folder: Path) -> None:
    import tf_keras

    try:
        earlier = tf_keras.models.load_model(folder / TrainedModel.FILE, compile=False)
        model.set_weights(earlier.get_weights())
    except (OSError, ValueError) as error:
        text = f"The run to start from holds another network: {str(error).splitlines()[0][:200]}"
        raise PluginError("perceptron.start", text, "Choose a run with the same features and hidden units.") from error
