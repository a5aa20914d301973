"""stm32loader, which writes STM32 chips through the UART loader in their ROM (ST AN3155): command lines and words."""

from __future__ import annotations

import re
from pathlib import Path

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.flashers import words
from motestudio.firmware.flashers.images import Region

BAUD = 115_200
"""The most that the loaders of all these chips find out by themselves."""
_ERASED, _WRITTEN = 0.15, 0.6
_ID = re.compile(r"Chip id: (0x[0-9A-Fa-f]+)")
_STEP = re.compile(r"^(Write|Read) (\d+) bytes at (0x[0-9A-Fa-f]+)")
_DETAIL = re.compile(r"\*\*\* Command: (?:Write|Read) memory|\s+(?:\[\d+\] bytes to write|Write memory done)")
_ERASE_COMMAND = re.compile(r"Command: (?:Extended erase|Erase)")
_ERASE_AGREED = "this can take ten seconds"
_NO_LOADER = "Can't init into bootloader"
_LOST = re.compile(
    r"SerialException|Input/output error|device disconnected|Can't read port or timeout|index out of range"
    r"|Unknown response"
)
_ENTER = "set BOOT0 high (its jumper or button) and reset the board"


def identify_command(port: str) -> list[str]:
    """Arguments that ask the chip what it is and change nothing."""
    return ["--port", port, "--baud", str(BAUD)]


def product_id(output: str) -> int | None:
    """What the chip answered; None where it did not."""
    match = _ID.search(output)
    return int(match[1], 16) if match else None


def write_command(port: str, region: Region, path: Path) -> list[str]:
    """Arguments that erase the whole flash, write a file, read it back and start it."""
    at = f"0x{region.address:08x}"
    # Verbose, for its bar is drawn on terminals only.
    argv = [*identify_command(port), "--verbose", "--erase", "--write", "--verify", "--address", at]
    return [*argv, "--go-address", at, str(path)]


def check_chip(board: BoardFile, found: int) -> None:
    """See that the chip is the board's.

    Raises:
        FlashError: ``flash.wrong_chip``.
    """
    expected = board.flashing.product_id
    if found != expected:
        raise words.wrong_chip(f"one with id 0x{found:03x}", f"an {board.chip} (0x{expected:03x})", board.name)


class Progress:
    """Follows erasing, writing and reading back.

    Args:
        region: what is written.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._last = (0.0, "Erasing")

    def line(self, text: str) -> tuple[float, str] | None:
        """See `words.Follower`."""
        if _ERASE_COMMAND.search(text):
            return 0.0, "Erasing"
        if _DETAIL.match(text):
            return self._last
        match = _STEP.match(text)
        if match is None:
            return None
        done = int(match[3], 16) + int(match[2]) - self._region.address
        part = min(1.0, max(0.0, done / len(self._region.data)))
        if match[1] == "Write":
            self._last = _ERASED + (_WRITTEN - _ERASED) * part, "Writing"
        else:
            self._last = _WRITTEN + (0.99 - _WRITTEN) * part, "Verifying"
        return self._last


def explain(board: BoardFile, port: str, output: str, exit_code: int) -> FlashError:
    """Why it ended with `exit_code`."""
    if error := words.port_error(output, port):
        return error
    if product_id(output) is None and (_NO_LOADER in output or _LOST.search(output)):
        return FlashError(
            "flash.no_answer",
            f"No boot loader answers on {port}.",
            f"Bring the chip into it: {_ENTER}. A board with an ST-Link is flashed by pyOCD, without a port.",
            {"port": port, "said": words.last_words(output)},
        )
    if "Verification FAILED" in output:
        hint = "Flash again; if it happens again, take write protection off its option bytes, or the flash is worn."
        return words.mismatch(output, hint)
    if "Erase failed" in output and _ERASE_AGREED not in output and not _LOST.search(output):
        return FlashError(
            "flash.write_protected",
            f"The flash of {board.name} is protected: the boot loader refuses to erase it.",
            "Take read-out protection off with STM32CubeProgrammer (level 0; this erases the chip), then flash again.",
            {"said": words.last_words(output)},
        )
    if _LOST.search(output):
        return words.interrupted(_ENTER, output)
    return words.failed("stm32loader", output, exit_code)
