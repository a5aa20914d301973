"""The data that flows between stages, and its files.

Arrays are ``.npy`` (never pickled), facts are JSON. Every container loads what it saved; big arrays are memory-mapped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import PluginError

Rows = dict[str, npt.NDArray[Any]]
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


def _no_rows() -> npt.NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


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
        augmented: bool, shape (windows,): altered copies of other windows; none where not given.
        targets: float32, shape (windows, classes), where windows belong to several classes in part; None where
            `labels` say all.
    """

    samples: npt.NDArray[np.int16]
    labels: npt.NDArray[np.int16]
    splits: npt.NDArray[np.int8]
    takes: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    signal: SignalInfo
    augmented: npt.NDArray[np.bool_] = field(default_factory=_no_rows)
    targets: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if len(self.augmented) != len(self.labels):
            object.__setattr__(self, "augmented", np.zeros(len(self.labels), dtype=np.bool_))

    def __len__(self) -> int:
        return len(self.labels)

    def targets_of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Class memberships of some windows, float32, shape (rows, classes), each row's sum 1."""
        return _targets(self.labels, self.targets, len(self.classes), rows)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``samples.npy``, ``windows.npz`` and ``windows.json``; returns the JSON facts."""
        np.save(folder / "samples.npy", self.samples)
        rows: Rows = {"labels": self.labels, "splits": self.splits, "takes": self.takes, "starts": self.starts}
        _save_rows(folder / "windows.npz", rows, self.augmented, self.targets)
        added = int(self.augmented.sum())
        meta = {"classes": list(self.classes), "signal": self.signal.to_json(), "windows": len(self) - added}
        meta["augmented"] = added
        write_json(folder / "windows.json", meta)
        return meta

    @classmethod
    def load(cls, folder: Path) -> WindowSet:
        """Read what `save` wrote; samples are memory-mapped."""
        meta = read_json(folder / "windows.json")
        rows = _load_rows(folder / "windows.npz")
        samples = np.load(folder / "samples.npy", mmap_mode="r", allow_pickle=False)
        return cls(samples, classes=tuple(meta["classes"]), signal=SignalInfo.from_json(meta["signal"]), **rows)


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """The features that one stage gave, as a part of a window's features.

    Attributes:
        key: of the stage in its pipeline.
        stage: full id.
        implementation: of that stage.
        params: of that stage, complete.
        shape: of one window's block.
        axes: name of each axis of the block, such as ``("time", "channel")``.
    """

    key: str
    stage: str
    implementation: int
    params: dict[str, Any]
    shape: tuple[int, ...]
    axes: tuple[str, ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FeatureBlock:
        """The reverse of ``dataclasses.asdict``."""
        return cls(
            str(data["key"]),
            str(data["stage"]),
            int(data["implementation"]),
            dict(data["params"]),
            tuple(int(n) for n in data["shape"]),
            tuple(str(a) for a in data["axes"]),
        )


def joined_shape(blocks: Sequence[FeatureBlock]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Shape and axes of several blocks side by side.

    Blocks that agree in every axis but the last lie beside each other along the last; others are flattened, one
    after the other, to one axis ``feature``.
    """
    first = blocks[0]
    if all(b.axes == first.axes and b.shape[:-1] == first.shape[:-1] for b in blocks):
        return (*first.shape[:-1], sum(b.shape[-1] for b in blocks)), first.axes
    return (sum(math.prod(b.shape) for b in blocks),), ("feature",)


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features of every window of a window set, in its order.

    Attributes:
        values: float32, shape (windows, *shape).
        labels: int16, shape (windows,).
        splits: int8, shape (windows,).
        takes: int32, shape (windows,).
        classes: class names in output order.
        signal: of the windows.
        blocks: the stages that gave them, in the order in which they lie in `values`.
        axes: name of each axis of a window's features, such as ``("time", "channel")``.
        augmented: bool, shape (windows,): of altered copies, see `WindowSet`.
        targets: as in `WindowSet`.
    """

    values: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16]
    splits: npt.NDArray[np.int8]
    takes: npt.NDArray[np.int32]
    classes: tuple[str, ...]
    signal: SignalInfo
    blocks: tuple[FeatureBlock, ...]
    axes: tuple[str, ...]
    augmented: npt.NDArray[np.bool_] = field(default_factory=_no_rows)
    targets: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if len(self.augmented) != len(self.labels):
            object.__setattr__(self, "augmented", np.zeros(len(self.labels), dtype=np.bool_))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one window's features."""
        return tuple(int(n) for n in self.values.shape[1:])

    @property
    def original(self) -> npt.NDArray[np.bool_]:
        """Which windows were recorded as they are: figures and calibration use these only; bool, (windows,)."""
        return ~self.augmented

    def part(self, split: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int16]]:
        """Features and labels of one split, altered copies among them."""
        rows = self.splits == split
        return np.asarray(self.values[rows]), self.labels[rows]

    def targets_of(self, split: int) -> npt.NDArray[np.float32]:
        """Class memberships of one split's windows, float32, shape (rows, classes), each row's sum 1."""
        return _targets(self.labels, self.targets, len(self.classes), self.splits == split)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``features.npy``, ``features.npz`` and ``features.json``; returns the JSON facts."""
        np.save(folder / "features.npy", self.values)
        return self.save_facts(folder)

    def save_facts(self, folder: Path) -> dict[str, Any]:
        """Write all but the values, which somebody else wrote to ``features.npy``; returns the JSON facts."""
        rows: Rows = {"labels": self.labels, "splits": self.splits, "takes": self.takes}
        _save_rows(folder / "features.npz", rows, self.augmented, self.targets)
        meta = {
            "classes": list(self.classes),
            "signal": self.signal.to_json(),
            "blocks": [asdict(b) for b in self.blocks],
            "axes": list(self.axes),
            "shape": list(self.shape),
            "windows": int(self.original.sum()),
            "augmented": int(self.augmented.sum()),
        }
        write_json(folder / "features.json", meta)
        return meta

    @classmethod
    def load(cls, folder: Path) -> FeatureSet:
        """Read what `save` wrote; values are memory-mapped."""
        meta = read_json(folder / "features.json")
        return cls(
            np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False),
            classes=tuple(meta["classes"]),
            signal=SignalInfo.from_json(meta["signal"]),
            blocks=tuple(FeatureBlock.from_json(b) for b in meta["blocks"]),
            axes=tuple(meta["axes"]),
            **_load_rows(folder / "features.npz"),
        )


def _targets(
    labels: npt.NDArray[np.int16], targets: npt.NDArray[np.float32] | None, classes: int, rows: npt.NDArray[Any]
) -> npt.NDArray[np.float32]:
    if targets is not None:
        return np.asarray(targets[rows], dtype=np.float32)
    member: npt.NDArray[np.float32] = np.eye(classes, dtype=np.float32)[labels[rows]]
    return member


def _save_rows(
    path: Path,
    rows: Rows,
    augmented: npt.NDArray[np.bool_],
    targets: npt.NDArray[np.float32] | None,
) -> None:
    extra = {} if targets is None else {"targets": targets}
    np.savez(path, augmented=augmented, **rows, **extra)  # type: ignore[arg-type]  # numpy's own keyword comes first


def _load_rows(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a container's facts."""
    path.write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a container's facts.

    Raises:
        PluginError: ``artifact.unreadable``.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"{path.name} cannot be read: {error}"
        raise PluginError("artifact.unreadable", text, "Run the stage again.") from error
    if not isinstance(data, dict):
        raise PluginError("artifact.unreadable", f"{path.name} is not a table.", "Run the stage again.")
    return data
