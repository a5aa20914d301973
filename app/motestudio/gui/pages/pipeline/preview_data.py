"""One window before and after the feature stage, read from the cache. Memory-mapped; computes nothing, shows nothing.

Called beside the window, in an operation's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from motestudio.domain.artifact import Artifact
from motestudio.domain.dataset import Take
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureSet, WindowSet
from motestudio.studio.pipeline_view import PipelineView


@dataclass(frozen=True, slots=True)
class Source:
    """Windows and features that belong together.

    Attributes:
        windows: None where nothing has been computed yet.
        features: None where the feature stage has not run on these windows.
        takes: of the dataset they were cut from; empty where that is no longer the project's.
        windows_stale: the windows were computed before the last change.
        features_stale: the features were, or there are none.
        folders: of the artifacts, to tell whether another source is the same.
    """

    windows: WindowSet | None = None
    features: FeatureSet | None = None
    takes: tuple[Take, ...] = ()
    windows_stale: bool = False
    features_stale: bool = False
    folders: tuple[Path | None, Path | None] = (None, None)

    def __len__(self) -> int:
        return len(self.windows) if self.windows is not None else 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One window.

    Attributes:
        index: of the window.
        label: its class.
        split: ``training``, ``validation`` or ``held out``.
        take: recording it was cut from, or empty.
        start_s: in the recording.
        end_s: likewise.
        group: channels.
        samples: physical, shape (n, channels).
        features: of this window, or None.
        axes: names of the features' axes.
        whole: the take's stretch of the recording, physical, or None where it was not asked for.
        whole_first: index of its first sample in the recording.
        hop_s: seconds between two feature frames; 0 where they are samples or not known.
        frame_s: length of one.
    """

    index: int
    label: str
    split: str
    take: str
    start_s: float
    end_s: float
    group: ChannelGroup
    samples: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32] | None = None
    axes: tuple[str, ...] = ()
    whole: npt.NDArray[np.float64] | None = None
    whole_first: int = 0
    hop_s: float = 0.0
    frame_s: float = 0.0


_SPLITS = ("training", "validation", "held out")


def load(project: Project, view: PipelineView) -> Source:
    """The windows and features to show: the fresh ones, else the last that were computed."""
    feature, window = view.of_kind("feature"), view.of_kind("window")
    features = feature.shown if feature else None
    windows = _windows_of(project, features) if features else None
    if windows is None:
        features = None
        windows = window.shown.folder if window and window.shown else None
    if windows is None:
        return Source()
    fresh = bool(window and window.status.artifact and window.status.artifact.folder == windows)
    features_fresh = fresh and (features is None or bool(feature and feature.status.artifact))
    try:
        cut = WindowSet.load(windows)
        made = FeatureSet.load(features.folder) if features else None
    except (AppError, OSError, ValueError, KeyError):
        return Source()
    if made is not None and len(made.labels) != len(cut):
        made = None
    data = view.dataset.data
    same = window is not None and window.shown is not None and window.shown.folder == windows
    from_dataset = window.shown.key.inputs.get("dataset") if same and window and window.shown else ""
    takes = data.takes if data is not None and data.sha256 == from_dataset else ()
    return Source(cut, made, takes, not fresh, not features_fresh, (windows, features.folder if features else None))


def _windows_of(project: Project, features: Artifact) -> Path | None:
    return project.cache.folder_of(features.key.inputs.get("windows", ""))


def frame(project: Project, source: Source, index: int, *, whole: bool = False) -> Frame | None:
    """One window of a source, None where there is none.

    Args:
        project: has the recordings.
        source: from `load`.
        index: of the window; brought into range.
        whole: also read the take that it was cut from.
    """
    cut = source.windows
    if cut is None or not len(cut):
        return None
    index = min(len(cut) - 1, max(0, index))
    group = cut.signal.group
    rate = group.rate_hz
    start = int(cut.starts[index])
    samples = group.to_physical(np.asarray(cut.samples[index]))
    take = source.takes[int(cut.takes[index])] if int(cut.takes[index]) < len(source.takes) else None
    features, hop, length = None, 0.0, 0.0
    axes: tuple[str, ...] = ()
    if source.features is not None:
        features, axes = np.array(source.features.values[index]), source.features.axes
        params = source.features.blocks[0].params
        hop = float(params.get("hop_ms", 0.0)) / 1000
        length = float(params.get("frame_ms", 0.0)) / 1000
    around, first = _take(project, take, group) if whole and take is not None else (None, 0)
    return Frame(
        index,
        cut.classes[int(cut.labels[index])],
        _SPLITS[int(cut.splits[index])],
        take.recording if take else "",
        start / rate,
        (start + cut.signal.window_samples) / rate,
        group,
        samples,
        features,
        axes,
        around,
        first,
        hop,
        length,
    )


def _take(project: Project, take: Take, group: ChannelGroup) -> tuple[npt.NDArray[np.float64] | None, int]:
    try:
        recording = project.recordings.load(take.recording)
        raw = project.recordings.samples(recording)[take.start : take.start + take.count]
    except AppError:
        return None, 0
    return group.to_physical(np.asarray(raw)), take.start


def shape_words(shape: Sequence[int], axes: Sequence[str]) -> str:
    """ "130 samples × 6 channels": a shape with the names of its axes."""
    plural = {"time": "frames", "channel": "channels", "band": "bands", "bin": "bins", "feature": "values"}
    names = [plural.get(a, a) for a in axes]
    if len(names) != len(shape):
        return " × ".join(str(n) for n in shape)
    return " × ".join(f"{n} {name if n != 1 else name.removesuffix('s')}" for n, name in zip(shape, names, strict=True))
