"""Programs for a 32-bit RISC-V core without a floating-point unit, as in an ESP32-C3, run in QEMU: their files and
streams are this computer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.emulated_programs import compile_for

HERE = Path(__file__).parent
COMPILER = "riscv64-unknown-elf-gcc"
_RAM = 0x8000_0000
# All in the RAM that QEMU's "virt" begins in: half of it for what a program brings along, half for what it makes.
_MEMORY = {"__flash": _RAM, "__flash_size": 4 << 20, "__ram": _RAM + (4 << 20), "__ram_size": 8 << 20}
# Its own `long` is what 32 bits are: printf's letters are right for the computer, and mean the same there.
FLAGS = (
    *("-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-format", "-ffp-contract=off"),
    *("-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost"),
    *("-ftls-model=local-exec", "-Wl,--no-warn-rwx-segments", "-Wl,--defsym=__stack_size=0x40000"),
    *(f"-Wl,--defsym={name}={value:#x}" for name, value in _MEMORY.items()),
)
RUN = (
    *("qemu-system-riscv32", "-M", "virt", "-cpu", "rv32,f=off,d=off", "-bios", "none", "-display", "none"),
    *("-monitor", "none", "-serial", "null", "-semihosting-config", "enable=on,target=native", "-kernel"),
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
    argv = [COMPILER, *FLAGS, *folders, HERE / "streams.c", *sources, "-lm", "-o", program]
    compile_for(RUN[0], argv, cwd)
