"""Lets the kernel refuse what the audit hook cannot see: writes of C code and of programs that a stage starts.

Landlock (Linux 5.13 and newer) takes rights away from this thread and all that it starts, for good. Reading stays as
it is; writing is left to a few folders. https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls; the same numbers on every architecture that has them."""
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVS = 38
_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_SINCE = ((2, _REFER), (3, _TRUNCATE))
_OF_FILES = _WRITE_FILE | _TRUNCATE
_SHARED_MEMORY = (Path("/dev/shm"),)  # noqa: S108 - where semaphores and shared arrays of several processes live
_NO_FILES = (Path("/dev"), Path("/proc"))
"""Consoles and serial ports are nothing that is kept, and the kernel guards its own by itself."""


def confine(folders: Iterable[Path]) -> bool:
    """Let this thread, and what it starts, write only under these folders and to devices; it cannot be taken back.

    Call it before any other thread runs somebody else's code.

    Returns:
        Whether the kernel does that.
    """
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64", "riscv64", "armv7l"):
        return False
    version = _call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    rights = _WRITE_FILE | _REMOVE_AND_MAKE | sum(right for since, right in _SINCE if version >= since)
    ruleset = _call(_CREATE_RULESET, struct.pack("=Q", rights), 8, 0)
    if ruleset < 0:
        return False
    try:
        for folder in (*folders, *_SHARED_MEMORY):
            _add(ruleset, folder, rights)
        for folder in _NO_FILES:
            _add(ruleset, folder, _OF_FILES & rights)
        if ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3):
            return False
        return _call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _add(ruleset: int, folder: Path, rights: int) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
        finally:
            os.close(fd)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """A system call that the C library has no name for; -1 where it fails."""
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *values))
