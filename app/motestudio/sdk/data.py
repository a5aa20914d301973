"""The data that flows between stages, and its files.

Arrays are ``.npy`` (never pickled), facts are JSON. Every container loads what it saved; big arrays are memory-mapped.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import PluginError

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Codes of a window's split."""


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """The signal that windows are cut from.

    Attributes:
        group: channels, units, scales and nominal rate.
        window_samples: samples of a window.
        step_samples: samples between the starts of two windows on the board.
    """

    group: ChannelGroup
    window_samples: int
    step_samples: int

    @property
    def n_channels(self) -> int:
        """Channels of a window."""
        return len(self.group.channels)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SignalInfo:
        """The reverse of `to_json`."""
        group = data["group"]
        channels = tuple(Channel(**c) for c in group["channels"])
        return cls(
            ChannelGroup(group["name"], float(group["rate_hz"]), channels),
            int(data["window_samples"]),
            int(data["step_samples"]),
        )


@dataclass(frozen=True, slots=True)
class WindowSet:
    """Windows cut from the takes of a dataset.

    Attributes:
        samples: int16, shape (windows, window_samples, channels).
        labels: int16, shape (windows,), index into `classes`.
        splits: int8, shape (windows,): TRAIN, VALIDATION or TEST.
        takes: int32, shape (windows,), index of the dataset's take.
        starts: int64, shape (windows,), first sample in the recording (may be negative where padded).
        classes: class names in output order.
        signal: what they were cut from.
    """

    samples: npt.NDArray[np.int16]
    labels: npt.NDArray[np.int16]
    splits: npt.NDArray[np.int8]
    takes: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    signal: SignalInfo

    def __len__(self) -> int:
        return len(self.labels)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``samples.npy``, ``windows.npz`` and ``windows.json``; returns the JSON facts."""
        np.save(folder / "samples.npy", self.samples)
        np.savez(folder / "windows.npz", labels=self.labels, splits=self.splits, takes=self.takes, starts=self.starts)
        meta = {"classes": list(self.classes), "signal": self.signal.to_json(), "windows": len(self)}
        _write_json(folder / "windows.json", meta)
        return meta

    @classmethod
    def load(cls, folder: Path) -> WindowSet:
        """Read what `save` wrote; samples are memory-mapped."""
        meta = _read_json(folder / "windows.json")
        with np.load(folder / "windows.npz", allow_pickle=False) as rows:
            labels, splits, takes, starts = rows["labels"], rows["splits"], rows["takes"], rows["starts"]
        samples = np.load(folder / "samples.npy", mmap_mode="r", allow_pickle=False)
        return cls(samples, labels, splits, takes, starts, tuple(meta["classes"]), SignalInfo.from_json(meta["signal"]))


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features of every window of a window set, in its order.

    Attributes:
        values: float32, shape (windows, *shape).
        labels: int16, shape (windows,).
        splits: int8, shape (windows,).
        takes: int32, shape (windows,).
        classes: class names in output order.
        signal: what the windows were cut from.
        stage: the feature stage's full id.
        implementation: of that stage.
        params: of that stage, complete.
        axes: name of each axis of a window's features, such as ``("time", "channel")``.
    """

    values: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16]
    splits: npt.NDArray[np.int8]
    takes: npt.NDArray[np.int32]
    classes: tuple[str, ...]
    signal: SignalInfo
    stage: str
    implementation: int
    params: dict[str, Any]
    axes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one window's features."""
        return tuple(int(n) for n in self.values.shape[1:])

    def part(self, split: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int16]]:
        """Features and labels of one split."""
        rows = self.splits == split
        return np.asarray(self.values[rows]), self.labels[rows]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``features.npy``, ``features.npz`` and ``features.json``; returns the JSON facts."""
        np.save(folder / "features.npy", self.values)
        np.savez(folder / "features.npz", labels=self.labels, splits=self.splits, takes=self.takes)
        meta = {
            "classes": list(self.classes),
            "signal": self.signal.to_json(),
            "stage": self.stage,
            "implementation": self.implementation,
            "params": self.params,
            "axes": list(self.axes),
            "shape": list(self.shape),
            "windows": len(self.labels),
        }
        _write_json(folder / "features.json", meta)
        return meta

    @classmethod
    def load(cls, folder: Path) -> FeatureSet:
        """Read what `save` wrote; values are memory-mapped."""
        meta = _read_json(folder / "features.json")
        with np.load(folder / "features.npz", allow_pickle=False) as rows:
            labels, splits, takes = rows["labels"], rows["splits"], rows["takes"]
        return cls(
            np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False),
            labels,
            splits,
            takes,
            tuple(meta["classes"]),
            SignalInfo.from_json(meta["signal"]),
            meta["stage"],
            int(meta["implementation"]),
            dict(meta["params"]),
            tuple(meta["axes"]),
        )


@dataclass(frozen=True, slots=True)
class Deployable:
    """All that a board needs: the model, its quantisation, label order and feature parameters.

    Attributes:
        model: the ``.tflite`` bytes.
        classes: class names in output order.
        signal: window and channels.
        feature_stage: full id of the feature stage.
        feature_implementation: of that stage.
        feature_params: complete.
        feature_shape: of one window.
        input_scale: of the int8 input.
        input_zero_point: likewise.
        output_scale: of the int8 output.
        output_zero_point: likewise.
    """

    model: bytes
    classes: tuple[str, ...]
    signal: SignalInfo
    feature_stage: str
    feature_implementation: int
    feature_params: dict[str, Any]
    feature_shape: tuple[int, ...]
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.tflite`` and ``deploy.json``; returns the JSON facts."""
        (folder / "model.tflite").write_bytes(self.model)
        meta = {k: v for k, v in asdict(self).items() if k not in ("model", "signal")} | {
            "signal": self.signal.to_json()
        }
        _write_json(folder / "deploy.json", meta)
        return meta | {"model_bytes": len(self.model)}

    @classmethod
    def load(cls, folder: Path) -> Deployable:
        """Read what `save` wrote."""
        meta = _read_json(folder / "deploy.json")
        meta["signal"] = SignalInfo.from_json(meta["signal"])
        for key in ("classes", "feature_shape"):
            meta[key] = tuple(meta[key])
        return cls(model=(folder / "model.tflite").read_bytes(), **meta)


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
    """

    name: str
    label: str
    group: ChannelGroup
    samples: npt.NDArray[np.int16]
    subject: str = ""
    session: str = ""
    split: str = ""
    source: str = field(default="")


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"{path.name} cannot be read: {error}"
        raise PluginError("artifact.unreadable", text, "Run the stage again.") from error
    if not isinstance(data, dict):
        raise PluginError("artifact.unreadable", f"{path.name} is not a table.", "Run the stage again.")
    return data
