"""The programs that build firmware for a chip: which, whether they are here, and how to get them on each system."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass

from motestudio.errors import MissingError


@dataclass(frozen=True, slots=True)
class Tool:
    """A program.

    Attributes:
        program: as it is called.
        purpose: what it is for.
        found: path, or empty where it is not here.
        hint: how to install it on this system.
    """

    program: str
    purpose: str
    found: str
    hint: str


_LINUX = {
    "cmake": "sudo apt install cmake",
    "arm-none-eabi-gcc": "sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "qemu-system-arm": "sudo apt install qemu-system-arm",
}
_MACOS = {
    "cmake": "brew install cmake",
    "arm-none-eabi-gcc": "brew install --cask gcc-arm-embedded",
    "qemu-system-arm": "brew install qemu",
}
_WINDOWS = {
    "cmake": "winget install -e --id Kitware.CMake",
    "arm-none-eabi-gcc": "winget install -e --id Arm.GnuArmEmbeddedToolchain",
    "qemu-system-arm": "winget install -e --id SoftwareFreedomConservancy.QEMU",
}
_INSTALL = {"linux": _LINUX, "darwin": _MACOS, "win32": _WINDOWS}
_PURPOSE = {
    "cmake": "runs the project's build",
    "arm-none-eabi-gcc": "compiles for Arm Cortex-M",
    "qemu-system-arm": "runs the firmware without a board",
}
BUILD = ("cmake", "arm-none-eabi-gcc")
EMULATE = ("qemu-system-arm",)


def tool(program: str) -> Tool:
    """What is known of a program."""
    hint = _INSTALL.get(sys.platform, _LINUX)[program]
    return Tool(program, _PURPOSE[program], shutil.which(program) or "", f"Install it with: {hint}")


def need(*programs: str) -> None:
    """See that programs are here.

    Raises:
        MissingError: ``toolchain.missing``, with how to install the first that is not.
    """
    for one in map(tool, programs):
        if not one.found:
            text = f"{one.program}, which {one.purpose}, is not on this computer."
            raise MissingError("toolchain.missing", text, one.hint, {"program": one.program})
