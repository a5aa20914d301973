"""Turns what a process prints into lines: any bytes, any amount, without ever blocking the process for long."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO

MAX_LINE = 2000
"""Bytes; what is longer is cut into several lines."""
_KEPT = 40
_TAIL = 2000


class LineReader:
    """Reads a pipe to its end in a thread of its own and hands each line on.

    Args:
        stream: the process's stdout and stderr; closed at its end.
        on_line: called from the reader's thread, in order; must not block.
        max_per_second: lines beyond that are counted and not handed on; 0 for no limit.
    """

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None], *, max_per_second: int = 0) -> None:
        self._stream = stream
        self._on_line = on_line
        self._limit = max_per_second
        self._second = 0.0
        self._handed = self._left_out = 0
        self._lock = threading.Lock()
        self.last: deque[str] = deque(maxlen=_KEPT)
        self._thread = threading.Thread(target=self._run, name="mote-lines", daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait for the end of the pipe; False where somebody still holds it open."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def tell_left_out(self) -> None:
        """Say now how many lines were left out since this was last said, if any."""
        with self._lock:
            count, self._left_out = self._left_out, 0
        if count:
            self._on_line(f"({count} lines left out)")

    def _run(self) -> None:
        rest = b""
        with self._stream as stream:
            read = getattr(stream, "read1", stream.read)
            while True:
                try:
                    chunk = read(65536)
                except (OSError, ValueError):  # closed from outside
                    break
                if not chunk:
                    break
                if self._drowning(chunk):
                    rest = b""
                    continue
                *lines, rest = (rest + chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).split(b"\n")
                for line in lines:
                    self._emit(line)
                if len(rest) > MAX_LINE:
                    self._emit(rest)
                    rest = b""
        self._emit(rest)
        self.tell_left_out()

    def _drowning(self, chunk: bytes) -> bool:
        """Over the limit of this second: count the lines, keep the last, and leave the work of telling them apart."""
        if not self._limit or self._handed <= self._limit or time.monotonic() - self._second >= 1.0:
            return False
        with self._lock:
            self._left_out += chunk.count(b"\n") or 1
        tail = chunk[-_TAIL:].replace(b"\r", b"\n").split(b"\n")
        self.last.extend(text for raw in tail if (text := raw.decode("utf-8", errors="replace").rstrip()))
        return True

    def _emit(self, raw: bytes) -> None:
        for start in range(0, len(raw), MAX_LINE):
            line = raw[start : start + MAX_LINE].decode("utf-8", errors="replace").rstrip()
            if not line:
                continue
            self.last.append(line)
            if self._limit and not self._may_hand_on():
                continue
            self._on_line(line)

    def _may_hand_on(self) -> bool:
        now = time.monotonic()
        if now - self._second >= 1.0:
            self.tell_left_out()
            self._second, self._handed = now, 0
        self._handed += 1
        if self._handed > self._limit:
            with self._lock:
                self._left_out += 1
            return False
        return True
