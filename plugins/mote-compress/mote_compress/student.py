"""The model that a compress stage works on: a plain network, and what must be kept of earlier stages.

Quantisation-aware training wraps a network's layers while it trains. Folders never hold wrapped networks: `Student`
puts the wrappers on where the model was trained so before, and takes weights and ranges back when training ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motestudio.sdk import FeatureSet, PluginError, RunContext, TrainedModel

from .cost import macs, parameters
from .data import Data, Floats, evaluation, take


def keras(seed: int) -> Any:
    """tf_keras, repeatable from this seed on."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import tf_keras

    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return tf_keras


def load_network(path: Path, code: str) -> Any:
    """A model from its file, for inference or for training on.

    Raises:
        PluginError: of the given code; it cannot be loaded, or has several inputs or outputs.
    """
    import tf_keras

    try:
        model = tf_keras.models.load_model(path, compile=False)
    except Exception as error:  # tf_keras raises what it likes for a foreign file
        text = f"{path.name} cannot be loaded: {error}"[:500]
        raise PluginError(code, text, "Train the model again.") from error
    if len(model.inputs) != 1 or len(model.outputs) != 1 or model.output_shape[-1] is None:
        text = f"The model has {len(model.inputs)} inputs and {len(model.outputs)} outputs."
        raise PluginError(code, text, "A model that classifies windows has one of each.")
    return model


class Student:
    """A network under compression.

    Args:
        ctx: of the run.
        inputs: the folders ``model`` and ``features``.

    Attributes:
        network: the plain tf_keras model.
        facts: of its folder.
        features: all splits.
        data: training and validation windows in the network's shape.

    Raises:
        PluginError: model and features do not suit each other, or there is nothing to train on.
    """

    def __init__(self, ctx: RunContext, inputs: Mapping[str, Path]) -> None:
        self._ctx = ctx
        self.features = FeatureSet.load(inputs["features"])
        self.facts = TrainedModel.load(inputs["model"])
        ctx.progress(0.0, "starting TensorFlow")
        keras(ctx.seed)
        ctx.check_cancelled()
        self.network = load_network(inputs["model"] / TrainedModel.FILE, "compress.model")
        if self.network.output_shape[-1] != len(self.features.classes):
            text = (
                f"The model tells {self.network.output_shape[-1]} classes, the features {len(self.features.classes)}."
            )
            raise PluginError("compress.classes", text, "Train the model again.")
        self.data: Data = take(self.features, tuple(self.network.input_shape[1:]))
        self.before = evaluation(self.network, self.data)

    def trainable(self) -> Any:
        """The model to train: the plain one, or, where ranges are known, one that rounds as integers will."""
        if not self.facts.ranges:
            return self.network
        from .rounding import wrapped

        return wrapped(self.network, self.facts.ranges)

    def take_back(self, trained: Any) -> None:
        """Copy weights and ranges from what `trainable` gave."""
        if trained is self.network:
            return
        from .rounding import copy_weights, ranges_of

        copy_weights(trained, self.network)
        ranges = ranges_of(trained, self.network)
        self.facts = TrainedModel(self.facts.framework, ranges, self.facts.masks, self.facts.steps)

    def finish(self, step: Mapping[str, Any], rows: list[dict[str, float]], best: int) -> dict[str, Any]:
        """Save the model folder and ``history.json``; returns the run's figures.

        Args:
            step: the stage and what it says of itself.
            rows: figures of every epoch.
            best: the epoch that was kept, -1 for the state before training.
        """
        workdir = self._ctx.workdir
        trained = self.trainable()
        after = evaluation(trained, self.data)
        facts = {
            **{k: v for k, v in step.items() if k != "stage"},
            "accuracy_before": self.before["accuracy"],
            "accuracy_after": after["accuracy"],
            "measured_on": "validation" if len(self.data.validation) else "training",
            "parameters": parameters(self.network),
            "macs": macs(self.network),
            "sparsity": self.facts.sparsity,
            "quantisation_aware": self.facts.quantisation_aware,
            "epochs": len(rows),
            "best_epoch": best,
        }
        if len(self.data.test):
            facts["float_accuracy"] = _hits(trained, self.data.test, self.data.test_labels)
        if len(self.data.validation):
            facts["val_accuracy"] = after["accuracy"]
        self.network.save(workdir / TrainedModel.FILE)
        self.facts.after(
            {**step, "accuracy_before": facts["accuracy_before"], "accuracy_after": after["accuracy"]}
        ).save(workdir)
        table = {"epochs": rows, "best_epoch": best, "classes": list(self.features.classes)}
        (workdir / "history.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        import tf_keras

        tf_keras.backend.clear_session()
        self._ctx.progress(1.0, f"{facts['accuracy_before']:.1%} before, {facts['accuracy_after']:.1%} after")
        return facts


def _hits(model: Any, values: Floats, labels: Any) -> float:
    from .data import predict

    return float((predict(model, values).argmax(axis=1) == labels).mean())
