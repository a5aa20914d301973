"""What the flashing tools have in common: what a port, a lost connection and a failure are called, and what to do."""

from __future__ import annotations

import re
import sys
from typing import Protocol

from motestudio.errors import FlashError

_NO_PORT = re.compile(r"No such file or directory|FileNotFoundError|cannot find the (?:file|path)|Errno 2\]")
_DENIED = re.compile(r"Permission denied|Errno 13\]")
_BUSY = re.compile(r"Device or resource busy|Errno 16\]|Access is denied|PermissionError|exclusively lock")
_OPENING = re.compile(r"could not open port|Could not open")
_FRAME = re.compile(r"^\s|^Traceback|^During handling|^The above exception")


class Follower(Protocol):
    """Follows a tool by what it prints."""

    def line(self, text: str) -> tuple[float, str] | None:
        """How far it is, 0..1, and what it does, such as ``Writing``; None where a line says neither."""
        ...


class Silent:
    """Follows a step that has no progress of its own."""

    def __init__(self, word: str) -> None:
        self._word = word

    def line(self, text: str) -> tuple[float, str] | None:
        """Where it begins."""
        return 0.0, self._word


def port_error(output: str, port: str) -> FlashError | None:
    """The error that a port could not be opened; None where a tool's output says nothing of it."""
    lines = output.splitlines()
    at = next((number for number, line in enumerate(lines) if _OPENING.search(line)), None)
    if at is None:
        return None
    said = "\n".join(lines[at : at + 3])
    data = {"port": port}
    if _DENIED.search(said) and sys.platform.startswith("linux"):
        return FlashError(
            "flash.permission",
            f"You may not open {port}.",
            "Join the group that owns it (sudo usermod -a -G dialout $USER), then log in again.",
            data,
        )
    if _DENIED.search(said) or _BUSY.search(said):
        return port_busy(port, "another program")
    if _NO_PORT.search(said):
        text, hint = f"There is no port {port}.", "Plug the board in and choose its port; `mote ports` lists them."
        return FlashError("flash.no_port", text, hint, data)
    return FlashError("flash.no_port", f"{port} cannot be opened: {lines[at]}", "Plug the board in again.", data)


def port_busy(port: str, holder: str) -> FlashError:
    """Somebody else has the port open."""
    return FlashError(
        "flash.port_busy",
        f"{port} is in use by {holder}.",
        "Disconnect the board there, close serial monitors, and flash again.",
        {"port": port, "holder": holder},
    )


def interrupted(how_back: str, output: str) -> FlashError:
    """The connection went while the board was written to.

    Args:
        how_back: what to do to get it into its boot loader again.
        output: of the tool.
    """
    return FlashError(
        "flash.interrupted",
        "The connection to the board was lost before it was flashed; its program is not whole.",
        f"The board is not damaged: check the cable, {how_back} and flash again.",
        {"said": last_words(output)},
    )


def mismatch(output: str, hint: str) -> FlashError:
    """What was read back is not what was written."""
    text = "The flash does not hold what was written."
    return FlashError("flash.verify", text, hint, {"said": last_words(output)})


def wrong_chip(found: str, expected: str, board: str) -> FlashError:
    """Another chip answers than the board has; nothing was written."""
    return FlashError(
        "flash.wrong_chip",
        f"The chip that answers is {found}; {board} has {expected}. Nothing was written.",
        "Choose the port of the right board, or the board that is on this port.",
        {"found": found, "expected": expected},
    )


def failed(tool: str, output: str, exit_code: int) -> FlashError:
    """What has no better explanation, in the tool's own last words."""
    said = last_words(output) or f"exit status {exit_code}"
    return FlashError(
        "flash.failed",
        f"{tool} could not flash the board: {said}",
        "Reset the board and flash again; the log has all that the tool said.",
        {"tool": tool, "exit_code": exit_code, "said": said},
    )


def last_words(output: str) -> str:
    """The last line that says something, without the frames of a traceback; at most 300 characters."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not _FRAME.match(line)]
    return lines[-1][:300] if lines else ""
