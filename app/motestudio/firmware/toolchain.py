"""The programs and packages that build firmware for a chip and send it: which are here, and how to get them on each
system. It looks only; nothing is run or imported.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from motestudio.errors import MissingError


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, a library of the compiler, or a Python package.

    Attributes:
        program: as it is called.
        purpose: what it is for.
        found: path, or empty where it is not here.
        hint: how to install it on this system.
        hints: how to install it, by system: ``linux``, ``macos``, ``windows``.
    """

    program: str
    purpose: str
    found: str
    hint: str
    hints: Mapping[str, str]


TFLM_FETCH = ("curl", "wget", "unzip", "patch", "openssl")
"""What TensorFlow Lite Micro's own build calls to get its third-party sources, the first time."""
_FETCHES = "fetches sources that TensorFlow Lite Micro's own build needs"
_BREW = {"patch": "gpatch"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_WSL = "wsl --install, and build in there; or copy a built tree from another computer and name it in MOTE_TFLM_DIR"
_ARM_MACOS = "brew install --cask gcc-arm-embedded"
_ARM_WINDOWS = "winget install -e --id Arm.GnuArmEmbeddedToolchain"
_IDF = "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/get-started/"
# Purpose, then the way to get it on Linux (Debian's names), macOS and Windows.
_TOOLS = {
    "cmake": (
        "runs the project's build",
        *("sudo apt install cmake", "brew install cmake", "winget install -e --id Kitware.CMake"),
    ),
    "arm-none-eabi-gcc": (
        "compiles for Arm Cortex-M",
        *("sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi", _ARM_MACOS, _ARM_WINDOWS),
    ),
    "newlib": (
        "is the C library of the Arm compiler",
        *("sudo apt install libnewlib-arm-none-eabi", _ARM_MACOS, _ARM_WINDOWS),
    ),
    "libstdc++": (
        "is the C++ library of the Arm compiler, which the model needs",
        *("sudo apt install libstdc++-arm-none-eabi-newlib", _ARM_MACOS, _ARM_WINDOWS),
    ),
    "make": ("runs TensorFlow Lite Micro's own build", "sudo apt install make", "xcode-select --install", _WSL),
    "git": (_FETCHES, "sudo apt install git", "xcode-select --install", _WSL),
    **{
        name: (_FETCHES, f"sudo apt install {name}", f"brew install {_BREW.get(name, name)}", _WSL)
        for name in TFLM_FETCH
    },
    "qemu-system-arm": (
        "runs the firmware without a board",
        "sudo apt install qemu-system-arm",
        "brew install qemu",
        "winget install -e --id SoftwareFreedomConservancy.QEMU",
    ),
    "stm32loader": ("sends firmware to an STM32 by its serial bootloader", *("pip install stm32loader",) * 3),
    "pyocd": ("sends firmware to an STM32 by a debug probe", *("pip install pyocd",) * 3),
    "esptool": ("sends firmware to an ESP32", *("pip install esptool",) * 3),
    "idf.py": (
        "is ESP-IDF, which builds for ESP32",
        f"Espressif's installer, see {_IDF}; then start mote from ESP-IDF's shell",
        f"brew tap espressif/eim && brew install eim && eim install, see {_IDF}; then start mote from ESP-IDF's shell",
        f"winget install -e --id Espressif.EIM, see {_IDF}; then start mote from ESP-IDF's shell",
    ),
}
TOOLS = tuple(_TOOLS)
"""All that are known."""
BUILD = ("cmake", "arm-none-eabi-gcc")
EMULATE = ("qemu-system-arm",)
TFLM_BUILD = ("make", "arm-none-eabi-gcc")
_MODULES = frozenset({"stm32loader", "pyocd", "esptool"})


def tool(program: str) -> Tool:
    """What is known of a program."""
    purpose, *ways = _TOOLS[program]
    hints = {system: f"Install it with: {way}" for system, way in zip(_SYSTEMS.values(), ways, strict=True)}
    find = _FINDERS.get(program, _find_module if program in _MODULES else _find_program)
    return Tool(program, purpose, find(program), hints[_SYSTEMS.get(sys.platform, "linux")], hints)


def need(*programs: str) -> None:
    """See that programs are here.

    Raises:
        MissingError: ``toolchain.missing``, with how to install the first that is not.
    """
    for one in map(tool, programs):
        if not one.found:
            text = f"{one.program}, which {one.purpose}, is not on this computer."
            raise MissingError("toolchain.missing", text, one.hint, {"program": one.program, "hints": dict(one.hints)})


def _find_program(program: str) -> str:
    return shutil.which(program) or ""


def _find_module(name: str) -> str:
    """A Python package beside this one, else a program of that name."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    return (spec.origin or "") if spec else _find_program(name)


def _find_idf(program: str) -> str:
    """ESP-IDF where its shell is set up: on the path, or where ``IDF_PATH`` says."""
    named = os.environ.get("IDF_PATH", "")
    inside = Path(named) / "tools" / program
    return _find_program(program) or (str(inside) if named and inside.is_file() else "")


def _find_arm_library(name: str) -> Callable[[str], str]:
    """A library of the Arm compiler: beside it as in Arm's own packages, or where distributions put it."""

    def find(_: str) -> str:
        compiler = _find_program("arm-none-eabi-gcc")
        if not compiler:
            return ""
        root = Path(os.path.realpath(compiler)).parents[1]
        folders = ("arm-none-eabi/lib", "lib/arm-none-eabi/lib", "lib/arm-none-eabi/newlib")
        return next((str(root / f / name) for f in folders if (root / f / name).is_file()), "")

    return find


_FINDERS: Mapping[str, Callable[[str], str]] = {
    "newlib": _find_arm_library("libc_nano.a"),
    "libstdc++": _find_arm_library("libstdc++_nano.a"),
    "idf.py": _find_idf,
}
