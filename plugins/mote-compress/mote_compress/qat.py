"""The stage: trains on with the rounding of 8-bit integers in view, so that weights settle where rounding harms least.

Activations get ranges that were trained and the converter keeps them (8 bits per channel; other schemes
calibrate anew). Size and speed are those of any 8-bit model: what is gained is accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from motestudio.sdk import RunContext, Value

from .data import evaluation
from .finetune import Course, train
from .masks import by_variable
from .rounding import calibrated
from .student import Student


class Qat:
    """Compress stage ``mote-compress/qat``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train with fake quantisation (TFMOT), and save the plain network with its ranges.

        The state before training, rounded, may be kept too, where no epoch is better by validation.

        Raises:
            PluginError: the network has layers that cannot be trained so.
            Cancelled: the user cancelled.
        """
        student = Student(ctx, inputs)
        if not student.facts.ranges:
            original = student.data.train[student.data.original]
            student.facts = replace(student.facts, ranges=calibrated(student.network, original))
        trainable = student.trainable()
        rounded = evaluation(trainable, student.data)["accuracy"]
        course = Course.of(params, masks=by_variable(student), candidate_from=-1)
        rows, best = train(ctx, trainable, student.data, course)
        student.take_back(trainable)
        return student.finish({"stage": "qat", "accuracy_rounded_untrained": rounded}, rows, best)
