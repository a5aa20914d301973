"""One writer per project: a lock file that says who holds it. The lock of a dead process is taken over."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import psutil

from motestudio.errors import ProjectError
from motestudio.project.files import file_error


class ProjectLock:
    """Held from its making to `release`.

    Args:
        path: of the lock file; its folder exists.

    Raises:
        ProjectError: ``project.locked``, with who holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = False
        body = json.dumps({"pid": os.getpid(), "started": _started(os.getpid()), "host": socket.gethostname()})
        for _ in range(5):
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                self._remove_stale()
                continue
            except OSError as error:
                raise file_error(error, path) from error
            with os.fdopen(handle, "w") as file:
                file.write(body)
            self._held = True
            return
        raise _locked({})

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        if self._held:
            self._held = False
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _remove_stale(self) -> None:
        owner = _read(self._path)
        if owner is None:  # unreadable: written half, by a process that died in that moment
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            return
        if owner.get("host") != socket.gethostname():
            raise _locked(owner)
        pid = owner.get("pid")
        if isinstance(pid, int) and pid > 0 and psutil.pid_exists(pid) and _started(pid) == owner.get("started"):
            raise _locked(owner)
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"host": socket.gethostname()}
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def _started(pid: int) -> int:
    """When a process began: a process id alone is used again."""
    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.Error:
        return 0


def _locked(owner: dict[str, Any]) -> ProjectError:
    mine = owner.get("pid") == os.getpid()
    who = "this program" if mine else f"process {owner.get('pid', '?')} on {owner.get('host', 'this computer')}"
    return ProjectError(
        "project.locked",
        f"The project is open in {who}.",
        "Close it there, or open it for reading only; if that computer is gone, delete .mote/lock.",
        owner,
    )
