"""Programs that stand for a toolchain: a compiler with its libraries, and a CMake that does as it is told."""

from __future__ import annotations

from pathlib import Path

_LIBRARIES = ("libc_nano.a", "libstdc++_nano.a")


def _program(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def plant(folder: Path, *, says: str = "", leaves: bytes = b"") -> Path:
    """Write the programs; returns the folder for the PATH.

    Args:
        folder: empty, for all of it.
        says: what the build prints before it fails; empty for one that goes well.
        leaves: the firmware that it leaves otherwise.
    """
    inside = folder / "arm-none-eabi" / "lib"
    inside.mkdir(parents=True)
    for name in _LIBRARIES:
        (inside / name).write_bytes(b"")
    (folder / "firmware.elf").write_bytes(leaves)
    (folder / "says").write_text(says)
    _program(folder / "bin" / "arm-none-eabi-gcc")
    fail = f"/bin/cat '{folder}/says' >&2; exit 1" if says else ""
    copy = f'/bin/mkdir -p "$2" && /bin/cp \'{folder}/firmware.elf\' "$2"'
    _program(folder / "bin" / "cmake", f'if [ "$1" = --build ]; then {fail or copy}; fi')
    return folder / "bin"
