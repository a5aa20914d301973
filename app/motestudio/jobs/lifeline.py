"""Ends a child when its parent dies, however it dies and whatever the child is doing.

On Linux the kernel does it: the child asks for SIGKILL when the other end of a pipe, which only the parent holds,
is closed. That needs no thread, so a stage in a C loop cannot hold it up, and unlike ``PR_SET_PDEATHSIG`` it does
not go by the thread that started the child. Elsewhere there is no lifeline: there the closed channel says it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys


class Lifeline:
    """The parent's side.

    Attributes:
        child_fd: for the child to inherit, or -1 where this system has no lifelines.
    """

    def __init__(self) -> None:
        self.child_fd = self._ours = -1
        if sys.platform == "linux":
            self.child_fd, self._ours = os.pipe()

    def started(self) -> None:
        """The child has its end by now."""
        if self.child_fd >= 0:
            os.close(self.child_fd)
            self.child_fd = -1

    def close(self) -> None:
        """Cut it: a child that hangs on it is killed."""
        self.started()
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1


def hang_on(fd: int) -> None:
    """In the child: be killed as soon as the parent is gone."""
    if sys.platform == "linux" and fd >= 0:
        import fcntl

        os.set_inheritable(fd, False)
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([fd], [], [], 0)[0]:  # it died before we asked
            os._exit(1)


def let_go(fd: int) -> None:
    """In the child: notice the parent's death on the channel instead, with time to finish."""
    if fd >= 0:
        with contextlib.suppress(OSError):
            os.close(fd)
