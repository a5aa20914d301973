"""How much room the disk has for takes, and how long that lasts at the rate at which samples arrive."""

from __future__ import annotations

import shutil
from pathlib import Path

_EVERY_S = 1.0


class DiskSpace:
    """Looks at a disk about once a second.

    Args:
        folder: on the disk that takes are written to, as long as none runs.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._looked = -_EVERY_S
        self._free = 0

    def look(self, now: float, folder: Path | None, bytes_per_s: float) -> tuple[int, float]:
        """Bytes that are free, and the seconds until they are not; 0 where nothing is known or arrives.

        Args:
            now: seconds of a steady clock.
            folder: that a take is being written to.
            bytes_per_s: that are or would be written.
        """
        self._folder = folder or self._folder
        if self._folder is not None and now - self._looked >= _EVERY_S:
            self._looked = now
            try:
                self._free = shutil.disk_usage(self._folder).free
            except OSError:
                self._free = 0
        return self._free, self._free / bytes_per_s if bytes_per_s > 0 else 0.0
