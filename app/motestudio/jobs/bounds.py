"""How much of the computer a job may take, where nobody says it: fractions of what there is, and of its inputs."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

MB, GB = 1 << 20, 1 << 30

HEAVY_SHARE, LIGHT_SHARE = 0.75, 0.25
"""Of the memory, for each of the two lanes."""
LEAST_MEMORY = GB
OUTPUT_FLOOR = 512 * MB
"""What a stage may write whatever its inputs are."""
OUTPUT_FACTOR = 64
"""Times the size of its inputs: windows that overlap by 95 % are 20 times their recordings, a spectrogram of them
three times that."""
DISK_RESERVE = GB
"""Bytes of the disk that a job leaves free."""
MEMORY_RESERVE = 256 * MB
"""Bytes of memory that the computer keeps, whatever the job's bound says."""
MOST_PROCESSES = 128
MOST_FILES = 1_000_000
_MEASURE_S = 1.0
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a job may take.

    Attributes:
        memory: bytes, of all its processes together.
        output: bytes, in its folder and its temporary one.
        disk_reserve: bytes that stay free on the disk.
        processes: at once.
        files: in its folder.
    """

    memory: int
    output: int
    disk_reserve: int = DISK_RESERVE
    processes: int = MOST_PROCESSES
    files: int = MOST_FILES


def bounds_for(*, heavy: bool, inputs: Iterable[str], memory: int | None = None, output: int | None = None) -> Bounds:
    """The bounds of a job.

    Args:
        heavy: which lane.
        inputs: folders or files that it reads.
        memory: bytes, instead of a share of this computer's.
        output: bytes, instead of what follows from the inputs.
    """
    if memory is None:
        memory = max(LEAST_MEMORY, int(total_memory() * (HEAVY_SHARE if heavy else LIGHT_SHARE)))
    if output is None:
        output = OUTPUT_FLOOR + OUTPUT_FACTOR * sum(_size_in(inputs))
    return Bounds(memory, output)


@cache
def total_memory() -> int:
    """Bytes of memory that this program and its children can have: the computer's, or the container's."""
    total = int(psutil.virtual_memory().total)
    for place in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(place).read_text(encoding="ascii")))
    return total


def free_disk(folder: str | Path) -> int:
    """Bytes free on the disk of a folder; very many where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 1 << 62


def size_of(folder: str | Path) -> tuple[int, int]:
    """Bytes and number of the files under a folder, links not followed; 0 where there is none."""
    total = count = 0
    waiting = [os.fspath(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
                    count += 1
    return total, count


def _size_in(inputs: Iterable[str]) -> Iterable[int]:
    """Sizes of the inputs; one that takes long to look through is a large data set and no bound."""
    end = time.monotonic() + _MEASURE_S
    for place in inputs:
        path = Path(place)
        if path.is_file():
            yield path.stat().st_size
            continue
        for parent, _, names in os.walk(path):
            if time.monotonic() > end:
                yield 1 << 50
                return
            for name in names:
                with contextlib.suppress(OSError):
                    yield Path(parent, name).stat().st_size
