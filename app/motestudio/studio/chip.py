"""From a run to a chip: build the whole firmware, and run it in an emulator where there is no board."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from motestudio.firmware import toolchain
from motestudio.firmware.chip_image import ChipImage, build_image, check_port, emulator_command
from motestudio.jobs.launcher import run_program, spawn_program
from motestudio.project.store import Project
from motestudio.studio import deploy
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run

TFLM_VARIABLE = "MOTE_TFLM_DIR"
"""Environment variable: folder of a built TensorFlow Lite Micro tree."""
_BUILD_SECONDS = 900.0


def build(studio: Studio, project: Project, run: Run, operation: Operation, *, tflm_dir: str = "") -> ChipImage:
    """Generate the firmware project of a run and build it for the project's board.

    Args:
        studio: plugins and workers.
        project: open for writing.
        run: whose model.
        operation: progress and cancel; gets what the tools say.
        tflm_dir: folder of a built TensorFlow Lite Micro tree; that of `TFLM_VARIABLE` where empty.

    Raises:
        BuildError: there is no port for the board, or the compiler or linker refused.
        FlashError: it would not fit the board or the project's budget.
        MissingError: a tool is not on this computer.
    """
    check_port(studio.board(project.config.board))
    toolchain.need(*toolchain.BUILD)
    deploy.check_fit(studio, project, run)
    with operation.within(0.0, 0.4) as part:
        made = deploy.generate(studio, project, run, part)
    operation.progress(0.4, "Building for the chip")

    def run_tool(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        operation.log(shlex.join(argv))
        done = run_program(argv, cwd=cwd, timeout_s=_BUILD_SECONDS, on_line=operation.log, cancel=operation.cancel)
        return done.exit_code, done.output

    image = build_image(made, run_tool, tflm_dir or os.environ.get(TFLM_VARIABLE, ""))
    operation.progress(1.0, f"{image.flash_bytes} bytes of flash, {image.ram_bytes} of RAM")
    return image


@contextmanager
def emulated(studio: Studio, project: Project, image: ChipImage, operation: Operation) -> Iterator[str]:
    """Run an image in QEMU for the length of a ``with`` block; it begins when somebody connects.

    Returns:
        Address to connect to.

    Raises:
        MissingError: QEMU is not on this computer.
    """
    toolchain.need(*toolchain.EMULATE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    argv = emulator_command(image, studio.board(project.config.board), port)
    with spawn_program(argv, on_line=operation.log) as child:
        yield f"socket://127.0.0.1:{port}"
        child.terminate_tree(0.3)
