"""The training loop: batches, epochs, the best epoch by validation. Must never see the test split.

A loop of our own instead of ``fit``: no threads, so that cancelling is prompt and a seed decides every draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from motestudio.sdk import RunContext

from .data import Data, Floats

LAST_RATE = 0.01
"""Learning rate of the last step, in parts of the first."""
WARM_UP = 0.05
"""Part of all steps in which the learning rate rises."""
SMOOTHING = 0.05
LEAST_STEPS = 24
"""Steps of an epoch: a small set is gone through several times, varied anew each time, or it would hardly train."""


@dataclass(slots=True)
class History:
    """Figures of every epoch, and which one was kept."""

    rows: list[dict[str, float]] = field(default_factory=list)
    best: int = -1
    weights: Any = None


def class_weights(targets: Floats) -> Floats:
    """Weight of each class, so that a rare one counts as much as a frequent one; 1 on average.

    Args:
        targets: class memberships, shape (windows, classes).
    """
    counts = targets.sum(axis=0, dtype=np.float64)
    present = counts > 0
    weights = np.zeros(targets.shape[1], dtype=np.float32)
    weights[present] = len(targets) / (present.sum() * counts[present])
    return weights


def train(
    ctx: RunContext,
    model: Any,
    data: Data,
    augment: Callable[[Floats, np.random.Generator], Floats],
    *,
    epochs: int,
    batch: int,
    learning_rate: float,
    patience: int,
) -> History:
    """Train in place; the model has the best epoch's weights afterwards.

    Raises:
        Cancelled: the user cancelled, at the latest after one batch.
    """
    step_of, rate_of = _steps(model, learning_rate)
    history = History()
    passes = math.ceil(LEAST_STEPS / math.ceil(len(data.train) / batch))
    steps = math.ceil(passes * len(data.train) / batch)
    weights = data.targets @ class_weights(data.targets)
    for epoch in range(epochs):
        rng = np.random.default_rng([ctx.seed, epoch])
        order = np.concatenate([rng.permutation(len(data.train)) for _ in range(passes)])
        losses, hits = 0.0, 0
        for step in range(steps):
            ctx.check_cancelled()
            rate_of.assign(learning_rate * _schedule((epoch * steps + step) / (epochs * steps)))
            rows = np.sort(order[step * batch : (step + 1) * batch])
            loss, right = step_of(augment(data.train[rows], rng), data.targets[rows], weights[rows])
            losses += float(loss) * len(rows)
            hits += int(right)
        figures = {"loss": losses / len(order), "accuracy": hits / len(order)}
        figures |= _validate(model, data)
        history.rows.append(figures)
        for name, value in figures.items():
            ctx.metric(name, value, epoch)
        if history.best < 0 or _better(figures, history.rows[history.best]):
            history.best, history.weights = epoch, model.get_weights()
        shown = figures.get("val_accuracy", figures["accuracy"])
        ctx.progress((epoch + 1) / epochs, f"epoch {epoch + 1} of {epochs}, {shown:.1%}")
        if patience and epoch - history.best >= patience:
            ctx.log(f"No better validation for {patience} epochs: training ends with epoch {epoch + 1}.")
            break
    model.set_weights(history.weights)
    return history


def _steps(model: Any, learning_rate: float) -> tuple[Any, Any]:
    """A compiled training step, which gives loss and hits of a batch, and the learning rate's variable.

    ``train_on_batch`` builds a data pipeline for every batch, which takes longer than training a small network.
    """
    import tensorflow as tf
    import tf_keras

    loss_of = tf_keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING, reduction="none")
    optimizer = tf_keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)
    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec((None, model.output_shape[-1]), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    ]

    def step(values: Any, targets: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            scores = model(values, training=True)
            loss = tf.reduce_mean(loss_of(targets, scores) * weights)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        hits = tf.reduce_sum(tf.cast(tf.argmax(scores, 1) == tf.argmax(targets, 1), tf.int32))
        return loss, hits

    # Traced once: the function itself would look at every call's types again.
    traced = tf.function(step, input_signature=signature, autograph=False).get_concrete_function()

    def call(*arrays: Floats) -> Any:
        return traced(*(tf.convert_to_tensor(a) for a in arrays))

    return call, optimizer.learning_rate


def predict(model: Any, values: Floats, batch: int = 256) -> Floats:
    """Scores of windows, float32, shape (windows, classes)."""
    parts = [np.asarray(model(values[i : i + batch], training=False)) for i in range(0, len(values), batch)]
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), np.float32)


def _schedule(done: float) -> float:
    if done < WARM_UP:
        return max(LAST_RATE, done / WARM_UP)
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def _validate(model: Any, data: Data) -> dict[str, float]:
    if not len(data.validation):
        return {}
    scores = predict(model, data.validation)
    right = scores[np.arange(len(scores)), data.validation_labels]
    return {
        "val_loss": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "val_accuracy": float((scores.argmax(axis=1) == data.validation_labels).mean()),
    }


def _better(new: dict[str, float], old: dict[str, float]) -> bool:
    """By validation loss, which tells more than the accuracy of a few dozen windows; without one the last wins."""
    return "val_loss" not in new or new["val_loss"] < old["val_loss"]
