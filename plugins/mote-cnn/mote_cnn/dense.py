"""The stage: trains a network of dense layers on features whose order has no meaning, such as statistics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.sdk import FeatureSet, ModelInfo, RunContext, Value

from .data import Data, Floats, training_data, warn_of_ranges
from .plan import Plan, dense_plan
from .trainer import Job, train_and_save


class Dense:
    """Model stage ``mote-cnn/dense``."""

    def infer_output(
        self, shape: tuple[int, ...], axes: tuple[str, ...], n_classes: int, params: Mapping[str, Value]
    ) -> ModelInfo:
        """Size and cost, by arithmetic."""
        return _plan(shape, axes, n_classes, params).info()

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train, and save ``model.keras`` and ``history.json``.

        Raises:
            PluginError: there is nothing to train on.
            Cancelled: the user cancelled.
        """
        features = FeatureSet.load(inputs["features"])
        plan = _plan(features.shape, features.axes, len(features.classes), params)
        data = training_data(features, plan.shape)
        warn_of_ranges(ctx, features)
        spread, noise = data.train.std(axis=0), np.float32(float(params["noise"]))

        def augment(batch: Floats, rng: np.random.Generator) -> Floats:
            if not noise:
                return batch
            level = rng.uniform(0, noise, (len(batch), 1, 1, 1)).astype(np.float32)
            varied: Floats = batch + level * spread * rng.standard_normal(batch.shape, dtype=np.float32)
            return varied

        job = Job(
            features, plan, data, augment, float(params["dropout"]), _standardise(data) if plan.normalise else None
        )
        return train_and_save(ctx, job, params)


def _plan(shape: tuple[int, ...], axes: tuple[str, ...], n_classes: int, params: Mapping[str, Value]) -> Plan:
    units, layers = int(params["units"]), int(params["layers"])
    return dense_plan(shape, axes, n_classes, units, layers, bool(params["standardise"]))


def _standardise(data: Data) -> Any:
    """A function that gives a fresh network's first layer a scale and a shift per feature, by the training windows."""
    flat = data.train.reshape(len(data.train), -1)

    def prepare(model: Any) -> None:
        mean, spread = flat.mean(axis=0), flat.std(axis=0)
        # Constant features tell nothing, and what is left of them is rounding.
        varies = spread > 1e-6 * np.maximum(1e-30, np.abs(mean))
        scale = np.where(varies, 1 / np.maximum(spread, 1e-30), 0.0)
        weights = [scale.reshape(1, 1, -1, 1).astype(np.float32), (-mean * scale).astype(np.float32)]
        model.get_layer("normalise").set_weights(weights)

    return prepare
