"""The stage: outputs on the test windows, figures, and the arena.

Must not choose anything: it only measures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.sdk import TEST, Deployable, FeatureSet, PluginError, RunContext, Value, quantise, reduce_scores

from .figures import summary
from .interpreters import Codes, reference, tflm, why_no_tflm


class Tflm:
    """Evaluate stage ``mote-evaluate/tflm``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Save ``outputs.npy`` (int8), ``scores.npy`` (float32) and ``metrics.json``; returns the metrics.

        Raises:
            PluginError: there are no test windows, or the model cannot be run.
            Cancelled: the user cancelled.
        """
        features = FeatureSet.load(inputs["features"])
        deployable = Deployable.load(inputs["deployable"])
        rows = (features.splits == TEST) & features.original
        labels = features.labels[rows]
        if not len(labels):
            text = "There are no test windows to evaluate with."
            raise PluginError("evaluate.no_test", text, "Hold out some takes or a subject in the dataset.")
        values = np.asarray(features.values[rows])
        codes = quantise(values, deployable.input_scale, deployable.input_zero_point, deployable.input_type)
        raw = self._reference(deployable.model, codes, _ticks(ctx, 0.0, 0.6, len(codes), "window"))
        outputs = as_told(raw)
        zero, scale = np.float32(deployable.output_zero_point), np.float32(deployable.output_scale)
        scores = (outputs.astype(np.float32) - zero) * scale
        metrics = summary(scores, labels, features.takes[rows], deployable.classes)
        metrics |= before_conversion(inputs["deployable"], labels, outputs)
        metrics |= self._on_tflm(ctx, deployable.model, codes, raw, int(params["compare"]))
        metrics["input_type"] = deployable.input_type
        metrics["input_saturated"] = _saturated(codes)
        np.save(ctx.workdir / "outputs.npy", outputs)
        np.save(ctx.workdir / "scores.npy", scores)
        (ctx.workdir / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        ctx.progress(1.0, f"accuracy {metrics['accuracy']:.1%}")
        return metrics

    def _reference(self, model: bytes, codes: Codes, tick: Callable[[int], None]) -> Codes:
        try:
            return reference(model, codes, tick)
        except (RuntimeError, ValueError) as error:
            text = f"The model cannot be run: {error}"
            raise PluginError("evaluate.model", text, "Convert it again, or choose other layers.") from error

    def _on_tflm(self, ctx: RunContext, model: bytes, codes: Codes, raw: Codes, limit: int) -> dict[str, Any]:
        reason = why_no_tflm()
        nothing = {"arena": None, "tflm_windows": 0, "tflm_equal": 0}
        if reason:
            return {**nothing, "tflm_reason": reason}
        some = codes[: limit or len(codes)]
        try:
            theirs, arena = tflm(model, some, _ticks(ctx, 0.6, 0.4, len(some), "TFLM, window"))
        except RuntimeError as error:
            ctx.log(f"TFLM does not run the model: {error}")
            return {**nothing, "tflm_reason": str(error)}
        equal = int((as_told(theirs) == as_told(raw[: len(some)])).all(axis=1).sum())
        return {"arena": arena, "tflm_windows": len(some), "tflm_equal": equal, "tflm_reason": ""}


def as_told(raw: Codes) -> npt.NDArray[np.int8]:
    """Scores as a board tells them: 8 bits, whatever the model has."""
    return reduce_scores(raw) if raw.dtype == np.int16 else raw.astype(np.int8, copy=False)


def before_conversion(deployable: Path, labels: npt.NDArray[np.int16], outputs: npt.NDArray[np.int8]) -> dict[str, Any]:
    """How good the model was before it became integers, where the convert stage left its scores.

    Returns:
        ``float_accuracy``, and ``float_agrees``: part of the windows that both say the same of; empty where unknown.
    """
    path = deployable / "float_scores.npy"
    if not path.is_file():
        return {}
    guesses = np.load(path, allow_pickle=False).argmax(axis=1)
    if len(guesses) != len(labels):
        return {}
    same = guesses == outputs.argmax(axis=1)
    return {"float_accuracy": float((guesses == labels).mean()), "float_agrees": float(same.mean())}


def _saturated(codes: Codes) -> float:
    """Part of the features that lie at an end of the input's range, where they are cut off."""
    info = np.iinfo(codes.dtype)
    return float(((codes <= max(info.min, -info.max)) | (codes == info.max)).mean())


def _ticks(ctx: RunContext, start: float, span: float, count: int, what: str) -> Callable[[int], None]:
    def tick(i: int) -> None:
        if i % 32 == 0:
            ctx.progress(start + span * i / count, f"{what} {i} of {count}")

    return tick
