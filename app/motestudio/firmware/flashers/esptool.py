"""esptool, which writes Espressif's chips through the loader in their ROM: command line, progress and last words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.flashers import words
from motestudio.firmware.flashers.images import Region

BAUD = 460_800
"""What every USB bridge on boards with these chips does without errors."""
_CONNECTED = 0.05
_BEGIN = re.compile(r"Flash will be erased from (0x[0-9a-f]+)")
_WRITING = re.compile(r"Writing at 0x[0-9a-f]+.*?(\d+(?:\.\d+)?)%")
_VERIFIED = "Hash of data verified."
_WRONG_CHIP = re.compile(r"This chip is (\S+), not (\S+?)\.")
_ERROR = re.compile(r"(?:A fatal error occurred|A serial exception error occurred): (.+)")
_LOCKED = re.compile(r"Secure Boot|[Ff]lash encryption|[Ss]ecure download mode")
_LOST = re.compile(
    r"Lost connection|serial exception error|No more data to read|Serial data stream stopped|Packet content transfer"
    r"|No serial data received|device disconnected|Input/output error"
)
_ENTER = "hold BOOT, press and release RESET, release BOOT"


def command(board: BoardFile, port: str, files: Sequence[tuple[int, Path]]) -> list[str]:
    """Arguments that write files to their offsets and compare the hashes that the chip computes of them."""
    argv = ["--chip", board.flashing.esptool_chip, "--port", port, "--baud", str(BAUD)]
    argv += ["--before", "default-reset", "--after", "hard-reset", "write-flash"]
    for offset, path in files:
        argv += [f"0x{offset:x}", str(path)]
    return argv


class Progress:
    """Follows the writing of regions one after the other.

    Args:
        regions: what is written.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = sorted(regions, key=lambda region: region.address)
        self._total = sum(len(region.data) for region in regions) or 1
        self._now = 0

    def line(self, text: str) -> tuple[float, str] | None:
        """See `words.Follower`."""
        if text.startswith(("Connecting", "Uploading stub")):
            return 0.0, "Connecting"
        if match := _BEGIN.search(text):
            address = int(match[1], 16)
            self._now = sum(region.address < address for region in self._regions)
            return self._at(0.0), "Erasing"
        if match := _WRITING.search(text):
            return self._at(min(1.0, float(match[1]) / 100.0)), "Writing"
        if text.startswith("Verifying"):
            return self._at(1.0), "Verifying"
        return None

    def _at(self, part: float) -> float:
        done = sum(len(region.data) for region in self._regions[: self._now])
        now = len(self._regions[self._now].data) if self._now < len(self._regions) else 0
        # The last hundredth is for the last comparison.
        return _CONNECTED + (0.99 - _CONNECTED) * (done + part * now) / self._total


def verified(output: str, regions: Sequence[Region]) -> bool:
    """Whether every region was compared; a chip in secure download mode gives no hash."""
    return output.count(_VERIFIED) >= len(regions)


def explain(board: BoardFile, port: str, output: str, exit_code: int) -> FlashError:
    """Why it ended with `exit_code`."""
    if match := _WRONG_CHIP.search(output):
        return words.wrong_chip(match[1], match[2], board.name)
    began = _BEGIN.search(output) is not None
    if not began and (error := words.port_error(output, port)):
        return error
    if "Failed to connect" in output or "Wrong boot mode" in output:
        return FlashError(
            "flash.no_answer",
            f"No boot loader answers on {port}.",
            f"Bring the chip into it: {_ENTER}. Then flash again.",
            {"port": port, "said": words.last_words(_said(output))},
        )
    said = _said(output)
    if _LOCKED.search(said):
        return FlashError(
            "flash.write_protected",
            f"{board.name} is locked against this: {words.last_words(said)}",
            "It takes only images signed or encrypted for it; use a board that is not locked.",
            {"said": words.last_words(said)},
        )
    if "MD5 of file does not match" in said or "written flash region is empty" in said:
        hint = "Flash again; if it happens again, the flash chip is worn, write protected or badly powered."
        return words.mismatch(said, hint)
    if _LOST.search(output):
        return words.interrupted(_ENTER, said)
    return words.failed("esptool", said, exit_code)


def _said(output: str) -> str:
    """Its own words of what went wrong, where it said some."""
    match = _ERROR.search(output)
    return match[1] if match else output
