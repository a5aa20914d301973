"""The training loop of the compress stages: few epochs at a small learning rate, with masks kept and a teacher heard.

A loop of our own instead of ``fit``: no threads, so that cancelling is prompt and a seed decides every draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import RunContext, Value

from .data import Data, Floats, class_weights, evaluation

LAST_RATE = 0.01
"""Learning rate of the last step, in parts of the first."""
WARM_UP = 0.05
"""Part of all steps in which the learning rate rises."""
SMOOTHING = 0.05
LEAST_STEPS = 24
"""Steps of an epoch: a small set is gone through several times."""
SMALLEST = 1e-7


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a teacher says of the training windows.

    Attributes:
        scores: float32, shape (training windows, classes): its probabilities.
        temperature: by which both sides' logits are divided before they are compared.
        alpha: weight of the teacher against the labels, 0..1.
    """

    scores: Floats
    temperature: float
    alpha: float


@dataclass(frozen=True, slots=True)
class Course:
    """How to train.

    Attributes:
        epochs: how many.
        batch: windows a step.
        learning_rate: of the first epochs.
        masks: by the name of a kernel variable (``conv1/kernel:0``), which of its weights may differ from zero.
        remask: called with the part of all steps that is done and the kernels by layer; gives new masks, or None.
        candidate_from: first epoch that may be kept; -1 for the state before training too.
        teaching: or None.
        start: of progress, 0..1.
        span: of progress.
        first_epoch: number of the first epoch in metrics.
    """

    epochs: int
    batch: int
    learning_rate: float
    masks: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    remask: Callable[[float], Mapping[str, npt.NDArray[np.bool_]] | None] | None = None
    candidate_from: int = 0
    teaching: Teaching | None = None
    start: float = 0.0
    span: float = 1.0
    first_epoch: int = 0

    @classmethod
    def of(cls, params: Mapping[str, Value], **more: Any) -> Course:
        """From a stage's parameters."""
        return cls(int(params["epochs"]), int(params["batch"]), float(params["learning_rate"]), **more)


def train(ctx: RunContext, model: Any, data: Data, course: Course) -> tuple[list[dict[str, float]], int]:
    """Train in place; the model has the best allowed epoch's weights afterwards.

    Returns:
        Figures of every epoch, and the epoch that was kept.

    Raises:
        Cancelled: the user cancelled, at the latest after one batch.
    """
    step_of = _Step(model, course)
    rows: list[dict[str, float]] = []
    best, best_loss, kept = -1, math.inf, None
    if course.candidate_from < 0:
        best_loss, kept = evaluation(model, data)["loss"], model.get_weights()
    weights = data.targets @ class_weights(data.targets)
    passes = math.ceil(LEAST_STEPS / math.ceil(len(data.train) / course.batch))
    steps = math.ceil(passes * len(data.train) / course.batch)
    for epoch in range(course.epochs):
        rng = np.random.default_rng([ctx.seed, course.first_epoch + epoch])
        order = np.concatenate([rng.permutation(len(data.train)) for _ in range(passes)])
        losses, hits = 0.0, 0
        for step in range(steps):
            ctx.check_cancelled()
            done = (epoch * steps + step) / (course.epochs * steps)
            picked = np.sort(order[step * course.batch : (step + 1) * course.batch])
            loss, right = step_of(data, weights, picked, done)
            losses += loss * len(picked)
            hits += right
        seen = evaluation(model, data)
        figures = {"loss": losses / len(order), "accuracy": hits / len(order)}
        if len(data.validation):
            figures |= {"val_loss": seen["loss"], "val_accuracy": seen["accuracy"]}
        rows.append(figures)
        for name, value in figures.items():
            ctx.metric(name, value, course.first_epoch + epoch)
        # Without a validation split the last epoch is as good a choice as any.
        if epoch >= course.candidate_from and (kept is None or not len(data.validation) or seen["loss"] < best_loss):
            best, best_loss, kept = epoch, seen["loss"], model.get_weights()
        part = course.start + course.span * (epoch + 1) / course.epochs
        ctx.progress(part, f"epoch {epoch + 1} of {course.epochs}, {seen['accuracy']:.1%}")
    if kept is not None:
        model.set_weights(kept)
    return rows, best


class _Step:
    """One compiled step, its learning rate and its masks."""

    def __init__(self, model: Any, course: Course) -> None:
        import tensorflow as tf
        import tf_keras

        self._course, self._tensor = course, tf.convert_to_tensor
        self._optimizer = tf_keras.optimizers.Adam(course.learning_rate)
        self._optimizer.build(model.trainable_variables)
        by_name = {v.name: v for v in model.trainable_variables}
        self._kernels = {name: by_name[name] for name in course.masks}
        self._masks = {n: tf.Variable(m.astype(np.float32), trainable=False) for n, m in course.masks.items()}
        for name, kernel in self._kernels.items():
            kernel.assign(kernel * self._masks[name])
        classes = model.output_shape[-1]
        signature = [
            tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
            tf.TensorSpec((None, classes), tf.float32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None, classes), tf.float32),
        ]
        # Traced once: the function itself would look at every call's types again.
        traced = tf.function(self._build(model), input_signature=signature, autograph=False)
        self._compiled = traced.get_concrete_function()

    def _build(self, model: Any) -> Any:
        import tensorflow as tf
        import tf_keras

        loss_of = tf_keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING, reduction="none")
        teaching, optimizer = self._course.teaching, self._optimizer
        kernels, masks = self._kernels, self._masks
        variables = model.trainable_variables

        def step(values: Any, targets: Any, weights: Any, soft: Any) -> Any:
            with tf.GradientTape() as tape:
                scores = model(values, training=True)
                losses = loss_of(targets, scores) * weights
                if teaching is not None:
                    hot = teaching.temperature
                    theirs = tf.nn.softmax(tf.math.log(tf.maximum(soft, SMALLEST)) / hot)
                    ours = tf.nn.log_softmax(tf.math.log(tf.maximum(scores, SMALLEST)) / hot)
                    # Hinton et al. 2015: gradients of softened scores shrink by the square of the temperature.
                    told = -tf.reduce_sum(theirs * ours, axis=1) * hot * hot
                    losses = teaching.alpha * told + (1 - teaching.alpha) * losses
                loss = tf.reduce_mean(losses)
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            for name, kernel in kernels.items():
                kernel.assign(kernel * masks[name])
            hits = tf.reduce_sum(tf.cast(tf.argmax(scores, 1) == tf.argmax(targets, 1), tf.int32))
            return loss, hits

        return step

    def __call__(self, data: Data, weights: Floats, rows: npt.NDArray[np.int64], done: float) -> tuple[float, int]:
        """Train with some windows; loss and hits."""
        self._optimizer.learning_rate.assign(self._course.learning_rate * _schedule(done))
        if self._course.remask is not None and (masks := self._course.remask(done)) is not None:
            for name, mask in masks.items():
                self._masks[name].assign(mask.astype(np.float32))
        soft = self._course.teaching.scores[rows] if self._course.teaching is not None else data.targets[rows]
        given = (data.train[rows], data.targets[rows], weights[rows], soft)
        loss, hits = self._compiled(*(self._tensor(array) for array in given))
        return float(loss), int(hits)


def _schedule(done: float) -> float:
    if done < WARM_UP:
        return max(LAST_RATE, done / WARM_UP)
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
