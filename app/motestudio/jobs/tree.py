"""A process with all that it started: who that is, what memory and time they take, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_OWN = re.compile(rb"^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB", re.MULTILINE)
_SHARE = re.compile(rb"^(?:Pss_Anon|Pss_Shmem|SwapPss):\s+(\d+) kB", re.MULTILINE)

_ROUNDS = 20


def session(pid: int) -> list[int]:
    """The processes of the session that `pid` leads, itself among them: a tenth of a millisecond where there are 100.

    Where a system has no sessions: itself and its descendants.
    """
    if sys.platform == "win32":
        return [pid, *(process.pid for process in _below(pid))]
    found = []
    for other in psutil.pids():
        with contextlib.suppress(OSError):
            if other == pid or os.getsid(other) == pid:
                found.append(other)
    return found


def descendants(pid: int) -> list[psutil.Process]:
    """What a process started: its tree, and whoever in its session lost the parent in between."""
    found = {process.pid: process for process in _below(pid)}
    for other in session(pid):
        if other != pid and other not in found:
            with contextlib.suppress(psutil.Error):
                found[other] = psutil.Process(other)
    return list(found.values())


def _below(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def alive(pids: Sequence[int]) -> list[int]:
    """Those that are more than an entry that nobody has asked for yet."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kill them; those that are gone are no error."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def kill_session(pid: int) -> None:
    """Kill what is left of a process's group: children whose own parent died no longer stand in its tree."""
    if sys.platform != "win32" and pid > 1 and pid != os.getpgid(0):
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def kill_stragglers(pid: int) -> None:
    """After the others: who was started in the moment of the killing, or stands in another group of the session."""
    if sys.platform == "win32" or pid == os.getsid(0):
        return
    for _ in range(_ROUNDS):
        left = [other for other in session(pid) if other != pid]
        for other in left:
            with contextlib.suppress(OSError):
                os.kill(other, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.01)


def memory(pids: Sequence[int], exact_over: int) -> int:
    """Bytes of memory that only these processes keep occupied.

    Pages of mapped files are left out where the system tells them apart: it takes them back when it needs them, and
    a stage that reads a large recording through `numpy.memmap` would seem to hold all of it. Pages that several of
    the processes share since a fork are counted once where the simple sum is over `exact_over` bytes: that costs
    more than the sum does.
    """
    total = sum(_own(pid) for pid in pids)
    if total > exact_over and len(pids) > 1 and sys.platform == "linux":
        return sum(_share(pid) for pid in pids)
    return total


def _own(pid: int) -> int:
    try:
        if sys.platform != "linux":
            return int(psutil.Process(pid).memory_info().rss)
        return 1024 * sum(map(int, _OWN.findall(Path(f"/proc/{pid}/status").read_bytes())))
    except (OSError, psutil.Error):
        return 0


def _share(pid: int) -> int:
    try:
        found = _SHARE.findall(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return _own(pid)
    return 1024 * sum(map(int, found)) if found else _own(pid)


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time of these processes and of those of their children that ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total
