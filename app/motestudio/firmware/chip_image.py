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
from motestudio.firmware.feature_code import step_note
from motestudio.firmware.generator import FirmwareProject
from motestudio.firmware.link_map import PartSize, read_link_map
from motestudio.firmware.stm32 import chip_of

EMULATED = {"stm32f405": "netduinoplus2"}
"""What QEMU calls the machine that has a board's chip."""
_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes")


@dataclass(frozen=True, slots=True)
class ChipImage:
    """A firmware that is ready to be flashed.

    Attributes:
        path: the ELF file of an STM32; ESP-IDF's build folder of an ESP32.
        flash_bytes: code, constants and initial values, the model with them.
        ram_bytes: static memory with what is left free for the stack.
        parts: what fills both, by the linker's map.
        has_model: whether TensorFlow Lite Micro is linked in; without it the board streams and infers nothing.
        seconds: of the build.
        note: what could be had for less, a sentence or two; or empty.
    """

    path: Path
    flash_bytes: int
    ram_bytes: int
    has_model: bool
    seconds: float
    parts: tuple[PartSize, ...] = ()
    note: str = ""


def check_port(board: BoardFile) -> None:
    """See that there is a whole firmware to build for a board.

    Raises:
        BuildError: ``firmware.no_port``.
    """
    if board.family == "esp32":
        if not board.flashing.esptool_chip:
            text = f"The board file of {board.name} does not tell its chip as ESP-IDF calls it."
            hint = 'Add a table [flashing] with esptool_chip = "esp32c3" or whatever it is.'
            raise BuildError("firmware.no_port", text, hint, {"board": board.id})
        return
    if board.family != "stm32":
        text = f"There is no whole firmware to build for {board.name}: it is sent the model as a package."
        raise BuildError("firmware.no_port", text, "Send it with: mote firmware flash.", {"board": board.id})
    chip_of(board)


def build_image(project: FirmwareProject, run: Run, tflm_dir: str = "") -> ChipImage:
    """Build the project by its own build system.

    Args:
        project: as it was generated.
        run: runs a program to its end.
        tflm_dir: folder of a built TensorFlow Lite Micro tree for this core; empty builds everything but the model.
            ESP-IDF gets its own.

    Raises:
        BuildError: no port; ``build.compile`` with file and line; ``build.too_big`` with by how much.
        MissingError: a tool is not here.
    """
    board = project.request.board
    check_port(board)
    began = time.monotonic()
    try:
        image, link_map = (_esp32 if board.family == "esp32" else _stm32)(project.folder.absolute(), run, tflm_dir)
    except BuildError as error:
        raise _told(error) from error
    parts = read_link_map(link_map.read_text(encoding="utf-8", errors="replace")) if link_map.is_file() else ()
    flash, ram = sum(p.flash_bytes for p in parts), sum(p.ram_bytes for p in parts)
    has_model = bool(tflm_dir) or board.family == "esp32"
    signal = project.request.deployable.signal
    note = step_note(project.request.features, signal.window_samples, signal.step_samples)
    return ChipImage(image, flash, ram, has_model, time.monotonic() - began, parts, note)


def _stm32(folder: Path, run: Run, tflm_dir: str) -> tuple[Path, Path]:
    """The ELF file and its map."""
    toolchain.need(*toolchain.BUILD)
    output = folder / "build" / "stm32"
    configure = ["cmake", "-S", str(folder), "-B", str(output), "-DMOTE_PORT=stm32", f"-DMOTE_TFLM_DIR={tflm_dir}"]
    configure.append(f"-DCMAKE_TOOLCHAIN_FILE={folder / 'port' / 'stm32' / 'toolchain.cmake'}")
    run_step(run, configure, folder)
    run_step(run, ["cmake", "--build", str(output), "--parallel"], folder)
    image = _newest(output)
    return image, image.with_suffix(".map")


def _esp32(folder: Path, run: Run, _: str) -> tuple[Path, Path]:
    """ESP-IDF's build folder, which says what is flashed where, and the map."""
    toolchain.need("idf.py")
    port = folder / "port" / "esp32"
    run_step(run, [toolchain.tool("idf.py").found, "-C", str(port), "build"], port)
    output = port / "build"
    return output, _newest(output).with_suffix(".map")


def _newest(output: Path) -> Path:
    images = sorted(output.glob("*.elf"), key=lambda path: path.stat().st_mtime)
    if not images:
        raise BuildError("build.nothing", "The build ended well but left no firmware.", "See the log.")
    return images[-1]


def _told(error: BuildError) -> BuildError:
    """The linker's words, said with what to do."""
    output = str(error.data.get("output", ""))
    if "undefined reference to `mote_verify_signature'" in output:
        text = "The firmware takes signed models only, and nothing in user/ checks a signature."
        hint = "Write mote_verify_signature into user/mote_user.c: port/stm32/README.md says how."
        return BuildError("build.no_verify", text, hint, error.data)
    match = _OVERFLOW.search(output)
    if match is None:
        return error
    region, over = match["region"], int(match["bytes"])
    text = f"The firmware needs {over:,} bytes of {region} more than the chip has."
    return BuildError("build.too_big", text, "Make the model or the window smaller.", {"region": region, "over": over})


def check_emulated(board: BoardFile) -> None:
    """See that there is an emulator for a board.

    Raises:
        BuildError: ``firmware.not_emulated``.
    """
    if board.id not in EMULATED:
        text = f"No emulator here has {board.name}."
        hint = f"Flash it to a board (mote firmware flash), or choose one of: virtual, {', '.join(EMULATED)}."
        raise BuildError("firmware.not_emulated", text, hint, {"board": board.id})


def _qemu(board: BoardFile, shift: int) -> list[str]:
    check_emulated(board)
    machine = ["-M", EMULATED[board.id], "-display", "none", "-monitor", "none"]
    return ["qemu-system-arm", *machine, "-icount", f"shift={shift}"]


def semihosting_command(image: Path, board: BoardFile, shift: int) -> list[str]:
    """What runs a program in QEMU that opens files of this computer by itself; like `emulator_command`."""
    files = ["-serial", "null", "-semihosting-config", "enable=on,target=native"]
    return [*_qemu(board, shift), *files, "-kernel", str(image)]


def emulator_command(image: Path, board: BoardFile, port: int, shift: int = 3) -> list[str]:
    """What runs an image in QEMU, with its link behind a socket of this computer.

    Instructions are counted, so that the board's time does not hang on how busy this computer is.

    Args:
        image: an ELF file.
        board: that it was built for.
        port: of TCP.
        shift: an instruction takes 2**shift ns of the board's time.
    """
    return [*_qemu(board, shift), "-kernel", str(image), "-serial", f"tcp:127.0.0.1:{port},server=on,wait=on"]
