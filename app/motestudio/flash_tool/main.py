"""One of the flashing clients as a program of its own: ``motestudio @flash-tool esptool ...``.

It only runs the client's own command line. What it prints goes out at once, so that progress is seen while it happens.
"""

from __future__ import annotations

import contextlib
import errno
import io
import runpy
import sys
from collections.abc import Callable
from typing import Any

CLIENTS = ("esptool", "stm32loader", "pyocd")


class _LineAWrite(io.TextIOBase):
    """Ends each piece that is written with a line end: pyOCD draws its bar in pieces of one line."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text if text.endswith("\n") else text + "\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return int(self._stream.fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return str(self._stream.encoding)


def _tolerant(change: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def changed(port: Any, value: Any) -> None:
        try:
            change(port, value)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):
                raise

    return changed


def _without_control_lines() -> None:
    """Let ports that have no DTR and RTS (pseudo-terminals, ports of virtual machines) be used without them."""
    import serial

    serial.Serial.setDTR = _tolerant(serial.Serial.setDTR)
    serial.Serial.setRTS = _tolerant(serial.Serial.setRTS)


def main(argv: list[str]) -> int:
    """Run the client that the first argument names with the others; its exit status."""
    if not argv or argv[0] not in CLIENTS:
        sys.stderr.write(f"Name one of {', '.join(CLIENTS)}.\n")
        return 2
    client = argv[0]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError):
                stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    if client == "stm32loader":
        _without_control_lines()
    elif client == "pyocd":
        sys.stdout = _LineAWrite(sys.stdout)
    sys.argv = [client, *argv[1:]]
    runpy.run_module(client, run_name="__main__", alter_sys=True)
    return 0
