"""The ways from a run to something that runs it: which can be gone now, what each needs here, what comes before and
after the work that `chip` and `deploy` do.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from motestudio.domain.board import BoardFile
from motestudio.errors import AppError, DeviceError, FlashError, MissingError
from motestudio.firmware import tflm, toolchain
from motestudio.firmware.builder import find_compiler
from motestudio.firmware.chip_image import ChipImage, check_emulated, check_port
from motestudio.project.store import Project
from motestudio.studio import checks, chip, evaluate, flash_chip, sdk
from motestudio.studio.device_session import DeviceSession
from motestudio.studio.home import Studio
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.run_store import Run

Way = Literal["virtual", "emulator", "chip", "model"]
WAYS: tuple[Way, ...] = ("virtual", "emulator", "chip", "model")
"""In the order in which they are shown: from what needs nothing to what needs a board that has its firmware."""

EMULATED_SERIAL = "EMULATED"
"""What the STM32 firmware says as its serial number where it finds no chip under it."""
"""What `chip.build` says when the project is written and the compiler begins."""
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_COMPILER = "C compiler"
_VIRTUAL_NEEDS = ("TFLM interpreter", _COMPILER)
_SYSTEMS = ("windows", "macos", "linux")
_INSTALL = "Install it with: "


@dataclass(frozen=True, slots=True)
class Need:
    """A program or package that a way needs.

    Attributes:
        name: as people call it.
        purpose: what it is for, going on from "which".
        found: path or version, empty where it is not here.
        hints: what to do where it is not, by system: ``windows``, ``macos``, ``linux``.
    """

    name: str
    purpose: str
    found: str
    hints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TflmNeed:
    """How TensorFlow Lite Micro stands for a board.

    Attributes:
        folder: of the tree, empty where there is none.
        built: whether its library for the board's core is there.
        problem: why the tree cannot be used, or empty.
        core: of the board.
    """

    folder: str
    built: bool
    problem: str
    core: str

    @property
    def ready(self) -> bool:
        """Whether firmware can be built with it."""
        return bool(self.folder) and self.built and not self.problem


@dataclass(frozen=True, slots=True)
class Needs:
    """What a way needs on this computer.

    Attributes:
        tools: programs and packages.
        tflm: TensorFlow Lite Micro; None where the way does not compile it.
    """

    tools: tuple[Need, ...]
    tflm: TflmNeed | None = None

    @property
    def missing(self) -> tuple[Need, ...]:
        """Those that are not here."""
        return tuple(need for need in self.tools if not need.found)


def blocked(way: Way, board: BoardFile, session: DeviceSession | None) -> str:
    """Why a way cannot be gone now, a sentence; empty where it can.

    Programs that are missing are no reason, see `needs`: how to get them is shown with the way.

    Args:
        way: which.
        board: the project's.
        session: of the connected board.
    """
    try:
        if way == "emulator":
            check_emulated(board)
        elif way == "chip":
            check_port(board)
            if not flash_chip.tools_for(board):
                return f"No tool here can flash {board.name}."
    except AppError as error:
        return error.text
    if way != "model":
        return ""
    if session is None or not session.connected:
        return "No board is connected whose model could be changed."
    if "slots" not in session.description.capabilities:
        return f"{session.description.name} has no slots for models."
    if session.description.serial_number == EMULATED_SERIAL:
        return "The emulator has no flash to write: deploy to it again instead."
    return ""


def suggested(board: BoardFile, session: DeviceSession | None) -> Way:
    """The way to begin with: to what is connected, else to the virtual board, which needs nothing."""
    if session is not None and session.connected and not session.description.virtual:
        return next((way for way in ("model", "chip") if not blocked(way, board, session)), "virtual")
    return "virtual"


def needs(way: Way, board: BoardFile, tool: flash_chip.Tool) -> Needs:
    """What a way needs here and what of it is here. It looks at files only; nothing is started.

    Args:
        way: which.
        board: the project's.
        tool: what shall write the chip.
    """
    if way == "virtual":
        rows = [check for check in checks.checks() if check.name in _VIRTUAL_NEEDS]
        return Needs(tuple(_of_check(check) for check in rows if check.found or check.needed))
    if way == "model":
        return Needs(())
    programs = ["idf.py"] if board.family == "esp32" else ["cmake", "arm-none-eabi-gcc", "newlib", "libstdc++"]
    programs += ["qemu-system-arm"] if way == "emulator" else [tool]
    return Needs(tuple(map(_of_tool, programs)), _tflm(board.core) if board.family == "stm32" else None)


def _of_tool(program: str) -> Need:
    tool = toolchain.tool(program)
    hints = {system: tool.hints[system].removeprefix(_INSTALL) for system in _SYSTEMS}
    found = Path(tool.found)
    # A Python package is found by its first module; its folder tells more.
    return Need(program, tool.purpose, str(found.parent) if found.name == "__init__.py" else tool.found, hints)


def _of_check(check: checks.Check) -> Need:
    found = (check.version or "found") if check.found else ""
    if check.name == _COMPILER:
        try:
            # One that is named in the environment need not be on the path.
            found = find_compiler()[0]
        except MissingError:
            found = ""
    return Need(check.name, f"is for {check.purpose}", found, dict.fromkeys(_SYSTEMS, check.fix))


def _tflm(core: str) -> TflmNeed:
    tree = sdk.find().tree
    if tree is None:
        return TflmNeed("", built=False, problem="", core=core)
    problem = ""
    try:
        tflm.check_tree(tree)
        tflm.architecture(core)
    except AppError as error:
        problem = error.text
    return TflmNeed(str(tree.folder), bool(tree.built(core)), problem, core)


def build_image(studio: Studio, project: Project, run: Run, operation: Operation) -> ChipImage:
    """`chip.build` with its two parts told apart: ``generate`` and ``build``."""
    began = time.monotonic()
    operation.part("generate", "Generate")
    wrote, generated = "", 0.0

    def heard(happening: Happening) -> None:
        nonlocal wrote, generated
        if happening.kind == "progress" and happening.text == chip.BUILDING:
            generated = time.monotonic()
            operation.done("generate", wrote, generated - began)
            operation.on_happening(Happening("part", "Build", name="build"))
        elif happening.kind == "progress" and not generated:
            wrote = happening.text or wrote
        operation.on_happening(happening)

    image = chip.build(studio, project, run, Operation(heard, operation.cancel, operation.span))
    words = f"{image.flash_bytes / 1024:,.1f} KB of flash, {image.ram_bytes / 1024:,.1f} KB of RAM"
    operation.done("build", words, time.monotonic() - (generated or began))
    return image


def write_chip(
    studio: Studio,
    project: Project,
    image: ChipImage,
    port: str,
    tool: flash_chip.Tool,
    session: DeviceSession | None,
    operation: Operation,
) -> flash_chip.ChipFlash:
    """Write an image into the project's board, as `chip.flash` does; the session lets go of the port first.

    Args:
        studio: knows the board.
        project: whose board.
        image: what is written.
        port: serial port; for pyOCD the id of a probe, or empty for the only one.
        tool: what writes.
        session: of the connected board, or None.
        operation: progress and cancel; the part ``flash`` begins when the session is closed.
    """
    if session is not None:
        # With a probe too: the board that runs there is about to be another one.
        session.close()
    operation.part("flash", f"Flash {image.path.name}")
    return chip.flash(studio, project, image, port, operation, tool=tool)


def emulate(studio: Studio, project: Project, image: ChipImage, operation: Operation) -> None:
    """Run an image in QEMU until it is cancelled; tells the address as the part ``run`` once it can be connected to.

    Raises:
        MissingError: QEMU is not on this computer.
        DeviceError: ``emulator.ended``: it does not start, or ended by itself.
        Cancelled: by the operation: the one way it ends well.
    """
    with chip.emulated(studio, project, image, operation) as url:
        process, told, deadline = _emulator(url), False, time.monotonic() + _START_SECONDS
        while process is not None and _runs(process) and (told or time.monotonic() < deadline):
            operation.check()
            if not told and _listens(process):
                told = True
                operation.part("run", url)
            time.sleep(_LOOK_SECONDS)
    raise DeviceError(
        "emulator.ended",
        "QEMU does not run: it ended, or did not begin.",
        "See the log for what it said; deploy again.",
    )


def _emulator(url: str) -> psutil.Process | None:
    """The process that serves an address, found by its command line; None where it ended already."""
    address = url.removeprefix("socket://")
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any(address in argument for argument in child.cmdline()):
                return child
    return None


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _listens(process: psutil.Process) -> bool:
    """Whether it can be connected to; connecting to find out would already be the board's one client."""
    try:
        return bool(process.net_connections("tcp4"))
    except psutil.Error:
        return False


def verify(session: DeviceSession, board: BoardFile, run: Run, *, has_model: bool) -> str:
    """See that a board that was just written says so itself.

    Args:
        session: of the board, newly connected.
        board: what was built for.
        run: whose model.
        has_model: whether TensorFlow Lite Micro was linked in.

    Returns:
        What it runs, a sentence.

    Raises:
        FlashError: ``flash.other_board``, ``flash.other_model``.
    """
    about = session.description
    if about.board_id not in ("", board.id):
        text = f"The board at {session.url} says that it is {about.name}, not {board.name}."
        raise FlashError("flash.other_board", text, "Choose the port of the board that was written, and connect to it.")
    if not evaluate.holds(session, run):
        held = f"holds {about.model.name}" if about.model is not None else "holds no model"
        text = f"{about.name} {held}, not the model of {run.id} that was written."
        raise FlashError("flash.other_model", text, "Flash again; if it happens again, see that it is the same board.")
    if not has_model:
        return f"streams and holds {run.id}, but was built without TensorFlow Lite Micro: it infers nothing"
    return f"runs {run.id}, by its own word"
