"""Programs for a Cortex-M4 with a floating-point unit, run in QEMU: their files and streams are this computer's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.emulated_programs import compile_for

HERE = Path(__file__).parent
# Its own `long` is what 32 bits are: printf's letters are right for the computer, and mean the same there.
FLAGS = (
    *("-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-format", "-ffp-contract=off"),
    *("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "--specs=rdimon.specs"),
    *("-Wl,--no-warn-rwx-segments", f"-T{HERE / 'memory.ld'}"),
)
RUN = (
    *("qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "null"),
    *("-semihosting-config", "enable=on,target=native", "-kernel"),
)


def compile_program(program: Path, sources: Sequence[Path | str], includes: Sequence[Path | str], cwd: Path) -> None:
    """Compile a program; skips where the toolchain or QEMU is absent.

    Args:
        program: to make.
        sources: of it, relative to `cwd`.
        includes: folders of headers, likewise.
        cwd: where the compiler runs.
    """
    folders = [f"-I{i}" for i in includes]
    argv = ["arm-none-eabi-gcc", *FLAGS, *folders, HERE / "vectors.c", *sources, "-lm", "-o", program]
    compile_for(RUN[0], argv, cwd)
