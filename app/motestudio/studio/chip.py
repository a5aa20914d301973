"""From a run to a chip: build the whole firmware, and run it in an emulator where there is no board."""

from __future__ import annotations

import shlex
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from motestudio.domain.board import BoardFile
from motestudio.errors import DeviceError, FlashError
from motestudio.firmware import toolchain
from motestudio.firmware.chip_image import ChipImage, build_image, check_port, emulator_command
from motestudio.firmware.flashers.images import read_image
from motestudio.firmware.slot_image import check_slot
from motestudio.jobs.launcher import run_program, spawn_program
from motestudio.project.files import write_atomic
from motestudio.project.store import Project
from motestudio.studio import deploy, flash_chip, sdk
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.operation import Operation
from motestudio.studio.run_store import Run

BUILDING = "Building for the chip"
"""What `build` tells when the project is generated and its own build system begins."""
_BUILD_SECONDS = 900.0


def build(studio: Studio, project: Project, run: Run, operation: Operation, *, tflm_dir: str = "") -> ChipImage:
    """Generate the firmware project of a run and build it for the project's board.

    Args:
        studio: plugins and workers.
        project: open for writing.
        run: whose model.
        operation: progress and cancel; gets what the tools say.
        tflm_dir: folder of a built TensorFlow Lite Micro tree; what `sdk.find` finds where empty.

    Raises:
        BuildError: there is no port for the board, TensorFlow Lite Micro is another version or not built for the core,
            or the compiler or linker refused.
        FlashError: it would not fit the board or the project's budget.
        MissingError: a tool is not on this computer.
    """
    board = studio.board(project.config.board)
    check_port(board)
    toolchain.need(*(toolchain.BUILD if board.family == "stm32" else ("idf.py",)))
    tree = sdk.find(tflm_dir).tree if board.family == "stm32" else None
    if tree is not None:
        for note in sdk.check_model(tree, (run.folder / "model.tflite").read_bytes(), board.core):
            operation.log(note)
    deploy.check_fit(studio, project, run)
    with operation.within(0.0, 0.4) as part:
        made = deploy.generate(studio, project, run, part)
    operation.progress(0.4, BUILDING)

    def run_tool(argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        operation.log(shlex.join(argv))
        done = run_program(argv, cwd=cwd, timeout_s=_BUILD_SECONDS, on_line=operation.log, cancel=operation.cancel)
        return done.exit_code, done.output

    image = build_image(made, run_tool, str(tree.folder) if tree else "")
    if image.note:
        operation.log(image.note)
    operation.progress(1.0, f"{image.flash_bytes} bytes of flash, {image.ram_bytes} of RAM")
    return image


def flash(
    studio: Studio,
    project: Project,
    image: ChipImage,
    port: str,
    operation: Operation,
    *,
    tool: flash_chip.Tool | Literal[""] = "",
) -> flash_chip.ChipFlash:
    """Write an image into the chip of the project's board; see `flash_chip.flash`."""
    board = studio.board(project.config.board)
    return flash_chip.flash(board, read_image(board, image.path), port, operation, tool)


def load_model(
    studio: Studio, project: Project, run: Run, session: DeviceSession, operation: Operation
) -> deploy.FlashResult:
    """Put a run's model into the spare slot of a connected board, whose firmware stays.

    Args:
        studio: plugins and workers.
        project: open for writing.
        run: whose model.
        session: of the board.
        operation: progress and cancel; cancelled or cut off, the board keeps the model it has.

    Raises:
        FlashError: ``slot.stale``: the firmware was made for other features, classes or settings; the model is too
            large, or the board refuses it.
        DeviceError: the board is gone.
    """
    request = deploy.request_of(studio, project, run, operation)
    said = session.request("slots")
    if said.get("contract") != request.slot_image.contract:
        raise FlashError(
            "slot.stale",
            f"The firmware of {session.description.name} was made for other features, classes or settings.",
            "Flash the whole firmware: mote firmware flash.",
        )
    try:
        slots, active = list(said["slots"]), int(said["active"])
        sequence = int(slots[active]["sequence"]) + 1 if active >= 0 else 1
        made_for, slot_bytes = bytes(said["made_for"]), int(said["slot_bytes"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DeviceError(
            "device.nonsense", "The board does not tell of its model slots.", "Flash it again."
        ) from error
    check_slot(request.deployable.model, slot_bytes)
    image = replace(request.slot_image, made_for=made_for, sequence=sequence)
    image = request.key.sign(image) if request.key is not None else image
    began = time.monotonic()
    path = deploy.firmware_folder(project) / request.board.id / "build" / "slot.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, image.to_bytes())
    held = session.load_package(path, lambda done: operation.report(done, "Sending"), operation.cancel)
    operation.progress(1.0, "Verified")
    return deploy.FlashResult(held, held, len(image.to_bytes()), time.monotonic() - began)


@contextmanager
def emulated(studio: Studio, project: Project, image: ChipImage, operation: Operation) -> Iterator[str]:
    """Run an image of a project's board in QEMU; see `emulator`."""
    with emulator(image.path, studio.board(project.config.board), operation) as url:
        yield url


@contextmanager
def emulator(image: Path, board: BoardFile, operation: Operation, *, shift: int = 3) -> Iterator[str]:
    """Run an image in QEMU for the length of a ``with`` block; it begins when somebody connects.

    Args:
        image: an ELF file.
        board: that it was built for.
        operation: gets what QEMU says.
        shift: an instruction takes 2**shift ns of the board's time.

    Returns:
        Address to connect to.

    Raises:
        BuildError: ``firmware.not_emulated``.
        MissingError: QEMU is not on this computer.
    """
    toolchain.need(*toolchain.EMULATE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with spawn_program(emulator_command(image, board, port, shift), on_line=operation.log) as child:
        yield f"socket://127.0.0.1:{port}"
        child.terminate_tree(0.3)
