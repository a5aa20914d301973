"""Runs a stage of each kind; what is not here calls the stage's own ``run``.

Kinds of their own beside the stages': ``KIND:infer`` asks what a stage will give without computing it,
``feature:constants`` asks a feature stage for its C twin's constants, ``KIND:preview`` runs a stage on a few windows,
``KIND:protocol`` asks whether its class is what the kind wants, ``decoder:pieces`` feeds a decoder in several ways,
``decoder:guess`` asks it whether it knows some bytes.
That a stage refuses its parameters is an answer to ``KIND:infer`` like any other, ``refused``: no job fails because
somebody types a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from motestudio.errors import PluginError
from motestudio.sdk import Deployable, ModelInfo, WindowInfo
from motestudio.worker.augmenting import run_augment
from motestudio.worker.decoding import compare_pieces, run_decoder, run_guess
from motestudio.worker.features import announce_feature, run_feature, write_constants
from motestudio.worker.importing import run_importer
from motestudio.worker.protocol import check_protocol
from motestudio.worker.recordings import run_exporter, run_segmenter
from motestudio.worker.stage_run import StageRun


def run_stage(stage: Any, kind: str, run: StageRun) -> dict[str, Any]:
    """Run a stage object of any kind; returns what it says of its output."""
    if kind.endswith(":protocol"):
        return check_protocol(stage, kind.partition(":")[0])
    adapter = _ADAPTERS.get(kind)
    if adapter is not None:
        return adapter(stage, run)
    meta = stage.run(run.ctx, run.inputs, run.params)
    if not isinstance(meta, Mapping | None):
        raise PluginError("stage.meta", f"run returned a {type(meta).__name__}, not a table.", "Report it.")
    return dict(meta or {})


def _importer(stage: Any, run: StageRun) -> dict[str, Any]:
    return run_importer(stage.clips(run.ctx, run.input("source"), run.params), run.ctx)


def _target(stage: Any, run: StageRun) -> dict[str, Any]:
    stage.generate(run.ctx, run.input("project"), Deployable.load(run.input("deployable")), run.params)
    return {}


def _announce_windows(stage: Any, run: StageRun) -> dict[str, Any]:
    data = json.loads((run.input("dataset") / "dataset.json").read_text(encoding="utf-8"))
    info = stage.infer_output(data, run.params, run.ctx.seed)
    if not isinstance(info, WindowInfo):
        raise PluginError("window.info", f"{run.stage} announces {info!r}.", "Report it to the stage's author.")
    return {"signal": info.signal.to_json(), "windows": dict(info.windows)}


def _announce_model(stage: Any, run: StageRun) -> dict[str, Any]:
    asked = json.loads((run.input("request") / "shape.json").read_text(encoding="utf-8"))
    info = stage.infer_output(tuple(asked["shape"]), tuple(asked["axes"]), int(asked["n_classes"]), run.params)
    if not isinstance(info, ModelInfo):
        raise PluginError("model.info", f"{run.stage} announces {info!r}.", "Report it to the stage's author.")
    return {"info": asdict(info)}


def _or_refused(announce: Callable[[Any, StageRun], dict[str, Any]]) -> Callable[[Any, StageRun], dict[str, Any]]:
    def answer(stage: Any, run: StageRun) -> dict[str, Any]:
        try:
            return announce(stage, run)
        except PluginError as error:
            return {"refused": {"code": error.code, "text": error.text, "hint": error.hint, "data": error.data}}

    return answer


_ADAPTERS: Mapping[str, Callable[[Any, StageRun], dict[str, Any]]] = {
    "feature": run_feature,
    "feature:preview": run_feature,
    "feature:constants": write_constants,
    "feature:infer": _or_refused(announce_feature),
    "window:infer": _or_refused(_announce_windows),
    "model:infer": _or_refused(_announce_model),
    "augment": run_augment,
    "augment:preview": run_augment,
    "segmenter": run_segmenter,
    "exporter": run_exporter,
    "decoder": run_decoder,
    "decoder:pieces": compare_pieces,
    "decoder:guess": run_guess,
    "importer": _importer,
    "target": _target,
}
