"""The stage: outputs on the test windows, and figures from them. It only measures, and chooses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, Deployable, FeatureSet, PluginError, RunContext, Value, quantise, reduce_scores


class Certainty:
    """Evaluate stage."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Save ``outputs.npy`` (int8, windows x classes) and ``metrics.json``; returns the metrics.

        Raises:
            PluginError: there are no test windows.
            Cancelled: the user cancelled.
        """
        features, deployable = FeatureSet.load(inputs["features"]), Deployable.load(inputs["deployable"])
        rows = np.flatnonzero((features.splits == TEST) & features.original)
        if not len(rows):
            raise PluginError("certainty.no_test", "There are no test windows.", "Hold out some takes or a subject.")
        values = np.asarray(features.values[rows])
        codes = quantise(values, deployable.input_scale, deployable.input_zero_point, deployable.input_type)
        outputs = _run(ctx, deployable.model, codes, reference=params["kernels"] == "reference")
        scores = (outputs.astype(np.float32) - deployable.output_zero_point) * np.float32(deployable.output_scale)
        metrics = _figures(scores, features.labels[rows], features.classes, params)
        np.save(ctx.workdir / "outputs.npy", outputs)
        (ctx.workdir / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        ctx.progress(1.0, f"accuracy {metrics['accuracy']:.1%}")
        return metrics


def _run(ctx: RunContext, model: bytes, codes: npt.NDArray[Any], *, reference: bool) -> npt.NDArray[np.int8]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    raw = np.empty((len(codes), int(np.prod(target["shape"]))), dtype=target["dtype"])
    for i, row in enumerate(codes):
        ctx.progress(i / len(codes), f"window {i} of {len(codes)}")
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        raw[i] = interpreter.get_tensor(target["index"]).reshape(-1)
    # Boards tell scores in 8 bits, whatever the model has.
    return reduce_scores(raw) if raw.dtype == np.int16 else raw.astype(np.int8)


def _figures(
    scores: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int16],
    classes: tuple[str, ...],
    params: Mapping[str, Value],
) -> dict[str, Any]:
    guesses, best = scores.argmax(axis=1), scores.max(axis=1)
    right = guesses == labels
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, (labels, guesses), 1)
    each = [float(right[labels == c].mean()) for c in range(len(classes)) if (labels == c).any()]
    counted = np.array(classes)[labels] != str(params["ignore"])
    sure = (best >= float(params["sure"])) & counted
    order = np.argsort(-np.where(right, -1.0, best), kind="stable")
    worst = [int(i) for i in order[: int(params["worst"])] if not right[i]]
    return {
        "accuracy": float(np.mean(each)) if params["balanced"] else float(right.mean()),
        "confusion": confusion.tolist(),
        "classes": list(classes),
        "windows": len(labels),
        "sure": float(sure.sum() / max(1, counted.sum())),
        "accuracy_where_sure": float(right[sure].mean()) if sure.any() else None,
        "worst": worst,
    }
