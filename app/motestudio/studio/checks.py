"""What this computer has and lacks for the work, with how to get each missing thing."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from dataclasses import dataclass

from motestudio import __version__


@dataclass(frozen=True, slots=True)
class Check:
    """One program or package.

    Attributes:
        name: for people.
        purpose: what it is needed for.
        version: where it was found, else empty.
        found: whether it is there.
        fix: what to do where it is not.
        needed: False for what only some targets need.
    """

    name: str
    purpose: str
    version: str
    found: bool
    fix: str = ""
    needed: bool = True


_PACKAGES = (
    ("TensorFlow worker", "tensorflow", "training and conversion", "pip install 'motestudio[train]'", True),
    ("LiteRT", "ai-edge-litert", "reference outputs on this computer", "pip install 'motestudio[train]'", True),
    (
        "TFLM interpreter",
        "tflite-micro",
        "the virtual board and arena figures; Linux x86-64 only",
        "pip install tflite-micro",
        sys.platform == "linux",
    ),
)
_COMPILER_FIX = {
    "linux": "sudo apt-get install gcc",
    "darwin": "xcode-select --install",
    "win32": "winget install MartinStorsjo.LLVM-MinGW.UCRT",
}


def checks() -> list[Check]:
    """Everything the studio looks for, found or not. Reads metadata only: nothing is imported or started."""
    rows = []
    for name, package, purpose, fix, needed in _PACKAGES:
        version = _version(package)
        rows.append(Check(name, purpose, version, bool(version), fix, needed))
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), "")
    fix = _COMPILER_FIX.get(sys.platform, "install gcc or clang")
    rows.append(Check("C compiler", "the feature code of the virtual board", compiler, bool(compiler), fix))
    for name, program, purpose, fix in (
        ("Arm GCC", "arm-none-eabi-gcc", "building for STM32", "sudo apt-get install gcc-arm-none-eabi"),
        ("ESP-IDF", "idf.py", "building for ESP32", "follow Espressif's installer, then start mote from its shell"),
        (
            "QEMU for Arm",
            "qemu-system-arm",
            "running STM32 firmware without a board",
            "sudo apt-get install qemu-system-arm",
        ),
    ):
        path = shutil.which(program)
        rows.append(Check(name, purpose, "found" if path else "", bool(path), fix, needed=False))
    return rows


_ABOUT = (
    ("Mote Studio", "motestudio"),
    ("TensorFlow", "tensorflow"),
    ("tf_keras", "tf_keras"),
    ("TF Model Optimization", "tensorflow-model-optimization"),
    ("LiteRT", "ai-edge-litert"),
    ("TensorFlow Lite Micro", "tflite-micro"),
    ("NumPy", "numpy"),
    ("SciPy", "scipy"),
    ("PySide6", "PySide6-Essentials"),
    ("pyqtgraph", "pyqtgraph"),
    ("pySerial", "pyserial"),
)


def versions() -> list[tuple[str, str]]:
    """(what, version) of this program and what it stands on, from metadata; empty where it is not installed."""
    rows = [(name, _version(package)) for name, package in _ABOUT]
    rows[0] = (rows[0][0], rows[0][1] or __version__)
    rows.insert(1, ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"))
    return rows


def missing(rows: list[Check] | None = None) -> list[Check]:
    """What is not there."""
    return [c for c in (checks() if rows is None else rows) if not c.found]


def found(rows: list[Check] | None = None) -> list[Check]:
    """What is there."""
    return [c for c in (checks() if rows is None else rows) if c.found]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
