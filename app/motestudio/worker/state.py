"""What a job may leave changed in its process, and whether another job should meet that."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from pathlib import Path

_SETTLE_S = 0.2
_CHILD_SUBREAPER = 36


class ProcessState:
    """The process as it was before the first job."""

    def __init__(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        self._files = _identities()

    def spent(self) -> bool:
        """Whether the last job left threads of its own running, or took the standard streams away.

        Threads of TensorFlow and of BLAS are not Python's and not meant; those of a pool that just ends get a moment.
        """
        if (sys.stdout, sys.stderr) != self._streams or any(stream.closed for stream in self._streams):
            return True
        if _identities() != self._files:
            return True
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and thread.name != READER:
                thread.join(_SETTLE_S)
                if thread.is_alive():
                    return True
        return False


READER = "mote-commands"
"""Name of the worker's own second thread."""


def _identities() -> tuple[tuple[int, int], ...]:
    found = []
    for fd in (0, 1, 2):
        try:
            facts = os.fstat(fd)
            found.append((facts.st_dev, facts.st_ino))
        except OSError:
            found.append((-1, -1))
    return tuple(found)


def expendable() -> None:
    """Leave no core file, keep orphans in the family, be the first to go when memory runs out: rather than the window.

    A process that lost its parent becomes a child of this one, so that whoever ends this one finds it.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)


def reap() -> None:
    """Forget the dead children of the last job, also those that it had lost sight of."""
    with contextlib.suppress(OSError, AttributeError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
