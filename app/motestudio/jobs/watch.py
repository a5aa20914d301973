"""Watches what a running job takes of the computer and says when it is too much. It ends nothing by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from motestudio.domain.units import format_bytes
from motestudio.jobs import tree
from motestudio.jobs.bounds import MEMORY_RESERVE, Bounds, free_disk, size_of, total_memory

_MEMORY_S = 0.2
_DISK_S = 0.25
_TELL_S = 0.5
_STRAYS_S = 2.0
_PATIENCE = 20
"""A look at the disk takes at most one part in this many of the time."""
_SMALL_OUTPUT = 16 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job takes and took.

    Attributes:
        memory: bytes now, of all its processes.
        peak: the most of that so far.
        cpu_seconds: processor time.
        processes: now.
        output: bytes written so far into its folder and its temporary one.
    """

    memory: int = 0
    peak: int = 0
    cpu_seconds: float = 0.0
    processes: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """Why a job must end: an error's code, text and hint."""

    code: str
    text: str
    hint: str


class Watch:
    """The watch of one job.

    Attributes:
        usage: as of the last look.

    Args:
        pid: of the worker, which leads a session.
        bounds: of the job.
        workdir: the job's folder.
        scratch: the worker's temporary folder; what lies there already is not this job's.
        tell: gets the usage, at most twice a second.
    """

    def __init__(
        self, pid: int, bounds: Bounds, workdir: Path, scratch: Path | None, tell: Callable[[Usage], None]
    ) -> None:
        self._pid, self._bounds, self._tell = pid, bounds, tell
        self._folders = [workdir] if scratch is None else [workdir, scratch]
        self._before = size_of(scratch)[0] if scratch is not None else 0
        self._cpu_before = tree.cpu_seconds([pid])
        # On a disk that is nearly full already a small job must still be possible.
        self._reserves = [min(bounds.disk_reserve, free_disk(folder) // 2) for folder in self._folders]
        self._memory_at = self._disk_at = self._tell_at = self._strays_at = 0.0
        self._strays: set[int] = set()
        self.usage = Usage()

    def look(self) -> Breach | None:
        """Measure what is due; call it as often as you like.

        Returns:
            What the job has too much of, or None.
        """
        now = time.monotonic()
        breach = None
        if now >= self._memory_at:
            self._memory_at = now + _MEMORY_S
            breach = self._look_at_processes()
        if breach is None and now >= self._disk_at:
            breach = self.look_at_output()
            self._disk_at = now + max(_DISK_S, _PATIENCE * (time.monotonic() - now))
        if now >= self._tell_at:
            self._tell_at = now + _TELL_S
            self.measure_time()
            self._tell(self.usage)
        return breach

    def end(self) -> Watch:
        """Take the last figures and tell them; the worker may be dead by now."""
        self.measure_time()
        self._look_at_processes()
        self._tell(self.usage)
        return self

    @property
    def swollen(self) -> bool:
        """Whether the worker holds more memory than leaves room for another job."""
        return self.usage.memory > self._bounds.memory // 2

    def measure_time(self) -> None:
        """Bring the processor time up to date."""
        spent = tree.cpu_seconds(self._pids()) - self._cpu_before
        self.usage = replace(self.usage, cpu_seconds=max(self.usage.cpu_seconds, spent))

    def _pids(self) -> list[int]:
        """The session, and every few seconds also who left it: to find those costs a hundred times as much."""
        pids = tree.session(self._pid)
        if time.monotonic() >= self._strays_at:
            self._strays_at = time.monotonic() + _STRAYS_S
            self._strays = {process.pid for process in tree.descendants(self._pid)}.difference(pids)
        return [*pids, *self._strays]

    def _look_at_processes(self) -> Breach | None:
        pids = self._pids()
        memory = tree.memory(pids, self._bounds.memory)
        peak = max(self.usage.peak, memory)
        self.usage = replace(self.usage, memory=memory, peak=peak, processes=len(pids))
        if len(pids) > self._bounds.processes and len(pids := tree.alive(pids)) > self._bounds.processes:
            return Breach(
                "stage.processes",
                f"It had started {len(pids)} processes; at most {self._bounds.processes} are allowed.",
                "Report it to the stage's author.",
            )
        if memory > self._bounds.memory:
            return _too_much_memory(memory, f"at most {format_bytes(self._bounds.memory)} is allowed")
        if memory > total_memory() // 4 and psutil.virtual_memory().available < MEMORY_RESERVE:
            return _too_much_memory(memory, "the computer had almost none left")
        return None

    def look_at_output(self) -> Breach | None:
        """Measure what was written, now."""
        sizes: Sequence[tuple[int, int]] = [size_of(folder) for folder in self._folders]
        output = max(0, sum(size for size, _ in sizes) - self._before)
        self.usage = replace(self.usage, output=output)
        if output > self._bounds.output:
            return Breach(
                "stage.output",
                f"It had written {format_bytes(output)}; for inputs of this size at most "
                f"{format_bytes(self._bounds.output)} is allowed.",
                "Nothing of it was kept. Look at the stage's parameters, or report it to its author.",
            )
        if sizes[0][1] > self._bounds.files:
            return Breach(
                "stage.output",
                f"It had made {sizes[0][1]} files; at most {self._bounds.files} are allowed.",
                "Nothing of it was kept. Report it to the stage's author.",
            )
        for folder, reserve in zip(self._folders, self._reserves, strict=True):
            if output > _SMALL_OUTPUT and (free := free_disk(folder)) < reserve:
                return Breach(
                    "disk.full",
                    f"The disk has only {format_bytes(free)} left after it wrote {format_bytes(output)}.",
                    "Nothing of it was kept. Free some space and run it again.",
                )
        return None


def _too_much_memory(memory: int, why: str) -> Breach:
    return Breach(
        "stage.memory",
        f"It took {format_bytes(memory)} of memory; {why}.",
        "Use less data, smaller batches or a smaller model; if neither helps, report it to the stage's author.",
    )
