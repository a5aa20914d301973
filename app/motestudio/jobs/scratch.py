"""Temporary folders of workers: one for each, removed at its end by whoever started it, however it ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import psutil

_PREFIX = "mote-worker-"
VARIABLE, ROOF = "MOTE_SCRATCH", "MOTE_ROOF"
_NAMES = ("TMPDIR", "TEMP", "TMP", "JOBLIB_TEMP_FOLDER", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", VARIABLE)
"""What libraries look at to know where they may write what nobody asked for."""


def make() -> Path:
    """A fresh folder; its name says whose it is."""
    _sweep()
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()


def environment(folder: Path, roof: Path | None) -> dict[str, str]:
    """What a worker needs in its environment to write there, and under `roof`, and where it can be held, only there."""
    return dict.fromkeys(_NAMES, str(folder)) | {ROOF: "" if roof is None else str(roof)}


def roof_of(workdir: Path, *, alone: bool) -> Path:
    """The folder under which a worker that runs a job in `workdir` may write at most, whatever else runs in it.

    Args:
        workdir: of the job.
        alone: no other job will run in this worker.
    """
    real = workdir.resolve()
    if alone:
        return real
    temporary = Path(tempfile.gettempdir()).resolve()
    # Temporary folders each have a parent of their own: for one worker to serve them all, they count as one.
    return temporary if real.is_relative_to(temporary) else real.parent


def remove(folder: Path) -> None:
    """Remove it with all that lies in it."""
    shutil.rmtree(folder, ignore_errors=True)


@cache
def _sweep() -> None:
    """Once: remove what programs left behind that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        with contextlib.suppress(OSError, psutil.Error):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and not folder.is_symlink():
                remove(folder)
