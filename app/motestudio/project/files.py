"""Files that are whole or not there: atomic writes, and what a failing disk means to the user."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from motestudio.errors import ProjectError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step: a reader, or whoever comes after a crash, sees the old or the new content.

    Args:
        path: in an existing folder.
        data: the whole content.
        durable: survive a power cut, for a fraction of a millisecond to a few.

    Raises:
        ProjectError: it cannot be written; the old content is still there.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        # mkstemp makes private files; a project is the user's to share.
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            if temporary:
                Path(temporary).unlink(missing_ok=True)
        raise file_error(error, path) from error


def write_text(path: Path, text: str) -> None:
    """`write_atomic` for UTF-8 text."""
    write_atomic(path, text.encode())


def file_error(error: OSError, path: Path) -> ProjectError:
    """What a failed read or write means, in the user's words."""
    data = {"path": str(path)}
    if error.errno in _FULL:
        text = f"The disk is full: {path.name} could not be written."
        return ProjectError("disk.full", text, "Free some space and try again; nothing already written is lost.", data)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = f"{path} may not be read or written."
        return ProjectError("file.permission", text, "Check the permissions of the folder.", data)
    if error.errno == errno.ENOENT:
        return ProjectError("file.missing", f"{path} does not exist.", "It was moved or deleted; check the path.", data)
    text = f"{path.name} cannot be read or written: {error.strerror or error}."
    return ProjectError("file.failed", text, "Check the disk and the folder.", data)


def _read_umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


_UMASK = _read_umask()


def _umask() -> int:
    """Read once: asking for it means setting it, which no second thread should see."""
    return _UMASK
