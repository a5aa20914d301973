"""Keeps stages from writing anywhere but into their own folder: stops mistakes, not malice.

An audit hook of the interpreter sees every open for writing, removal and renaming that Python code does, also that
of libraries written in Python and of forked children. It does not see what C code does by itself (TensorFlow's own
file system, a program that the stage starts), and code that wants to can get around it through `ctypes`; the bounds
on memory, output and time hold for those all the same. `docs/decisions/0007-what-holds-a-plugin.md` says more.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_KEPT = 50
_MAKES = frozenset({"mkdir"})
_FOLLOW_LINKS = frozenset({"truncate", "chmod", "chown", "utime", "setxattr", "removexattr"})
_CHANGES = frozenset({"remove", "rmdir", "rename", *_FOLLOW_LINKS})
_WINDOWS_DEVICES = frozenset({"nul", "con", "conin$", "conout$"})


class WriteRefusedError(PermissionError):
    """A stage wanted to change something that is not its own.

    Attributes:
        path: what it wanted to change.
        action: how: ``open``, ``remove``, ``rename`` ...
    """

    def __init__(self, path: str, action: str) -> None:
        super().__init__(errno.EACCES, f"a stage may write into its own folder only ({action})", path)
        self.path = path
        self.action = action


class Guard:
    """The one guard of a worker; `install` it once, it cannot be taken out again.

    Args:
        scratch: the worker's temporary folder, writable always.
    """

    def __init__(self, scratch: Path | None) -> None:
        self._always = () if scratch is None else (_inside(os.path.realpath(scratch)),)
        self._allowed = self._always
        self._refused: list[WriteRefusedError] = []

    def install(self) -> None:
        """Begin; from now on nothing but the temporary folder and what `allow` names can be written."""
        checks = {
            "open": self._open,
            "os.remove": self._one("remove", 1),
            "os.rmdir": self._one("rmdir", 1),
            "os.mkdir": self._one("mkdir", 2),
            "os.truncate": self._one("truncate", None),
            "os.chmod": self._one("chmod", 2),
            "os.chown": self._one("chown", 3),
            "os.utime": self._one("utime", 3),
            "os.setxattr": self._one("setxattr", None),
            "os.removexattr": self._one("removexattr", None),
            "os.rename": self._two("rename"),
            "os.link": self._two("link"),
            "os.symlink": self._symlink,
            "sqlite3.connect": self._database,
        }
        find = checks.get

        def hook(event: str, args: tuple[Any, ...]) -> None:
            check = find(event)
            if check is not None:
                check(args)

        sys.addaudithook(hook)

    def allow(self, workdir: Path | None) -> None:
        """A job begins, which may write into `workdir`; or (None) it has ended. Forgets what was refused before."""
        self._allowed = self._always if workdir is None else (*self._always, _inside(os.path.realpath(workdir)))
        self._refused = []

    @property
    def refused(self) -> list[WriteRefusedError]:
        """What was refused since `allow`, each path once; the first of very many."""
        return list({refusal.path: refusal for refusal in self._refused}.values())

    def _open(self, args: tuple[Any, ...]) -> None:
        path, flags = args[0], args[2]
        if isinstance(flags, int) and flags & _WRITES and not isinstance(path, int):
            self._check(path, "open")

    def _one(self, action: str, dir_fd_at: int | None) -> Callable[[tuple[Any, ...]], None]:
        def check(args: tuple[Any, ...]) -> None:
            self._check(args[0], action, -1 if dir_fd_at is None else args[dir_fd_at])

        return check

    def _two(self, action: str) -> Callable[[tuple[Any, ...]], None]:
        def check(args: tuple[Any, ...]) -> None:
            # Also what it is called now: a link to an input is a way to write into the input.
            self._check(args[0], action, args[2])
            self._check(args[1], f"{action} to", args[3])

        return check

    def _symlink(self, args: tuple[Any, ...]) -> None:
        self._check(args[1], "symlink", args[2])

    def _database(self, args: tuple[Any, ...]) -> None:
        name = os.fspath(args[0]) if isinstance(args[0], str | bytes | os.PathLike) else ""
        text = os.fsdecode(name)
        if text and text != ":memory:" and not (text.startswith("file:") and ("mode=ro" in text or "memory" in text)):
            self._check(text.removeprefix("file:").partition("?")[0], "open")

    def _check(self, path: Any, action: str, dir_fd: int = -1) -> None:
        if isinstance(path, int):  # a descriptor: it was looked at when it was opened
            return
        try:
            name = os.fsdecode(path)
        except (TypeError, ValueError):
            return
        real = _place(name, action, dir_fd)
        if os.path.normcase(real + os.sep).startswith(self._allowed) or _is_device(real):
            return
        if _fails_anyway(real, action):
            return
        refusal = WriteRefusedError(real, action)
        # No lock: a child that is forked while another thread held it would wait for ever.
        if len(self._refused) < _KEPT:
            self._refused.append(refusal)
        raise refusal


def _fails_anyway(real: str, action: str) -> bool:
    """Whether the system says no by itself, with the error that the caller may be waiting for."""
    there = os.path.lexists(real)
    return there if action in _MAKES else not there and action in _CHANGES


def _place(name: str, action: str, dir_fd: int | None) -> str:
    """The real path of what would change: of a link itself where it is not opened."""
    if dir_fd not in (-1, None) and not os.path.isabs(name):  # noqa: PTH117 - called for every file that is written
        name = os.path.join(_folder_of(dir_fd), name)  # noqa: PTH118
    if action == "open" or action in _FOLLOW_LINKS:
        return os.path.realpath(name)
    parent, last = os.path.split(os.path.abspath(name))  # noqa: PTH100
    return os.path.join(os.path.realpath(parent), last)  # noqa: PTH118


def _folder_of(fd: int) -> str:
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(fd, 50, bytes(1024)).partition(b"\0")[0])  # F_GETPATH
    return f"/proc/self/fd/{fd}"


def _inside(folder: str) -> str:
    return os.path.normcase(folder.rstrip(os.sep) + os.sep)


def _is_device(real: str) -> bool:
    """Consoles, serial ports and what the kernel shows as files: nothing that is kept."""
    if sys.platform == "win32":
        return os.path.basename(real).lower() in _WINDOWS_DEVICES  # noqa: PTH119
    if real.startswith("/proc/"):
        return True
    try:
        return real.startswith("/dev/") and stat.S_ISCHR(os.stat(real).st_mode)  # noqa: PTH116
    except OSError:
        return False


def refusal_in(error: BaseException | None) -> WriteRefusedError | None:
    """The refused write that an exception came from, however often it was wrapped."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, WriteRefusedError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
