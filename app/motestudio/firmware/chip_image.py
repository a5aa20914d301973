"""Builds the whole firmware of a generated project for its chip, by the project's own CMake files.

It says what to run; running is the caller's (`Run`). A project that was generated builds without the studio too, by the
same two commands.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from motestudio.domain.board import BoardFile
from motestudio.errors import BuildError
from motestudio.firmware import toolchain
from motestudio.firmware.builder import Run, run_step
from motestudio.firmware.elf import read_sections, totals
from motestudio.firmware.generator import FirmwareProject

EMULATED = {"stm32f405": "netduinoplus2"}
"""Boards whose port is written, and what QEMU calls the machine that has their chip."""
_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes")


@dataclass(frozen=True, slots=True)
class ChipImage:
    """A firmware that is ready to be flashed.

    Attributes:
        path: the ELF file.
        flash_bytes: code, constants and initial values.
        ram_bytes: static memory with what is left free for the stack.
        has_model: whether TensorFlow Lite Micro is linked in; without it the board streams and infers nothing.
        seconds: of the build.
    """

    path: Path
    flash_bytes: int
    ram_bytes: int
    has_model: bool
    seconds: float


def check_port(board: BoardFile) -> None:
    """See that there is a port for a board.

    Raises:
        BuildError: ``firmware.no_port``.
    """
    if board.id not in EMULATED:
        raise BuildError(
            "firmware.no_port",
            f"There is no port for {board.name} yet.",
            f"Ports exist for: {', '.join(EMULATED)}. For others write one after port/host/main.c.",
            {"board": board.id},
        )


def build_image(project: FirmwareProject, run: Run, tflm_dir: str = "") -> ChipImage:
    """Configure and build.

    Args:
        project: as it was generated.
        run: runs a program to its end.
        tflm_dir: folder of a built TensorFlow Lite Micro tree for this core; empty builds everything but the model.

    Raises:
        BuildError: no port; ``build.compile`` with file and line; ``build.too_big`` with by how much.
        MissingError: a tool is not here.
    """
    check_port(project.request.board)
    toolchain.need(*toolchain.BUILD)
    began = time.monotonic()
    folder = project.folder.absolute()
    output = folder / "build" / "stm32"
    configure = ["cmake", "-S", str(folder), "-B", str(output), "-DMOTE_PORT=stm32", f"-DMOTE_TFLM_DIR={tflm_dir}"]
    configure.append(f"-DCMAKE_TOOLCHAIN_FILE={folder / 'port' / 'stm32' / 'toolchain.cmake'}")
    try:
        run_step(run, configure, folder)
        run_step(run, ["cmake", "--build", str(output), "--parallel"], folder)
    except BuildError as error:
        raise _too_big(error) from error
    images = sorted(output.glob("*.elf"), key=lambda path: path.stat().st_mtime)
    if not images:
        raise BuildError("build.nothing", "The build ended well but left no firmware.", "See the log.")
    parts = totals(read_sections(images[-1].read_bytes()))
    flash = parts["text"] + parts["rodata"] + parts["data"]
    return ChipImage(images[-1], flash, parts["data"] + parts["bss"], bool(tflm_dir), time.monotonic() - began)


def _too_big(error: BuildError) -> BuildError:
    """The linker's word that something does not fit, said with what to do."""
    match = _OVERFLOW.search(str(error.data.get("output", "")))
    if match is None:
        return error
    region, over = match["region"], int(match["bytes"])
    text = f"The firmware needs {over:,} bytes of {region} more than the chip has."
    return BuildError("build.too_big", text, "Make the model or the window smaller.", {"region": region, "over": over})


def emulator_command(image: ChipImage, board: BoardFile, port: int) -> list[str]:
    """What runs an image in QEMU, with its link behind a socket of this computer.

    Instructions are counted, so that the board's time does not hang on how busy this computer is.
    """
    check_port(board)
    argv = ["qemu-system-arm", "-M", EMULATED[board.id], "-display", "none", "-monitor", "none", "-icount", "shift=3"]
    return [*argv, "-kernel", str(image.path), "-serial", f"tcp:127.0.0.1:{port},server=on,wait=on"]
