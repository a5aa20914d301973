"""The stage: trains on by what a larger, earlier model says of the same windows (Hinton et al. 2015).

The network keeps its size: accuracy is gained. Its best use is with a small network, or after one was made smaller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motestudio.sdk import TEST, FeatureBlock, FeatureSet, PluginError, RunContext, TrainedModel, Value

from .cost import parameters
from .data import Floats, predict
from .finetune import Course, Teaching, train
from .masks import by_variable
from .student import Student, load_network

HINT = "Choose a run of this project that was trained on the same data and features, or train one."


class Distil:
    """Compress stage ``mote-compress/distil``."""

    def run(self, ctx: RunContext, inputs: Mapping[str, Path], params: Mapping[str, Value]) -> dict[str, Any]:
        """Train with a teacher, and save the model; masks and ranges of earlier stages are kept.

        Raises:
            PluginError: there is no teacher, or it learnt something else.
            Cancelled: the user cancelled.
        """
        if not params["teacher"] or "teacher" not in inputs:
            raise PluginError("distil.no_teacher", "No run is chosen as the teacher.", HINT)
        features = FeatureSet.load(inputs["features"])
        check_teacher(inputs["teacher"], features, str(params["teacher"]))
        student = Student(ctx, inputs)
        teacher = load_network(inputs["teacher"] / TrainedModel.FILE, "distil.model")
        told = _told(teacher, student.data.train, str(params["teacher"]))
        targets = student.data.targets.argmax(axis=1)
        knows = float((told.argmax(axis=1) == targets)[student.data.original].mean())
        ctx.log(f"The teacher has {parameters(teacher)} parameters and knows {knows:.1%} of the training windows.")
        teaching = Teaching(told, float(params["temperature"]), float(params["alpha"]))
        trainable = student.trainable()
        course = Course.of(params, masks=by_variable(student), teaching=teaching)
        rows, best = train(ctx, trainable, student.data, course)
        student.take_back(trainable)
        step = {"stage": "distil", "teacher": str(params["teacher"]), "teacher_parameters": parameters(teacher)}
        return student.finish(step, rows, best)


def check_teacher(folder: Path, features: FeatureSet, name: str) -> None:
    """Hold a run against the features at hand.

    A teacher that was tested on other windows may have been trained on today's test windows, and would tell the student
    of them: it is refused too.

    Raises:
        PluginError: the run is not whole, or it learnt other classes, other features or with another test split.
    """
    for file in (TrainedModel.FILE, "metrics.json", "deploy.json"):
        if not (folder / file).is_file():
            text = f"The run {name} has no {file}, so it cannot teach."
            raise PluginError("distil.teacher", text, HINT)
    metrics, deploy = (_read(folder / f, name) for f in ("metrics.json", "deploy.json"))
    classes = tuple(metrics.get("classes") or deploy.get("classes", ()))
    if classes != features.classes:
        text = f"The run {name} tells {', '.join(classes)}; here the classes are {', '.join(features.classes)}."
        raise PluginError("distil.teacher", text, HINT)
    theirs = _blocks(deploy, name)
    if [_identity(b) for b in theirs] != [_identity(b) for b in features.blocks]:
        named = ", ".join(b.stage for b in theirs)
        text = f"The run {name} was trained on other features: {named}, or on other parameters of them."
        raise PluginError("distil.teacher", text, HINT)
    if deploy.get("signal") != json.loads(json.dumps(features.signal.to_json())):
        text = f"The run {name} was trained on windows of another length, rate or channels."
        raise PluginError("distil.teacher", text, HINT)
    table = metrics.get("metrics", metrics).get("confusion")
    labels = features.labels[(features.splits == TEST) & features.original]
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    if table is not None and [sum(row) for row in table] != counts:
        text = (
            f"The run {name} was tested on other windows, so it may have been trained on some of today's test windows."
        )
        raise PluginError("distil.teacher", text, HINT)


def _told(teacher: Any, values: Floats, name: str) -> Floats:
    shape = teacher.input_shape[1:]
    if int(np.prod(shape)) != int(np.prod(values.shape[1:])):
        raise PluginError("distil.teacher", f"The model of {name} takes inputs of another size.", HINT)
    told = predict(teacher, values.reshape(-1, *shape))
    if told.min() < 0 or not np.allclose(told.sum(axis=1), 1, atol=1e-3):
        raise PluginError("distil.teacher", f"The model of {name} does not tell probabilities.", HINT)
    return told


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PluginError("distil.teacher", f"{path.name} of the run {name} cannot be read: {error}", HINT) from error
    return body if isinstance(body, dict) else {}


def _blocks(deploy: Mapping[str, Any], name: str) -> list[FeatureBlock]:
    try:
        return [FeatureBlock.from_json(b) for b in deploy["blocks"]]
    except (KeyError, TypeError, ValueError) as error:
        text = f"The run {name} does not say what features it was trained on."
        raise PluginError("distil.teacher", text, HINT) from error


def _identity(block: FeatureBlock) -> tuple[Any, ...]:
    return block.stage, block.implementation, json.dumps(block.params, sort_keys=True), block.shape, block.axes
