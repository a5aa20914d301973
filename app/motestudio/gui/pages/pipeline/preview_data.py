"""One window before and after the chosen stage: from the cache where it is fresh, else from a light worker, just now.

Called beside the window, in an operation's thread. Shows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from motestudio.domain.dataset import Take
from motestudio.domain.params import Value
from motestudio.domain.pipeline import StageUse
from motestudio.domain.signal import ChannelGroup
from motestudio.errors import AppError
from motestudio.gui.pages.pipeline.cards import title
from motestudio.project.store import Project
from motestudio.sdk.data import FeatureSet, WindowSet
from motestudio.studio import preview
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.pipeline_view import PipelineView, StageView

_SPLITS = ("training", "validation", "held out")
Changes = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be shown.

    Attributes:
        key: of the chosen stage, empty for the dataset.
        index: of the window among all, where all are there.
        take: of the dataset, where windows are cut take by take.
        nth: window of that take.
        by_take: the window meant is that of `take` and `nth`, even where all are there.
        changes: parameters by stage key that are not saved yet.
        seed: of an altered copy.
    """

    key: str = ""
    index: int = 0
    take: int = 0
    nth: int = 0
    by_take: bool = False
    changes: Changes | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Block:
    """What one feature stage makes of the window.

    Attributes:
        name: of the stage.
        values: of its own shape, or None.
        axes: name of each axis.
        reason: why there are no values.
        hop_s: seconds between two feature frames; 0 where they are samples or not known.
        frame_s: length of one.
    """

    name: str
    values: npt.NDArray[np.float32] | None = None
    axes: tuple[str, ...] = ()
    reason: str = ""
    hop_s: float = 0.0
    frame_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One window.

    Attributes:
        place: "window 412 of 1,284, training", or "window 2 of 5, take 3 of 41".
        first, last: there is none before it, or after it.
        index: among all windows, -1 where they are cut take by take.
        nth: of its take.
        take_index: of the dataset.
        label: its class.
        take: recording it was cut from, or empty.
        start_s: in the recording.
        end_s: likewise.
        group: channels.
        samples: physical, shape (n, channels).
        live: something of it was computed for this view, with parameters that have not run.
        stale: it was computed before the last change, because now it cannot be.
        reason: why.
        blocks: of the features.
        altered: a copy as the augment stage makes it, physical; None where that is not asked for.
        altered_words: what was mixed in, or why there is none.
        whole: the take's stretch of the recording, physical, or None where it was not asked for.
        whole_first: index of its first sample in the recording.
        cuts: (start, end) in seconds of all windows of the take.
    """

    place: str
    first: bool
    last: bool
    index: int
    nth: int
    take_index: int
    label: str
    take: str
    start_s: float
    end_s: float
    group: ChannelGroup
    samples: npt.NDArray[np.float64]
    live: bool = False
    stale: bool = False
    reason: str = ""
    blocks: tuple[Block, ...] = ()
    altered: npt.NDArray[np.float64] | None = None
    altered_words: str = ""
    whole: npt.NDArray[np.float64] | None = None
    whole_first: int = 0
    cuts: tuple[tuple[float, float], ...] = ()

    @property
    def features(self) -> npt.NDArray[np.float32] | None:
        """Of the first block."""
        return self.blocks[0].values if self.blocks else None

    @property
    def axes(self) -> tuple[str, ...]:
        """Of the first block."""
        return self.blocks[0].axes if self.blocks else ()


class Cutter:
    """Windows to show: all of them where they are fresh, else those of one take, cut now; remembers the last."""

    def __init__(self) -> None:
        self._known: tuple[object, WindowSet] | None = None

    def take(
        self, studio: Studio, project: Project, view: PipelineView, use: StageUse, take: int, operation: Operation
    ) -> WindowSet:
        """The windows of a take.

        Raises:
            AppError: the stage refuses, or there is no dataset.
        """
        assert view.dataset.data is not None
        entry = studio.registry.stage(use.stage)
        dataset = view.given.dataset.key.hash if view.given.dataset else ""
        identity = (use, entry.code_hash, dataset, take)
        if self._known is None or self._known[0] != identity:
            cut = preview.cut(studio, project, use, view.given, view.dataset.data, take, operation)
            self._known = (identity, cut)
        return self._known[1]


def make(
    studio: Studio, project: Project, view: PipelineView, cutter: Cutter, request: Request, operation: Operation
) -> Frame | str:
    """The window to show, or why there is none.

    Raises:
        Cancelled: the caller cancelled.
    """
    stage = view.of_kind("window")
    data = view.dataset.data
    if data is None:
        return view.dataset.reason
    if stage is None:
        return "There is no window stage: takes are not cut into windows."
    use = _changed(stage, request.changes)
    reason, stale = "", False
    if stage.status.artifact is not None and use.params == stage.status.use.params:
        windows, whole = WindowSet.load(stage.status.artifact.folder), True
    else:
        take = min(len(data.takes) - 1, max(0, request.take))
        request = replace(request, take=take)
        try:
            windows, whole = cutter.take(studio, project, view, use, take, operation), False
        except AppError as error:
            reason, stale = f"{error.text} {error.hint}".strip(), True
            if stage.shown is None:
                return reason
            windows, whole = WindowSet.load(stage.shown.folder), True
    if not len(windows):
        return "This take gives no windows."
    takes = data.takes if not stale else ()
    row, frame = _base(windows, whole, request, takes, len(data.takes))
    frame = replace(frame, live=not whole, stale=stale, reason=reason)
    return _after(studio, project, view, request, windows, row, whole and not stale, frame, operation)


def _base(windows: WindowSet, whole: bool, request: Request, takes: Sequence[Take], many: int) -> tuple[int, Frame]:
    """The row of the window that is asked for, and what is known of it without any stage."""
    if whole and request.by_take and (rows := np.flatnonzero(windows.takes == request.take)).size:
        row = int(rows[min(request.nth, len(rows) - 1)])
    elif whole:
        row = min(len(windows) - 1, max(0, request.index))
    else:
        row = min(len(windows) - 1, request.nth) if request.nth >= 0 else len(windows) - 1
    take_index = int(windows.takes[row])
    of_take = np.flatnonzero(windows.takes == take_index)
    nth = int(np.searchsorted(of_take, row))
    if whole:
        place = f"window {row + 1:,} of {len(windows):,}, {_SPLITS[int(windows.splits[row])]}"
        ends = row == 0, row == len(windows) - 1
    else:
        place = f"window {nth + 1} of {len(of_take)}, take {take_index + 1:,} of {many:,}"
        ends = take_index == 0 and nth == 0, take_index == many - 1 and nth == len(of_take) - 1
    group, start = windows.signal.group, int(windows.starts[row])
    length = windows.signal.window_samples
    begins = [int(windows.starts[r]) for r in of_take]
    return row, Frame(
        place,
        *ends,
        row if whole else -1,
        nth,
        take_index,
        windows.classes[int(windows.labels[row])],
        takes[take_index].recording if take_index < len(takes) else "",
        start / group.rate_hz,
        (start + length) / group.rate_hz,
        group,
        group.to_physical(np.asarray(windows.samples[row])),
        cuts=tuple((b / group.rate_hz, (b + length) / group.rate_hz) for b in begins),
    )


def _after(
    studio: Studio,
    project: Project,
    view: PipelineView,
    request: Request,
    windows: WindowSet,
    row: int,
    cached: bool,
    frame: Frame,
    operation: Operation,
) -> Frame:
    """Add what the chosen stage makes of it."""
    chosen = view.stage(request.key)
    kind = chosen.kind if chosen is not None else "window"
    if chosen is not None and kind == "augment":
        return _altered(studio, request, chosen, windows, row, frame, operation)
    if chosen is not None and chosen.status.state == "absent":
        return replace(frame, reason=chosen.status.reason)
    if kind == "window":
        around, first = _take(project, view, frame)
        return replace(frame, whole=around, whole_first=first)
    wanted = [chosen] if chosen is not None and kind == "feature" else [s for s in view.stages if s.kind == "feature"]
    blocks, live = [], frame.live
    for stage in wanted:
        use = _changed(stage, request.changes)
        fresh = stage.status.artifact is not None and use.params == stage.status.use.params and cached
        live = live or not fresh
        blocks.append(_block(studio, stage, use, windows, row, fresh, operation))
    return replace(frame, blocks=tuple(blocks), live=live)


def _block(
    studio: Studio, stage: StageView, use: StageUse, windows: WindowSet, row: int, fresh: bool, operation: Operation
) -> Block:
    name = title(use.key, stage.status.title)
    try:
        if fresh and stage.status.artifact is not None:
            # Altered copies follow the originals, so an original has the same row here as among the windows.
            made = FeatureSet.load(stage.status.artifact.folder)
            values, axes = np.array(made.values[row]), made.axes
        else:
            values, axes = preview.features(studio, use, windows, row, operation)
    except AppError as error:
        return Block(name, reason=f"{error.text} {error.hint}".strip())
    params = {**stage.status.params, **use.params}
    hop, length = (float(params.get(k, 0.0)) / 1000 for k in ("hop_ms", "frame_ms"))
    return Block(name, values, axes, "", hop, length)


def _altered(
    studio: Studio,
    request: Request,
    stage: StageView,
    windows: WindowSet,
    row: int,
    frame: Frame,
    operation: Operation,
) -> Frame:
    use = _changed(stage, request.changes)
    try:
        copy = preview.altered(studio, use, windows, row, operation, seed=request.seed)
    except AppError as error:
        return replace(frame, altered_words=f"{error.text} {error.hint}".strip())
    words = ""
    if copy.targets is not None and copy.targets[0].max() < 0.999:
        shares = sorted(zip(copy.targets[0].tolist(), copy.classes, strict=True), reverse=True)
        words = ", ".join(f"{share * 100:.0f} % {name}" for share, name in shares if share >= 0.005)
    return replace(frame, altered=frame.group.to_physical(np.asarray(copy.samples[0])), altered_words=words, live=True)


def _changed(stage: StageView, changes: Changes | None) -> StageUse:
    use = stage.status.use
    set_now = (changes or {}).get(use.key)
    return replace(use, params={**use.params, **set_now}) if set_now else use


def _take(project: Project, view: PipelineView, frame: Frame) -> tuple[npt.NDArray[np.float64] | None, int]:
    data = view.dataset.data
    if data is None or frame.take_index >= len(data.takes) or not frame.take:
        return None, 0
    take = data.takes[frame.take_index]
    try:
        recording = project.recordings.load(take.recording)
        raw = project.recordings.samples(recording)[take.start : take.start + take.count]
    except AppError:
        return None, 0
    return frame.group.to_physical(np.asarray(raw)), take.start


def shape_words(shape: Sequence[int], axes: Sequence[str]) -> str:
    """ "130 samples × 6 channels": a shape with the names of its axes."""
    plural = {"time": "frames", "channel": "channels", "band": "bands", "bin": "bins", "feature": "values"}
    names = [plural.get(a, a) for a in axes]
    if len(names) != len(shape):
        return " × ".join(str(n) for n in shape)
    return " × ".join(f"{n} {name if n != 1 else name.removesuffix('s')}" for n, name in zip(shape, names, strict=True))
