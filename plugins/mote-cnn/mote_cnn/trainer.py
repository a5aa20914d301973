"""What the model stages share: train a planned network, save it, and say how good it is.

The test split is looked at once, after training, for one figure; nothing is chosen by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motestudio.sdk import FeatureSet, RunContext, TrainedModel, Value

from .data import Data, Floats, confusion, test_data
from .network import build, keras, trained_parameters
from .plan import Plan
from .training import History, predict, train


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be trained.

    Attributes:
        features: all splits.
        plan: of the network.
        data: training and validation windows in the network's shape.
        augment: gives a varied copy of a batch.
        dropout: part of the last layer's inputs.
        prepare: sets weights of the fresh network, or None.
    """

    features: FeatureSet
    plan: Plan
    data: Data
    augment: Callable[[Floats, np.random.Generator], Floats]
    dropout: float
    prepare: Callable[[Any], None] | None = None


def train_and_save(ctx: RunContext, job: Job, params: Mapping[str, Value]) -> dict[str, Any]:
    """Train, save the model folder and ``history.json``; returns the figures.

    Args:
        ctx: of the run.
        job: what.
        params: ``epochs``, ``batch``, ``learning_rate`` and ``patience``.

    Raises:
        Cancelled: the user cancelled, at the latest after one batch.
    """
    ctx.progress(0.0, "starting TensorFlow")
    tf_keras = keras(ctx.seed)
    ctx.check_cancelled()
    model = build(job.plan, job.dropout)
    scale = 1.0 if job.plan.normalise else _scale(job.data.train)
    if job.prepare is not None:
        job.prepare(model)
    history = train(
        ctx,
        model,
        job.data.divided_by(scale),
        lambda batch, rng: job.augment(batch * np.float32(scale), rng) / np.float32(scale),
        epochs=int(params["epochs"]),
        batch=int(params["batch"]),
        learning_rate=float(params["learning_rate"]),
        patience=int(params["patience"]),
    )
    first = model.get_layer(job.plan.convs[0].name)
    first.set_weights([first.get_weights()[0] / scale])
    model.save(ctx.workdir / TrainedModel.FILE)
    TrainedModel().save(ctx.workdir)
    facts = _facts(ctx, model, job, history)
    tf_keras.backend.clear_session()
    return facts


def _scale(values: Floats) -> float:
    """A power of two by which features are divided while training, where they are far from a size of one.

    It ends up in the first layer's weights, which have no bias, so that nothing changes but the optimizer's view.
    """
    spread = float(values.std())
    return 1.0 if 0.1 <= spread <= 10 or not spread else float(2.0 ** np.round(np.log2(spread)))


def _facts(ctx: RunContext, model: Any, job: Job, history: History) -> dict[str, Any]:
    classes, rows, best = job.features.classes, history.rows, history.best
    table = {"epochs": rows, "best_epoch": best, "classes": list(classes)}
    (ctx.workdir / "history.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    test, test_labels = test_data(job.features, job.plan.shape)
    guesses = predict(model, test).argmax(axis=1)
    seen = predict(model, job.data.validation).argmax(axis=1)
    counts = {"train": len(job.data.train), "validation": len(job.data.validation), "test": len(test_labels)}
    return {
        "parameters": trained_parameters(model),
        "macs": job.plan.info().macs,
        "epochs": len(rows),
        "best_epoch": best,
        "accuracy": rows[best]["accuracy"],
        "val_accuracy": rows[best].get("val_accuracy"),
        "val_confusion": confusion(job.data.validation_labels, seen, len(classes)),
        "float_accuracy": float((guesses == test_labels).mean()) if len(test_labels) else None,
        "windows": counts,
    }
