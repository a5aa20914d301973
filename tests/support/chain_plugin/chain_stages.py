"""Stages of every kind that chains, small enough to check by hand."""

from __future__ import annotations

import json
import shutil

import numpy as np

from motestudio.sdk import FeatureInfo


class Add:
    """Adds a constant to every sample."""

    def augment(self, windows, targets, context, params):
        share = np.float32(params["share"])
        first = np.eye(targets.shape[1], dtype=np.float32)[0]
        return windows + np.int16(params["counts"]), (1 - share) * targets + share * first


class Mean:
    """Mean of every channel."""

    gain = 1.0

    def infer_output(self, signal, params):
        return FeatureInfo((signal.n_channels,), ("feature",))

    def transform(self, windows, signal, params):
        return windows.sum(axis=1, dtype=np.int32).astype(np.float32) * self._gain(signal)

    def c_constants(self, signal, params):
        return {"MEAN_GAIN": self._gain(signal)}

    def _gain(self, signal):
        return np.float32(self.gain / signal.window_samples)


class HalfMean(Mean):
    """What the first implementation computed."""

    gain = 0.5


class Shrink:
    """Passes the model on."""

    def run(self, ctx, inputs, params):
        for file in inputs["model"].iterdir():
            if file.name != "artifact.json":
                shutil.copyfile(file, ctx.workdir / file.name)
        (ctx.workdir / "given.json").write_text(json.dumps({k: v.name for k, v in inputs.items()}))
        return {"inputs": sorted(inputs)}
