"""Which windows an augment stage alters, and how many copies: training windows only, in batches.

Originals are never changed. With ``copies`` above 0 altered copies of originals are added; with 0 the copies that
earlier augment stages added are altered in place. ``probability`` is the share of windows taken.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from motestudio.errors import PluginError
from motestudio.sdk import TRAIN, AugmentContext, WindowSet
from motestudio.worker.stage_run import BATCH_VALUES, StageRun

Rows = npt.NDArray[np.int64]
_STREAM = 0x617567
"""Mixed into the seed, so that no other stage draws the same numbers."""


def run_augment(stage: Any, run: StageRun) -> dict[str, Any]:
    """Alter or add windows and save the whole set.

    Raises:
        PluginError: the stage gave something else than it was given.
    """
    windows = WindowSet.load(run.input("windows"))
    train = windows.splits == TRAIN
    originals = np.flatnonzero(train & ~windows.augmented)
    # The artifact that goes in names the place in the chain: two stages in a row do not draw the same numbers.
    place = zlib.crc32(run.input("windows").name.encode())
    rng = np.random.default_rng([run.ctx.seed, _STREAM, place])
    context = AugmentContext(
        windows.signal, windows.classes, rng, np.asarray(windows.samples[originals]), windows.labels[originals]
    )
    copies = int(run.params.get("copies", 1))
    probability = float(run.params.get("probability", 1.0))
    rows = np.tile(originals, copies) if copies else np.flatnonzero(train & windows.augmented)
    rows = rows[rng.random(len(rows)) < probability]
    if not copies and not len(rows):
        run.ctx.log("No augment stage before this one added copies: nothing is altered.")
    per_window = max(1, windows.signal.window_samples * windows.signal.n_channels)
    made, targets = _altered(stage, run, windows, context, rows, max(1, BATCH_VALUES // per_window))
    result = _with_copies(windows, rows, made, targets) if copies else _in_place(windows, rows, made, targets)
    meta = result.save(run.ctx.workdir)
    run.ctx.progress(1.0, f"{len(rows)} windows")
    return meta | {"altered": len(rows), "by_split": _by_split(result)}


def _by_split(windows: WindowSet) -> dict[str, int]:
    names = ("train", "validation", "test")
    return {name: int(np.sum(windows.splits == code)) for code, name in enumerate(names)}


def _batches(rows: Rows, size: int) -> Iterator[Rows]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _altered(
    stage: Any, run: StageRun, windows: WindowSet, context: AugmentContext, rows: Rows, batch: int
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    samples = np.empty((len(rows), *windows.samples.shape[1:]), dtype=np.int16)
    targets = np.empty((len(rows), len(windows.classes)), dtype=np.float32)
    done = 0
    for part in _batches(rows, batch):
        run.ctx.progress(done / len(rows), f"{done} of {len(rows)} windows")
        before, member = np.ascontiguousarray(windows.samples[part]), windows.targets_of(part)
        before.setflags(write=False)
        after, belongs = _checked(stage.augment(before, member, context, run.params), before, member)
        samples[done : done + len(part)], targets[done : done + len(part)] = after, belongs
        done += len(part)
    return samples, targets


def _checked(
    answer: Any, samples: npt.NDArray[np.int16], targets: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise PluginError("augment.answer", "augment did not return windows and targets.", "Report it to its author.")
    windows, member = (np.asarray(a) for a in answer)
    if windows.shape != samples.shape or windows.dtype != np.int16:
        text = f"augment gave windows of {windows.dtype} {windows.shape}; int16 {samples.shape} went in."
        raise PluginError("augment.windows", text, "Report it to the stage's author.")
    good = member.shape == targets.shape and member.dtype == np.float32 and bool(np.isfinite(member).all())
    if not good or not np.allclose(member.sum(axis=1), 1.0, atol=1e-3):
        text = f"augment gave targets of {member.dtype} {member.shape} that are not memberships of each window."
        raise PluginError("augment.targets", text, "Report it to the stage's author.")
    return windows, member


def _soft(windows: WindowSet, rows: Rows, targets: npt.NDArray[np.float32]) -> bool:
    """Whether targets say more than the labels do."""
    return windows.targets is not None or not np.array_equal(targets, windows.targets_of(rows))


def _with_copies(
    windows: WindowSet, rows: Rows, made: npt.NDArray[np.int16], targets: npt.NDArray[np.float32]
) -> WindowSet:
    everything = np.arange(len(windows))
    member = np.concatenate([windows.targets_of(everything), targets]) if _soft(windows, rows, targets) else None
    return WindowSet(
        np.concatenate([windows.samples, made]),
        np.concatenate([windows.labels, windows.labels[rows]]),
        np.concatenate([windows.splits, windows.splits[rows]]),
        np.concatenate([windows.takes, windows.takes[rows]]),
        np.concatenate([windows.starts, windows.starts[rows]]),
        windows.classes,
        windows.signal,
        np.concatenate([windows.augmented, np.ones(len(rows), dtype=np.bool_)]),
        member,
    )


def _in_place(
    windows: WindowSet, rows: Rows, made: npt.NDArray[np.int16], targets: npt.NDArray[np.float32]
) -> WindowSet:
    samples = np.array(windows.samples)
    samples[rows] = made
    member = None
    if _soft(windows, rows, targets):
        member = windows.targets_of(np.arange(len(windows)))
        member[rows] = targets
    return replace(windows, samples=samples, targets=member)
