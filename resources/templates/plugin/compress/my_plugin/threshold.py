"""The stage: zeros instead of small weights. Reads a model folder, writes one.

What it did is kept with the model (`TrainedModel`): stages after this one leave the zeros zero.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import PluginError, RunContext, TrainedModel, Value

Floats = npt.NDArray[np.float32]


class Threshold:
    """Compress stage."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Set weights to zero and save the model.

        Raises:
            PluginError: the model cannot be read, or has no weights to choose from.
            Cancelled: the user cancelled.
        """
        facts = TrainedModel.load(inputs["model"])
        share = TrainedModel.load(inputs["like"]).sparsity if "like" in inputs else float(params["share"])
        ctx.progress(0.0, "starting TensorFlow")
        model = _load(inputs["model"] / TrainedModel.FILE)
        layers = _chosen(model, params)
        if not layers:
            raise PluginError("threshold.nothing", "No layer has enough weights.", "Lower the smallest layer.")
        kernels = {layer.name: np.asarray(layer.get_weights()[0]) for layer in layers}
        masks = _masks(kernels, share, together=params["rank"] == "model")
        for index, layer in enumerate(layers):
            ctx.progress((index + 1) / len(layers), layer.name)
            mask = masks[layer.name] & facts.masks.get(layer.name, np.True_)
            masks[layer.name] = mask
            layer.set_weights([kernels[layer.name] * mask, *layer.get_weights()[1:]])
        model.save(ctx.workdir / TrainedModel.FILE)
        done = facts.after({"stage": "threshold", "share": share}, masks={**facts.masks, **masks})
        done.save(ctx.workdir)
        return {"sparsity": done.sparsity, "layers": len(layers)}


def _load(path: Path) -> Any:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    import tf_keras

    try:
        return tf_keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise PluginError("threshold.model", f"{path.name} cannot be loaded: {error}", "Train it again.") from error


def _chosen(model: Any, params: Mapping[str, Value]) -> list[Any]:
    """Layers with a kernel: those that multiply, without normalisation."""
    kept = {name.strip() for name in str(params["keep"]).split(",")}
    found = [layer for layer in model.layers if hasattr(layer, "kernel") and layer.name not in kept]
    if not params["last"] and found:
        found = found[:-1]
    return [layer for layer in found if int(np.prod(layer.kernel.shape)) >= int(params["least"])]


def _masks(kernels: Mapping[str, Floats], share: float, *, together: bool) -> dict[str, npt.NDArray[np.bool_]]:
    """False where a weight goes."""
    if together:
        limit = np.quantile(np.concatenate([np.abs(k).ravel() for k in kernels.values()]), share)
        return {name: np.abs(kernel) >= limit for name, kernel in kernels.items()}
    return {name: np.abs(kernel) >= np.quantile(np.abs(kernel), share) for name, kernel in kernels.items()}
