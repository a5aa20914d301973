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

from motestudio.sdk import TEST, Deployable, FeatureSet, PluginError, RunContext, Value, quantise

from .figures import summary
from .interpreters import reference, tflm, why_no_tflm


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
        values, labels = features.part(TEST)
        if not len(labels):
            text = "There are no test windows to evaluate with."
            raise PluginError("evaluate.no_test", text, "Hold out some takes or a subject in the dataset.")
        codes = quantise(values, deployable.input_scale, deployable.input_zero_point)
        outputs = self._reference(deployable.model, codes, _ticks(ctx, 0.0, 0.6, len(codes), "window"))
        zero, scale = np.float32(deployable.output_zero_point), np.float32(deployable.output_scale)
        scores = (outputs.astype(np.float32) - zero) * scale
        metrics = summary(scores, labels, features.takes[features.splits == TEST], deployable.classes)
        metrics |= self._on_tflm(ctx, deployable.model, codes, outputs, int(params["compare"]))
        np.save(ctx.workdir / "outputs.npy", outputs)
        np.save(ctx.workdir / "scores.npy", scores)
        (ctx.workdir / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        ctx.progress(1.0, f"accuracy {metrics['accuracy']:.1%}")
        return metrics

    def _reference(
        self, model: bytes, codes: npt.NDArray[np.int8], tick: Callable[[int], None]
    ) -> npt.NDArray[np.int8]:
        try:
            return reference(model, codes, tick)
        except (RuntimeError, ValueError) as error:
            text = f"The model cannot be run: {error}"
            raise PluginError("evaluate.model", text, "Convert it again, or choose other layers.") from error

    def _on_tflm(
        self, ctx: RunContext, model: bytes, codes: npt.NDArray[np.int8], outputs: npt.NDArray[np.int8], limit: int
    ) -> dict[str, Any]:
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
        equal = int((theirs == outputs[: len(some)]).all(axis=1).sum())
        return {"arena": arena, "tflm_windows": len(some), "tflm_equal": equal, "tflm_reason": ""}


def _ticks(ctx: RunContext, start: float, span: float, count: int, what: str) -> Callable[[int], None]:
    def tick(i: int) -> None:
        if i % 32 == 0:
            ctx.progress(start + span * i / count, f"{what} {i} of {count}")

    return tick
