"""pyOCD, which writes chips through a debug probe (ST-Link, CMSIS-DAP): command lines, progress and last words."""

from __future__ import annotations

import re
from pathlib import Path

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.flashers import words
from motestudio.firmware.flashers.images import Region

_DBGMCU = {"cortex-m0": 0x4001_5800, "cortex-m0+": 0x4001_5800}
_DBGMCU_OTHERS = 0xE004_2000
"""DBGMCU_IDCODE (reference manuals, debug chapter); its low 12 bits are the chip's product id."""
_BAR_WIDTH = 40
_BAR = re.compile(r"^\[?(=+)\]?$")
_COMPARING = re.compile(r"Comparing (\d+) bytes @ (0x[0-9a-f]+)")
_NO_PROBE = re.compile(r"No connected debug probe|No target device available|No available debug probe")
_NO_CORE = re.compile(
    r"No cores were discovered|No ACK|Unexpected ACK|no ack received|Memory transfer fault|STLink error"
)
_GONE = re.compile(r"ProbeDisconnected|ProbeError|USBError|No such device|[Pp]robe.*disconnected|transfer timed out")
_PROTECTED = re.compile(r"is locked|read-?out protect|flash init (?:failure|timed out)", re.IGNORECASE)
_WORDS = re.compile(r"^\d+ [CEW] (.+?)(?: \[\w+\])?$", re.MULTILINE)


def _select(probe: str) -> list[str]:
    return ["--no-wait", *(["--probe", probe] if probe else [])]


def identify_command(board: BoardFile, probe: str) -> list[str]:
    """Arguments that read what the chip is; they name no chip, so that any answers."""
    register = _DBGMCU.get(board.core, _DBGMCU_OTHERS)
    return ["commander", *_select(probe), "--target", "cortex_m", "--command", f"read32 0x{register:08x}"]


def product_id(board: BoardFile, output: str) -> int | None:
    """What the chip answered; None where it did not."""
    register = _DBGMCU.get(board.core, _DBGMCU_OTHERS)
    match = re.search(rf"^{register:08x}:\s+([0-9a-fA-F]{{8}})\b", output, re.MULTILINE)
    return int(match[1], 16) & 0xFFF if match else None


def write_command(board: BoardFile, probe: str, region: Region, path: Path) -> list[str]:
    """Arguments that erase what is needed, write a file and reset."""
    argv = ["load", *_select(probe), "--target", board.flashing.pyocd_target, "--format", "bin"]
    return [*argv, "--base-address", f"0x{region.address:08x}", str(path)]


def verify_command(board: BoardFile, probe: str, region: Region, name: str) -> list[str]:
    """Arguments that compare the flash with a file of the folder that it runs in: `load` itself compares nothing."""
    argv = ["commander", *_select(probe), "--target", board.flashing.pyocd_target]
    return [*argv, "--command", f"compare 0x{region.address:08x} {name}"]


class Progress:
    """Follows the two bars of `load`: erasing, then programming."""

    def __init__(self) -> None:
        self._word = "Connecting"
        self._marks = 0

    def line(self, text: str) -> tuple[float, str] | None:
        """See `words.Follower`."""
        for said, word in (("Erasing...", "Erasing"), ("Programming...", "Writing")):
            if said in text:
                self._word, self._marks = word, 0
                return self._at(), self._word
        match = _BAR.match(text)
        if match is None:
            return None
        self._marks = min(_BAR_WIDTH, self._marks + len(match[1]))
        return self._at(), self._word

    def _at(self) -> float:
        low, high = (0.3, 1.0) if self._word == "Writing" else (0.0, 0.3)
        return low + (high - low) * self._marks / _BAR_WIDTH


class Comparing:
    """Follows `compare`.

    Args:
        region: what is compared.
    """

    def __init__(self, region: Region) -> None:
        self._region = region

    def line(self, text: str) -> tuple[float, str] | None:
        """See `words.Follower`."""
        match = _COMPARING.search(text)
        if match is None:
            return None
        return min(1.0, max(0.0, (int(match[2], 16) - self._region.address) / len(self._region.data))), "Verifying"


def verified(output: str, region: Region) -> bool:
    """Whether all of it was found in the flash."""
    return f"All {len(region.data)} bytes match." in output


def explain(board: BoardFile, output: str, exit_code: int) -> FlashError:
    """Why it ended with `exit_code`, or did not find what it should."""
    said = "\n".join(_WORDS.findall(output)) or output
    data = {"said": words.last_words(said)}
    if "Enter the number of the debug probe" in output:
        text = "Several debug probes are plugged in."
        return FlashError("flash.which_probe", text, "Give the id of one, or unplug the others.", data)
    if _NO_PROBE.search(output):
        return FlashError(
            "flash.no_probe",
            "No debug probe is found.",
            "Plug the board's ST-Link socket in; on Linux the udev rules of pyOCD must be installed.",
            data,
        )
    target = board.flashing.pyocd_target
    if f"Target type {target} not recognized" in output:
        return FlashError(
            "flash.no_target",
            f"pyOCD does not know {target} yet.",
            f"Install its pack once, with a network: pyocd pack install {target}.",
            {"target": target},
        )
    if "Mismatched byte" in output:
        hint = "Flash again; if it happens again, take write protection off its option bytes, or the flash is worn."
        return words.mismatch(said, hint)
    if _GONE.search(output):
        return words.interrupted("plug the probe in again", said)
    if _PROTECTED.search(output):
        return FlashError(
            "flash.write_protected",
            f"The flash of {board.name} is protected: {words.last_words(said)}",
            "Take protection off with STM32CubeProgrammer (option bytes; this erases the chip), then flash again.",
            data,
        )
    if _NO_CORE.search(output):
        return FlashError(
            "flash.no_answer",
            f"The probe is there, but the chip of {board.name} does not answer it.",
            "Check its power and the SWD wires; hold RESET while flashing begins.",
            data,
        )
    return words.failed("pyOCD", said, exit_code)
