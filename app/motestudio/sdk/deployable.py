"""What leaves the pipeline, a model that a board can run, and what comes into it from other people's files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.labels import Segment
from motestudio.domain.signal import ChannelGroup
from motestudio.sdk.data import FeatureBlock, SignalInfo, read_json, write_json


@dataclass(frozen=True, slots=True)
class Deployable:
    """All that a board needs: the model, its quantisation, label order and feature parameters.

    Attributes:
        model: the ``.tflite`` bytes.
        classes: class names in output order.
        signal: window and channels.
        blocks: the feature stages, in the order in which their features lie in the model's input.
        feature_shape: of one window.
        input_scale: of the model's input.
        input_zero_point: likewise.
        output_scale: of the scores as the board tells them, 8 bits: 256 times the tensor's where that has 16.
        output_zero_point: likewise.
        input_type: ``int8`` or ``int16``, of the model's input; a model with the latter has 16-bit scores, which
            desk and board reduce as `sdk.reduce_scores` does.
    """

    model: bytes
    classes: tuple[str, ...]
    signal: SignalInfo
    blocks: tuple[FeatureBlock, ...]
    feature_shape: tuple[int, ...]
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int
    input_type: str = "int8"

    def to_json(self) -> dict[str, Any]:
        """All but the model, as plain values for JSON."""
        body = {k: v for k, v in asdict(self).items() if k not in ("model", "signal")}
        return body | {"signal": self.signal.to_json()}

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.tflite`` and ``deploy.json``; returns the JSON facts."""
        (folder / "model.tflite").write_bytes(self.model)
        meta = self.to_json()
        write_json(folder / "deploy.json", meta)
        return meta | {"model_bytes": len(self.model)}

    @classmethod
    def load(cls, folder: Path) -> Deployable:
        """Read what `save` wrote, also by a version in which a model had one feature stage."""
        meta = read_json(folder / "deploy.json")
        if "blocks" not in meta:
            meta["blocks"] = [_single_block(meta)]
        meta["signal"] = SignalInfo.from_json(meta["signal"])
        meta["blocks"] = tuple(FeatureBlock.from_json(b) for b in meta["blocks"])
        for key in ("classes", "feature_shape"):
            meta[key] = tuple(meta[key])
        return cls(model=(folder / "model.tflite").read_bytes(), **meta)


def _single_block(meta: dict[str, Any]) -> dict[str, Any]:
    shape = meta["feature_shape"]
    axes = ("time", "channel", "band")[: len(shape)]
    names = ("feature_stage", "feature_implementation", "feature_params")
    stage, implementation, params = (meta.pop(name) for name in names)
    facts = {"stage": stage, "implementation": implementation, "params": params}
    return facts | {"key": "features", "shape": shape, "axes": axes}


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording as an importer reads it from somebody else's file.

    Attributes:
        name: unique among the import, a file stem where possible.
        label: class name, or empty.
        group: channels with the scale that `samples` was quantised with.
        samples: int16, shape (samples, channels).
        subject: who, or empty.
        session: or empty.
        split: ``train`` or ``test`` where the source prescribes it, else empty.
        source: path of the file relative to the import's folder, with a row range where there are several.
        segments: labelled parts of it, for exporters.
    """

    name: str
    label: str
    group: ChannelGroup
    samples: npt.NDArray[np.int16]
    subject: str = ""
    session: str = ""
    split: str = ""
    source: str = ""
    segments: tuple[Segment, ...] = ()
